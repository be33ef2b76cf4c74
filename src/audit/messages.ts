import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AuditLogSchema } from "../../gen/ltb/v1/audit_pb.ts";
import { toTimestamp } from "../wire/convert.ts";
import type { AuditLog } from "./rows.ts";

export function auditMessage(log: AuditLog): MessageInitShape<typeof AuditLogSchema> {
  const { changes } = log;
  return {
    id: log.id,
    userId: log.userId ?? "",
    apiKeyId: log.apiKeyId ?? "",
    actor: log.actor ?? "",
    action: log.action,
    entityType: log.entityType,
    entityId: log.entityId ?? "",
    ...(changes && { changes }),
    ipAddress: log.ipAddress ?? "",
    userAgent: log.userAgent ?? "",
    requestId: log.requestId ?? "",
    createdAt: toTimestamp(log.createdAt),
    sealed: log.sealed,
  };
}
