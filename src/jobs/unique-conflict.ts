import type { ServiceError } from "../errors.ts";
import type { JobToCreate } from "./create.ts";
import type { JobChanges } from "./input.ts";
import type { Job } from "./rows.ts";

/** A job as a creation answers it: a new one, or the one that has its unique key already. */
export interface Submitted {
  job: Job;
  existing: boolean;
}

/**
 * The id of the job that has the unique key; undefined if that has just ended, so the key is free again.
 * @throws the refusal, if the creation does not say what else to do
 */
export function holderOf({ onUniqueConflict }: JobToCreate, refusal: ServiceError): string | undefined {
  if (refusal.reason !== "UNIQUE_KEY_TAKEN" || onUniqueConflict === "refuse") throw refusal;
  return refusal.metadata.id;
}

export const isLive = ({ status }: Job): boolean => status === "pending" || status === "running";

/** What a job that replaces a pending one changes of it: everything that can be changed. */
export function replacementOf(job: JobToCreate): JobChanges {
  const { payload, priority, maxRetries, timeoutSeconds, tokens, requiredTags, limitKey, metadata } = job;
  const time = typeof job.delayMs === "number" ? { delayMs: job.delayMs } : { runAt: job.runAt ?? null };
  return {
    ...{ payload, priority, maxRetries, timeoutSeconds, tokens, requiredTags, ...time },
    limitKey: limitKey ?? null,
    metadata: metadata ?? null,
  };
}
