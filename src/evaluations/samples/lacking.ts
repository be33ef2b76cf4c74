import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { metricValue } from "../metric.ts";
import { exactSum } from "../rollups/moments-sql.ts";
import { sampleOf } from "./parts.ts";
import {
  type ReducedMoments,
  type Reduction,
  reduceGroups,
  reducesByCounts,
  type SampleGroup,
} from "./reduce.ts";
import { reducedValues } from "./reduced-values.ts";

/** A benchmark, and the repetitions that each of its samples is to have. */
interface Wanted {
  id: string;
  wanted: number;
}

/** A metric, and the ends of its range that may stand for values that lack. */
interface Ends {
  metric: string;
  ends: readonly number[];
}

// One pass over the evaluations, whatever the number of metrics and ends.
const lackingMoments = statement("samples_lacking_moments", {
  row: z.object({
    benchmarkId: z.string(),
    metric: z.string(),
    fill: z.number(),
    ...{ count: z.number(), sum: z.number(), m2: z.number(), min: z.number(), max: z.number() },
  }),
  prepared: false,
  build: (
    benchmarks: readonly Wanted[],
    metrics: readonly Ends[],
    reduction: Reduction,
    isBound: boolean,
  ) => {
    const values = metrics.map(
      ({ metric, ends }) =>
        sql.fragment`(${metric}::text, ${metricValue(metric)}, ${sql.array(ends, "float8")})`,
    );
    const value = sql.fragment`
      select
        e.benchmark_id, w.wanted, ${sampleOf("e")} as sample, e.repetition, m.metric, m.value, u.fill
      from ${table("w", benchmarks, { id: "uuid", wanted: "int4" })}
      join evaluations e on e.benchmark_id = w.id
      cross join lateral (values ${sql.join(values, sql.fragment`, `)}) m (metric, value, ends)
      cross join lateral unnest(m.ends) u (fill)
      where m.value is not null`;
    const keys = sql.fragment`v.benchmark_id, v.wanted, v.metric, v.fill, v.sample`;
    const lack = { wanted: sql.fragment`v.wanted`, end: sql.fragment`v.fill`, isBound };
    return sql.fragment`
      select
        v.benchmark_id, v.metric, v.fill, count(*) as count, ${exactSum(sql.fragment`v.value`)} as sum,
        regr_sxx(v.value, v.value) as m2, min(v.value) as min, max(v.value) as max
      from (${reducedValues(value, keys, reduction, undefined, lack)}) v
      group by v.benchmark_id, v.metric, v.fill`;
  },
  examples: [
    [
      [{ id: example.id, wanted: 5 }],
      [
        { metric: "score", ends: [0, 1] },
        { metric: "a", ends: [0] },
      ],
      ...([{ reducer: "median", k: 0 }, false] as const),
    ],
    [
      [{ id: example.id, wanted: 5 }],
      [{ metric: "score", ends: [0] }],
      ...([{ reducer: "mode", k: 0 }, true] as const),
    ],
    [
      [{ id: example.id, wanted: 5 }],
      [{ metric: "score", ends: [0] }],
      ...([{ reducer: "max", k: 0 }, false] as const),
    ],
  ],
});

/** The moments of samples with one value in place of each that they lack. */
export type WithLacking = (end: number) => ReducedMoments;

/**
 * Reads the moments of samples, with each of the ends in place of the values that they lack: by a reducer
 * that does not reduce by counts, from all evaluations of the benchmarks.
 * @param isBound whether the ends bound what the values may be: see `reducedValues`
 */
export async function readLacking(
  db: Executor,
  benchmarks: readonly Wanted[],
  metrics: readonly Ends[],
  reduction: Reduction,
  isBound: boolean,
): Promise<(id: string, metric: string) => WithLacking> {
  const asked = metrics.filter(({ ends }) => ends.length > 0);
  const isNeeded = benchmarks.length > 0 && asked.length > 0 && !reducesByCounts(reduction.reducer);
  const rows = isNeeded ? await db.any(lackingMoments(benchmarks, asked, reduction, isBound)) : [];
  const keyOf = (id: string, metric: string, end: number) => `${id.replaceAll("-", "")} ${end} ${metric}`;
  const found = new Map(rows.map((row) => [keyOf(row.benchmarkId, row.metric, row.fill), row]));
  // Deleted since the others were read.
  return (id, metric) => (end) => found.get(keyOf(id, metric, end)) ?? { count: 0, sum: 0, m2: 0 };
}

/** Whether samples with a value lack repetitions. */
export const lackSome = (groups: readonly SampleGroup[] | null | undefined, wanted: number) =>
  groups?.some(({ tries }) => tries < wanted) ?? false;

/**
 * The same from the groups of a metric's samples, by a reducer that `reducesByCounts`.
 * @param values the least and the greatest
 */
export const groupsWithLacking =
  (
    groups: readonly SampleGroup[],
    reduction: Reduction,
    wanted: number,
    values: { min: number; max: number },
  ): WithLacking =>
  (end) => {
    const { moments } = reduceGroups(groups, reduction, { wanted, end });
    // A sample's value lies within the range of its repetitions.
    if (Number.isFinite(moments.max)) return moments;
    return { ...moments, min: Math.min(values.min, end), max: Math.max(values.max, end) };
  };
