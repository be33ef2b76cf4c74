import type { BenchmarkComparison } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { triedAgainText } from "../shared/coverage.ts";
import { countOf } from "../shared/output.ts";
import { unevenWords } from "../shared/reducer.ts";
import type { Evidence } from "./asked.ts";
import { failedText, isWorseWithoutFailed } from "./failures.ts";

/** Samples of which the baseline has a value and the candidate has none, where they are left out. */
export function lackedBy(comparison: BenchmarkComparison, evidence: Evidence): number {
  const { nPaired, baselineCoverage } = comparison;
  if ((evidence.missing ?? "exclude") !== "exclude" || nPaired === 0) return 0;
  return (baselineCoverage?.scored ?? 0) - nPaired - askedApart(comparison, evidence);
}

/** Samples that are left out because they were asked something else. */
export const askedApart = (
  { differentInputs }: BenchmarkComparison,
  { allowDifferentInputs = false }: Evidence,
) => (allowDifferentInputs ? 0 : differentInputs);

export const lackingText = (count: number) =>
  `the candidate lacks a value of ${countOf(count, "sample")} that the baseline has one of, and no figure counts ${themOf(count)}`;

const themOf = (count: number) => (count === 1 ? "it" : "them");

export const shortText = (count: number) =>
  `the candidate lacks repetitions of ${countOf(count, "sample")} that the baseline has, and its values are of the others alone`;

/** Pairs of which the candidate has more evaluations than it declares, whatever it lacks elsewhere. */
export const beyondDeclared = ({ candidateRepetitions: found }: BenchmarkComparison) =>
  found?.samplesBeyond ?? 0;

/** Says that the candidate was tried more often in some samples, where the baseline was not. */
function triedMoreInSome(comparison: BenchmarkComparison): string | undefined {
  const { baselineRepetitions: base, candidateRepetitions: found, candidateShort } = comparison;
  if (!found || found.least === found.most || candidateShort > 0) return undefined;
  if (base && base.least !== base.most) return undefined;
  const each = base?.most ?? 1;
  return `the candidate has ${found.least} to ${found.most} values of a sample, and the baseline ${each} of each, as where only failures were tried again`;
}

/** The least and the greatest number of values that samples of either side have; fillings count as values. */
export function triesOf(comparison: BenchmarkComparison, { missing }: Evidence): number[] {
  const isFilled = missing === "as_worst" || missing === "bounds";
  return [comparison.baselineRepetitions, comparison.candidateRepetitions].flatMap((found) => {
    const { least, most } = found ?? { least: 1, most: 1 };
    return isFilled ? [most] : [least, most];
  });
}

/** Whether all units are worse by the same, of which a test proves nothing as they are too few. */
const isHarmUnproven = (comparison: BenchmarkComparison, { alpha, lowerIsBetter }: Evidence) => {
  const { adjustedPValue = 0, meanDifference = 0, stderr } = comparison;
  return stderr === 0 && (lowerIsBetter ? meanDifference > 0 : meanDifference < 0) && adjustedPValue >= alpha;
};

export const askedOtherwise = (count: number) =>
  `${countOf(count, "sample")} ${count === 1 ? "has" : "have"} different inputs or expected answers`;

export const apartText = (count: number) => `${askedOtherwise(count)}, and no figure counts ${themOf(count)}`;

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
  const unevenly = missing === undefined ? triedMoreInSome(comparison) : undefined;
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
  const again = missing === "exclude" ? 0 : beyondDeclared(comparison);
  if (again > 0)
    doubts.push({
      text: triedAgainText(again, " of the candidate"),
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
