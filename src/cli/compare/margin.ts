import { type BenchmarkComparison, MarginTest } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { noWorsePairsNeeded } from "../../statistics/margin-power.ts";
import { equalPairsNeeded } from "../../statistics/paired-shares.ts";
import { leaveOpen, onlyBaselineFailed } from "../../statistics/verdict.ts";
import { UsageError } from "../shared/errors.ts";
import { countOf, formatNumber } from "../shared/output.ts";
import type { Evidence } from "./asked.ts";
import { askedApart } from "./doubts.ts";
import { othersOf } from "./failures.ts";

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

/** What the test of a margin knows of how large a difference can be, where that is not the metric's range. */
export function rangeLines(
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
export function marginText(comparison: BenchmarkComparison, evidence: Evidence): string | undefined {
  const { p, words } = marginClaim(comparison, evidence);
  if (words === undefined) return undefined;
  const least = leastShown(comparison, evidence);
  const none = least.nPaired === 0 ? "there are no pairs" : "the pairs do not determine it";
  const how = p === undefined ? none : `one-sided p ${formatNumber(p, 3)}`;
  const whatever = leaveOpen(least.bounds) ? " whatever the missing samples are" : "";
  const some = samplesOf(least, evidence);
  const which = least === comparison ? some : `${some}${othersWords(least, some)}`;
  const shown = isBelow(p, evidence.alpha) ? "" : "not shown to be ";
  const total = evidence.groupBy === undefined ? "" : ` ${ofTotal}`;
  return `${shown}${words}${total}${which}${whatever} (${how})${tooFewPairs(comparison, evidence)}`;
}

/** Follows the samples that a statement is of, "" if these are all. */
function othersWords({ nPaired }: BenchmarkComparison, some: string): string {
  if (nPaired === 0) return ", without what failed";
  return `${some === "" ? " on the samples" : " and"} that did not fail on either side`;
}

/** Says, after a colon, how many pairs a margin takes; "" where more do not help, or nobody knows. */
export function tooFewPairs(comparison: BenchmarkComparison, evidence: Evidence): string {
  const least = leastShown(comparison, evidence);
  const { nPaired, stderr, meanDifference = 0, noWorsePValue: p = 1, bounds } = least;
  const { margin, equivalence = false, alpha, lowerIsBetter } = evidence;
  const difference = lowerIsBetter ? -meanDifference : meanDifference;
  if (margin === undefined || equivalence || stderr === undefined || leaveOpen(bounds)) return "";
  if (p < alpha || difference <= -margin) return "";
  const needed = pairsForMargin(least, { margin, stderr, alpha });
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

/**
 * The comparison that shows the margin the least: also without what failed it has to hold, and without that
 * alone where only the baseline failed.
 */
function leastShown(comparison: BenchmarkComparison, evidence: Evidence): BenchmarkComparison {
  const others = othersOf(comparison, evidence);
  if (others !== undefined && onlyBaselineFailed(comparison)) return others;
  const pOf = (one: BenchmarkComparison) => pValueOf(one, evidence) ?? Infinity;
  return others !== undefined && pOf(others) > pOf(comparison) ? others : comparison;
}

const pValueOf = (one: BenchmarkComparison, { equivalence = false }: Evidence) =>
  equivalence ? one.equivalencePValue : one.noWorsePValue;

/** The p-value of the margin: the greater one, where it also has to hold without what failed. */
export const marginP = (comparison: BenchmarkComparison, evidence: Evidence): number | undefined =>
  pValueOf(leastShown(comparison, evidence), evidence);

/** What the margin claims, in words; none without one. */
export function marginClaim(
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
