import { z } from "zod";
import { currentSignal } from "../../call-scope.ts";
import { Gate } from "../../database/connection/gate.ts";
import { heavyGateOptions } from "../../database/heavy-reads.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { invalidField } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { type Block, bootstrapMean } from "../../statistics/bootstrap.ts";
import { signFlipP } from "../../statistics/clusters.ts";
import { holm } from "../../statistics/holm.ts";
import { equivalenceP, noWorseP } from "../../statistics/margin.ts";
import { mcnemarExact } from "../../statistics/mcnemar.ts";
import type { MeanFigures } from "../../statistics/mean-interval.ts";
import { detectableEffect, pairsNeeded } from "../../statistics/power.ts";
import { studentTQuantile, studentTUpperTail } from "../../statistics/student-t.ts";
import { finite, notNegative, parseInput, text, uuid } from "../../validation.ts";
import { type Clusters, clusterKey, clustersOf, notWithGroups } from "../clusters/clusters.ts";
import type { Coverage } from "../coverage/coverage.ts";
import {
  type Bounds,
  checkClusters,
  endOf,
  lackingEnd,
  missingFields,
  type Range,
  requireEnds,
  type Treatment,
  worstOf,
} from "../coverage/missing.ts";
import type { ComparisonPosition, SamplePosition } from "../input.ts";
import { areShares, isLowerBetter } from "../metric.ts";
import { checkK, type Reducer, type Repetitions, reductionFields } from "../samples/reduce.ts";
import { groupBy } from "../slices/key.ts";
import { adjustSlices, type PairSlices, readPairSlices } from "../slices/pair-slices.ts";
import { requireBenchmark, type Sampling } from "../statements.ts";
import {
  figuresOf,
  figuresOfDifferences,
  intervalOf,
  rankBiserial,
  towardsBetter,
  wilcoxon,
} from "./figures.ts";
import { boundDifference, readSides } from "./sides.ts";
import { type Pairing, pairFigures, pairSamples } from "./statements.ts";

const aboveZero = finite.positive("must be above 0");

const comparisonInput = z
  .strictObject({
    baselineId: uuid,
    candidateIds: z
      .array(uuid)
      .min(1, "must have 1 or more items")
      .max(limits.candidates, `must have at most ${limits.candidates} items`),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    tieTolerance: notNegative.default(0),
    bootstrapSamples: z
      .int("must be a whole number")
      .min(0, "must be 0 or more")
      .max(limits.bootstrapSamples, `must be at most ${limits.bootstrapSamples}`)
      .default(10_000),
    allowDifferentInputs: z.boolean().default(false),
    margin: aboveZero.optional(),
    detect: aboveZero.optional(),
    alpha: aboveZero.lt(1, "must be below 1").default(0.05),
    clusterBy: clusterKey,
    groupBy: groupBy.optional(),
    ...reductionFields,
    ...missingFields,
  })
  .superRefine(checkK)
  .superRefine(checkClusters)
  .refine(({ clusterBy, groupBy: key }) => clusterBy === undefined || key === undefined, {
    path: ["clusterBy"],
    message: notWithGroups,
  })
  .superRefine(({ baselineId, candidateIds }, context) => {
    for (const [index, id] of candidateIds.entries()) {
      const isRepeated = candidateIds.indexOf(id) !== index;
      if (id !== baselineId && !isRepeated) continue;
      const message = isRepeated ? "is given twice" : "is the baseline itself";
      context.addIssue({ code: "custom", path: ["candidateIds", index], message });
    }
  });

/**
 * A comparison of candidates with a baseline on one metric, in pairs of the same sample, whose repetitions
 * become one value first.
 * `lowerIsBetter` defaults to what is so of the metric: `isLowerBetter`. `groupBy` asks for groups of pairs.
 */
export type ComparisonInput = z.input<typeof comparisonInput>;

/** A sample with its values on both sides; the difference is the candidate's minus the baseline's. */
type PairedSample = z.output<typeof pairSamples.row>;

/** One candidate compared with the baseline. Figures that are undefined for its pairs are null. */
export interface Comparison {
  candidateId: string;
  /** Pairs: samples with a value on both sides, or with "as_worst" in the baseline alone. */
  nPaired: number;
  /** Samples of both whose inputs or expected answers differ: no pairs, unless they are allowed. */
  differentInputs: number;
  /** Samples without a partner. */
  baselineUnpaired: number;
  candidateUnpaired: number;
  /** Of each benchmark as a whole. */
  baselineCoverage: Coverage;
  candidateCoverage: Coverage;
  /** Pairs in which the candidate has no value, so that the worst stands for it. */
  candidateFilled: number;
  /** Pairs in which the candidate lacks repetitions and the baseline has them. */
  candidateShort: number;
  /** Of the mean difference over all samples; null unless asked for. */
  bounds: Bounds | null;
  baselineMean: number | null;
  baselineCi95Low: number | null;
  baselineCi95High: number | null;
  candidateMean: number | null;
  candidateCi95Low: number | null;
  candidateCi95High: number | null;
  meanDifference: number | null;
  stderr: number | null;
  /** The interval of the paired t-test, and so of `pairedTPValue`, not adjusted; null as that is. */
  ci95Low: number | null;
  ci95High: number | null;
  bootstrapCi95Low: number | null;
  bootstrapCi95High: number | null;
  /** The test of `pValue`: by clusters, if asked for, else McNemar's if all values are 0 or 1. */
  test: "mcnemar" | "wilcoxon" | "cluster_t" | null;
  pValue: number | null;
  /** By Holm's method over all candidates. */
  adjustedPValue: number | null;
  mcnemarPValue: number | null;
  wilcoxonPValue: number | null;
  pairedTPValue: number | null;
  /** Which way `test` goes: see `rankBiserial`; null without pairs, and by clusters. */
  rankBiserial: number | null;
  /** Cohen's d_z: mean difference / standard deviation of the differences. */
  effectSize: number | null;
  /** The interval of the test of equivalence: 90 %, two one-sided ones of 95 %. */
  ci90Low: number | null;
  ci90High: number | null;
  /** The smallest true difference that these pairs show with a power of 80 %, at the level `alpha`. */
  detectableDifference: number | null;
  /** So many pairs show a difference of `detect` with that power; null if more than 1e9. */
  pairsNeeded: number | null;
  /**
   * One-sided, of the candidate being worse than the baseline by `margin` or more: see `noWorseP`. With
   * bounds it is of the worst mean difference that missing samples allow.
   */
  noWorsePValue: number | null;
  /** Of the two differing by `margin` or more: see `equivalenceP`. With bounds it is of both of them. */
  equivalencePValue: number | null;
  wins: number;
  losses: number;
  ties: number;
  /** Of the pairs; null in a benchmark without repetitions. */
  baselineRepetitions: Repetitions | null;
  candidateRepetitions: Repetitions | null;
  /**
   * Null unless asked for, or without pairs. Errors, intervals and p-values are then by clusters: see
   * `clusteredStderr`.
   */
  clusters: Clusters | null;
  /** Null unless asked for. */
  slices: PairSlices | null;
  regressed: readonly PairedSample[];
  improved: readonly PairedSample[];
}

export interface ComparisonPage {
  baselineId: string;
  metric: string;
  lowerIsBetter: boolean;
  reducer: Reducer;
  k: number;
  clusterBy: string | null;
  missing: Treatment;
  /** The range of the metric that `missing` goes by; null where an end of it is not known. */
  rangeLow: number | null;
  rangeHigh: number | null;
  comparisons: Comparison[];
  /** One position a candidate; undefined when no list has more. */
  next: ComparisonPosition[] | undefined;
}

/**
 * Compares candidates with a baseline.
 * @throws NOT_FOUND without one of the benchmarks; INVALID_ARGUMENT if samples are missing and an end of the
 *   metric's range is needed for them that is not known
 */
export async function compareBenchmarks(
  db: Executor,
  input: ComparisonInput,
  limit: number,
  after?: readonly ComparisonPosition[],
): Promise<ComparisonPage> {
  const parsed = parseInput(comparisonInput, input);
  const { baselineId, candidateIds, metric, allowDifferentInputs, reducer, k, clusterBy } = parsed;
  const { lowerIsBetter = isLowerBetter(metric) } = parsed;
  const found = await requireBenchmark(db, baselineId);
  const others: Sampling[] = [];
  for (const id of candidateIds) others.push(await requireBenchmark(db, id));
  const read = await readSides(db, [found, ...others], { ...parsed, lowerIsBetter });
  const { range, of: coverageOf } = read;
  const [baseline = found, ...candidates] = read.sides;
  // Where the end is not known, either nothing is missing or the comparison is refused.
  const isFilled =
    parsed.missing === "as_worst" && lackingEnd("as_worst", range, lowerIsBetter) === undefined;
  const filled = isFilled ? { filledWith: { candidate: worstOf(range, lowerIsBetter) } } : {};
  const comparisons: Comparison[] = [];
  const next: ComparisonPosition[] = [];
  // One after the other: each may be a join of millions of rows.
  for (const [index, candidate] of candidates.entries()) {
    const common = { baseline, candidate, metric, allowDifferentInputs, reduction: { reducer, k } };
    const figuresOf = (pairing: Pairing) =>
      compareOne(db, { ...pairing, clusterBy }, { ...parsed, lowerIsBetter, range });
    let pairing: Pairing = { ...common, ...filled };
    let figures = await figuresOf(pairing);
    // Without a sample that both have a value of, there is nothing to compare.
    if (figures.candidateFilled > 0 && figures.candidateFilled === figures.nPaired) {
      pairing = common;
      figures = await figuresOf(pairing);
    }
    const sides = [coverageOf(baseline.id), coverageOf(candidate.id)] as const;
    const paired = figures.nPaired + (allowDifferentInputs ? 0 : figures.differentInputs);
    const lack = (side: Repetitions | null) => (side?.samplesLacking ?? 0) > 0;
    const hasAll = sides[0].scored === paired && !lack(figures.candidateRepetitions);
    const isWhole =
      hasAll &&
      !lack(figures.baselineRepetitions) &&
      sides.every(({ missing, scored }) => missing === 0 && scored === paired);
    // What only the baseline lacks is no pair, so that nothing has to stand for it.
    const isKnown = parsed.missing === "as_worst" ? isFilled || hasAll : isWhole;
    if (!isKnown) requireEnds(parsed.missing, { name: metric, reducer, lowerIsBetter }, range);
    const list = async (isBelow: boolean, position: SamplePosition | null | undefined) => {
      if (position === null) return { items: [], next: null };
      const rows = await db.any(pairSamples(pairing, isBelow, parsed.tieTolerance, limit + 1, position));
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1) : undefined;
      if (!last) return { items, next: null };
      const { difference, sampleId } = last;
      return { items, next: { difference, sampleId } };
    };
    const regressed = await list(!lowerIsBetter, after?.[index]?.regressed);
    const improved = await list(lowerIsBetter, after?.[index]?.improved);
    next.push({ regressed: regressed.next, improved: improved.next });
    const areRepeated = Math.max(baseline.repetitions, candidate.repetitions) > 1;
    if (parsed.missing === "bounds" && reducer === "mode" && areRepeated && !isWhole)
      throw invalidField(
        "missing",
        "bounds nothing by the reducer mode, which missing values may move anywhere",
      );
    const tested = figures.nPaired > 0 ? { margin: parsed.margin } : {};
    const bounded =
      parsed.missing !== "bounds"
        ? { bounds: null }
        : isWhole
          ? { bounds: boundsOfWhole(figures) }
          : await boundDifference(db, pairing, range, sides, { lowerIsBetter, ...tested });
    const { groupBy: key } = parsed;
    const slices = key ? await readPairSlices(db, pairing, key, { ...parsed, lowerIsBetter }) : null;
    const [baselineCoverage, candidateCoverage] = sides;
    comparisons.push({
      ...{ ...figures, baselineCoverage, candidateCoverage, ...bounded, slices },
      regressed: regressed.items,
      improved: improved.items,
    });
  }
  const adjusted = holm(comparisons.map(({ pValue }) => pValue ?? undefined));
  for (const [index, comparison] of comparisons.entries())
    comparison.adjustedPValue = adjusted[index] ?? null;
  adjustSlices(comparisons.map(({ slices }) => slices));
  const isLast = next.every(({ regressed, improved }) => regressed === null && improved === null);
  const { missing } = parsed;
  const about = { baselineId, metric, lowerIsBetter, reducer, k, clusterBy: clusterBy ?? null, missing };
  const ends = { rangeLow: endOf(range.low), rangeHigh: endOf(range.high) };
  return { ...about, ...ends, comparisons, next: isLast ? undefined : next };
}

type Parsed = z.output<typeof comparisonInput> & { lowerIsBetter: boolean; range: Range };

type Found = Omit<Comparison, "baselineCoverage" | "candidateCoverage" | "bounds">;

/** Where nothing is missing the mean difference is what it is. */
function boundsOfWhole({ meanDifference, ci95Low, ci95High }: Found): Bounds | null {
  return meanDifference === null ? null : { low: meanDifference, high: meanDifference, ci95Low, ci95High };
}

async function compareOne(db: Executor, pairing: Pairing, parsed: Parsed): Promise<Found> {
  const { lowerIsBetter, tieTolerance, bootstrapSamples } = parsed;
  const found = await db.one(
    pairFigures(pairing, tieTolerance, limits.bootstrapBlocks, parsed.missing !== "exclude"),
  );
  const { pairs: n, higher, lower } = found;
  const leftOut = pairing.allowDifferentInputs ? 0 : found.different;
  const clusters = found.clusters?.difference;
  const isShare = areShares(pairing.metric);
  const baseline = figuresOf(n, found.baseline, { areShares: isShare, spread: found.clusters?.baseline });
  const candidate = figuresOf(n, found.candidate, { areShares: isShare, spread: found.clusters?.candidate });
  const differences = figuresOfDifferences(found, clusters);
  const { mean: meanDifference = null, stddev } = differences ?? {};
  return {
    candidateId: pairing.candidate.id,
    nPaired: n,
    differentInputs: found.different,
    baselineUnpaired: found.baselineCount - found.baselinePaired - leftOut,
    candidateUnpaired: found.candidateCount - found.candidatePaired - leftOut,
    candidateFilled: found.candidateFilled,
    candidateShort: found.candidateShort,
    baselineMean: baseline?.mean ?? null,
    baselineCi95Low: baseline?.interval?.low ?? null,
    baselineCi95High: baseline?.interval?.high ?? null,
    candidateMean: candidate?.mean ?? null,
    candidateCi95Low: candidate?.interval?.low ?? null,
    candidateCi95High: candidate?.interval?.high ?? null,
    meanDifference,
    ...(await intervals(found, differences, bootstrapSamples)),
    ...tests(found, differences),
    adjustedPValue: null,
    effectSize: meanDifference !== null && stddev ? meanDifference / stddev : null,
    ...withMargin(found, differences, parsed),
    wins: lowerIsBetter ? lower : higher,
    losses: lowerIsBetter ? higher : lower,
    ties: n - higher - lower,
    baselineRepetitions: repetitionsOf(found.baselineRepetitions),
    candidateRepetitions: repetitionsOf(found.candidateRepetitions),
    clusters: clusters ? clustersOf(clusters, n, stddev) : null,
    slices: null,
    regressed: [],
    improved: [],
  };
}

function repetitionsOf(packed: readonly number[] | null): Repetitions | null {
  if (!packed) return null;
  const [least = 0, most = 0, samplesLacking = 0, repeated = 0, alike = 0] = packed;
  return { least, most, samplesLacking, agreement: repeated > 0 ? alike / repeated : null };
}

type Figures = z.output<typeof pairFigures.row>;

const resampling = new Gate(limits.bootstraps, heavyGateOptions);

/** How many independent pieces of evidence there are. */
const unitsOf = ({ pairs, clusters }: Figures) => clusters?.difference.clusters ?? pairs;

async function intervals(figures: Figures, differences: MeanFigures | undefined, resamples: number) {
  const { isBinary, blockCounts, blockSums } = figures;
  const known = { stderr: differences?.stderr ?? null, ...intervalOf(differences, isBinary) };
  if (known.ci95Low === null) return { ...known, bootstrapCi95Low: null, bootstrapCi95High: null };
  const drawn = (blockCounts ?? []).map((count, index): Block => ({ count, sum: blockSums?.[index] ?? 0 }));
  const signal = currentSignal();
  const resample = () => bootstrapMean(drawn, resamples, seedOf(drawn), signal);
  const bootstrap = resamples > 0 ? await resampling.pass(resample, signal) : null;
  return {
    ...known,
    bootstrapCi95Low: bootstrap?.low ?? null,
    bootstrapCi95High: bootstrap?.high ?? null,
  };
}

/** What the pairs show of harm and equivalence, and what they could have shown. */
function withMargin(
  figures: Figures,
  differences: MeanFigures | undefined,
  { lowerIsBetter, margin, detect, alpha, range: { low, high } }: Parsed,
) {
  const n = unitsOf(figures);
  const [, , min = 0, max = 0] = figures.differences ?? [];
  const difference = differences && towardsBetter(differences, { n, min, max }, lowerIsBetter);
  const test = (p: typeof noWorseP) =>
    (difference && margin !== undefined ? p(difference, margin, high - low) : null) ?? null;
  const tests = { noWorsePValue: test(noWorseP), equivalencePValue: test(equivalenceP) };
  const { mean: meanDifference = 0, stderr } = differences ?? {};
  // Pairs that do not vary tell nothing of those to come.
  if (!stderr)
    return { ci90Low: null, ci90High: null, detectableDifference: null, pairsNeeded: null, ...tests };
  const half = studentTQuantile(0.95, n - 1) * stderr;
  // Of pairs, or of the means of clusters, as far as those are alike.
  const spread = stderr * Math.sqrt(n);
  const needed = detect === undefined ? Infinity : pairsNeeded(detect / spread, 0.8, alpha);
  const pairs = Math.ceil((needed * figures.pairs) / n);
  return {
    ci90Low: meanDifference - half,
    ci90High: meanDifference + half,
    detectableDifference: detectableEffect(n, 0.8, alpha) * spread,
    pairsNeeded: pairs <= 2e9 ? pairs : null,
    ...tests,
  };
}

function tests(found: Figures, differences: MeanFigures | undefined) {
  const { mean, stderr } = differences ?? {};
  const units = unitsOf(found);
  const pairedTPValue = stderr ? 2 * studentTUpperTail(Math.abs(mean ?? 0) / stderr, units - 1) : null;
  const none = {
    ...{ pValue: null, mcnemarPValue: null, wilcoxonPValue: null, rankBiserial: null },
    pairedTPValue,
  };
  if (mean === undefined) return { ...none, test: null };
  if (found.clusters) {
    const pValue = stderr === 0 ? signFlipP(mean, units) : pairedTPValue;
    return { ...none, test: "cluster_t" as const, pValue };
  }
  const wilcoxonPValue = wilcoxon(found);
  const mcnemarPValue = found.isBinary ? mcnemarExact(found.up, found.down) : null;
  const pValue = mcnemarPValue ?? wilcoxonPValue;
  const test = found.isBinary ? ("mcnemar" as const) : ("wilcoxon" as const);
  return { test, pValue, mcnemarPValue, wilcoxonPValue, pairedTPValue, rankBiserial: rankBiserial(found) };
}

/** The same data gives the same interval. */
function seedOf(blocks: readonly Block[]): number {
  const bytes = new Uint32Array(Float64Array.from(blocks, ({ sum }) => sum).buffer);
  return bytes.reduce((hash, word) => Math.imul(hash ^ word, 0x01000193), 0x811c9dc5);
}
