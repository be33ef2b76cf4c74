import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { type MeanColumns, meanColumns } from "../../statistics/mean-interval.ts";
import { text } from "../../validation.ts";
import { rangeOf } from "../coverage/missing.ts";
import { areShares } from "../metric.ts";
import { countsSuccesses, type Reduction } from "../samples/reduce.ts";
import type { Sampling } from "../statements.ts";
import { groupBy } from "./key.ts";
import { type overSlices, summarizeSlices } from "./statements.ts";

/** A message for whoever asks for groups, and for missing samples to count in them. */
export const missingOfGroups =
  "cannot be other than EXCLUDE together with group_by: groups leave samples without a value out, and tell how many";

/** By what evaluations are grouped, and of which metrics: 1 to `limits.groupMetrics`. Default: the score. */
export const slicesInput = z.strictObject({
  groupBy,
  metrics: z
    .array(text(limits.nameLength, 1))
    .max(limits.groupMetrics, `must have at most ${limits.groupMetrics} items`)
    .transform((names) => (names.length > 0 ? [...new Set(names)] : ["score"])),
});

/** One group: mean, `stddev`, `stderr` and the interval are over its samples, as in `MetricSummary`. */
export interface MetricSlice extends Omit<MeanColumns, "mean"> {
  /** The value of the key; null in the group of all evaluations without it. */
  value: string | null;
  /** Samples with an evaluation in the group. */
  tried: number;
  /** Of these, samples with a value after reduction: n. */
  samples: number;
  mean: number | null;
}

/** What is known of all groups, also of those that are not shown. */
export interface OverSlices {
  /** So many further groups, the smallest, are not shown. */
  slicesLeftOut: number;
  /** The values of these, at most `limits.groupsNamed`. */
  leftOut: readonly string[];
  /** The mean of the means of all groups with the key and a value; null if there is none. */
  macroMean: number | null;
  /** Its standard error; null if a group has one value only. */
  macroStderr: number | null;
  /** Groups in that mean. */
  macroSlices: number;
}

/** The groups of a metric, in the order of their values; last that without the key. */
export interface MetricSlices extends OverSlices {
  metric: string;
  slices: MetricSlice[];
}

/** Computes every group by one pass over the evaluations of a benchmark. */
export async function readSlices(
  heavy: Executor,
  { id, isRepeated }: Sampling,
  { groupBy: key, metrics }: z.output<typeof slicesInput>,
  reduction: Reduction,
): Promise<MetricSlices[]> {
  const isReduced = isRepeated || countsSuccesses(reduction.reducer);
  const rows = await heavy.any(summarizeSlices(id, key, metrics, isReduced ? reduction : undefined));
  return metrics.map((metric) => {
    const found = rows.filter((row) => row.metric === metric);
    const ends = found.flatMap(({ min, max }) => [min ?? [], max ?? []].flat());
    const values = ends.length > 0 ? { min: Math.min(...ends), max: Math.max(...ends) } : undefined;
    const range = rangeOf({ name: metric, reducer: reduction.reducer }, values, {});
    const slices = found.map(({ value, tried, count, sum, m2, min, max }) => {
      const known = { ...(min !== null && { min }), ...(max !== null && { max }) };
      const figures = meanColumns({ count, sum, m2, ...known }, { areShares: areShares(metric), range });
      return { value, tried, samples: count, ...figures, mean: count > 0 ? figures.mean : null };
    });
    return { metric, slices: slices.sort(byValue), ...overallOf(found[0], slices.length) };
  });
}

type Overall = z.output<z.ZodObject<typeof overSlices>>;

/** @param shown how many groups are shown */
export function overallOf(row: Overall | undefined, shown: number): OverSlices {
  const { slices = 0, macroMean = null, macroVariance = null, macroSlices = 0 } = row ?? {};
  return {
    slicesLeftOut: slices - shown,
    leftOut: row?.leftOut ?? [],
    macroMean,
    macroStderr: macroVariance === null ? null : Math.sqrt(macroVariance) / macroSlices,
    macroSlices,
  };
}

const order = new Intl.Collator("en", { numeric: true });

/** Numbers by their size, other values by the alphabet; last what has none. */
export function byValue({ value: a }: { value: string | null }, { value: b }: { value: string | null }) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return order.compare(a, b) || Number(a > b) - Number(a < b);
}
