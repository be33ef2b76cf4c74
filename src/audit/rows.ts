import { z } from "zod";
import type { JsonObject } from "../validation.ts";

/** An entry as the database answers it: a row of audit_logs, or an attempt of a worker at a job. */
export const auditRow = z.object({
  /** For an attempt, the id of its job. */
  id: z.string(),
  /** Epoch of an attempt; 0 for a row of audit_logs. */
  epoch: z.number(),
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  actor: z.string().nullable(),
  action: z.string(),
  entityType: z.string(),
  entityId: z.string().nullable(),
  changes: z.custom<JsonObject>().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  requestId: z.string().nullable(),
  createdAt: z.string(),
  /** Only for attempts. */
  startedAt: z.string().nullable(),
  /** True if `create` added the entry, false if the service wrote it itself. */
  external: z.boolean(),
  /** True if the entry is part of the tamper-evident chain. */
  sealed: z.boolean(),
});

/** An entry of the audit log. Times are ISO 8601 in UTC with six digits of microseconds. */
export type AuditLog = Omit<z.output<typeof auditRow>, "epoch" | "startedAt">;
