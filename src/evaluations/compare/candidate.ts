import type { z } from "zod";
import { currentSignal } from "../../call-scope.ts";
import { Gate } from "../../database/connection/gate.ts";
import { heavyGateOptions } from "../../database/heavy-reads.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { type Block, bootstrapMean } from "../../statistics/bootstrap.ts";
import { signFlipP } from "../../statistics/clusters.ts";
import { mayEndEarly } from "../../statistics/lacking.ts";
import { equivalenceP, marginTestOf, noWorseP } from "../../statistics/margin.ts";
import { mcnemarExact } from "../../statistics/mcnemar.ts";
import type { MeanFigures } from "../../statistics/mean-interval.ts";
import { detectableEffect, pairsNeeded } from "../../statistics/power.ts";
import { studentTQuantile, studentTUpperTail } from "../../statistics/student-t.ts";
import { clustersOf } from "../clusters/clusters.ts";
import type { Coverage } from "../coverage/coverage.ts";
import { type Bounds, lackingEnd, type Range, requireEnds, worstOf } from "../coverage/missing.ts";
import type { ComparisonPosition, SamplePosition } from "../input.ts";
import { areShares } from "../metric.ts";
import type { Repetitions } from "../samples/reduce.ts";
import { readPairSlices } from "../slices/pair-slices.ts";
import type { Comparison, comparisonInput } from "./comparison.ts";
import { drawsOf } from "./draws.ts";
import {
  cutAt,
  figuresOf,
  figuresOfDifferences,
  intervalOf,
  rankBiserial,
  towardsBetter,
  wilcoxon,
} from "./figures.ts";
import { boundDifference } from "./sides.ts";
import { type Pairing, pairFigures, pairSamples, type Side } from "./statements.ts";

/** What is asked of each candidate. */
type Asked = z.output<typeof comparisonInput> & {
  lowerIsBetter: boolean;
  range: Range;
  /** Tests of a margin go by it. */
  marginRange: Range;
};

/** A candidate and its baseline, and the coverage of the two, in the order of the pair. */
interface Sides {
  baseline: Side;
  candidate: Side;
  coverage: readonly [baseline: Coverage, candidate: Coverage];
}

type Found = Omit<Comparison, "baselineCoverage" | "candidateCoverage" | "bounds" | "withoutFailed">;

/**
 * Compares one candidate with the baseline. Its p-values are not yet adjusted.
 * @param limit of each list of samples; `after` continues these
 * @param whole the comparison of which this one leaves out what failed
 */
export async function compareCandidate(
  db: Executor,
  { baseline, candidate, coverage }: Sides,
  asked: Asked,
  limit: number,
  after?: ComparisonPosition,
  whole?: Found,
): Promise<{ comparison: Comparison; next: ComparisonPosition }> {
  const { metric, allowDifferentInputs, excludeFailed, reducer, k, missing, lowerIsBetter, range } = asked;
  const asWell = { allowDifferentInputs, excludeFailed };
  const common = { baseline, candidate, metric, ...asWell, reduction: { reducer, k } };
  // Where the end is not known, either nothing is missing or the comparison is refused.
  const isFilled = missing === "as_worst" && lackingEnd("as_worst", range, lowerIsBetter) === undefined;
  const worst = isFilled ? { filledWith: { candidate: worstOf(range, lowerIsBetter) } } : {};
  let pairing: Pairing = { ...common, ...worst };
  let figures = await comparePairs(db, pairing, asked);
  // Without a sample that both have a value of, there is nothing to compare.
  if (figures.candidateFilled > 0 && figures.candidateFilled === figures.nPaired) {
    pairing = common;
    figures = await comparePairs(db, pairing, asked);
  }
  const { hasCandidateAll, haveBothAll } = gapsOf(whole ?? figures, coverage, allowDifferentInputs);
  // What only the baseline lacks is no pair, so that nothing has to stand for it.
  const isKnown = missing === "as_worst" ? isFilled || hasCandidateAll : haveBothAll;
  if (!isKnown) requireEnds(missing, { name: metric, reducer, lowerIsBetter }, range);
  const list = (isBelow: boolean, position: SamplePosition | null | undefined) =>
    listSamples(db, pairing, { isBelow, tieTolerance: asked.tieTolerance, limit, position });
  const regressed = await list(!lowerIsBetter, after?.regressed);
  const improved = await list(lowerIsBetter, after?.improved);
  const bounded =
    missing === "bounds" ? await boundsOf(db, pairing, asked, { figures, coverage, haveBothAll }) : {};
  const { groupBy } = asked;
  const slices = groupBy ? await readPairSlices(db, pairing, groupBy, asked) : null;
  const [baselineCoverage, candidateCoverage] = coverage;
  const about = { baselineCoverage, candidateCoverage, bounds: null, ...bounded, slices };
  const hasFailed = !excludeFailed && figures.baselineWithError + figures.candidateWithError > 0;
  const withoutFailed =
    hasFailed && mayEndEarly(metric, lowerIsBetter)
      ? await compareOthers(db, { baseline, candidate, coverage }, asked, figures)
      : null;
  for (const slice of slices?.slices ?? [])
    slice.withoutFailed = withoutFailed?.slices?.slices.find(({ value }) => value === slice.value) ?? null;
  return {
    comparison: {
      ...{ ...figures, ...about, withoutFailed },
      regressed: regressed.items,
      improved: improved.items,
    },
    next: { regressed: regressed.next, improved: improved.next },
  };
}

/** Compares the pairs in which neither side failed. */
async function compareOthers(db: Executor, sides: Sides, asked: Asked, whole: Found): Promise<Comparison> {
  const others = { ...asked, excludeFailed: true, bootstrapSamples: 0 };
  const none = { regressed: null, improved: null };
  const { comparison } = await compareCandidate(db, sides, others, 0, none, whole);
  return comparison;
}

/** Whether each side has all values, of all samples and of all repetitions of these. */
function gapsOf(figures: Found, coverage: Sides["coverage"], allowDifferentInputs: boolean) {
  const paired = figures.nPaired + (allowDifferentInputs ? 0 : figures.differentInputs);
  const lacks = (side: Repetitions | null) => (side?.samplesLacking ?? 0) > 0;
  const hasCandidateAll = coverage[0].scored === paired && !lacks(figures.candidateRepetitions);
  const haveBothAll =
    hasCandidateAll &&
    !lacks(figures.baselineRepetitions) &&
    coverage.every(({ missing, scored }) => missing === 0 && scored === paired);
  return { hasCandidateAll, haveBothAll };
}

interface Listed {
  isBelow: boolean;
  tieTolerance: number;
  limit: number;
  /** Null: the list has ended. */
  position: SamplePosition | null | undefined;
}

async function listSamples(
  db: Executor,
  pairing: Pairing,
  { isBelow, tieTolerance, limit, position }: Listed,
) {
  if (position === null) return { items: [], next: null };
  const rows = await db.any(pairSamples(pairing, isBelow, tieTolerance, limit + 1, position));
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  if (!last) return { items, next: null };
  const { difference, sampleId } = last;
  return { items, next: { difference, sampleId } };
}

/** The bounds of the mean difference, and the tests that go by them. */
async function boundsOf(
  db: Executor,
  pairing: Pairing,
  { lowerIsBetter, margin, range }: Asked,
  { figures, coverage, haveBothAll }: Pick<Sides, "coverage"> & { figures: Found; haveBothAll: boolean },
) {
  if (haveBothAll) return { bounds: boundsOfWhole(figures, range) };
  const tested = figures.nPaired > 0 ? { margin } : {};
  return boundDifference(db, pairing, range, coverage, { lowerIsBetter, ...tested });
}

/** Where nothing is missing the mean difference is what it is. */
function boundsOfWhole({ meanDifference, ...interval }: Found, { low, high }: Range): Bounds | null {
  if (meanDifference === null) return null;
  return { low: meanDifference, high: meanDifference, ...cutAt(high - low, interval) };
}

/** The figures of the pairs alone. */
async function comparePairs(db: Executor, sides: Pairing, asked: Asked): Promise<Found> {
  const { lowerIsBetter, tieTolerance, bootstrapSamples, clusterBy, margin, marginRange } = asked;
  const pairing = { ...sides, clusterBy };
  const isFilled = asked.missing !== "exclude";
  const drawn = Number.isFinite(marginRange.high - marginRange.low) ? margin : undefined;
  const found = await db.one(pairFigures(pairing, tieTolerance, limits.bootstrapBlocks, isFilled, drawn));
  const { pairs: n, higher, lower } = found;
  const leftOut = pairing.allowDifferentInputs ? 0 : found.different;
  const unpairedOf = (count: number, { elsewhere = 0 }: Side, paired: number) =>
    Math.max(0, count - elsewhere - paired - leftOut);
  const clusters = found.clusters?.difference;
  const kind = { areShares: areShares(pairing.metric), range: asked.range };
  const baseline = figuresOf(n, found.baseline, { ...kind, spread: found.clusters?.baseline });
  const candidate = figuresOf(n, found.candidate, { ...kind, spread: found.clusters?.candidate });
  const differences = figuresOfDifferences(found, clusters);
  const { mean: meanDifference = null, stddev } = differences ?? {};
  return {
    candidateId: pairing.candidate.id,
    nPaired: n,
    differentInputs: found.different,
    baselineUnpaired: unpairedOf(found.baselineCount, pairing.baseline, found.baselinePaired),
    candidateUnpaired: unpairedOf(found.candidateCount, pairing.candidate, found.candidatePaired),
    candidateFilled: found.candidateFilled,
    candidateShort: found.candidateShort,
    baselineWithError: found.baselineWithError,
    candidateWithError: found.candidateWithError,
    meanDifferenceWithoutError: found.meanWithoutError,
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
    adjustedPairedTPValue: null,
    effectSize: meanDifference !== null && stddev ? meanDifference / stddev : null,
    ...withMargin(found, differences, asked),
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
  const [least = 0, most = 0, samplesLacking = 0, repeated = 0, alike = 0, samplesBeyond = 0] = packed;
  return { least, most, samplesLacking, samplesBeyond, agreement: repeated > 0 ? alike / repeated : null };
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
  { lowerIsBetter, margin, detect, alpha, marginRange: { low, high } }: Asked,
) {
  const n = unitsOf(figures);
  const [, , min = 0, max = 0] = figures.differences ?? [];
  const draws = drawsOf(figures.draws, figures.clusters?.difference.largest);
  const difference = differences && towardsBetter(differences, { n, min, max, draws }, lowerIsBetter);
  const tested = margin === undefined ? undefined : difference;
  const test = (p: typeof noWorseP) => (tested && p(tested, margin ?? 0, high - low)) ?? null;
  const tests = {
    marginTest: tested ? marginTestOf(tested, high - low) : null,
    marginRangeLow: tested && draws ? low : null,
    marginRangeHigh: tested && draws ? high : null,
    noWorsePValue: test(noWorseP),
    equivalencePValue: test(equivalenceP),
  };
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
