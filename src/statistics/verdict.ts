import { ComparisonTest } from "../../gen/ltb/v1/benchmark_pb.ts";

// What a paired comparison shows, for terminal, reports and console alike.

export type Verdict =
  | "better"
  | "worse"
  | "may be worse"
  | "no significant difference"
  | "no pairs"
  | "one cluster";

/** Verdicts with which a candidate is not known to do no harm. */
export const harms: readonly Verdict[] = ["worse", "may be worse", "no pairs", "one cluster"];

/** What verdicts go by. */
export interface Deciding {
  /** The level of significance, above 0 and below 0.5. */
  alpha: number;
  lowerIsBetter: boolean;
}

/** What a mean may be, whatever the missing values are; with the ends of its 95 % interval. */
export interface Bounds {
  low: number;
  high: number;
  ci95Low?: number | undefined;
  ci95High?: number | undefined;
}

/** The telling figures of a comparison, or of a group of its pairs: candidate minus baseline. */
export interface Figures {
  adjustedPValue?: number | undefined;
  meanDifference?: number | undefined;
  /** Of the paired t-test, adjusted as the other is. */
  adjustedPairedTPValue?: number | undefined;
  test?: ComparisonTest | undefined;
  rankBiserial?: number | undefined;
  /** Groups have neither. */
  clusters?: object | undefined;
  bounds?: Bounds | undefined;
  /** Without what failed, where that may look better than it is. */
  withoutFailed?: Figures | undefined;
  /** Pairs in which the candidate failed beside its value. */
  candidateWithError?: number | undefined;
}

/** Whether missing samples leave open what a mean is. */
export const leaveOpen = <Some extends Bounds>(bounds: Some | undefined): bounds is Some =>
  bounds !== undefined && bounds.low < bounds.high;

/**
 * Better or worse only where the adjusted p-value is below alpha and the mean goes the way of the test. Else
 * nothing is proven. With bounds of what samples are missing it takes that their interval is on one side.
 * What is better only as it failed early is not better, nor worse what a baseline is quicker than only as
 * that did.
 */
export function verdictOf(figures: Figures, deciding: Deciding): Verdict {
  const verdict = ownVerdict(figures, deciding);
  if (figures.withoutFailed === undefined) return verdict;
  const alone = verdictOf(figures.withoutFailed, deciding);
  if (verdict === "better" && alone !== verdict) return "no significant difference";
  if (verdict === "worse" && onlyBaselineFailed(figures) && alone !== verdict)
    return "no significant difference";
  return verdict;
}

/** Whether the candidate failed in no pair, so that its own values are what they are. */
export const onlyBaselineFailed = ({ withoutFailed, candidateWithError }: Figures) =>
  withoutFailed !== undefined && candidateWithError === 0;

function ownVerdict(figures: Figures, deciding: Deciding): Verdict {
  const { adjustedPValue, meanDifference = 0, clusters, bounds } = figures;
  const { alpha, lowerIsBetter } = deciding;
  if (adjustedPValue === undefined) return clusters === undefined ? "no pairs" : "one cluster";
  const isProven =
    adjustedPValue < alpha && meanDifference !== 0 && contradictionOf(figures, deciding) === undefined;
  const proven = meanDifference > 0 === lowerIsBetter ? "worse" : "better";
  const verdict = isProven ? proven : "no significant difference";
  return leaveOpen(bounds) ? verdictWithin(bounds, verdict, lowerIsBetter) : verdict;
}

function verdictWithin(
  { low, high, ci95Low = low, ci95High = high }: Bounds,
  ofPairs: Verdict,
  lowerIsBetter: boolean,
): Verdict {
  // Turned so that more is better.
  const [worst, worstEnd, bestEnd] = lowerIsBetter ? [-high, -ci95High, -ci95Low] : [low, ci95Low, ci95High];
  if (ofPairs === "better" && worstEnd > 0) return "better";
  if (ofPairs === "worse" && bestEnd < 0) return "worse";
  // The interval about the worst mean reaches as far above it as below.
  const isWorstHarm = worst + (worst - worstEnd) < 0;
  return ofPairs === "worse" || isWorstHarm ? "may be worse" : "no significant difference";
}

type Way = "better" | "worse" | "equal";

/**
 * Tells where the signed-rank test and the mean do not say the same, as a few large differences can make it
 * be: neither is then the verdict. A significant test may go another way than the mean, or the t-test alone
 * be significant. It is harm if either is so and finds the candidate worse. McNemar's test, and that by
 * clusters, are of the mean.
 */
export function contradictionOf(
  { adjustedPValue, adjustedPairedTPValue = 1, test, rankBiserial = 0, meanDifference = 0 }: Figures,
  { alpha, lowerIsBetter }: Deciding,
): { test: Way | undefined; mean: Way; isHarm: boolean } | undefined {
  if (test !== ComparisonTest.WILCOXON_SIGNED_RANK || adjustedPValue === undefined) return undefined;
  const wayOf = (difference: number): Way => {
    if (difference === 0) return "equal";
    return difference > 0 === lowerIsBetter ? "worse" : "better";
  };
  const [ofTest, mean] = [wayOf(rankBiserial), wayOf(meanDifference)];
  const isMeanProven = adjustedPairedTPValue < alpha;
  if (adjustedPValue >= alpha)
    return isMeanProven ? { test: undefined, mean, isHarm: mean === "worse" } : undefined;
  if (ofTest === mean) return undefined;
  return { test: ofTest, mean, isHarm: ofTest === "worse" || (mean === "worse" && isMeanProven) };
}
