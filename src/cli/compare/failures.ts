import type { BenchmarkComparison } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { harms, verdictOf } from "../../statistics/verdict.ts";
import { explainContradiction } from "../shared/comparison.ts";
import { countOf, formatNumber } from "../shared/output.ts";
import type { Evidence } from "./asked.ts";

/** Says how many values are of evaluations that failed, and what the others say; undefined without any. */
export function failedText(comparison: BenchmarkComparison, evidence: Evidence): string | undefined {
  const { baselineWithError, candidateWithError, meanDifferenceWithoutError: others } = comparison;
  const sides = [
    candidateWithError > 0 ? [`${countOf(candidateWithError, "sample")} of the candidate`] : [],
    baselineWithError > 0 ? [`${countOf(baselineWithError, "sample")} of the baseline`] : [],
  ].flat();
  if (sides.length === 0) return undefined;
  const isOne = candidateWithError + baselineWithError === 1;
  const have = isOne ? "has an error beside its value" : "have an error beside their value";
  const mean =
    others === undefined
      ? "there are no others"
      : `the mean difference of the others is ${formatNumber(others)}`;
  const alone = comparison.withoutFailed;
  if (alone === undefined) return `${sides.join(" and ")} ${have}, which counts all the same: ${mean}`;
  const verdict = others === undefined ? "" : ` and their verdict ${verdictOf(alone, evidence)}`;
  return `${sides.join(" and ")} ${have}: ${mean}${verdict}, and better is only what is so by both`;
}

/** The comparison without what failed, where that counts for a gate. */
export const othersOf = ({ withoutFailed }: BenchmarkComparison, { missing }: Evidence) =>
  missing === "exclude" ? undefined : withoutFailed;

/** Whether only what failed keeps a candidate from being worse, or nothing is known of it without that. */
export function isWorseWithoutFailed(comparison: BenchmarkComparison, evidence: Evidence): boolean {
  const others = othersOf(comparison, evidence);
  const isHarm = (one: BenchmarkComparison) =>
    harms.includes(verdictOf(one, evidence)) || explainContradiction(one, evidence)?.isHarm === true;
  return others !== undefined && isHarm(others) && !isHarm(comparison);
}
