import type { BenchmarkComparison } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { harms, type Verdict } from "../../statistics/verdict.ts";
import { clusterWarnings } from "../shared/clusters.ts";
import { explainContradiction } from "../shared/comparison.ts";
import { coverageOfSides, triedAgainText } from "../shared/coverage.ts";
import { formatNumber } from "../shared/output.ts";
import { regressedGroups } from "../shared/pair-slices.ts";
import { unevenWords } from "../shared/reducer.ts";
import type { Evidence } from "./asked.ts";
import {
  apartText,
  askedApart,
  askedOtherwise,
  beyondDeclared,
  doubtsOf,
  lackedBy,
  lackingText,
  shortText,
  triesOf,
} from "./doubts.ts";
import { failedText } from "./failures.ts";
import { isBelow, marginClaim, marginText, rangeLines } from "./margin.ts";

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
  const again = beyondDeclared(comparison);
  if (again > 0) lines.push(`warning: ${triedAgainText(again, " of the candidate")}`);
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

const atLevel = (alpha: number) => (alpha === 0.05 ? "" : ` at the level of ${alpha}`);

/** What may be asked of a candidate: that it is not worse, and what the margin stands for. */
export function demandsOf(comparison: BenchmarkComparison, verdict: Verdict, evidence: Evidence) {
  const { p, words } = marginClaim(comparison, evidence);
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
