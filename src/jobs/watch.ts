import { z } from "zod";
import { currentSignal } from "../call-scope.ts";
import { cut } from "../database/statement/page.ts";
import { limits } from "../limits.ts";
import { listOf, parseInput, text, uuid } from "../validation.ts";
import type { ChangeFeed } from "../watch/feed.ts";
import type { Changed } from "../watch/latest.ts";
import { type WatchOptions, watch } from "../watch/watch.ts";
import { pageJobs } from "./lists/query.ts";
import type { Job } from "./rows.ts";

const watchFilter = z.strictObject({
  ids: listOf(uuid, limits.batchItems),
  jobType: text(limits.providerLength).optional(),
  benchmarkId: uuid.optional(),
});

/** The filter of a watch. Only the id of a deleted job is known, so every deletion is sent. Default: all. */
export type WatchFilter = z.input<typeof watchFilter>;

type ParsedFilter = z.output<typeof watchFilter>;

export interface JobWatchOptions extends WatchOptions {
  /** Whether payload, result and metadata are read too. Default: false. */
  full?: boolean;
}

/** A change of a job, or neither job nor deleted: then it only moves the cursor. */
export interface JobChange {
  /** The cursor to resume from after this message. */
  cursor: string;
  /** The job after the change. */
  job?: Job;
  /** The id of a job that was deleted. */
  deleted?: string;
}

/** A job by its id; without `job` where there is none. */
interface Found {
  id: string;
  job?: Job;
}

/** See `JobRepository.watch`. */
export async function* watchJobs(
  feed: ChangeFeed,
  given: WatchFilter,
  { full = false, ...options }: JobWatchOptions,
): AsyncGenerator<JobChange, never> {
  const filter = parseInput(watchFilter, given);
  const signal = currentSignal();
  const watched = {
    feed,
    ids: filter.ids,
    find: (changed: readonly Changed[]) =>
      find(
        feed,
        changed.map(({ id }) => id),
        filter,
        full,
        signal,
      ),
    message: ({ id, job }: Found, cursor: string): JobChange =>
      job ? { cursor, job } : { cursor, deleted: id },
  };
  return yield* watch(watched, options);
}

/** Reads jobs by id, in that order, a page at a time: those that the filter wants and those that are gone. */
async function* find(
  feed: ChangeFeed,
  ids: readonly string[],
  { jobType, benchmarkId }: ParsedFilter,
  full: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Found> {
  for (let next = 0; next < ids.length; ) {
    const asked = ids.slice(next, next + limits.watchPageJobs);
    const { items, last } = cut(await feed.load((db) => db.any(pageJobs(asked, full)), signal), asked.length);
    // A page of large jobs ends early: what follows is not known to be gone.
    const known = last ? asked.slice(0, asked.indexOf(last.id) + 1) : asked;
    const byId = new Map(items.map((job) => [job.id, job]));
    for (const id of known) {
      const job = byId.get(id);
      const isOfType = (jobType ?? job?.jobType) === job?.jobType;
      const isOfBenchmark = (benchmarkId ?? job?.benchmarkId) === job?.benchmarkId;
      if (!job) yield { id };
      else if (isOfType && isOfBenchmark) yield { id, job };
    }
    next += known.length;
  }
}
