import { Code } from "@connectrpc/connect";
import { z } from "zod";
import { difference, recordAudit } from "../audit/record.ts";
import type { BenchmarkPosition } from "../benchmarks/input.ts";
import { type RequestKey, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import type { Page, PageOptions } from "../database/statement/page.ts";
import { invalidField, requireFound, ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { Counts } from "../metrics/counts.ts";
import { parseInput, parseLimit, text, uuid } from "../validation.ts";
import { compareBenchmarks } from "./compare/compare.ts";
import type { ComparisonInput, ComparisonPage } from "./compare/comparison.ts";
import {
  type ComparedPosition,
  type ComparedSample,
  type ComparedSamplesInput,
  listComparedSamples,
} from "./compare/samples.ts";
import { cleanUpEvaluations, type EvaluationCleanup } from "./delete/cleanup.ts";
import { type FailureGroups, readFailureGroups } from "./failures/failure-groups.ts";
import { type HistogramInput, type MetricHistograms, readHistograms } from "./histogram/metric-histogram.ts";
import { type HistoryInput, type HistoryPage, readHistory } from "./history/history.ts";
import * as input from "./input.ts";
import { type LeaderboardInput, type LeaderboardPage, readLeaderboard } from "./leaderboard/leaderboard.ts";
import { type FoundEvaluations, readMany } from "./lists/get-many.ts";
import { type EvaluationListOptions, type EvaluationPage, readList } from "./lists/list.ts";
import type { ViewOptions } from "./lists/views.ts";
import type { Evaluation } from "./rows.ts";
import { type ReductionInput, reductionInput } from "./samples/reduce.ts";
import { type MetricSlices, readSlices, slicesInput } from "./slices/slices.ts";
import * as statements from "./statements.ts";
import { type StreamTotals, writeStream } from "./stream.ts";
import { type Categories, readCategories } from "./summary/categories.ts";
import { type SummaryInput, summarizeBenchmark, summaryInput } from "./summary/summarize.ts";
import type { BenchmarkSummary } from "./summary/summary.ts";
import { type EvaluationResult, writeEvaluations } from "./write.ts";

/** Evaluations: `db.evaluations`. Each write keeps the benchmark's counts true in the same transaction. */
export class EvaluationRepository {
  readonly #db: Executor;
  readonly #heavy: Executor;
  readonly #counts: Counts;

  /**
   * @param counts where what is written is counted. Default: nowhere
   * @param heavy runs the statements that may read all rows of a benchmark. Default: `db`
   */
  constructor(db: Executor, counts = new Counts(), heavy = db) {
    this.#db = db;
    this.#heavy = heavy;
    this.#counts = counts;
  }

  /**
   * Stores one evaluation. The same one given again answers what is stored.
   * @throws NOT_FOUND without its benchmark, ALREADY_EXISTS if its id or sample is stored with other content
   */
  async create(given: input.NewEvaluation, request?: RequestKey): Promise<Evaluation> {
    const evaluation = parseInput(input.newEvaluation, given);
    return runOnce(this.#db, request, "CreateEvaluation", evaluation, {
      create: async (db) => {
        const [result] = await this.#write(db, [evaluation]);
        if (result?.outcome === "conflict") throw conflict(result.id);
        if (result === undefined || result.outcome === "rejected")
          throw refusal(evaluation.benchmarkId, result);
        return new EvaluationRepository(db).get(result.id, evaluation.benchmarkId);
      },
      remember: ({ id }) => id,
      recall: (db, id) => new EvaluationRepository(db).get(id, evaluation.benchmarkId),
    });
  }

  /** Stores up to 1000 evaluations by one statement. One that is refused does not keep the others out. */
  async createMany(
    evaluations: readonly input.NewEvaluation[],
    request?: RequestKey,
  ): Promise<EvaluationResult[]> {
    const { length } = evaluations;
    if (length === 0 || length > limits.batchItems) {
      throw invalidField("evaluations", `must have 1 to ${limits.batchItems} items, has ${length}`);
    }
    return runOnce(this.#db, request, "BatchCreateEvaluations", [...evaluations], {
      create: (db) => this.#write(db, evaluations),
      remember: (results) => results,
      recall: async (_db, results) => results,
    });
  }

  /** Stores any number of evaluations in batches that are committed as they come. */
  createStream(source: AsyncIterable<readonly input.NewEvaluation[]>): Promise<StreamTotals> {
    return writeStream(source, (batch) => this.#write(this.#db, batch));
  }

  /** @throws NOT_FOUND */
  async get(id: string, benchmarkId?: string): Promise<Evaluation> {
    const key = parseKey(id, benchmarkId);
    const found = await this.#db.maybeOne(statements.getEvaluation(key.id, key.benchmarkId));
    return requireFound(found, "evaluation", key.id);
  }

  /**
   * Reads evaluations by their ids, 1 to 100, each once. It ends at about 3 MiB, and names the rest.
   * @param benchmarkId only those of this benchmark. Default: of any
   */
  getMany(
    ids: readonly string[],
    options: ViewOptions & { benchmarkId?: string | undefined } = {},
  ): Promise<FoundEvaluations> {
    return readMany(this.#db, ids, options.benchmarkId, options);
  }

  /**
   * Changes the judgement of an evaluation (re-scoring).
   * @throws NOT_FOUND, FAILED_PRECONDITION if it would be left with neither output nor error
   */
  async update(id: string, given: input.EvaluationChanges, benchmarkId?: string): Promise<Evaluation> {
    const key = parseKey(id, benchmarkId);
    const changes = parseInput(input.evaluationChanges, given);
    if (changes.error === "") changes.error = null;
    return this.#db.transaction(async (db) => {
      const found = await db.maybeOne(statements.getEvaluation(key.id, key.benchmarkId, true));
      const current = requireFound(found, "evaluation", key.id);
      if (changes.error === null && current.output === null) {
        const message = `evaluation ${key.id} has no output, so its error cannot be cleared`;
        throw new ServiceError(Code.FailedPrecondition, "CONSTRAINT_VIOLATION", message, {
          violations: [{ field: "error", description: "is required where there is no output" }],
        });
      }
      const bytes = input.evaluationBytes({ ...current, ...changes });
      if (bytes > limits.evaluationBytes) throw invalidField("expected", input.tooLarge(bytes));
      const wasFailed = current.error !== null;
      const write = statements.updateEvaluation(key.id, current.benchmarkId, changes, wasFailed);
      const updated = await db.one(write);
      const entry = { action: "update", entityType: "evaluation", entityId: key.id } as const;
      await recordAudit(db, [{ ...entry, changes: difference(current, updated, ["updatedAt"]) }]);
      return updated;
    });
  }

  /** @throws NOT_FOUND */
  async delete(id: string, benchmarkId?: string): Promise<void> {
    const key = parseKey(id, benchmarkId);
    const deleted = await this.#db.maybeOne(statements.deleteEvaluation(key.id, key.benchmarkId));
    requireFound(deleted, "evaluation", key.id);
  }

  /**
   * Deletes evaluations stored more than `olderThanDays` days ago (0 to 36,500; 0: all stored before now),
   * whatever their `createdAt`, of all benchmarks unless one is given, in small transactions. Counts and
   * summaries follow. Ends early after 100,000: `more` says so.
   * @throws NOT_FOUND without the benchmark
   */
  cleanup(olderThanDays: number, benchmarkId?: string): Promise<EvaluationCleanup> {
    return cleanUpEvaluations(this.#db, olderThanDays, benchmarkId);
  }

  /**
   * One page of a benchmark's evaluations, newest first unless the filter says otherwise.
   * @throws NOT_FOUND without the benchmark, FAILED_PRECONDITION (INDEX_MISSING) where a search needs an
   * index that is not there
   */
  list(filter: input.EvaluationFilter, options: EvaluationListOptions = {}): Promise<EvaluationPage> {
    return readList({ db: this.#db, heavy: this.#heavy }, filter, options);
  }

  async listByBenchmark(benchmarkId: string, limit: number): Promise<readonly Evaluation[]> {
    return (await this.list({ benchmarkId }, { limit, full: true })).items;
  }

  /**
   * Statistics over all evaluations of a benchmark, true right after each commit. Read from aggregates that
   * are kept with the rows, so that millions of rows take no longer than a few: all figures are exact but the
   * percentiles, see `BenchmarkSummary`. Those are computed from the rows where there are at most 1,000, and
   * they would not be exact otherwise.
   * @param names which metrics, also those without a value; by default all that have one
   * @param given.exact true: compute everything from the rows; false: never do so for the percentiles.
   *   Default: as above
   * @throws NOT_FOUND
   */
  async summarize(
    benchmarkId: string,
    names: readonly string[] = [],
    given: SummaryInput = {},
  ): Promise<BenchmarkSummary> {
    const id = parseInput(uuid, benchmarkId, "benchmark_id");
    const wanted = parseInput(metricNames, names, "metrics");
    const how = parseInput(summaryInput, given);
    const found = await statements.requireBenchmark(this.#db, id);
    return summarizeBenchmark({ db: this.#db, heavy: this.#heavy }, wanted, {
      ...found,
      ...how,
    });
  }

  /**
   * How often evaluations have each category: a text as the value of a metric. Reads the newest 250,000.
   * @param names which metrics; by default all that have one
   * @param evaluationCount where it is known: few are read without waiting for others who read many
   */
  async countCategories(
    benchmarkId: string,
    names: readonly string[] = [],
    evaluationCount = Number.POSITIVE_INFINITY,
  ): Promise<Categories> {
    const id = parseInput(uuid, benchmarkId, "benchmark_id");
    const db = evaluationCount <= limits.exactEvaluations ? this.#db : this.#heavy;
    return readCategories(db, id, parseInput(metricNames, names, "metrics"));
  }

  /**
   * Statistics of the groups of a benchmark's evaluations, at most 200 for each metric, and the mean of their
   * means. Reads every evaluation.
   * @param key a column or a key of the metadata: see `groupBy`
   * @param names which metrics, at most 20; by default the score
   * @throws NOT_FOUND
   */
  async summarizeSlices(
    benchmarkId: string,
    key: string,
    names: readonly string[] = [],
    given: ReductionInput = {},
  ): Promise<MetricSlices[]> {
    const id = parseInput(uuid, benchmarkId, "benchmark_id");
    const wanted = parseInput(slicesInput, { groupBy: key, metrics: names });
    const reduction = parseInput(reductionInput, given);
    return readSlices(this.#heavy, await statements.requireBenchmark(this.#db, id), wanted, reduction);
  }

  /**
   * Groups the newest 20,000 failures of a benchmark by the first line of their error, without numbers and
   * ids; of a traceback of Python by the last.
   * @param options `limit`: groups, at most 200. Default: 50
   * @throws NOT_FOUND
   */
  listFailureGroups(
    benchmarkId: string,
    options: { limit?: number | undefined } = {},
  ): Promise<FailureGroups> {
    return readFailureGroups({ db: this.#db, heavy: this.#heavy }, benchmarkId, options);
  }

  /**
   * How the values of a metric are spread in benchmarks, on one scale, from the aggregates of summaries.
   * @throws NOT_FOUND without one of the benchmarks
   */
  histograms(given: HistogramInput): Promise<MetricHistograms> {
    return readHistograms({ db: this.#db, heavy: this.#heavy }, given);
  }

  /**
   * Compares benchmarks with a baseline, paired by sample and repetition; each page repeats the figures and
   * goes on with the samples.
   * @throws NOT_FOUND without one of the benchmarks
   */
  compare(
    given: ComparisonInput,
    { limit, after }: PageOptions<readonly input.ComparisonPosition[]> = {},
  ): Promise<ComparisonPage> {
    return compareBenchmarks(this.#heavy, given, parseLimit(limit), after);
  }

  /**
   * The samples of benchmarks with their values in each, in one state at a time, such as those that all have
   * wrong; in pages. Repetitions are reduced and samples are paired as `compare` does it.
   * @throws NOT_FOUND without one of the benchmarks
   */
  listComparedSamples(
    given: ComparedSamplesInput,
    options: PageOptions<ComparedPosition> = {},
  ): Promise<Page<ComparedSample, ComparedPosition>> {
    return listComparedSamples({ db: this.#db, heavy: this.#heavy }, given, options);
  }

  /**
   * Ranks the benchmarks of a dataset by the mean of a metric, with confidence intervals and the ranks that
   * these leave open; one page, best first. Takes the same time however many evaluations there are.
   * @param options `limit` at most 1000; default: 50
   */
  async leaderboard(
    given: LeaderboardInput,
    { limit, after }: PageOptions<input.LeaderboardPosition> = {},
  ): Promise<LeaderboardPage> {
    return readLeaderboard(this.#heavy, given, parseLimit(limit), after);
  }

  /**
   * The runs of a configuration over time: mean and interval of a metric, how it changed since the run before
   * and since the baseline, and where it first changed significantly. Takes the same time however many
   * evaluations there are.
   * @param options `limit` at most 1000; default: 50. `after`: the runs older than those of the page before
   * @throws NOT_FOUND without the given baseline
   */
  async history(
    given: HistoryInput,
    { limit, after }: PageOptions<BenchmarkPosition> = {},
  ): Promise<HistoryPage> {
    return readHistory(this.#heavy, given, parseLimit(limit), after);
  }

  async #write(db: Executor, evaluations: readonly input.NewEvaluation[]): Promise<EvaluationResult[]> {
    const results = await writeEvaluations(db, evaluations);
    for (const { outcome } of results) this.#counts.evaluations.add(outcome);
    return results;
  }
}

const metricNames = z.array(text(limits.nameLength, 1)).max(100, "must have at most 100 items");

function parseKey(id: string, benchmarkId: string | undefined) {
  return {
    id: parseInput(uuid, id, "id"),
    benchmarkId: benchmarkId === undefined ? undefined : parseInput(uuid, benchmarkId, "benchmark_id"),
  };
}

function conflict(id: string): ServiceError {
  const message = `evaluation ${id} has the same id or sample but other content, which stands`;
  return new ServiceError(Code.AlreadyExists, "ALREADY_EXISTS", message, {
    metadata: { entity: "evaluation", id },
  });
}

function refusal(benchmarkId: string, result: EvaluationResult | undefined): ServiceError {
  if (result?.outcome !== "rejected") throw new Error("an evaluation was written without a result");
  if (result.field === "benchmark_id") {
    return new ServiceError(Code.NotFound, "NOT_FOUND", result.reason, {
      metadata: { entity: "benchmark", id: benchmarkId },
    });
  }
  return invalidField(result.field || "evaluation", result.reason);
}
