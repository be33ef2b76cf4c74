import { gaffkeP, type Weight } from "./gaffke.ts";
import { noWorseSharesP } from "./paired-shares.ts";
import { studentTUpperTail } from "./student-t.ts";

/** Values that lie together, of which a test need not tell one from another. */
export interface Group {
  count: number;
  mean: number;
  /** Sum of the squared deviations from the mean. */
  m2: number;
}

/** What was drawn: differences of pairs, or of clusters sums of their differences. */
export type Draws =
  | { differences: readonly Group[] }
  | {
      /** Sums of margin + difference over the pairs of a cluster. */
      above: readonly Group[];
      /** Sums of margin − difference. */
      below: readonly Group[];
      /** Pairs of the largest cluster. */
      largest: number;
    };

/** Differences of pairs, above 0 where the candidate is the better one. */
export interface Difference {
  mean: number;
  /** Of the mean; 0 if all differences are equal. */
  stderr: number;
  /** Pairs or clusters, 2 or more. */
  n: number;
  /** The least and the greatest of the differences. */
  min: number;
  max: number;
  /** Undefined only where the largest difference that there can be is not known. */
  draws?: Draws | undefined;
}

/** How a mean difference is tested against a margin: see `noWorseP`. */
export type MarginTest = "exact_shares" | "gaffke" | "student_t";

export function marginTestOf({ draws }: Difference, most: number): MarginTest {
  if (draws === undefined || most === Infinity) return "student_t";
  return "differences" in draws && asShares(draws.differences, most).areShares ? "exact_shares" : "gaffke";
}

/**
 * Tests whether a mean difference is above −margin: that the candidate is not worse by as much.
 *
 * - Of shares, whose differences are all −most, 0 or most, it is the exact test of `noWorseSharesP`.
 * - Else Gaffke's bound, `gaffkeP`, which allows for losses that are too rare to be among those found; by
 *   clusters of the sums over them, of which none is below that of the largest cluster if it has lost all. Of
 *   pairs it is between the test of shares where each win is a whole one and each loss none, unless it is
 *   whole, and that where it is the other way round. So a pair that gets worse never lowers the p-value, also
 *   where it makes shares of what were none.
 * - Without a known range the paired t-test, below 0.05 where the whole one-sided 95 % interval is above
 *   −margin. It takes that no rare loss is so large that it would change the mean. If the candidate is
 *   better in every pair, the p-value is at most 2⁻ⁿ, that of the exact test of signs: neither one pair
 *   that is better by far, nor differences that do not vary, make that a doubtful candidate.
 * @param margin above 0
 * @param most the largest difference that there can be
 * @returns undefined if all differences are equal, their range is not known, and that does not determine it
 */
export function noWorseP(difference: Difference, margin: number, most = Infinity): number | undefined {
  const { draws } = difference;
  if (draws === undefined || most === Infinity) return studentP(difference, margin);
  if ("above" in draws) return gaffkeP(weightsOf(draws.above, 0), draws.largest * (margin - most));
  const { best, worst, n, areShares } = asShares(draws.differences, most);
  const pOf = ({ wins, losses }: Shares) => noWorseSharesP(wins, losses, n, margin / most);
  const least = pOf(best);
  if (areShares) return least;
  return Math.max(least, Math.min(pOf(worst), gaffkeP(weightsOf(draws.differences, margin), margin - most)));
}

/**
 * Tests whether a mean difference lies between −margin and margin, by two one-sided tests (Schuirmann,
 * Journal of Pharmacokinetics and Biopharmaceutics 15(6), 1987). Parameters and result are as of `noWorseP`.
 * @param greatest the difference that is tested against the margin above, where `difference` is the least
 *   of those that there may be. Default: `difference`
 */
export function equivalenceP(
  difference: Difference,
  margin: number,
  most = Infinity,
  greatest = difference,
): number | undefined {
  const above = noWorseP(difference, margin, most);
  const below = noWorseP(turned(greatest), margin, most);
  return above === undefined || below === undefined ? undefined : Math.max(above, below);
}

/** The same differences, counted the other way round. */
export const turned = ({ mean, min, max, draws, ...same }: Difference): Difference => ({
  ...same,
  ...{ mean: -mean, min: -max, max: -min, draws: draws && turnedDraws(draws) },
});

function turnedDraws(draws: Draws): Draws {
  if ("above" in draws) return { ...draws, above: draws.below, below: draws.above };
  return { differences: draws.differences.map(({ mean, ...same }) => ({ ...same, mean: -mean })) };
}

interface Shares {
  wins: number;
  losses: number;
}

/** The best and the worst shares that differences can be made of, and whether they are shares already. */
function asShares(differences: readonly Group[], most: number) {
  const [best, worst]: [Shares, Shares] = [
    { wins: 0, losses: 0 },
    { wins: 0, losses: 0 },
  ];
  let [n, whole] = [0, 0];
  for (const { count, mean, m2 } of differences) {
    const isWhole = m2 === 0 && Math.abs(mean) >= most * (1 - 1e-12);
    // None of a group is further from its mean.
    const reach = Math.sqrt(m2);
    n += count;
    if (mean + reach > 0) best.wins += count;
    else if (isWhole) best.losses += count;
    if (mean - reach < 0) worst.losses += count;
    else if (isWhole) worst.wins += count;
    if (isWhole || (mean === 0 && m2 === 0)) whole += count;
  }
  return { best, worst, n, areShares: whole === n };
}

/** Two values for each group that differ as much as its own do. */
const weightsOf = (groups: readonly Group[], shift: number): Weight[] =>
  groups.flatMap(({ count, mean, m2 }) => {
    const value = mean + shift;
    if (m2 === 0) return [{ value, count }];
    const deviation = Math.sqrt(m2 / count);
    return [value - deviation, value + deviation].map((end) => ({ value: end, count: count / 2 }));
  });

function studentP({ mean, stderr, n, min }: Difference, margin: number): number | undefined {
  const ofSigns = min > 0 ? 2 ** -n : 1;
  if (stderr > 0) {
    const t = (mean + margin) / stderr;
    const p = t >= 0 ? studentTUpperTail(t, n - 1) : 1 - studentTUpperTail(-t, n - 1);
    return Math.min(ofSigns, p);
  }
  return min > 0 || mean <= -margin ? ofSigns : undefined;
}
