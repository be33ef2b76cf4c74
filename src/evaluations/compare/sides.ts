import type { Executor } from "../../database/statement/executor.ts";
import { equivalenceP, type MarginTest, marginTestOf, noWorseP } from "../../statistics/margin.ts";
import { meanFigures } from "../../statistics/mean-interval.ts";
import type { Coverage } from "../coverage/coverage.ts";
import {
  type Bounds,
  filledWith,
  type Missing,
  type Range,
  rangeOf,
  testedRange,
} from "../coverage/missing.ts";
import { countsSuccesses, type Reduction } from "../samples/reduce.ts";
import type { Sampling } from "../statements.ts";
import { summarizeBenchmark } from "../summary/summarize.ts";
import { type FoundDraws, groupsOf } from "./draws.ts";
import { cutAt, towardsBetter } from "./figures.ts";
import { type Pairing, pairBounds, type Side } from "./statements.ts";

interface Asked extends Reduction, Missing {
  metric: string;
  lowerIsBetter: boolean;
}

/**
 * Reads how many samples of each benchmark have a value, how many repetitions each is to have, and the range
 * of the metric by the values of all, with that which margins are tested by.
 * @throws INVALID_ARGUMENT if a value lies outside of the range given
 */
export async function readSides(
  db: Executor,
  benchmarks: readonly Sampling[],
  { metric, reducer, k, lowerIsBetter, ...given }: Asked,
): Promise<{ range: Range; marginRange: Range; sides: Side[]; of: (id: string) => Coverage }> {
  const all = new Map<string, Coverage>();
  let values: { min: number; max: number } | undefined;
  // What has a value by one reducer without a k, has one by all of them.
  const reduction = countsSuccesses(reducer) ? { reducer, k } : ({ reducer: "mean", k: 0 } as const);
  const sides: Side[] = [];
  for (const side of benchmarks) {
    const how = { ...side, ...reduction, exact: false, missing: "exclude" } as const;
    const { wanted, sampleCount, metrics } = await summarizeBenchmark({ db, heavy: db }, [metric], how);
    const [found] = metrics;
    if (!found) throw new Error(`no summary of ${metric}`);
    all.set(side.id, found.coverage);
    const elsewhere = sampleCount - found.coverage.tried;
    const hasBeyond = (found.repetitions?.samplesBeyond ?? 0) > 0;
    const about = { elsewhere, declared: side.repetitions, hasBeyond };
    sides.push({ ...side, ...about, repetitions: wanted, isRepeated: side.isRepeated || wanted > 1 });
    if (found.min === null || found.max === null) continue;
    const { min, max } = found;
    values = { min: Math.min(values?.min ?? min, min), max: Math.max(values?.max ?? max, max) };
  }
  const about = { name: metric, reducer, lowerIsBetter };
  const range = rangeOf(about, values, given);
  const of = (id: string) => {
    const coverage = all.get(id);
    if (!coverage) throw new Error(`no coverage of ${id}`);
    return coverage;
  };
  return { range, marginRange: testedRange(range, metric, values, given), sides, of };
}

interface Tested {
  lowerIsBetter: boolean;
  margin?: number | undefined;
}

interface Bounded {
  bounds: Bounds | null;
  marginTest?: MarginTest | null;
  marginRangeLow?: number | null;
  marginRangeHigh?: number | null;
  noWorsePValue?: number | null;
  equivalencePValue?: number | null;
}

/**
 * Bounds the mean difference over the samples that either side has tried, and those that were planned and
 * that neither has: of these, nothing is known of both. The interval is as in `boundsOf`. With a margin it
 * also tests the worst mean that there may be, and for equivalence both ends: what these show is so whatever
 * the missing values are.
 */
export async function boundDifference(
  db: Executor,
  pairing: Pairing,
  { low, high }: Range,
  sides: readonly Coverage[],
  { lowerIsBetter, margin }: Tested,
): Promise<Bounded> {
  const found = await db.one(pairBounds(pairing, low, high, margin));
  const planned = Math.max(...sides.map((side) => side.planned ?? 0));
  const untried = Math.max(0, planned - Math.max(found.samples, ...sides.map(({ tried }) => tried)));
  const n = found.pairs + untried;
  if (n === 0) return { bounds: null };
  const at = (packed: readonly number[] | null, drawn: FoundDraws | null, end: number) => {
    const [sum = 0, m2 = 0, min = end, max = end] = packed ?? [];
    const moments = filledWith({ count: found.pairs, sum, m2, min, max }, untried, end);
    const figures = meanFigures(moments, { scale: Math.max(Math.abs(low), Math.abs(high)) });
    const open = untried > 0 ? [{ count: untried, mean: end, m2: 0 }] : [];
    const draws = { differences: [...groupsOf(drawn?.differences), ...open] };
    const between = { n, min: moments.min ?? min, max: moments.max ?? max, draws };
    return { ...figures, tested: towardsBetter(figures, between, lowerIsBetter) };
  };
  const least = at(found.low, found.lowDraws, low - high);
  const greatest = at(found.high, found.highDraws, high - low);
  const ends = { ci95Low: least.interval?.low ?? null, ci95High: greatest.interval?.high ?? null };
  const bounds = { low: least.mean, high: greatest.mean, ...cutAt(high - low, ends) };
  const [worst, best] = lowerIsBetter ? [greatest.tested, least.tested] : [least.tested, greatest.tested];
  if (margin === undefined || !worst || !best) return { bounds };
  return {
    bounds,
    marginTest: marginTestOf(worst, high - low),
    ...{ marginRangeLow: low, marginRangeHigh: high },
    noWorsePValue: noWorseP(worst, margin, high - low) ?? null,
    equivalencePValue: equivalenceP(worst, margin, high - low, best) ?? null,
  };
}
