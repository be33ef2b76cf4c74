import { InvalidArgumentError } from "commander";
import { type BenchmarkComparison, MarginTest } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { noWorsePairsNeeded } from "../../statistics/margin-power.ts";
import { equalPairsNeeded } from "../../statistics/paired-shares.ts";
import { type Deciding, harms, leaveOpen, type Verdict, verdictOf } from "../../statistics/verdict.ts";
import { clusterWarnings } from "./clusters.ts";
import { explainContradiction } from "./comparison.ts";
import { coverageOfSides, type Filling, triedAgainText } from "./coverage.ts";
import { UsageError } from "./errors.ts";
import { countOf, formatNumber } from "./output.ts";
import { regressedGroups } from "./pair-slices.ts";
import { unevenWords } from "./reducer.ts";
import type { Grouping } from "./slices.ts";

/** What `ltb compare` is asked to show beside the difference. */
export interface Evidence extends Pick<Filling, "missing">, Deciding, Grouping {
  metric: string;
  margin?: number | undefined;
  equivalence?: boolean;
  detect?: number;
  /** The name of the reducer. Default: mean. */
  reducer?: string;
  /** Of the reducer, if it has one. */
  k?: number;
  clusterBy?: string;
  allowDifferentInputs?: boolean;
  /** Leaves them out knowingly. */
  excludeDifferentInputs?: boolean;
  /** Whether both ends of what the metric can be are known. Default: false */
  isRangeKnown?: boolean;
  /** By candidate, the comparison without what failed on either side, where gates go by it as well. */
  withoutFailed?: ReadonlyMap<string, BenchmarkComparison>;
}

interface Margins extends Pick<Evidence, "margin" | "equivalence"> {
  failUnlessNoWorseThan?: number;
}

/** @throws UsageError */
export function marginOf({ margin, equivalence, failUnlessNoWorseThan: most }: Margins): number | undefined {
  if (margin !== undefined && most !== undefined && margin !== most)
    throw new UsageError("--margin and --fail-unless-no-worse-than are of different sizes: give one of them");
  if (equivalence && (margin ?? most) === undefined)
    throw new UsageError("--equivalence needs --margin, the largest difference that does not matter");
  return margin ?? most;
}

/**
 * Says what a comparison shows, and what it could have shown: a difference that was not found is no proof
 * that there is none.
 */
export function evidenceOf(comparison: BenchmarkComparison, evidence: Evidence): string[] {
  const { nPaired, detectableDifference, pairsNeeded, differentInputs, clusters } = comparison;
  const { detect, alpha, clusterBy = "" } = evidence;
  const lines: string[] = [];
  const lacking = lackedBy(comparison, evidence);
  if (lacking > 0) lines.push(`warning: ${lackingText(lacking)}`);
  if (comparison.candidateShort > 0) lines.push(`warning: ${shortText(comparison.candidateShort)}`);
  const uneven = unevenWords(triesOf(comparison, evidence), evidence.reducer);
  lines.push(...uneven.map((words) => `warning: ${words}`));
  const again = triedAgain(comparison);
  if (again > 0) lines.push(`warning: ${triedAgainText(again, ofCandidate)}`);
  const apart = askedApart(comparison, evidence);
  if (apart > 0) lines.push(`warning: ${apartText(apart)} (--allow-different-inputs compares them)`);
  else if (differentInputs > 0)
    lines.push(
      `${askedOtherwise(differentInputs)}, and ${differentInputs === 1 ? "is" : "are"} compared all the same`,
    );
  const failed = failedText(comparison, evidence);
  if (failed !== undefined) lines.push(`warning: ${failed}`);
  const contradiction = explainContradiction(comparison, evidence);
  if (contradiction !== undefined) lines.push(`warning: ${contradiction.text}`);
  const margin = marginText(comparison, evidence);
  if (margin !== undefined) lines.push(margin, ...rangeLines(comparison, evidence));
  if (nPaired === 0) lines.push("no sample has a value on both sides, so that nothing can be told");
  else if (nPaired === 1) lines.push("one pair does not tell how pairs vary, so that there is no interval");
  else if (detectableDifference === undefined && clusters?.count !== 1)
    lines.push(
      `${clusters ? `the mean differences of all ${clusters.count} clusters` : `the differences of all ${nPaired} pairs`} are the same, so that there is no interval: how others would differ is not known`,
    );
  if (detectableDifference !== undefined)
    lines.push(
      `${nPaired} pairs${clusters ? ` in ${clusters.count} clusters` : ""} show a difference of ${formatNumber(detectableDifference, 3)} or more with a probability of 80 %${atLevel(alpha)}`,
    );
  if (detect !== undefined && nPaired > 1)
    lines.push(
      pairsNeeded === undefined
        ? `how many pairs show a difference of ${detect} cannot be told, as these do not differ enough`
        : `a difference of ${detect} takes ${pairsNeeded} pairs${clusters ? ", in clusters like these" : ""}${atLevel(alpha)}`,
    );
  if (clusters) lines.push(...clusterWarnings(clusterBy, [clusters]));
  lines.push(...coverageOfSides(comparison, evidence.k));
  if (evidence.missing === "as_worst" && (comparison.candidateRepetitions?.samplesLacking ?? 0) > 0)
    lines.push("each repetition that the candidate lacks counts as the worst value");
  if (evidence.missing === "as_worst" && nPaired > 0 && comparison.candidateUnpaired > 0)
    lines.push(
      "samples that the baseline has no value of are no pairs, as the worst value in its place would favour the candidate",
    );
  return lines;
}

/** What may be asked of a candidate: that it is not worse, and what the margin stands for. */
export function demandsOf(comparison: BenchmarkComparison, verdict: Verdict, evidence: Evidence) {
  const { p, words } = marginTest(comparison, evidence);
  const contradiction = explainContradiction(comparison, evidence);
  const apart = contradiction?.isHarm ? `${contradiction.text}: ${contradictionRemedy}` : undefined;
  const harmed = harms.includes(verdict) ? verdict : apart;
  const doubts = doubtsOf(comparison, evidence).map(({ text, remedy }) => `${text}: ${remedy}`);
  const doubt = doubts.length > 0 ? doubts.join("; ") : undefined;
  const demands = [{ name: "not significantly worse than the baseline", failure: harmed ?? doubt }];
  if (evidence.groupBy !== undefined)
    demands.push({
      name: `not significantly worse in any group by ${evidence.groupBy}`,
      failure: regressedGroups(comparison, evidence),
    });
  if (words !== undefined) {
    const failure = isBelow(p, evidence.alpha) ? doubt : marginText(comparison, evidence);
    demands.push({ name: words, failure });
  }
  return demands;
}

export const contradictionRemedy =
  "look at the samples that changed most, or ask of the mean alone by --fail-unless-no-worse-than";

/** What the test of a margin knows of how large a difference can be, where that is not the metric's range. */
function rangeLines(
  { nPaired, marginTest, marginRangeLow = 0, marginRangeHigh = 0 }: BenchmarkComparison,
  { isRangeKnown = false }: Evidence,
): string[] {
  if (marginTest === MarginTest.STUDENT_T)
    return [
      `how large a difference can be is not known, so the t-test takes that no loss is too rare and too large for ${countOf(nPaired, "pair")} to tell of it (--range gives the least and the greatest value)`,
    ];
  if (marginTest === MarginTest.UNSPECIFIED || isRangeKnown) return [];
  return [
    `values go beyond 0 to 1, so the margin is tested by the range that they have, ${formatNumber(marginRangeLow)} to ${formatNumber(marginRangeHigh)} (--range gives another)`,
  ];
}

/** Whether the margin holds, of which samples; undefined where there is none. */
function marginText(comparison: BenchmarkComparison, evidence: Evidence): string | undefined {
  const { p, words } = marginTest(comparison, evidence);
  if (words === undefined) return undefined;
  const none = comparison.nPaired === 0 ? "there are no pairs" : "the pairs do not determine it";
  const how = p === undefined ? none : `one-sided p ${formatNumber(p, 3)}`;
  const whatever = leaveOpen(comparison.bounds) ? " whatever the missing samples are" : "";
  const shown = isBelow(p, evidence.alpha) ? "" : "not shown to be ";
  const total = evidence.groupBy === undefined ? "" : ` ${ofTotal}`;
  return `${shown}${words}${total}${samplesOf(comparison, evidence)}${whatever} (${how})${tooFewPairs(comparison, evidence)}`;
}

/** Says, after a colon, how many pairs a margin takes; "" where more do not help, or nobody knows. */
export function tooFewPairs(comparison: BenchmarkComparison, evidence: Evidence): string {
  const { nPaired, stderr, meanDifference = 0, noWorsePValue: p = 1, bounds } = comparison;
  const { margin, equivalence = false, alpha, lowerIsBetter } = evidence;
  const difference = lowerIsBetter ? -meanDifference : meanDifference;
  if (margin === undefined || equivalence || stderr === undefined || leaveOpen(bounds)) return "";
  if (p < alpha || difference <= -margin) return "";
  const needed = pairsForMargin(comparison, { margin, stderr, alpha });
  if (!(needed > nPaired && needed <= 1e9)) return "";
  const text =
    stderr === 0 && meanDifference === 0
      ? `it takes ${needed} that all are equal`
      : `where the two are equal it takes ${needed}`;
  return `: ${countOf(nPaired, "pair")} ${nPaired === 1 ? "is" : "are"} too few: ${text} (ltb power plans a comparison)`;
}

/** How many pairs show a margin by the test in force, with a probability of 80 %, if the two are equal. */
function pairsForMargin(
  { nPaired, clusters, marginTest, marginRangeLow, marginRangeHigh }: BenchmarkComparison,
  { margin, stderr, alpha }: { margin: number; stderr: number; alpha: number },
): number {
  const isKnown = marginRangeLow !== undefined && marginRangeHigh !== undefined;
  const most = isKnown ? marginRangeHigh - marginRangeLow : undefined;
  const units = clusters?.count ?? nPaired;
  const largest = clusters && (clusters.largest * units) / nPaired;
  const plan = { stddev: stderr * Math.sqrt(units), margin, most, largest, alpha };
  const needed = Math.ceil((noWorsePairsNeeded(plan) * nPaired) / units);
  const isExact = marginTest === MarginTest.EXACT_SHARES && most !== undefined && margin < most;
  return isExact ? Math.max(needed, equalPairsNeeded(margin / most, alpha)) : needed;
}

export const ofTotal = "over all groups together";

/** The samples that a statement is of, where those are not all. */
function samplesOf(comparison: BenchmarkComparison, evidence: Evidence): string {
  const { nPaired, baselineUnpaired, candidateUnpaired, bounds } = comparison;
  const isApart = askedApart(comparison, evidence) > 0;
  if (nPaired === 0) return "";
  if (leaveOpen(bounds)) return isApart ? " on the samples that were asked alike" : "";
  if (!isApart && baselineUnpaired + candidateUnpaired === 0) return "";
  const whose = evidence.missing === "as_worst" ? "the baseline has a value of" : "both have";
  return ` on the ${countOf(nPaired, "sample")} that ${whose}${isApart ? " and that were asked alike" : ""}`;
}

const atLevel = (alpha: number) => (alpha === 0.05 ? "" : ` at the level of ${alpha}`);

/** Samples of which the baseline has a value and the candidate has none, where they are left out. */
function lackedBy(comparison: BenchmarkComparison, evidence: Evidence): number {
  const { nPaired, baselineCoverage } = comparison;
  if ((evidence.missing ?? "exclude") !== "exclude" || nPaired === 0) return 0;
  return (baselineCoverage?.scored ?? 0) - nPaired - askedApart(comparison, evidence);
}

/** Samples that are left out because they were asked something else. */
const askedApart = ({ differentInputs }: BenchmarkComparison, { allowDifferentInputs = false }: Evidence) =>
  allowDifferentInputs ? 0 : differentInputs;

const lackingText = (count: number) =>
  `the candidate lacks a value of ${countOf(count, "sample")} that the baseline has one of, and no figure counts ${themOf(count)}`;

const themOf = (count: number) => (count === 1 ? "it" : "them");

const shortText = (count: number) =>
  `the candidate lacks repetitions of ${countOf(count, "sample")} that the baseline has, and its values are of the others alone`;

/** Pairs of which the candidate has more evaluations than it declares, whatever it lacks elsewhere. */
const triedAgain = ({ candidateRepetitions: found }: BenchmarkComparison) => found?.samplesBeyond ?? 0;

/** Says that the candidate was tried more often in some samples, where the baseline was not. */
function unevenlyTried(comparison: BenchmarkComparison): string | undefined {
  const { baselineRepetitions: base, candidateRepetitions: found, candidateShort } = comparison;
  if (!found || found.least === found.most || candidateShort > 0) return undefined;
  if (base && base.least !== base.most) return undefined;
  const each = base?.most ?? 1;
  return `the candidate has ${found.least} to ${found.most} values of a sample, and the baseline ${each} of each, as where only failures were tried again`;
}

/** The least and the greatest number of values that samples of either side have; fillings count as values. */
function triesOf(comparison: BenchmarkComparison, { missing }: Evidence): number[] {
  const isFilled = missing === "as_worst" || missing === "bounds";
  return [comparison.baselineRepetitions, comparison.candidateRepetitions].flatMap((found) => {
    const { least, most } = found ?? { least: 1, most: 1 };
    return isFilled ? [most] : [least, most];
  });
}

/** Says how many values are of evaluations that failed, and what the others say; undefined without any. */
function failedText(comparison: BenchmarkComparison, evidence: Evidence): string | undefined {
  const { baselineWithError, candidateWithError, meanDifferenceWithoutError: others } = comparison;
  const sides = [
    candidateWithError > 0 ? [`${countOf(candidateWithError, "sample")} of the candidate`] : [],
    baselineWithError > 0 ? [`${countOf(baselineWithError, "sample")} of the baseline`] : [],
  ].flat();
  if (sides.length === 0) return undefined;
  const isOne = candidateWithError + baselineWithError === 1;
  const mean =
    others === undefined
      ? "there are no others"
      : `the mean difference of the others is ${formatNumber(others)}`;
  const alone = withoutFailed(comparison, evidence);
  const verdict = alone === undefined ? "" : `, and their verdict ${verdictOf(alone, evidence)}`;
  return `${sides.join(" and ")} ${isOne ? "has an error beside its value, which counts" : "have an error beside their value, which counts"} all the same: ${mean}${verdict}`;
}

/**
 * Whether what failed on either side may make a candidate look better: where less is better, as of latency,
 * tokens and cost, which end with the failure. A score counts whatever failed beside it.
 */
export function mayFailuresHelp(
  { baselineWithError, candidateWithError }: BenchmarkComparison,
  { metric, lowerIsBetter }: Pick<Evidence, "metric" | "lowerIsBetter">,
): boolean {
  return lowerIsBetter && metric !== "score" && baselineWithError + candidateWithError > 0;
}

/** The comparison without what failed, where that counts for a gate. */
const withoutFailed = ({ candidateId }: BenchmarkComparison, evidence: Evidence) =>
  evidence.withoutFailed?.get(candidateId);

/** Whether a candidate is worse, or nothing is known of it, without what failed. */
function isWorseWithoutFailed(comparison: BenchmarkComparison, evidence: Evidence): boolean {
  const others = withoutFailed(comparison, evidence);
  if (others === undefined) return false;
  return (
    harms.includes(verdictOf(others, evidence)) || explainContradiction(others, evidence)?.isHarm === true
  );
}

/** Whether all units are worse by the same, of which a test proves nothing as they are too few. */
const isHarmUnproven = (comparison: BenchmarkComparison, { alpha, lowerIsBetter }: Evidence) => {
  const { adjustedPValue = 0, meanDifference = 0, stderr } = comparison;
  return stderr === 0 && (lowerIsBetter ? meanDifference > 0 : meanDifference < 0) && adjustedPValue >= alpha;
};

const ofCandidate = " of the candidate";

const askedOtherwise = (count: number) =>
  `${countOf(count, "sample")} ${count === 1 ? "has" : "have"} different inputs or expected answers`;

const apartText = (count: number) => `${askedOtherwise(count)}, and no figure counts ${themOf(count)}`;

/** Something for which a candidate passes no gate, whatever the figures are. */
interface Doubt {
  /** What is true of the candidate. */
  text: string;
  /** The same of several candidates, after their number. */
  ofAll: string;
  /** What to do. */
  remedy: string;
}

/**
 * What nobody knows of a candidate, unless it was said what becomes of it: what it does in samples that it
 * lacks, as one that failed in the hard ones, or in those that were asked otherwise.
 */
export function doubtsOf(comparison: BenchmarkComparison, evidence: Evidence): Doubt[] {
  const { missing, excludeDifferentInputs = false, clusterBy } = evidence;
  const doubts: Doubt[] = [];
  const lacking = missing === undefined ? lackedBy(comparison, evidence) : 0;
  if (lacking > 0)
    doubts.push({
      text: lackingText(lacking),
      ofAll: "lack values of samples that the baseline has, which no figure counts",
      remedy:
        clusterBy === undefined
          ? "--missing as_worst counts each as the worst value, bounds allows for any value, exclude leaves them out"
          : "--missing exclude leaves them out, the only way by clusters",
    });
  if (missing !== "exclude" && comparison.candidateShort > 0)
    doubts.push({
      text: shortText(comparison.candidateShort),
      ofAll: "lack repetitions that the baseline has, and their values are of the others alone",
      remedy:
        missing === undefined && clusterBy === undefined
          ? "--missing as_worst counts each that failed as the worst value, bounds allows for any value, exclude leaves them out"
          : "run it as often as the baseline, or leave them out by --missing exclude",
    });
  const unevenly = missing === undefined ? unevenlyTried(comparison) : undefined;
  if (unevenly !== undefined)
    doubts.push({
      text: unevenly,
      ofAll: "have more values of some samples than of others, unlike the baseline",
      remedy:
        clusterBy === undefined
          ? "--missing as_worst counts each that is lacking as the worst value, bounds allows for any value, exclude leaves them out"
          : "--missing exclude leaves those out that are lacking",
    });
  const [uneven] = unevenWords(triesOf(comparison, evidence), evidence.reducer);
  if (missing !== "exclude" && uneven !== undefined)
    doubts.push({
      text: uneven,
      ofAll: `have other numbers of repetitions than the baseline, by the ${evidence.reducer} of which they do not compare`,
      remedy: "take another --reducer, as the mean, or let it be so by --missing exclude",
    });
  const again = missing === "exclude" ? 0 : triedAgain(comparison);
  if (again > 0)
    doubts.push({
      text: triedAgainText(again, ofCandidate),
      ofAll:
        "have more repetitions of some samples than they declare, or than of others where they declare none, as where failures were tried again",
      remedy:
        "delete those beyond, declare how many there are to be (ltb benchmark update --repetitions), or let them count by --missing exclude",
    });
  if (isWorseWithoutFailed(comparison, evidence))
    doubts.push({
      text: `failures make the candidate look better, as ${failedText(comparison, evidence)}`,
      ofAll: "are worse, or not known, without the samples that failed on either side",
      remedy: "run again what failed, or let it count by --missing exclude",
    });
  if (isHarmUnproven(comparison, evidence))
    doubts.push({
      text: `${comparison.clusters ? `all ${comparison.clusters.count} clusters` : `all ${comparison.nPaired} pairs`} are worse by the same, and too few to prove it`,
      ofAll: "are worse in all that is compared, which is too little to prove it",
      remedy: "compare more, or ask of the mean alone by --fail-unless-no-worse-than",
    });
  const apart = excludeDifferentInputs ? 0 : askedApart(comparison, evidence);
  if (apart > 0)
    doubts.push({
      text: apartText(apart),
      ofAll: "have samples with other inputs or expected answers than the baseline, which no figure counts",
      remedy:
        "--allow-different-inputs compares them all the same, --exclude-different-inputs leaves them out",
    });
  return doubts;
}

/** The p-value of the margin: the greater one, where it also has to hold without what failed. */
export function marginP(comparison: BenchmarkComparison, evidence: Evidence): number | undefined {
  const { equivalence = false } = evidence;
  const pOf = (one: BenchmarkComparison) => (equivalence ? one.equivalencePValue : one.noWorsePValue);
  const others = withoutFailed(comparison, evidence);
  const ps = [pOf(comparison), ...(others ? [pOf(others)] : [])];
  return ps.some((p) => p === undefined) ? undefined : Math.max(...ps.map((p) => p ?? 1));
}

function marginTest(
  comparison: BenchmarkComparison,
  evidence: Evidence,
): { p?: number | undefined; words?: string } {
  const { margin, equivalence = false } = evidence;
  if (margin === undefined) return {};
  const words = equivalence
    ? `equivalent to the baseline within ${margin}`
    : `no worse than the baseline by ${margin}`;
  return { p: marginP(comparison, evidence), words };
}

export const isBelow = (p: number | undefined, alpha: number) => p !== undefined && p < alpha;

/** Reads a level of significance: at 0 nothing is ever significant, from 0.5 on mostly chance is. */
export function parseAlpha(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 0.5)) throw new InvalidArgumentError("Expected a number above 0 and below 0.5.");
  return value;
}

/** Reads a difference, above 0. */
export function parseDifference(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
