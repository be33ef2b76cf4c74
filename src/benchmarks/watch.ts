import type { z } from "zod";
import { currentSignal } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { cut } from "../database/statement/page.ts";
import { readMeanScores } from "../evaluations/samples/mean-scores.ts";
import { limits } from "../limits.ts";
import { listOf, parseInput, uuid } from "../validation.ts";
import { benchmarkEvents } from "../watch/events.ts";
import { ChangeFeed } from "../watch/feed.ts";
import { type Changed, LatestStates } from "../watch/latest.ts";
import { type WatchOptions, watch } from "../watch/watch.ts";
import { benchmarkFilter } from "./input.ts";
import type { Benchmark } from "./rows.ts";
import { pageProgress } from "./statements.ts";

const watchFilter = benchmarkFilter
  .pick({ status: true, provider: true, dataset: true, labels: true })
  .extend({ ids: listOf(uuid, limits.batchItems) });

/**
 * A watch is about the benchmarks that match every given filter after the change; without a filter about all.
 * Only the id of a deleted benchmark is known, so every deletion is sent.
 */
export type BenchmarkWatchFilter = z.input<typeof watchFilter>;

/** A benchmark without its large fields. The mean score over its samples is null while none is known. */
export type BenchmarkProgress = Benchmark & { meanScore: number | null };

/** A change of a benchmark or its evaluations. Without benchmark and deleted it only moves the cursor. */
export interface BenchmarkChange {
  /** The cursor to resume from after this message. */
  cursor: string;
  /** The benchmark after the change. */
  benchmark?: BenchmarkProgress;
  /** The id of a deleted benchmark. */
  deleted?: string;
}

/** The parts that the watches of benchmarks of one server share: new events, and present states. */
export class BenchmarkFeed {
  readonly changes: ChangeFeed;
  readonly states: LatestStates<BenchmarkProgress>;

  constructor(db: Executor) {
    this.changes = new ChangeFeed(db, benchmarkEvents, { messagesPerSecond: limits.watchMessagesPerSecond });
    this.states = new LatestStates((ids) => readProgress(db, ids));
  }
}

/** A benchmark by its id; without `benchmark` if it does not exist. */
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
  // States that were read before may be older than the caller has seen on another server.
  const since = performance.now();
  async function* find(changed: readonly Changed[]): AsyncGenerator<Found> {
    for (const [index, { id }] of changed.entries()) {
      const benchmark = await states.get(changed, index, since, signal);
      if (benchmark === undefined || matches(benchmark, filter)) yield { id, benchmark };
    }
  }
  const message = ({ id, benchmark }: Found, cursor: string): BenchmarkChange =>
    benchmark ? { cursor, benchmark } : { cursor, deleted: id };
  return yield* watch({ feed: changes, ids: filter.ids, find, message }, options);
}

function matches(benchmark: Benchmark, filter: z.output<typeof watchFilter>): boolean {
  const { status, provider, dataset, labels = {} } = filter;
  return (
    (status ?? benchmark.status) === benchmark.status &&
    (provider ?? benchmark.provider) === benchmark.provider &&
    (dataset ?? benchmark.dataset) === benchmark.dataset &&
    Object.entries(labels).every(([key, value]) => benchmark.labels[key] === value)
  );
}

/** Returns as many of the first ones as fit into a page. */
async function readProgress(db: Executor, ids: readonly string[]) {
  const { items, last } = cut(await db.any(pageProgress(ids)), ids.length);
  // If a page was cut, the benchmarks after its last one are not known to be deleted.
  const known = last ? ids.slice(0, ids.indexOf(last.id) + 1) : ids;
  const found = new Map<string, BenchmarkProgress | undefined>(known.map((id) => [id, undefined]));
  const repeated = items.filter(({ isRepeated }) => isRepeated).map(({ id }) => id);
  const means = await readMeanScores(db, repeated);
  for (const { isRepeated, ...item } of items)
    found.set(item.id, isRepeated ? { ...item, meanScore: means.get(item.id) ?? null } : item);
  return found;
}
