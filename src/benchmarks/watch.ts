import { z } from "zod";
import { currentSignal } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { cut } from "../database/statement/page.ts";
import { limits } from "../limits.ts";
import { parseInput, uuid } from "../validation.ts";
import { benchmarkEvents, type EventPosition } from "../watch/events.ts";
import { ChangeFeed } from "../watch/feed.ts";
import { LatestStates } from "../watch/latest.ts";
import { type WatchOptions, watch } from "../watch/watch.ts";
import { benchmarkFilter } from "./input.ts";
import type { Benchmark } from "./rows.ts";
import { pageProgress } from "./statements.ts";

const watchFilter = benchmarkFilter
  .pick({ status: true, provider: true, dataset: true, labels: true })
  .extend({
    ids: z.array(uuid).max(limits.batchItems, `must have at most ${limits.batchItems} items`).default([]),
  });

/**
 * Which benchmarks are watched: those that match all that is given after the change; all without a filter. Of
 * a deleted benchmark only its id is known: deletions are told whatever it was.
 */
export type BenchmarkWatchFilter = z.input<typeof watchFilter>;

type ParsedFilter = z.output<typeof watchFilter>;

/**
 * A benchmark without its large fields, and the mean score of its evaluations so far: null where none has a
 * score, or it is not known yet.
 */
export type BenchmarkProgress = Benchmark & { meanScore: number | null };

/**
 * A change of a benchmark or its evaluations, or neither benchmark nor deleted: then it only moves the
 * cursor.
 */
export interface BenchmarkChange {
  /** Where to go on after this. */
  cursor: string;
  /** The benchmark after the change. */
  benchmark?: BenchmarkProgress;
  /** The id of a benchmark that was deleted. */
  deleted?: string;
}

/** What the watches of benchmarks of one server share: new events, and how the benchmarks stand. */
export class BenchmarkFeed {
  readonly changes: ChangeFeed;
  readonly states: LatestStates<BenchmarkProgress>;

  constructor(db: Executor) {
    this.changes = new ChangeFeed(db, benchmarkEvents, {
      messagesPerSecond: limits.watchMessagesPerSecond,
    });
    this.states = new LatestStates((ids) => readProgress(db, ids));
  }
}

/** A benchmark by its id; without `benchmark` where there is none. */
interface Found {
  id: string;
  benchmark: BenchmarkProgress | undefined;
}

/** See `BenchmarkRepository.watch`. */
export async function* watchBenchmarks(
  { changes, states }: BenchmarkFeed,
  given: BenchmarkWatchFilter,
  options: WatchOptions,
): AsyncGenerator<BenchmarkChange, never> {
  const filter = parseInput(watchFilter, given);
  const signal = currentSignal();
  // Not what was read for others before: who resumes on this server may have seen newer on another.
  const since = performance.now();
  async function* find(ids: readonly string[], upTo: EventPosition): AsyncGenerator<Found> {
    for (const [index, id] of ids.entries()) {
      const benchmark = await states.get(ids, index, { upTo, since }, signal);
      if (benchmark === undefined || matches(benchmark, filter)) yield { id, benchmark };
    }
  }
  const message = ({ id, benchmark }: Found, cursor: string): BenchmarkChange =>
    benchmark ? { cursor, benchmark } : { cursor, deleted: id };
  return yield* watch({ feed: changes, ids: filter.ids, find, message }, options);
}

function matches(benchmark: Benchmark, { status, provider, dataset, labels = {} }: ParsedFilter): boolean {
  return (
    (status ?? benchmark.status) === benchmark.status &&
    (provider ?? benchmark.provider) === benchmark.provider &&
    (dataset ?? benchmark.dataset) === benchmark.dataset &&
    Object.entries(labels).every(([key, value]) => benchmark.labels[key] === value)
  );
}

/** As many of the first ones as fit into a page. */
async function readProgress(
  db: Executor,
  ids: readonly string[],
): Promise<Map<string, BenchmarkProgress | undefined>> {
  const { items, last } = cut(await db.any(pageProgress(ids)), ids.length);
  // What follows the last of a page that was cut is not known to be gone.
  const known = last ? ids.slice(0, ids.indexOf(last.id) + 1) : ids;
  return new Map([
    ...known.map((id) => [id, undefined] as const),
    ...items.map((item) => [item.id, item] as const),
  ]);
}
