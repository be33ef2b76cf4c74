import { Code } from "@connectrpc/connect";
import { difference, recordAudit } from "../audit/record.ts";
import type { FieldValues } from "../database/field-values.ts";
import { type RequestKey, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Page, type PageOptions, pageOf } from "../database/statement/page.ts";
import { alreadyExists, requireFound, requireVersion, ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import { parseInput, parseLimit, uuid } from "../validation.ts";
import type { WatchOptions } from "../watch/watch.ts";
import type { Baseline } from "./baselines.ts";
import * as baselines from "./baselines.ts";
import * as datasets from "./datasets.ts";
import { deleteBenchmark, type EndJobs } from "./deletion.ts";
import { type BenchmarkValuesOptions, type benchmarkFields, listFieldValues } from "./field-values.ts";
import * as input from "./input.ts";
import type { Benchmark, BenchmarkStatus } from "./rows.ts";
import * as statements from "./statements.ts";
import { type ListedBenchmark, withSummaries } from "./summaries.ts";
import * as feed from "./watch.ts";

export type BaselinePage = Page<Baseline, input.BaselinePosition>;
export type BenchmarkPage = Page<ListedBenchmark, input.BenchmarkPosition>;

interface ListOptions extends PageOptions<input.BenchmarkPosition> {
  /** True: description, results and metadata are read too. Default: false. */
  full?: boolean;
  /** True: each benchmark has its summary, and a page has 100 at most. Default: false. */
  summaries?: boolean;
}

/** Benchmarks: `db.benchmarks`. */
export class BenchmarkRepository {
  readonly #db: Executor;
  readonly #feed: feed.BenchmarkFeed;
  readonly #endJobs: EndJobs;

  constructor(db: Executor, changes: feed.BenchmarkFeed, endJobs: EndJobs) {
    this.#db = db;
    this.#feed = changes;
    this.#endJobs = endJobs;
  }

  /**
   * Creates a benchmark in status pending.
   * @throws ALREADY_EXISTS if the id is taken, or the request id was used with another body
   */
  async create(given: input.NewBenchmark, request?: RequestKey): Promise<Benchmark> {
    const benchmark = parseInput(input.newBenchmark, given);
    const row = { ...benchmark, id: benchmark.id ?? newId() };
    return runOnce(this.#db, request, "CreateBenchmark", benchmark, {
      create: async (db) => {
        const created = await db.maybeOne(statements.insertBenchmark(row));
        if (created) return created;
        throw alreadyExists("benchmark", row.id);
      },
      remember: ({ id }) => id,
      recall: (db, id) => new BenchmarkRepository(db, this.#feed, this.#endJobs).get(id),
    });
  }

  /** @throws NOT_FOUND */
  async get(id: string): Promise<Benchmark> {
    const key = parseInput(uuid, id, "id");
    return requireFound(await this.#db.maybeOne(statements.getBenchmark(key)), "benchmark", key);
  }

  /**
   * Changes only the given fields. Entering a status sets its time unless that is given: running sets
   * `startedAt`, a final status `completedAt`. A count replaces the count so far.
   * @throws NOT_FOUND, FAILED_PRECONDITION for a change of status that is not allowed, ABORTED if the version
   * differs
   */
  async update(
    id: string,
    given: input.BenchmarkChanges,
    { expectedVersion }: { expectedVersion?: number | undefined } = {},
  ): Promise<Benchmark> {
    const key = parseInput(uuid, id, "id");
    const changes = parseInput(input.benchmarkChanges, given);
    const { completedIterations = null, failedIterations = null } = changes;
    return this.#db.transaction(async (db) => {
      // The row is locked first so that the counts do not change; folding deltas takes the same lock.
      const current = requireFound(await db.maybeOne(statements.lockBenchmark(key)), "benchmark", key);
      requireVersion("benchmark", key, expectedVersion, current.version);
      const before = await db.one(statements.getBenchmark(key));
      const updated = await db.maybeOne(statements.updateBenchmark(key, changes));
      if (!updated) throw forbiddenChange(key, current.status, changes.status ?? current.status);
      if (completedIterations !== null || failedIterations !== null) {
        await db.any(statements.replaceCounts(key, completedIterations, failedIterations));
      }
      const after = await db.one(statements.getBenchmark(key));
      const ignored = [...notChanged, ...counts.filter((name) => changes[name] === undefined)];
      const entry = { action: "update", entityType: "benchmark", entityId: key } as const;
      await recordAudit(db, [{ ...entry, changes: difference(before, after, ignored) }]);
      return after;
    });
  }

  /**
   * Deletes a benchmark with its evaluations, in small transactions; its pending and running jobs fail first.
   * Until the last one it can be read, with counts that shrink, and accepts no evaluations and no jobs. The
   * maintenance of any server finishes an interrupted deletion, and a second call joins it.
   * @throws NOT_FOUND
   */
  async delete(id: string): Promise<void> {
    await deleteBenchmark(this.#db, this.#endJobs, parseInput(uuid, id, "id"));
  }

  /** Answers a page of the benchmarks that match, newest first unless the filter says otherwise. */
  async list(filter: input.BenchmarkFilter = {}, options: ListOptions = {}): Promise<BenchmarkPage> {
    const parsed = parseInput(input.benchmarkFilter, filter);
    const { after, full = false, summaries = false } = options;
    const limit = Math.min(
      parseLimit(options.limit),
      summaries ? limits.summarizedBenchmarks : limits.pageSizeMax,
    );
    const page = pageOf(await this.#db.any(statements.listBenchmarks(parsed, limit + 1, after, full)), limit);
    return summaries ? { ...page, items: await withSummaries(this.#db, page.items) } : page;
  }

  /**
   * Pins a benchmark as the baseline of its dataset, in place of the former one; again, it changes nothing.
   * @param setBy id of the user who does it. Default: nobody is known
   * @throws NOT_FOUND without the benchmark
   */
  setBaseline(benchmarkId: string, setBy?: string): Promise<Baseline> {
    return baselines.setBaseline(this.#db, benchmarkId, setBy);
  }

  /** @throws NOT_FOUND if the dataset has none, or lost it with its benchmark */
  getBaseline(dataset: string): Promise<Baseline> {
    return baselines.getBaseline(this.#db, dataset);
  }

  /** Answers a page of the baselines, by dataset. */
  listBaselines(options: PageOptions<input.BaselinePosition> = {}): Promise<BaselinePage> {
    return baselines.listBaselines(this.#db, options);
  }

  /** Leaves a dataset without a baseline, also one that has none. */
  unsetBaseline(dataset: string): Promise<void> {
    return baselines.unsetBaseline(this.#db, dataset);
  }

  /** Answers a page of the datasets that benchmarks are on, by name. */
  listDatasets(
    options: PageOptions<input.DatasetPosition> = {},
  ): Promise<Page<datasets.Dataset, input.DatasetPosition>> {
    return datasets.listDatasets(this.#db, options);
  }

  /**
   * Some of the different values of a field of benchmarks: of the first 10,000, or of the labels of the
   * newest 10,000 benchmarks.
   */
  listFieldValues(
    field: (typeof benchmarkFields)[number],
    options: BenchmarkValuesOptions = {},
  ): Promise<FieldValues> {
    return listFieldValues(this.#db, field, options);
  }

  async listRecent(limit: number): Promise<readonly Benchmark[]> {
    return (await this.list({}, { limit, full: true })).items;
  }

  async listByStatus(status: BenchmarkStatus, limit: number): Promise<readonly Benchmark[]> {
    return (await this.list({ status }, { limit, full: true })).items;
  }

  async listByProvider(provider: string, limit: number): Promise<readonly Benchmark[]> {
    return (await this.list({ provider }, { limit, full: true })).items;
  }

  /**
   * Watches changes of benchmarks and of their counts on any server, until the caller goes. With ids, the
   * present state of each comes first. Changes of a benchmark within a fifth of a second, or before the
   * caller asks for more, come as one message with its latest state. The first message, and one after every
   * 15 s of silence, only moves the cursor. Any open transaction delays changes until it ends.
   *
   * ```ts
   * for await (const { benchmark, deleted, cursor } of db.benchmarks.watch({ ids: [id] })) …
   * ```
   * @throws CURSOR_EXPIRED if changes after the cursor are no longer kept, INVALID_CURSOR;
   * DATABASE_UNAVAILABLE after an outage of seconds: go on from the last cursor
   */
  watch(
    filter: feed.BenchmarkWatchFilter = {},
    options: WatchOptions = {},
  ): AsyncGenerator<feed.BenchmarkChange, never> {
    return feed.watchBenchmarks(this.#feed, filter, options);
  }

  async count(): Promise<number> {
    return (await this.#db.one(statements.countBenchmarks())).count;
  }

  async countByStatus(status: BenchmarkStatus): Promise<number> {
    const { status: known } = parseInput(input.benchmarkFilter, { status });
    return (await this.#db.one(statements.countBenchmarksByStatus(known ?? status))).count;
  }
}

// Fields that every update changes, and fields that commits of evaluations may have changed at the same time.
const notChanged = ["updatedAt", "version"] as const;
const counts = ["completedIterations", "failedIterations"] as const;

function forbiddenChange(id: string, from: BenchmarkStatus, to: BenchmarkStatus): ServiceError {
  const message = `benchmark ${id} is ${from}, which cannot become ${to}`;
  return new ServiceError(Code.FailedPrecondition, "FORBIDDEN_STATUS_CHANGE", message, {
    metadata: { entity: "benchmark", id, from, to },
  });
}
