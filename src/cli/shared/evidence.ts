import { InvalidArgumentError } from "commander";
import type { BenchmarkComparison } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { clusterWarnings } from "./clusters.ts";
import { harms } from "./comparison.ts";
import { coverageOfSides, type Filling, leaveOpen } from "./coverage.ts";
import { UsageError } from "./errors.ts";
import { formatNumber } from "./output.ts";

/** What `ltb compare` is asked to show beside the difference. */
export interface Evidence extends Pick<Filling, "missing"> {
  margin?: number | undefined;
  equivalence?: boolean;
  detect?: number;
  /** Of the reducer, if it has one. */
  k?: number;
  clusterBy?: string;
  allowDifferentInputs?: boolean;
  alpha: number;
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
  const { nPaired, detectableDifference, pairsNeeded, differentInputs, clusters, bounds } = comparison;
  const { detect, alpha, allowDifferentInputs = false, clusterBy = "" } = evidence;
  const lines: string[] = [];
  const { p, words } = marginTest(comparison, evidence);
  const lacking = lackedBy(comparison, evidence);
  if (words !== undefined) {
    const how = p === undefined ? "the pairs do not determine it" : `one-sided p ${formatNumber(p, 3)}`;
    const where = lacking > 0 ? ` on the ${nPaired} samples that both have` : "";
    const whatever = leaveOpen(bounds) ? " whatever the missing samples are" : "";
    lines.push(`${isBelow(p, alpha) ? "" : "not shown to be "}${words}${where}${whatever} (${how})`);
  }
  if (lacking > 0) lines.push(`warning: ${lackingText(lacking)}`);
  if (nPaired === 0) lines.push("no sample has a value on both sides, so that nothing can be told");
  else if (nPaired === 1) lines.push("one pair does not tell how pairs vary, so that there is no interval");
  else if (detectableDifference === undefined && clusters?.count !== 1)
    lines.push(
      `${clusters ? `the mean differences of all ${clusters.count} clusters` : `the differences of all ${nPaired} pairs`} are the same, so that there is no interval: how others would differ is not known`,
    );
  if (detectableDifference !== undefined)
    lines.push(
      `${nPaired} pairs${clusters ? ` in ${clusters.count} clusters` : ""} show a difference of ${formatNumber(detectableDifference, 3)} or more with a probability of 80 %`,
    );
  if (differentInputs > 0)
    lines.push(
      `${differentInputs} samples have different inputs or expected answers, and ${allowDifferentInputs ? "are compared all the same" : "are left out (--allow-different-inputs compares them)"}`,
    );
  if (detect !== undefined && nPaired > 1)
    lines.push(
      pairsNeeded === undefined
        ? `how many pairs show a difference of ${detect} cannot be told, as these do not differ enough`
        : `a difference of ${detect} takes ${pairsNeeded} pairs${clusters ? ", in clusters like these" : ""}`,
    );
  if (clusters) lines.push(...clusterWarnings(clusterBy, [clusters]));
  return [...lines, ...coverageOfSides(comparison, evidence.k)];
}

/** What may be asked of a candidate: that it is not worse, and what the margin stands for. */
export function demandsOf(comparison: BenchmarkComparison, verdict: string, evidence: Evidence) {
  const [line] = evidenceOf(comparison, evidence);
  const { p, words } = marginTest(comparison, evidence);
  const harmed = harms.includes(verdict) ? verdict : undefined;
  const lacking = unexcused(comparison, evidence);
  const demands = [{ name: "not significantly worse than the baseline", failure: harmed ?? lacking }];
  if (words !== undefined)
    demands.push({ name: words, failure: isBelow(p, evidence.alpha) ? lacking : line });
  return demands;
}

/** Samples of which the baseline has a value and the candidate has none, where they are left out. */
function lackedBy(
  { nPaired, differentInputs, baselineCoverage }: BenchmarkComparison,
  { missing = "exclude", allowDifferentInputs = false }: Evidence,
): number {
  if (missing !== "exclude" || nPaired === 0) return 0;
  return (baselineCoverage?.scored ?? 0) - nPaired - (allowDifferentInputs ? 0 : differentInputs);
}

const lackingText = (count: number) =>
  `the candidate lacks a value of ${count} samples that the baseline has one of, and no figure counts them`;

/**
 * Why nothing is known of a candidate that lacks samples, as one that failed in the hard ones; undefined if
 * it has all of the baseline's, or if what becomes of missing ones was said.
 */
export function unexcused(comparison: BenchmarkComparison, evidence: Evidence): string | undefined {
  const lacking = evidence.missing === undefined ? lackedBy(comparison, evidence) : 0;
  return lacking > 0 ? `${lackingText(lacking)}: ${howToCount(evidence)}` : undefined;
}

export const howToCount = ({ clusterBy }: Pick<Evidence, "clusterBy">) =>
  clusterBy === undefined
    ? "--missing as_worst counts each as the worst value, bounds allows for any value, exclude leaves them out"
    : "--missing exclude leaves them out, the only way by clusters";

function marginTest(
  { noWorsePValue, equivalencePValue }: BenchmarkComparison,
  { margin, equivalence = false }: Evidence,
): { p?: number | undefined; words?: string } {
  if (margin === undefined) return {};
  return equivalence
    ? { p: equivalencePValue, words: `equivalent to the baseline within ${margin}` }
    : { p: noWorsePValue, words: `no worse than the baseline by ${margin}` };
}

export const isBelow = (p: number | undefined, alpha: number) => p !== undefined && p < alpha;

/** Reads a difference, above 0. */
export function parseDifference(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
