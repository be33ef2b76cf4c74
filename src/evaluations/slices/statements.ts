import { z } from "zod";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { metricValue } from "../metric.ts";
import { exactSum, mean } from "../rollups/moments-sql.ts";
import { sampleOf } from "../samples/parts.ts";
import type { Reduction } from "../samples/reduce.ts";
import { reducedValues } from "../samples/reduced-values.ts";
import { hasElsewhere, isOfSplit } from "../summary/splits.ts";
import { sliceOf } from "./key.ts";

/** The columns of all groups of a metric, the same in each of its rows. */
export const overSlices = {
  /** All groups, that of the rows without the key included. */
  slices: z.number(),
  leftOut: z.array(z.string()).nullable(),
  macroSlices: z.number(),
  macroMean: z.number().nullable(),
  macroVariance: z.number().nullable(),
};

/**
 * The largest groups, each with what is known of all of them. The mean of the means is over the groups with
 * the key and a value. They are strata with equal weights, so its variance is the sum of the variances of
 * their means by the square of their number (Cochran, Sampling Techniques, 1977, 5.3 and 5.4).
 * @param grouped a CTE: metric, slice (not null), tried, count, sum, m2, min, max
 */
export const largestSlices = (grouped: string) => {
  const from = sql.identifier([grouped]);
  const hasKey = sql.fragment`g.slice <> ''`;
  const average = mean(sql.fragment`g.sum`, sql.fragment`g.count`);
  return sql.fragment`
    placed as (
      select g.*, row_number() over (partition by metric order by tried desc, slice) as place
      from ${from} g
    ), overall as materialized (
      select metric, count(*) as slices,
        array_agg(substr(slice, 2) order by place) filter (
          where ${hasKey} and place > ${limits.groups}
            and place <= ${limits.groups + limits.groupsNamed}) as left_out,
        count(*) filter (where ${hasKey} and count > 0) as macro_slices,
        avg(${average}) filter (where ${hasKey} and count > 0) as macro_mean,
        case when bool_and(count > 1) filter (where ${hasKey} and count > 0) then
          sum(case when min = max or m2 < 1e-280 then 0 else m2 / ((count - 1)::double precision * count) end)
            filter (where ${hasKey} and count > 0)
        end as macro_variance
      from placed g group by metric
    )`;
};

/** The value of a group's key; null in that of the rows without it. */
export const sliceValue = (g: Fragment) =>
  sql.fragment`case when ${g}.slice <> '' then substr(${g}.slice, 2) end`;

/** The group of an evaluation as a text, sorted by bytes; never null: what has the key begins with `=`. */
export const sliceKey = (key: string) => sql.fragment`(coalesce('=' || ${sliceOf(key)}, '') collate "C")`;

const moments = sql.fragment`
  count(value) as count, coalesce(${exactSum(sql.fragment`value`)}, 0) as sum,
  coalesce(regr_sxx(value, value), 0) as m2, min(value) as min, max(value) as max`;

// One pass over the rows. Where each is a sample, its values are those of samples.
export const summarizeSlices = statement("evaluation_summarize_slices", {
  row: z.object({
    metric: z.string(),
    value: z.string().nullable(),
    tried: z.number(),
    count: z.number(),
    sum: z.number(),
    m2: z.number(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    ...overSlices,
  }),
  prepared: false,
  build: (benchmarkId: string, key: string, names: readonly string[], reduction: Reduction | undefined) => {
    const values = names.map(
      (name) => sql.fragment`(${name}::text, ${metricValue(name)}, ${hasElsewhere(name)})`,
    );
    // None of another split is one that the metric lacks. Where splits have samples in common, they are none.
    const isOther = names.some(isOfSplit)
      ? sql.fragment`v.is_other and not bool_or(v.is_other and v.value is not null) over (partition by v.metric)`
      : sql.fragment`v.is_other`;
    const isOwn = sql.fragment`bool_or(value is not null) or not bool_or(is_other)`;
    const sample = reduction ? sql.fragment`, ${sampleOf("e")} as sample, e.repetition` : sql.fragment``;
    // The offsets keep PostgreSQL from looking for a key or value once for each figure that is made of it.
    const value = sql.fragment`
      select s.slice, v.metric, v.value, ${isOther} as is_other${sample}
      from evaluations e
      cross join lateral (select ${sliceKey(key)} as slice offset 0) s
      cross join lateral (values ${sql.join(values, sql.fragment`, `)}) v (metric, value, is_other)
      where e.benchmark_id = ${benchmarkId} offset 0`;
    const keys = sql.fragment`v.metric, v.slice, v.sample`;
    const grouped = reduction
      ? sql.fragment`
        value as materialized (${value}), tried as (
          select metric, slice, count(*) as tried
          from (select metric, slice from value group by metric, slice, sample having ${isOwn}) v
          group by metric, slice
        ), reduced as (
          select metric, slice, ${moments} from (
            ${reducedValues(sql.fragment`select * from value where value is not null`, keys, reduction)}
          ) v group by metric, slice
        ), grouped as (
          select metric, slice, t.tried, coalesce(r.count, 0) as count, coalesce(r.sum, 0) as sum,
            coalesce(r.m2, 0) as m2, r.min, r.max
          from tried t left join reduced r using (metric, slice)
        )`
      : sql.fragment`
        grouped as (
          select metric, slice, count(*) as tried, ${moments} from (${value}) v
          where value is not null or not is_other group by metric, slice
        )`;
    return sql.fragment`
      with ${grouped}, ${largestSlices("grouped")}
      select
        p.metric, ${sliceValue(sql.fragment`p`)} as value, p.tried, p.count, p.sum, p.m2, p.min, p.max,
        o.slices, o.left_out, o.macro_slices, o.macro_mean, o.macro_variance
      from placed p join overall o using (metric) where p.place <= ${limits.groups}
      order by p.metric, p.place`;
  },
  examples: [
    [example.id, "subject", ["score"], undefined],
    [example.id, "doc.a", ["score", "latency_ms"], { reducer: "mean", k: 0 }],
    [example.id, "model", ["a"], { reducer: "pass_at_k", k: 2 }],
    [example.id, "label.a", ["a"], { reducer: "mode", k: 0 }],
    [example.id, "subject", ["score", "accuracy/test"], undefined],
  ],
});
