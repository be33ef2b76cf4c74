import { z } from "zod";
import { findBaseline } from "../../benchmarks/baselines.ts";
import { type BenchmarkPosition, benchmarkFilter } from "../../benchmarks/input.ts";
import type { Benchmark } from "../../benchmarks/rows.ts";
import { getBenchmark } from "../../benchmarks/statements.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { invalidField, requireFound } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { holm } from "../../statistics/holm.ts";
import { mayEndEarly } from "../../statistics/lacking.ts";
import { type MeanColumns, meanColumns } from "../../statistics/mean-interval.ts";
import { type MeanDifference, welch } from "../../statistics/welch.ts";
import { parseInput, text, uuid, whole } from "../../validation.ts";
import { type Coverage, coverageOf, plannedOf } from "../coverage/coverage.ts";
import {
  areOpen,
  endOf,
  endsFor,
  filledAll,
  missingFields,
  type Range,
  rangeOf,
  type Samples,
  withoutFailed,
} from "../coverage/missing.ts";
import { compareInputs, type InputDifference } from "../inputs/compare-inputs.ts";
import { areShares, isLowerBetter } from "../metric.ts";
import { groupsWithLacking, lackSome, readLacking } from "../samples/lacking.ts";
import {
  checkK,
  countFailed,
  countSamples,
  countsSuccesses,
  type Reducer,
  type Reduction,
  type Repetitions,
  reduceGroups,
  reducesByCounts,
  reductionFields,
  repetitionsOf,
} from "../samples/reduce.ts";
import { ownOf } from "../summary/splits.ts";
import { countPendingRuns, countUnscoredRuns, newestRuns, type Runs } from "./statements.ts";

const historyInput = benchmarkFilter
  .pick({ status: true, provider: true, model: true, labels: true, createdAfter: true, createdBefore: true })
  .extend({
    dataset: text(limits.nameLength, 1),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    minCount: whole().default(0),
    baselineId: uuid.optional(),
    ...reductionFields,
    rangeLow: missingFields.rangeLow,
    rangeHigh: missingFields.rangeHigh,
  })
  .superRefine(checkK);

/**
 * The runs of a configuration on one dataset, by the mean of one metric over samples, whose repetitions
 * become one value first. Filters are as of a leaderboard.
 * `baselineId` defaults to the dataset's baseline, and without one to the oldest run of the answer.
 * `rangeLow` and `rangeHigh` are the ends of what a value can be, where those of the metric are not known or
 * are others.
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
  /**
   * Whether it is the first in time that is significant, also if the missing samples had a value, and of what
   * may end early as it fails also by the others.
   */
  firstSignificant: boolean;
  /**
   * Whether it is the first in time that is significant by the samples that have a value, though it might not
   * be by all, or without those that failed.
   */
  firstUnsettled: boolean;
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
  coverage: Coverage;
  /** What the mean may be whatever is missing; null where nothing is, and where the range has no such end. */
  leastMean: number | null;
  greatestMean: number | null;
  /** Compared with the page's `inputsReferenceId`; null where no samples with an id are in common. */
  inputsCompared: number | null;
  differentInputs: number | null;
  /** Against the run before, also where that is of the page that follows; null for the very first. */
  sincePrevious: MetricChange | null;
  /** Null for the baseline itself, and where there is none with a value. */
  sinceBaseline: MetricChange | null;
}

export interface HistoryPage {
  /** The newest before those of the page before, in the order of their creation. */
  runs: MetricRun[];
  baseline: MetricRun | null;
  /** The range that missing samples are taken to be in; null where an end of it is not known. */
  rangeLow: number | null;
  rangeHigh: number | null;
  /** The benchmark with whose inputs those of the runs were compared; null where none has sample ids. */
  inputsReferenceId: string | null;
  /** Matching benchmarks left out for now: their figures are being computed, or they are being deleted. */
  pending: number;
  /**
   * Matching benchmarks without a value, between the runs of the page or newer than those of the newest:
   * `limits.unscoredRuns` at most.
   */
  unscored: number;
  lowerIsBetter: boolean;
  reducer: Reducer;
  k: number;
  /** The oldest run of the page, where there are older ones. */
  next: BenchmarkPosition | undefined;
}

type Run = z.output<typeof newestRuns.row>;

/** A run with its samples counted. */
interface Counted extends Run {
  coverage: Coverage;
  /** The repetitions that each sample is to have. */
  wanted: number;
  /** Undefined where no sample with a value lacks repetitions. */
  withLacking?: Samples["withLacking"];
}

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
  const { baselineId, reducer, k, rangeLow, rangeHigh, ...parsed } = parseInput(historyInput, input);
  const reduction = { reducer, k };
  const { lowerIsBetter = isLowerBetter(parsed.metric), ...runs } = parsed;
  const given = await baselineOf(db, runs.dataset, baselineId);
  const found = await findRuns(db, runs, reduction, limit + 1, before);
  const { count: pending } = await db.one(countPendingRuns(runs));
  const page = found.slice(0, limit).reverse();
  const baseline = given === undefined ? page[0] : await runOf(db, runs, reduction, given);
  const older = found[limit];
  const metric = { name: runs.metric, reducer, lowerIsBetter };
  const range = rangeOf(metric, valuesOf(found, baseline), { rangeLow, rangeHigh });
  await addLacking(db, baseline ? [...found, baseline] : found, { metric: runs.metric, range }, reduction);
  const known = { range, doFailuresHelp: mayEndEarly(runs.metric, lowerIsBetter) };
  const previous = changesOf(page, known, (index) => page[index - 1] ?? older);
  const isAfter = ({ createdAt, id }: Run) =>
    !baseline || createdAt > baseline.createdAt || (createdAt === baseline.createdAt && id > baseline.id);
  const since = changesOf(
    page,
    known,
    (index) => (page[index]?.id === baseline?.id ? undefined : baseline),
    isAfter,
  );
  const asked = baseline ? [...page, baseline] : page;
  const { referenceId, differences } = await compareInputs(db, asked, baseline?.id);
  const kind = { areShares: areShares(runs.metric), range };
  const figuresOf = (run: Counted) => figures(run, kind, differences.get(run.id));
  const [oldest] = page;
  const next = older && oldest && { createdAt: oldest.createdAt, id: oldest.id };
  const { count: unscored } = await db.one(countUnscoredRuns(runs, reduction, before, next));
  return {
    runs: page.map((run, index) => ({
      ...figuresOf(run),
      sincePrevious: previous[index] ?? null,
      sinceBaseline: since[index] ?? null,
    })),
    baseline: baseline ? { ...figuresOf(baseline), sincePrevious: null, sinceBaseline: null } : null,
    ...{ rangeLow: endOf(range.low), rangeHigh: endOf(range.high) },
    inputsReferenceId: referenceId ?? null,
    ...{ pending, unscored },
    lowerIsBetter,
    ...reduction,
    next,
  };
}

/** The newest runs before a position, with samples enough after reduction. */
async function findRuns(
  db: Executor,
  runs: Runs,
  reduction: Reduction,
  limit: number,
  before: BenchmarkPosition | undefined,
): Promise<Counted[]> {
  const found: Counted[] = [];
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
function overSamples(run: Run, reduction: Reduction): Counted[] {
  const { groups, reduced } = run;
  if (!groups) return countsSuccesses(reduction.reducer) ? [] : [counted(run, false)];
  const { moments, failed } = reduced
    ? { moments: reduced, failed: countFailed(groups) }
    : reduceGroups(groups, reduction);
  // A sample's value lies within the range of its repetitions.
  const { min, max } = Number.isFinite(moments.max) ? { ...run, ...moments } : run;
  return [counted({ ...run, ...moments, failed, min, max }, true)];
}

function counted(run: Run, isRepeated: boolean): Counted {
  const { tried, withError, count, failed, groups } = run;
  const all = { planned: plannedOf(run, isRepeated), tried, withError };
  const scored = groups ? countSamples(groups) : count;
  const own = ownOf(all, { scored, scoredWithError: groups ? countFailed(groups) : failed }, run);
  const wanted = run.repetitions || run.mostTries;
  return { ...run, wanted, coverage: coverageOf(own, count, failed) };
}

/** Adds what may stand for the repetitions that the samples of runs lack. */
async function addLacking(
  db: Executor,
  runs: readonly Counted[],
  { metric, range }: { metric: string; range: Range },
  reduction: Reduction,
): Promise<void> {
  const lacking = runs.filter(({ groups, wanted }) => lackSome(groups, wanted));
  const benchmarks = [...new Map(lacking.map(({ id, wanted }) => [id, { id, wanted }])).values()];
  const metrics = [{ metric, ends: endsFor("bounds", range, false) }];
  const read = await readLacking(db, benchmarks, metrics, reduction, true);
  for (const run of lacking)
    run.withLacking = reducesByCounts(reduction.reducer)
      ? groupsWithLacking(run.groups ?? [], reduction, run.wanted, run)
      : read(run.id, metric);
}

/** The range of all values; undefined without any. */
function valuesOf(found: readonly Counted[], baseline: Counted | undefined) {
  const all = baseline ? [...found, baseline] : found;
  if (all.length === 0) return undefined;
  return { min: Math.min(...all.map(({ min }) => min)), max: Math.max(...all.map(({ max }) => max)) };
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
): Promise<Counted | undefined> {
  const [run] = await findRuns(db, { dataset, metric, minCount: 0, id }, reduction, 1, undefined);
  return run;
}

/** What is known of a metric. */
interface Kind {
  range: Range;
  /** See `mayEndEarly`. */
  doFailuresHelp: boolean;
}

/**
 * Compares each run with another one.
 * @param mayBeFirst which runs the first significant change may be at. Default: all
 */
function changesOf(
  page: readonly Counted[],
  kind: Kind,
  otherOf: (index: number) => Counted | undefined,
  mayBeFirst: (run: Run) => boolean = () => true,
): (MetricChange | undefined)[] {
  const width = kind.range.high - kind.range.low;
  const found = page.map((run, index) => {
    const other = otherOf(index);
    if (!other) return undefined;
    const change = welch(other, run);
    return { ...change, settledPValue: settledPValue(other, run, change, kind) };
  });
  const adjusted = holm(found.map((change) => change?.pValue));
  const settled = holm(found.map((change) => change?.settledPValue));
  const firstBelow = (pValues: typeof adjusted) =>
    page.findIndex((run, index) => (pValues[index] ?? 1) < ALPHA && mayBeFirst(run));
  const [first, significant] = [firstBelow(settled), firstBelow(adjusted)];
  return found.map((change, index) => {
    if (change === undefined) return undefined;
    const { difference, interval, pValue = null } = change;
    return {
      difference,
      // No change is larger than the range.
      ci95Low: interval ? Math.max(-width, interval.low) : null,
      ci95High: interval ? Math.min(width, interval.high) : null,
      pValue,
      adjustedPValue: adjusted[index] ?? null,
      firstSignificant: index === first,
      firstUnsettled: index === significant && index !== first,
    };
  });
}

/**
 * The p-value of the least difference that what both runs lack allows: each sample and each repetition that
 * is missing has the value that brings the means closest together, at an end of the range. 1 where that
 * turns the difference round, or the range has no such end; never less than without these samples.
 *
 * Nor is a run better, or another one worse than it, by what failed in it and may have ended early: the means
 * are without that, as if it had the least value of its run. What failed in a run before one that is better
 * may have taken the longest.
 */
function settledPValue(
  before: Counted,
  after: Counted,
  { difference, pValue }: MeanDifference,
  { range: { low, high }, doFailuresHelp }: Kind,
): number | undefined {
  const failedOf = ({ coverage }: Counted) => (doFailuresHelp ? coverage.scoredWithError : 0);
  const isSure = [before, after].every((run) => !areOpen(samplesOf(run)) && failedOf(run) === 0);
  if (isSure || pValue === undefined) return pValue;
  const at = (run: Counted, end: number, ofFailed?: number) => {
    const samples = samplesOf(run);
    if (areOpen(samples) && !Number.isFinite(end)) return undefined;
    const all = areOpen(samples) ? filledAll(samples, end) : samples.moments;
    return ofFailed === undefined ? all : withoutFailed(all, failedOf(run), ofFailed);
  };
  const [older, newer] =
    difference > 0
      ? [at(before, high, before.min), at(after, low)]
      : [at(before, low, before.max), at(after, high, after.min)];
  if (!older || !newer) return 1;
  const closest = welch(older, newer);
  return closest.difference > 0 === difference > 0 && closest.difference !== 0
    ? Math.max(pValue, closest.pValue ?? 1)
    : 1;
}

const samplesOf = ({ coverage, withLacking, ...figures }: Omit<Counted, "id" | "name">): Samples => ({
  moments: figures,
  coverage,
  withLacking,
});

function meanWith(samples: Samples, end: number): number | null {
  if (!areOpen(samples) || !Number.isFinite(end)) return null;
  const { count, sum } = filledAll(samples, end);
  return sum / count;
}

function figures(
  { id: benchmarkId, name: benchmarkName, ...run }: Counted,
  kind: { areShares: boolean; range: Range },
  inputs: InputDifference | undefined,
) {
  const { provider, model, status, createdAt, count, groups, coverage } = run;
  const benchmark = { benchmarkId, benchmarkName, provider, model, status, createdAt };
  const about = {
    samplesUnscored: groups ? countSamples(groups) - count : 0,
    repetitions: groups ? repetitionsOf(groups, { ...run, tried: coverage.tried }) : null,
    coverage,
    leastMean: meanWith(samplesOf(run), kind.range.low),
    greatestMean: meanWith(samplesOf(run), kind.range.high),
    ...{ inputsCompared: inputs?.inputsCompared ?? null, differentInputs: inputs?.differentInputs ?? null },
  };
  return { ...benchmark, count, ...about, ...meanColumns(run, kind) };
}
