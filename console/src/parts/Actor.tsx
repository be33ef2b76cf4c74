import type { AuditLog } from "../../../gen/ltb/v1/audit_pb.ts";

/** Who made an entry of the audit trail, by the name of that time where it is known. */
export function Actor({ entry: { actor, userId } }: { entry: AuditLog }) {
  return <bdi>{actor || userId || "somebody"}</bdi>;
}
