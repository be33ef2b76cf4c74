import { z } from "zod";
import { findBaseline } from "../../benchmarks/baselines.ts";
import { type BenchmarkPosition, benchmarkFilter } from "../../benchmarks/input.ts";
import type { Benchmark } from "../../benchmarks/rows.ts";
import { getBenchmark } from "../../benchmarks/statements.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { invalidField, requireFound } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { holm } from "../../statistics/holm.ts";
import { type MeanColumns, meanColumns } from "../../statistics/mean-interval.ts";
import { type MeanDifference, welch } from "../../statistics/welch.ts";
import { parseInput, text, uuid, whole } from "../../validation.ts";
import { areShares, isLowerBetter } from "../metric.ts";
import {
  checkK,
  countSamples,
  countsSuccesses,
  type Reducer,
  type Reduction,
  type Repetitions,
  reduceGroups,
  reductionFields,
  repetitionsOf,
} from "../samples/reduce.ts";
import { countPendingRuns, newestRuns, type Runs } from "./statements.ts";

const historyInput = benchmarkFilter
  .pick({ status: true, provider: true, model: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: text(limits.nameLength, 1),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    minCount: whole().default(0),
    baselineId: uuid.optional(),
    ...reductionFields,
  })
  .superRefine(checkK);

/**
 * The runs of a configuration on one dataset, by the mean of one metric over samples, whose repetitions
 * become one value first. Filters are as of a leaderboard.
 * `baselineId` defaults to the dataset's baseline, and without one to the oldest run of the answer.
 */
export type HistoryInput = z.input<typeof historyInput>;

/** How a mean differs from another one: see `welch`. Figures that the values do not tell are null. */
export interface MetricChange {
  /** The run's mean less that of the other. */
  difference: number;
  ci95Low: number | null;
  ci95High: number | null;
  pValue: number | null;
  /** Adjusted by Holm's method for the changes of this kind in the answer. */
  adjustedPValue: number | null;
  /** Whether it is the first in time whose adjusted p-value is below 0.05. */
  firstSignificant: boolean;
}

/** A benchmark with a value of the metric. */
export interface MetricRun
  extends MeanColumns,
    Pick<Benchmark, "provider" | "model" | "status" | "createdAt"> {
  benchmarkId: string;
  benchmarkName: string;
  /** Samples with a value of the metric; without repetitions each evaluation is one. */
  count: number;
  /** Samples with values of which the reducer makes none. */
  samplesUnscored: number;
  /** Of the samples with a value; null in a benchmark without repetitions. */
  repetitions: Repetitions | null;
  /** Against the run before, also where that is of the page that follows; null for the very first. */
  sincePrevious: MetricChange | null;
  /** Null for the baseline itself, and where there is none with a value. */
  sinceBaseline: MetricChange | null;
}

export interface HistoryPage {
  /** The newest before those of the page before, in the order of their creation. */
  runs: MetricRun[];
  baseline: MetricRun | null;
  /** Matching benchmarks left out for now: their figures are being computed, or they are being deleted. */
  pending: number;
  lowerIsBetter: boolean;
  reducer: Reducer;
  k: number;
  /** The oldest run of the page, where there are older ones. */
  next: BenchmarkPosition | undefined;
}

type Run = z.output<typeof newestRuns.row>;

/** An adjusted p-value below it is significant. */
const ALPHA = 0.05;

/**
 * Reads a page of the runs with a value of the metric: from what is kept alone, unless the reducer has to
 * read the evaluations of those with repetitions. Runs are compared as independent groups, because pairing
 * their samples would read every row.
 * @throws NOT_FOUND without the benchmark `baselineId`, INVALID_ARGUMENT if that is on another dataset
 */
export async function readHistory(
  db: Executor,
  input: HistoryInput,
  limit: number,
  before?: BenchmarkPosition,
): Promise<HistoryPage> {
  const { baselineId, reducer, k, ...parsed } = parseInput(historyInput, input);
  const reduction = { reducer, k };
  const { lowerIsBetter = isLowerBetter(parsed.metric), ...runs } = parsed;
  const given = await baselineOf(db, runs.dataset, baselineId);
  const found = await findRuns(db, runs, reduction, limit + 1, before);
  const { count: pending } = await db.one(countPendingRuns(runs));
  const page = found.slice(0, limit).reverse();
  const baseline = given === undefined ? page[0] : await runOf(db, runs, reduction, given);
  const older = found[limit];
  const previous = changesOf(page, (index) => page[index - 1] ?? older);
  const isAfter = ({ createdAt, id }: Run) =>
    !baseline || createdAt > baseline.createdAt || (createdAt === baseline.createdAt && id > baseline.id);
  const since = changesOf(
    page,
    (index) => (page[index]?.id === baseline?.id ? undefined : baseline),
    isAfter,
  );
  const figuresOf = (run: Run) => figures(run, runs.metric);
  const [oldest] = page;
  return {
    runs: page.map((run, index) => ({
      ...figuresOf(run),
      sincePrevious: previous[index] ?? null,
      sinceBaseline: since[index] ?? null,
    })),
    baseline: baseline ? { ...figuresOf(baseline), sincePrevious: null, sinceBaseline: null } : null,
    pending,
    lowerIsBetter,
    ...reduction,
    next: older && oldest && { createdAt: oldest.createdAt, id: oldest.id },
  };
}

/** The newest runs before a position, with samples enough after reduction. */
async function findRuns(
  db: Executor,
  runs: Runs,
  reduction: Reduction,
  limit: number,
  before: BenchmarkPosition | undefined,
): Promise<Run[]> {
  const found: Run[] = [];
  for (let position = before; ; ) {
    const read = await db.any(newestRuns(runs, reduction, limit, position));
    // Some that were read may turn out to have too few.
    found.push(...read.flatMap((run) => overSamples(run, reduction)).filter(hasEnough));
    const last = read.at(-1);
    if (!last || read.length < limit || found.length >= limit) return found.slice(0, limit);
    position = { createdAt: last.createdAt, id: last.id };
  }

  function hasEnough({ count }: Run): boolean {
    return count >= Math.max(1, runs.minCount);
  }
}

/** Counts each sample of a run with repetitions once. By a reducer of k repetitions, others have no value. */
function overSamples(run: Run, reduction: Reduction): Run[] {
  if (run.groups) return [{ ...run, ...(run.reduced ?? reduceGroups(run.groups, reduction).moments) }];
  return countsSuccesses(reduction.reducer) ? [] : [run];
}

/** The id of the baseline that was asked for, or that is pinned; undefined without either. */
async function baselineOf(
  db: Executor,
  dataset: string,
  asked: string | undefined,
): Promise<string | undefined> {
  if (asked === undefined) return (await findBaseline(db, dataset))?.benchmarkId;
  const benchmark = requireFound(await db.maybeOne(getBenchmark(asked)), "benchmark", asked);
  if (benchmark.dataset === dataset) return asked;
  const expected = `must be on dataset ${JSON.stringify(dataset)}`;
  throw invalidField("baseline_id", `${expected}, is on ${JSON.stringify(benchmark.dataset)}`);
}

async function runOf(
  db: Executor,
  { dataset, metric }: Runs,
  reduction: Reduction,
  id: string,
): Promise<Run | undefined> {
  const [run] = await findRuns(db, { dataset, metric, minCount: 0, id }, reduction, 1, undefined);
  return run;
}

/**
 * Compares each run with another one.
 * @param mayBeFirst which runs the first significant change may be at. Default: all
 */
function changesOf(
  page: readonly Run[],
  otherOf: (index: number) => Run | undefined,
  mayBeFirst: (run: Run) => boolean = () => true,
): (MetricChange | undefined)[] {
  const differences = page.map((run, index): MeanDifference | undefined => {
    const other = otherOf(index);
    return other && welch(other, run);
  });
  const adjusted = holm(differences.map((difference) => difference?.pValue));
  const first = page.findIndex((run, index) => (adjusted[index] ?? 1) < ALPHA && mayBeFirst(run));
  return differences.map((found, index) => {
    if (found === undefined) return undefined;
    const { difference, interval, pValue = null } = found;
    return {
      difference,
      ci95Low: interval?.low ?? null,
      ci95High: interval?.high ?? null,
      pValue,
      adjustedPValue: adjusted[index] ?? null,
      firstSignificant: index === first,
    };
  });
}

function figures({ id: benchmarkId, name: benchmarkName, ...run }: Run, metric: string) {
  const { provider, model, status, createdAt, count, groups } = run;
  const benchmark = { benchmarkId, benchmarkName, provider, model, status, createdAt };
  const samples = countSamples(groups ?? []);
  const about = {
    samplesUnscored: groups ? samples - count : 0,
    repetitions: groups ? repetitionsOf(groups, run.repetitions, samples) : null,
  };
  return { ...benchmark, count, ...about, ...meanColumns(run, { areShares: areShares(metric) }) };
}
