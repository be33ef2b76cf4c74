import type { z } from "zod";
import type { JsonObject } from "../validation.ts";
import { changesText } from "./record.ts";
import type { AuditLog, auditRow } from "./rows.ts";

/**
 * The id of an attempt as an entry is the id of its job, whose last 32 bits are combined with the epoch by
 * exclusive or. It identifies the attempt and leads to the job, without a column or an index.
 */
export function attemptId(jobId: string, epoch: number): string {
  const tail = (Number.parseInt(jobId.slice(-8), 16) ^ epoch) >>> 0;
  return jobId.slice(0, -8) + tail.toString(16).padStart(8, "0");
}

/** The first and the last job id that an attempt with this id may have. */
export function jobsOfAttemptId(id: string): { first: string; last: string } {
  return { first: `${id.slice(0, -8)}00000000`, last: `${id.slice(0, -8)}ffffffff` };
}

/** A row as the entry that callers see. */
export function entryOf({ epoch, startedAt, ...entry }: z.output<typeof auditRow>): AuditLog {
  if (epoch === 0) return entry;
  const attempt = { ...entry.changes, startedAt, endedAt: entry.createdAt };
  const changes = JSON.parse(changesText({ after: attempt }) ?? "null") as JsonObject;
  return { ...entry, id: attemptId(entry.id, epoch), changes };
}
