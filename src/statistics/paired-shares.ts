import { normalUpperTail } from "./normal.ts";

/** With more pairs that differ the normal distribution is as good as the exact one. */
const exactMost = 2000;

/** Shares of wins that are tried before the chance is followed to the greatest there is. */
const steps = 100;

/**
 * Tests whether a share of successes is lower by less than `margin` in the second of two series of the same
 * samples. It is the exact unconditional test that orders what may be found by Tango's score (Statistics in
 * Medicine 17, 1998): the greatest chance, whatever the share of wins is, to find what is at least as good
 * where the shares differ by the margin. It never rises as a loss becomes a tie, or a tie a win. Where more
 * than 2,000 pairs are to differ, the normal distribution stands for the exact one.
 * @param wins pairs of which only the second succeeds
 * @param losses pairs of which only the first does
 * @param n all pairs
 * @param margin above 0
 * @returns the one-sided p-value
 */
export function noWorseSharesP(wins: number, losses: number, n: number, margin: number): number {
  if (margin >= 1) return margin === 1 && losses === n ? 1 : 0;
  const score = tangoScore(wins, losses, n, margin);
  const most = Math.min(n, exactMost);
  const fewest = fewestWins(score, n, margin, most);
  // So that hardly ever more pairs differ than are counted.
  const allowed = n <= exactMost ? 1 : (0.8 * exactMost) / n;
  const range = (Math.min(1, allowed) - margin) / 2;
  const least = n <= exactMost ? 0 : normalUpperTail(score);
  const chanceAt = (step: number) => chance(fewest, range * (step / steps) ** 2, n, margin);
  return range > 0 ? Math.min(1, Math.max(least, greatest(chanceAt))) : least;
}

/** The greatest of a function of 0 to `steps`: about the best of the whole steps, by thirds. */
function greatest(of: (step: number) => number): number {
  const tried = Array.from({ length: steps + 1 }, (_, step) => of(step));
  const best = Math.max(...tried);
  const place = tried.indexOf(best);
  let [low, high] = [Math.max(0, place - 1), Math.min(steps, place + 1)];
  while (high - low > 1e-3) {
    const third = (high - low) / 3;
    if (of(low + third) < of(high - third)) low += third;
    else high -= third;
  }
  return Math.max(best, of((low + high) / 2));
}

/** Computes how many pairs, all of them equal, have a p-value below `alpha`: see `noWorseSharesP`. */
export function equalPairsNeeded(margin: number, alpha: number): number {
  const isFew = (n: number) => noWorseSharesP(0, 0, n, margin) >= alpha;
  // The p-value is no smaller than (1 − margin)ⁿ.
  let low = Math.max(0, Math.ceil(Math.log(alpha) / Math.log1p(-margin)) - 1);
  let high = low + 1;
  for (; isFew(high); high = Math.ceil(1.2 * high)) low = high;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isFew(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** How far what was found is above a difference of −margin, in standard errors if that were the true one. */
function tangoScore(wins: number, losses: number, n: number, margin: number): number {
  const linear = wins + losses + margin * (2 * n - wins + losses);
  const root = Math.sqrt(Math.max(0, linear * linear - 8 * n * losses * margin * (1 + margin)));
  // The likeliest share of losses where they exceed the wins by the margin.
  const share = (linear + root) / (4 * n);
  return (wins - losses + n * margin) / Math.sqrt(n * (2 * share - margin - margin * margin));
}

/**
 * The fewest wins that score as much, for each number of pairs that differ; one more than these where none
 * do. A further pair that differs asks for no fewer of them, and for one more at most.
 */
function fewestWins(score: number, n: number, margin: number, most: number): Uint32Array {
  const fewest = new Uint32Array(most + 1);
  // What scores the same but for rounding is as good.
  const least = score - 1e-9 * Math.max(1, Math.abs(score));
  for (let differ = 0; differ <= most; differ++) {
    const wins = differ === 0 ? 0 : (fewest[differ - 1] ?? 0);
    const isEnough = wins <= differ && tangoScore(wins, differ - wins, n, margin) >= least;
    fewest[differ] = isEnough ? wins : wins + 1;
  }
  return fewest;
}

/** The chance of so many wins or more, where their share is `share` and losses exceed it by the margin. */
function chance(fewest: Uint32Array, share: number, n: number, margin: number): number {
  // Logarithms need shares that are neither 0 nor 1.
  const wins = Math.max(share, 1e-15);
  const differing = Math.min(2 * wins + margin, 1 - 1e-12);
  const ofWin = wins / differing;
  const [logWin, logLoss] = [Math.log(ofWin), Math.log1p(-ofWin)];
  /** Of `won` wins among `differ` pairs that differ. */
  const exactly = (won: number, differ: number) =>
    Math.exp(logChoose(differ, won) + won * logWin + (differ - won) * logLoss);
  const odds = Math.log(differing) - Math.log1p(-differing);
  let logWeight = n * Math.log1p(-differing);
  let tail = fewest[0] === 0 ? 1 : 0;
  let sum = 0;
  for (const [differ, needed] of fewest.entries()) {
    sum += Math.exp(logWeight) * tail;
    const next = fewest[differ + 1] ?? needed;
    if (needed > 0) tail += ofWin * exactly(needed - 1, differ);
    if (next > needed) tail = Math.max(0, tail - exactly(needed, differ + 1));
    logWeight += Math.log((n - differ) / (differ + 1)) + odds;
  }
  return sum;
}

const logFactorials = new Float64Array(exactMost + 2);
for (let i = 2; i < logFactorials.length; i++) logFactorials[i] = (logFactorials[i - 1] ?? 0) + Math.log(i);

const logChoose = (n: number, k: number) =>
  (logFactorials[n] ?? 0) - (logFactorials[k] ?? 0) - (logFactorials[n - k] ?? 0);
