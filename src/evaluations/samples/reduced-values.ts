import { type Fragment, sql } from "../../database/statement/sql.ts";
import { metricValue } from "../metric.ts";
import { exactSum } from "../rollups/moments-sql.ts";
import { sampleOf } from "./parts.ts";
import type { Reduction } from "./reduce.ts";

/** What stands for each value that a sample has fewer than wanted: an end of their range. */
interface Lack {
  wanted: Fragment;
  end: Fragment;
  /**
   * Whether the value is to be the farthest towards that end that the lacking ones allow. Only of the mode
   * this is another than with that end in place of each.
   */
  isBound: boolean;
}

/**
 * One value for each sample: a select of `keys` and `value`, null where the reducer makes none. Where several
 * values are the most frequent, `mode` is the one that came first, as in Inspect.
 * @param values a select of `keys`, `value` and `repetition`; values are never null
 * @param keys the columns that tell one sample, and a metric, from another
 * @param more further aggregates over a sample's `v`, and their names, each with a comma before it
 * @param lack expressions of a number, or of `keys`
 */
export function reducedValues(
  values: Fragment,
  keys: Fragment,
  { reducer, k }: Reduction,
  more = { aggregates: sql.fragment``, names: sql.fragment`` },
  lack?: Lack,
): Fragment {
  const lacking = lack ? sql.fragment`greatest(0, ${lack.wanted}::bigint - count(v.value))` : sql.fragment`0`;
  const end = lack && sql.fragment`${lack.end}::double precision`;
  if (reducer === "at_least_k" || reducer === "pass_at_k" || reducer === "pass_hat_k") {
    return sql.fragment`
      select ${keys}${more.names}, case when v.successes >= 0 then ${ofCounts(reducer, k)} end as value
      from (
        select ${keys}${more.aggregates}, count(*) + ${lacking} as n,
          case when min(v.value) >= 0 and max(v.value) <= 1
            then count(*) filter (where v.value = 1) + ${end ? sql.fragment`case when ${end} >= 1 then ${lacking} else 0 end` : sql.fragment`0`}
            else -1 end as successes
        from (${values}) v group by ${keys}
      ) v`;
  }
  const value = end ? filledAggregates(lacking, end, lack.isBound)[reducer] : aggregates[reducer];
  return sql.fragment`
    select ${keys}${more.aggregates}, ${value} as value from (${values}) v group by ${keys}`;
}

/**
 * The moments of the values that a reducer makes of the samples of benchmarks, from their evaluations.
 * @param benchmarks a select of their ids
 */
export function reducedMoments(metric: string, reduction: Reduction, benchmarks: Fragment): Fragment {
  const values = sql.fragment`
    select * from (
      select e.benchmark_id, ${sampleOf("e")} as sample, e.repetition, ${metricValue(metric)} as value
      from evaluations e where e.benchmark_id in (${benchmarks})
    ) v where value is not null`;
  return sql.fragment`
    select
      v.benchmark_id, count(*) as count, ${exactSum(sql.fragment`v.value`)} as sum,
      regr_sxx(v.value, v.value) as m2, min(v.value) as min, max(v.value) as max
    from (${reducedValues(values, sql.fragment`v.benchmark_id, v.sample`, reduction)}) v
    group by v.benchmark_id`;
}

const aggregates = {
  mean: sql.fragment`avg(v.value)`,
  median: sql.fragment`percentile_cont(0.5) within group (order by v.value)`,
  max: sql.fragment`max(v.value)`,
  mode: sql.fragment`(
    select u.value from unnest(array_agg(v.value order by v.repetition)) with ordinality u (value, place)
    group by u.value order by count(*) desc, min(u.place) limit 1
  )`,
};

// Without a row for each value that lacks: a million may be wanted. The value is below all or above all, so
// the place in order of what is there tells the median.
const filledAggregates = (lacking: Fragment, value: Fragment, isBound: boolean) => ({
  mean: sql.fragment`(sum(v.value) + ${lacking} * ${value}) / (count(v.value) + ${lacking})`,
  median: sql.fragment`(
    select avg(coalesce((array_agg(v.value order by v.value))[
      (half + 1 - case when ${value} <= min(v.value) then ${lacking} else 0 end)::integer
    ], ${value}))
    from unnest(array[(count(v.value) + ${lacking} - 1) / 2, (count(v.value) + ${lacking}) / 2]) half
  )`,
  max: sql.fragment`greatest(max(v.value), case when ${lacking} > 0 then ${value} end)`,
  mode: isBound
    ? boundOfMode(lacking, value)
    : sql.fragment`(
    select u.value from (
      select *, 1 as times from unnest(array_agg(v.value order by v.repetition)) with ordinality u (value, place)
      union all select ${value}, count(v.value) + 1, ${lacking}
    ) u
    group by u.value order by sum(u.times) desc, min(u.place) limit 1
  )`,
});

/**
 * The least mode, or the greatest, that the lacking values allow: of those that are as frequent as any other
 * if all of the lacking are the same.
 */
const boundOfMode = (lacking: Fragment, end: Fragment) => sql.fragment`
  case when ${lacking} = 0 then ${aggregates.mode} else (
    select case when ${end} <= min(v.value) then min(u.value) else max(u.value) end
    from (
      select t.value, t.times, max(t.times) over () as most
      from (
        select u.value, count(*) as times from unnest(array_agg(v.value)) u (value) group by u.value
        union all select ${end}, 0
      ) t
    ) u
    where u.times + ${lacking} >= u.most
  ) end`;

/** As `passAnyOf` and `passAllOf` compute it. What must be 0 or 1 is, in spite of logarithms. */
function ofCounts(reducer: "at_least_k" | "pass_at_k" | "pass_hat_k", k: number): Fragment {
  const all = (successes: Fragment) => sql.fragment`
    case when ${successes} < ${k} then 0 else (
      select exp(sum(ln((${successes} - i)::double precision / (v.n - i))))
      from generate_series(0, ${k}::bigint - 1) i
    ) end`;
  const values = {
    at_least_k: sql.fragment`(v.successes >= ${k})::integer::double precision`,
    pass_at_k: sql.fragment`1 - ${all(sql.fragment`(v.n - v.successes)`)}`,
    pass_hat_k: all(sql.fragment`v.successes`),
  };
  return sql.fragment`case when v.n >= ${k} then ${values[reducer]} end`;
}
