import { InvalidArgumentError } from "commander";
import type { BenchmarkComparison } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { clusterWarnings } from "./clusters.ts";
import { coverageOfSides } from "./coverage.ts";
import { UsageError } from "./errors.ts";
import { formatNumber } from "./output.ts";

/** What `ltb compare` is asked to show beside the difference. */
export interface Evidence {
  margin?: number | undefined;
  equivalence?: boolean;
  detect?: number;
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
  const { nPaired, detectableDifference, pairsNeeded, differentInputs, clusters } = comparison;
  const { detect, alpha, allowDifferentInputs = false, clusterBy = "" } = evidence;
  const lines: string[] = [];
  const { p, words } = marginTest(comparison, evidence);
  if (words !== undefined) {
    const how = p === undefined ? "the pairs do not determine it" : `one-sided p ${formatNumber(p, 3)}`;
    lines.push(`${isBelow(p, alpha) ? "" : "not shown to be "}${words} (${how})`);
  }
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
  return [...lines, ...coverageOfSides(comparison)];
}

/** What may be asked of a candidate: that it is not worse, and what the margin stands for. */
export function demandsOf(comparison: BenchmarkComparison, verdict: string, evidence: Evidence) {
  const [line] = evidenceOf(comparison, evidence);
  const { p, words } = marginTest(comparison, evidence);
  const harmed = ["worse", "no pairs", "one cluster"].includes(verdict) ? verdict : undefined;
  const demands = [{ name: "not significantly worse than the baseline", failure: harmed }];
  if (words !== undefined)
    demands.push({ name: words, failure: isBelow(p, evidence.alpha) ? undefined : line });
  return demands;
}

function marginTest(
  { noWorsePValue, equivalencePValue }: BenchmarkComparison,
  { margin, equivalence = false }: Evidence,
): { p?: number | undefined; words?: string } {
  if (margin === undefined) return {};
  return equivalence
    ? { p: equivalencePValue, words: `equivalent to the baseline within ${margin}` }
    : { p: noWorsePValue, words: `no worse than the baseline by ${margin}` };
}

const isBelow = (p: number | undefined, alpha: number) => p !== undefined && p < alpha;

/** Reads a difference, above 0. */
export function parseDifference(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
