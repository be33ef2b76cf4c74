import { z } from "zod";
import { currentSignal } from "../database/cancellation.ts";
import { cut } from "../database/page.ts";
import { limits } from "../limits.ts";
import { parseInput, text, uuid } from "../validation.ts";
import { cursorExpired, decodeCursor, encodeCursor, type WatchState } from "./cursor.ts";
import { type EventPosition, isForgotten, type JobEvent } from "./events.ts";
import type { JobFeed } from "./feed.ts";
import { pageJobs } from "./query.ts";
import type { Job } from "./rows.ts";

const watchFilter = z.strictObject({
  ids: z.array(uuid).max(limits.batchItems, `must have at most ${limits.batchItems} items`).default([]),
  jobType: text(limits.providerLength).optional(),
  benchmarkId: uuid.optional(),
});

/**
 * Which jobs are watched; all without a filter. Of a deleted job only its id is known: deletions are told whatever type or
 * benchmark the job had.
 */
export type WatchFilter = z.input<typeof watchFilter>;

type ParsedFilter = z.output<typeof watchFilter>;

export interface WatchOptions {
  /** `cursor` of the last change that was received: the watch goes on after it. Default: changes from now on. */
  after?: string | undefined;
  /** Whether payload, result and metadata are read too. Default: false. */
  full?: boolean;
  /** How long there may be nothing to tell before a message tells so, in milliseconds. Default: 15,000. */
  silenceMs?: number;
}

/** A change of a job, or neither job nor deleted: then it only moves the cursor. */
export interface JobChange {
  /** Where to go on after this. */
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
  feed: JobFeed,
  given: WatchFilter,
  { after, full = false, silenceMs = limits.watchSilenceMs }: WatchOptions,
): AsyncGenerator<JobChange, never> {
  const filter = parseInput(watchFilter, given);
  const wanted = filter.ids.length > 0 ? new Set(filter.ids) : undefined;
  const signal = currentSignal();
  const leave = feed.join();
  try {
    const { position: start, isStarting } = await startOf(feed, filter, after);
    let position = start;
    yield { cursor: encodeCursor(position, isStarting) };
    if (isStarting) {
      yield* messages(find(feed, [...new Set(filter.ids)], filter, full, signal), (next) =>
        encodeCursor(position, next !== undefined),
      );
    }
    let spokeAt = Date.now();
    for (;;) {
      const silentFor = Date.now() - spokeAt;
      if (silentFor >= silenceMs) {
        yield { cursor: encodeCursor(position) };
        spokeAt = Date.now();
      }
      const events = await feed.read(position, signal);
      const last = events.at(-1);
      if (!last) {
        const leftMs = Math.max(0, spokeAt + silenceMs - Date.now());
        position = await feed.wait(position, wanted, leftMs, signal);
        continue;
      }
      for await (const message of changesOf(feed, events, position, wanted, filter, full, signal)) {
        yield message;
        spokeAt = Date.now();
      }
      position = last;
    }
  } finally {
    leave();
  }
}

async function startOf(feed: JobFeed, { ids }: ParsedFilter, after: string | undefined): Promise<WatchState> {
  if (after === undefined) return { position: await feed.now(), isStarting: ids.length > 0 };
  const state = decodeCursor(after);
  const { forgotten } = await feed.load((db) => db.one(isForgotten(state.position)), currentSignal());
  if (forgotten) throw cursorExpired();
  return state;
}

/** The jobs of a portion of events, each once, as it stands by now, in the order of their last events. */
function changesOf(
  feed: JobFeed,
  events: readonly JobEvent[],
  start: EventPosition,
  wanted: ReadonlySet<string> | undefined,
  filter: ParsedFilter,
  full: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobChange> {
  const lastEventOf = new Map<string, number>();
  for (const [index, { jobIds }] of events.entries()) {
    if (jobIds.length === 0) throw cursorExpired();
    for (const id of jobIds) {
      if (wanted && !wanted.has(id)) continue;
      lastEventOf.delete(id);
      lastEventOf.set(id, index);
    }
  }
  // Whoever resumes after a message must still get all those behind it: its cursor stands before the event of the next one.
  return messages(find(feed, [...lastEventOf.keys()], filter, full, signal), (next) => {
    const index = next === undefined ? events.length : (lastEventOf.get(next.id) ?? 0);
    return encodeCursor(events[index - 1] ?? start);
  });
}

/** @param cursorBefore the cursor of a message, by what the next one is about; undefined for the last */
async function* messages(
  found: AsyncIterable<Found>,
  cursorBefore: (next: Found | undefined) => string,
): AsyncGenerator<JobChange> {
  let held: Found | undefined;
  for await (const next of found) {
    if (held) yield message(held, cursorBefore(next));
    held = next;
  }
  if (held) yield message(held, cursorBefore(undefined));
}

function message({ id, job }: Found, cursor: string): JobChange {
  return job ? { cursor, job } : { cursor, deleted: id };
}

/** Reads jobs by id, in that order, a page at a time; those that are gone included, those that the filter does not want not. */
async function* find(
  feed: JobFeed,
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
      if (!job) yield { id };
      else if (
        (jobType ?? job.jobType) === job.jobType &&
        (benchmarkId ?? job.benchmarkId) === job.benchmarkId
      )
        yield { id, job };
    }
    next += known.length;
  }
}
