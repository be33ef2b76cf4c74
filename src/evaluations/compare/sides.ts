import type { Executor } from "../../database/statement/executor.ts";
import { meanFigures } from "../../statistics/mean-interval.ts";
import { type Moments, mergeMoments } from "../../statistics/moments.ts";
import type { Coverage } from "../coverage/coverage.ts";
import { type Bounds, type Missing, type Range, rangeOf, requireEnds } from "../coverage/missing.ts";
import { countsSuccesses, type Reduction } from "../samples/reduce.ts";
import type { Sampling } from "../statements.ts";
import { summarizeBenchmark } from "../summary/summarize.ts";
import { type Pairing, pairBounds } from "./statements.ts";

interface Asked extends Reduction, Missing {
  metric: string;
  lowerIsBetter: boolean;
}

/**
 * Reads how many samples of each benchmark have a value, and the range of the metric by the values of all.
 * @throws INVALID_ARGUMENT if an end of it is needed that is not known
 */
export async function readSides(
  db: Executor,
  sides: readonly Sampling[],
  { metric, reducer, k, lowerIsBetter, ...given }: Asked,
): Promise<{ range: Range; of: (id: string) => Coverage }> {
  const all = new Map<string, Coverage>();
  let values: { min: number; max: number } | undefined;
  // What has a value by one reducer without a k, has one by all of them.
  const reduction = countsSuccesses(reducer) ? { reducer, k } : ({ reducer: "mean", k: 0 } as const);
  for (const side of sides) {
    const how = { ...side, ...reduction, exact: false, missing: "exclude" } as const;
    const [found] = (await summarizeBenchmark({ db, heavy: db }, [metric], how)).metrics;
    if (!found) throw new Error(`no summary of ${metric}`);
    all.set(side.id, found.coverage);
    if (found.min === null || found.max === null) continue;
    const { min, max } = found;
    values = { min: Math.min(values?.min ?? min, min), max: Math.max(values?.max ?? max, max) };
  }
  const about = { name: metric, reducer, lowerIsBetter };
  const range = rangeOf(about, values, given);
  requireEnds(given.missing, about, range);
  const of = (id: string) => {
    const coverage = all.get(id);
    if (!coverage) throw new Error(`no coverage of ${id}`);
    return coverage;
  };
  return { range, of };
}

/**
 * Bounds the mean difference over the samples that either side has tried, and those that were planned and
 * that neither has: of these, nothing is known of both. The interval is as in `boundsOf`.
 */
export async function boundDifference(
  db: Executor,
  pairing: Pairing,
  { low, high }: Range,
  sides: readonly Coverage[],
): Promise<Bounds | null> {
  const found = await db.one(pairBounds(pairing, low, high));
  const planned = Math.max(...sides.map((side) => side.planned ?? 0));
  const untried = Math.max(0, planned - Math.max(found.pairs, ...sides.map(({ tried }) => tried)));
  if (found.pairs + untried === 0) return null;
  const at = (packed: readonly number[] | null, end: number) => {
    const [sum = 0, m2 = 0] = packed ?? [];
    const parts: Moments[] = [
      { count: found.pairs, sum, m2 },
      { count: untried, sum: untried * end, m2: 0 },
    ];
    return meanFigures(mergeMoments(parts));
  };
  const [least, greatest] = [at(found.low, low - high), at(found.high, high - low)];
  return {
    low: least.mean,
    high: greatest.mean,
    ci95Low: least.interval?.low ?? null,
    ci95High: greatest.interval?.high ?? null,
  };
}
