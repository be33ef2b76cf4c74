import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { jobClient } from "../../data/clients.ts";
import type { JobFilters } from "./filters.ts";

export type Action = "retry" | "cancel";

/** The statuses of the jobs that can be retried, or cancelled. */
export const statusesFor: Record<Action, readonly JobStatus[]> = {
  retry: [JobStatus.FAILED, JobStatus.CANCELLED],
  cancel: [JobStatus.PENDING, JobStatus.RUNNING],
};

/** Jobs by their ids, or all that match; the other filters of a list are not those of a change. */
export type Target =
  | { ids: readonly string[] }
  | Pick<JobFilters, "status" | "jobType" | "benchmarkId" | "limitKey">;

/** What a change has done, or would do. */
export interface Account {
  affected: number;
  skipped: number;
  /** They are of other users. */
  notPermitted: number;
  /** There are more than were counted. */
  more: boolean;
}

/** Most ids of one call. */
const together = 1_000;
/** A call changes as many as it can, and says whether there are more. */
const timeoutMs = 120_000;

function call(action: Action, target: Target, reason: string, dryRun: boolean): Promise<Account> {
  const match = "ids" in target ? { ids: [...target.ids] } : target;
  return action === "retry"
    ? jobClient.retryJobs({ ...match, dryRun }, { timeoutMs })
    : jobClient.cancelJobs({ ...match, reason, dryRun }, { timeoutMs });
}

/** What a change would do as of now. */
export async function foresee(action: Action, target: Target): Promise<Account> {
  let sum: Account = { affected: 0, skipped: 0, notPermitted: 0, more: false };
  for (const part of parts(target)) sum = added(sum, await call(action, part, "", true));
  return sum;
}

/** Changes the jobs, call by call, until there are no more or it is stopped; then `more` is true. */
export async function change(
  action: Action,
  target: Target,
  course: { reason: string; onProgress: (account: Account) => void; signal: AbortSignal },
): Promise<Account> {
  const { reason, onProgress, signal } = course;
  let sum: Account = { affected: 0, skipped: 0, notPermitted: 0, more: false };
  for (const part of parts(target)) {
    let done: Account | undefined;
    do {
      if (signal.aborted) return { ...sum, more: true };
      const answer = await call(action, part, reason, false);
      // Each call skips the same ones again.
      done = { ...answer, affected: (done?.affected ?? 0) + answer.affected };
      onProgress(added(sum, done));
    } while (done.more && !signal.aborted);
    sum = added(sum, done);
  }
  return sum;
}

function parts(target: Target): Target[] {
  if (!("ids" in target)) return [target];
  const count = Math.ceil(target.ids.length / together);
  return Array.from({ length: count }, (_, n) => ({
    ids: target.ids.slice(n * together, (n + 1) * together),
  }));
}

const added = (one: Account, other: Account): Account => ({
  affected: one.affected + other.affected,
  skipped: one.skipped + other.skipped,
  notPermitted: one.notPermitted + other.notPermitted,
  more: one.more || other.more,
});
