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
import { reduceGroups } from "../samples/reduce.ts";
import { countPendingRuns, newestRuns, type Runs } from "./statements.ts";

const historyInput = benchmarkFilter
  .pick({ status: true, provider: true, model: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: text(limits.nameLength, 1),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    minCount: whole().default(0),
    baselineId: uuid.optional(),
  });

/**
 * The runs of a configuration on one dataset, by the mean of one metric. Filters are as of a leaderboard.
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
  /** Samples with a value of the metric, each of which counts once, by the mean of its repetitions. */
  count: number;
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
  /** The oldest run of the page, where there are older ones. */
  next: BenchmarkPosition | undefined;
}

type Run = z.output<typeof newestRuns.row>;

/** An adjusted p-value below it is significant. */
const ALPHA = 0.05;

/**
 * Reads a page of the runs with a value of the metric, from rollups alone. Runs are compared as independent
 * groups, because pairing their samples would read every row.
 * @throws NOT_FOUND without the benchmark `baselineId`, INVALID_ARGUMENT if that is on another dataset
 */
export async function readHistory(
  db: Executor,
  input: HistoryInput,
  limit: number,
  before?: BenchmarkPosition,
): Promise<HistoryPage> {
  const { baselineId, ...parsed } = parseInput(historyInput, input);
  const { lowerIsBetter = isLowerBetter(parsed.metric), ...runs } = parsed;
  const given = await baselineOf(db, runs.dataset, baselineId);
  const found = (await db.any(newestRuns(runs, limit + 1, before))).map(overSamples);
  const { count: pending } = await db.one(countPendingRuns(runs));
  const page = found.slice(0, limit).reverse();
  const baseline = given === undefined ? page[0] : await runOf(db, runs, given);
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
    next: older && oldest && { createdAt: oldest.createdAt, id: oldest.id },
  };
}

/** Counts each sample of a run with repetitions once, by the mean of their values. */
function overSamples(run: Run): Run {
  return run.groups ? { ...run, ...reduceGroups(run.groups, { reducer: "mean", k: 0 }).moments } : run;
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

async function runOf(db: Executor, { dataset, metric }: Runs, id: string): Promise<Run | undefined> {
  const [run] = await db.any(newestRuns({ dataset, metric, minCount: 0, id }, 1, undefined));
  return run && overSamples(run);
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
  const { provider, model, status, createdAt, count } = run;
  const benchmark = { benchmarkId, benchmarkName, provider, model, status, createdAt };
  return { ...benchmark, count, ...meanColumns(run, { areShares: areShares(metric) }) };
}
