import {
  type BenchmarkComparison,
  type ComparisonSlice,
  ComparisonTest,
  type PairedSample,
} from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { CompareBenchmarksResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { contradictionOf, type Deciding, leaveOpen, onlyBaselineFailed } from "../../statistics/verdict.ts";
import { explainClusters } from "./clusters.ts";
import { type Cell, formatInterval, formatNumber } from "./output.ts";
import { agreementText, rangeText, reducerText } from "./reducer.ts";

/** Says where the signed-rank test and the mean do not say the same, so that neither is the verdict. */
export function explainContradiction(
  of: Figures & { withoutFailed?: Figures | undefined },
  deciding: Deciding,
): { text: string; isHarm: boolean } | undefined {
  // What the baseline failed in says nothing of a candidate.
  const figures = (onlyBaselineFailed(of) && of.withoutFailed) || of;
  const contradiction = contradictionOf(figures, deciding);
  if (!contradiction) return undefined;
  const { adjustedPValue, meanDifference, adjustedPairedTPValue, wins, losses } = figures;
  const { test, mean, isHarm } = contradiction;
  const ofTest = `${wins} wins, ${losses} losses, p (Holm) ${formatNumber(adjustedPValue, 3)}`;
  const ofMean = `difference ${formatNumber(meanDifference, 3)}, p (t) ${formatNumber(adjustedPairedTPValue, 3)} by Holm's method`;
  const text =
    test === undefined
      ? `the mean is ${mean} by the t-test (${ofMean}), and Wilcoxon's signed-rank test does not say so (${ofTest}), as few large differences stand against many small ones, so that no difference is the verdict`
      : `Wilcoxon's signed-rank test says ${test} (${ofTest}) where the mean says ${mean} (${ofMean}), as a few large differences outweigh the others in it, so that neither is the verdict`;
  return { text, isHarm };
}

const tests: Record<ComparisonTest, string> = {
  [ComparisonTest.UNSPECIFIED]: "",
  [ComparisonTest.MCNEMAR_EXACT]: "McNemar's exact test (every value is 0 or 1)",
  [ComparisonTest.WILCOXON_SIGNED_RANK]: "Wilcoxon's signed-rank test",
  [ComparisonTest.CLUSTER_T]: "the same t-test",
};

const testNames: Record<ComparisonTest, string> = {
  [ComparisonTest.UNSPECIFIED]: "",
  [ComparisonTest.MCNEMAR_EXACT]: "McNemar",
  [ComparisonTest.WILCOXON_SIGNED_RANK]: "Wilcoxon",
  [ComparisonTest.CLUSTER_T]: "clusters",
};

/** The test behind the p-value of a comparison, in a word. */
export function testName({ test }: Pick<BenchmarkComparison, "test">): string {
  return testNames[test] ?? "";
}

/** Sentences that say which figure is of which test, and which of them the verdicts go by. */
export function explainTests({ comparisons, ...by }: Compared, alpha: number): string[] {
  const names = [...new Set(comparisons.map(({ test }) => tests[test]))].filter((name) => name !== "");
  const about = [
    ...explainRepetitions({ comparisons, ...by }),
    ...(by.clusterBy === "" ? [] : [explainClusters(by.clusterBy)]),
  ];
  if (names.length === 0) return [...about, "There is nothing to test."];
  const number =
    comparisons.length === 1 ? "1 candidate, which leaves it as it is" : `${comparisons.length} candidates`;
  return [
    ...about,
    `The interval of the difference and "p (t)" are of the paired t-test${by.clusterBy === "" ? "" : " by clusters"}, and not adjusted.`,
    `"p (test)" is of ${names.join(", or ")}, and "p (Holm)" is the same adjusted by Holm's method for ${number}.`,
    `Verdicts go by "p (Holm)": better or worse if it is below ${alpha} and the mean goes the way of the test. Otherwise no difference is proven, and equality is not either.`,
    ...(comparisons.some(({ withoutFailed }) => withoutFailed) ? [failuresRule] : []),
    ...(comparisons.some(({ bounds }) => leaveOpen(bounds)) ? [boundsRule] : []),
  ];
}

/** What ends early as it fails looks quick and cheap. */
const failuresRule =
  "Where samples failed beside their value, a candidate is better only if it is so without them, too, and worse, where it failed in none, as well.";

const boundsRule =
  "Where samples are missing, a candidate is better or worse only if the whole 95 % interval of the bounds says the same. It may be worse if its pairs are worse, or if the whole 95 % interval of the worst mean difference that missing samples allow is on the worse side of 0.";

type Compared = Pick<CompareBenchmarksResponse, "comparisons" | "reducer" | "k" | "clusterBy">;

/**
 * Says how repetitions became one value, how many there were and how much they agree; nothing without any.
 */
function explainRepetitions({ comparisons, ...by }: Omit<Compared, "clusterBy">): string[] {
  const sides = comparisons.flatMap(({ baselineRepetitions, candidateRepetitions }) => [
    ...(baselineRepetitions ? [baselineRepetitions] : []),
    ...(candidateRepetitions ? [candidateRepetitions] : []),
  ]);
  if (sides.length === 0) return [];
  const [least, most] = [
    Math.min(...sides.map((side) => side.least)),
    Math.max(...sides.map((side) => side.most)),
  ];
  const agreements = sides.flatMap(({ agreement }) => agreement ?? []);
  const agreed = agreementText({ agreement: agreements.length > 0 ? Math.min(...agreements) : undefined });
  return [
    `Each sample counts once, by the ${reducerText(by)} of its ${rangeText({ least, most })} repetitions; all of them are the same in ${agreed} of the samples or more.`,
  ];
}

/** Says how many samples of each side have no partner; "" where all have one. */
export function leftOutText({
  baselineUnpaired,
  candidateUnpaired,
}: Pick<BenchmarkComparison, "baselineUnpaired" | "candidateUnpaired">): string {
  if (baselineUnpaired + candidateUnpaired === 0) return "";
  return `left out for want of a partner: ${baselineUnpaired} of the baseline, ${candidateUnpaired} of the candidate`;
}

const means = [">baseline", ">candidate", ">difference"];
const figures = [">95 % CI", ">p (t)", ">win/loss/tie", ">p (test)", ">p (Holm)"];

export const comparisonColumns = ["candidate", ">n", ...means, ...figures, "verdict"];

/** The figures that comparisons and their groups have in common. */
type Figures = Omit<
  ComparisonSlice,
  "$typeName" | "$unknown" | "value" | "baselineTried" | "candidateTried" | "withoutFailed"
>;

/** The cells between the candidate and the verdict. */
export function comparisonCells(comparison: Figures): Cell[] {
  const { nPaired, baselineMean, candidateMean, meanDifference } = comparison;
  const { wins, losses, ties, pValue, adjustedPValue, pairedTPValue } = comparison;
  const values = [baselineMean, candidateMean, meanDifference].map((value) => formatNumber(value));
  const interval = formatInterval(comparison, { digits: 3 });
  const pOf = (value: number | undefined) => formatNumber(value, 3);
  const ofTest = pValue === undefined ? "-" : `${pOf(pValue)} (${testName(comparison)})`;
  const won = `${wins}/${losses}/${ties}`;
  return [nPaired, ...values, interval, pOf(pairedTPValue), won, ofTest, pOf(adjustedPValue)];
}

export const sampleColumns = ["sample", ...means];

/** The cells after the title. */
export function sampleCells({ baselineValue, candidateValue, difference }: PairedSample): Cell[] {
  return [baselineValue, candidateValue, difference].map((value) => formatNumber(value));
}
