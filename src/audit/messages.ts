import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AuditLogSchema } from "../../gen/ltb/v1/audit_pb.ts";
import { omitNulls, toTimestamp } from "../wire/convert.ts";
import type { AuditLog } from "./rows.ts";

export function auditMessage({ createdAt, ...same }: AuditLog): MessageInitShape<typeof AuditLogSchema> {
  return { ...omitNulls(same), createdAt: toTimestamp(createdAt) };
}
