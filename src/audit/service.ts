import type { ServiceImpl } from "@connectrpc/connect";
import type { AuditService, ExportAuditLogsRequest } from "../../gen/ltb/v1/audit_service_pb.ts";
import { actorIdOf } from "../rpc/call/call.ts";
import { fromTimestamp, omitEmpty, requestKeyOf } from "../wire/convert.ts";
import { decodePageToken, encodePageToken, pageSize } from "../wire/paging.ts";
import { refuseOwn } from "./actions.ts";
import { auditPosition } from "./input.ts";
import { auditMessage } from "./messages.ts";
import type { AuditPage, AuditRepository } from "./repository.ts";

/** The methods that read and add entries. The permission table has decided whose the caller may read. */
export function auditMethods(audit: AuditRepository) {
  return {
    async createAuditLog(request, context) {
      const { action, entityType, changes } = request;
      refuseOwn(action, entityType);
      const given = {
        id: omitEmpty(request.id),
        action,
        entityType,
        changes,
        entityId: omitEmpty(request.entityId),
        userId: omitEmpty(request.userId),
        ipAddress: omitEmpty(request.ipAddress),
        userAgent: omitEmpty(request.userAgent),
      };
      const log = await audit.create(given, requestKeyOf(request, actorIdOf(context)));
      return { auditLog: auditMessage(log) };
    },

    async getAuditLog({ id }) {
      return { auditLog: auditMessage(await audit.get(id)) };
    },

    async listAuditLogs(request) {
      const filter = filterOf(request);
      const page = await audit.list(filter, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, auditPosition),
      });
      return pageMessage(page, filter);
    },

    async *exportAuditLogs(request) {
      const filter = filterOf(request);
      const after = decodePageToken(request.pageToken, filter, auditPosition);
      for await (const page of audit.export(filter, after)) yield pageMessage(page, filter);
    },
  } satisfies Partial<ServiceImpl<typeof AuditService>>;
}

function pageMessage({ items, next }: AuditPage, filter: ReturnType<typeof filterOf>) {
  return { auditLogs: items.map(auditMessage), nextPageToken: encodePageToken(next, filter) };
}

function filterOf(request: Omit<ExportAuditLogsRequest, "$typeName">) {
  const { userId, entityType, entityId, action, after, before } = request;
  return {
    userId: omitEmpty(userId),
    entityType: omitEmpty(entityType),
    entityId: omitEmpty(entityId),
    action: omitEmpty(action),
    after: fromTimestamp(after, "after"),
    before: fromTimestamp(before, "before"),
  };
}
