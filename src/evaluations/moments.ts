import { type Fragment, sql } from "../database/sql.ts";
import { builtInMetrics, failedMetric, metricValue } from "./metric.ts";

/** Whose moments: of all benchmarks on a dataset, or of those whose ids a select answers. */
export type Whose = { dataset: string } | { ids: Fragment };

/**
 * A select of what one metric's values come to, true right after each commit: `benchmark_id`, `count` (> 0), `sum`, `mean` and `m2` (the
 * sum of squared deviations from the mean, so that m2 / (count − 1) is the sample variance). One row a benchmark that has such values.
 *
 * Read from base + deltas, whose size has nothing to do with how many evaluations there are. A benchmark whose base is still to be
 * computed, as after an upgrade, is computed from its evaluations instead.
 * @param metric a name as in summaries. Benchmarks with too many metrics have no row where it is one that was left out.
 */
export function metricMoments(metric: string, whose: Whose): Fragment {
  const among = (id: Fragment) =>
    "dataset" in whose
      ? sql.fragment`${id} in (select b.id from benchmarks b where b.dataset = ${whose.dataset})`
      : sql.fragment`${id} in (${whose.ids})`;
  const base = sql.fragment`
    select r.benchmark_id, r.count, r.sum, r.m2 from metric_rollups r
    where r.metric = ${metric} and ${
      "dataset" in whose ? sql.fragment`r.dataset = ${whose.dataset}` : among(sql.fragment`r.benchmark_id`)
    }`;
  const hasDeltas = sql.fragment`exists (select from metric_deltas d where d.benchmark_id = r.benchmark_id)`;
  const incomplete = sql.fragment`
    select s.benchmark_id from stale_rollups s where s.is_missing and ${among(sql.fragment`s.benchmark_id`)}`;
  return sql.fragment`
    select r.benchmark_id, r.count, r.sum, ${mean(sql.fragment`r.sum`, sql.fragment`r.count`)} as mean, r.m2
    from (${base}) r where not ${hasDeltas} and r.benchmark_id not in (${incomplete})
    union all
    select p.benchmark_id, max(p.n)::bigint as count, max(p.total) as sum, max(p.mean) as mean, ${mergedM2} as m2
    from (
      select p.*, ${mean(sql.fragment`p.total`, sql.fragment`p.n`)} as mean
      from (
        select p.*, sum(p.count) over (partition by p.benchmark_id) as n, sum(p.sum) over (partition by p.benchmark_id) as total
        from (
          select r.* from (${base}) r where ${hasDeltas}
          union all
          select d.benchmark_id, d.count, d.sum, d.m2 from metric_deltas d
          where d.metric = ${metric} and ${among(sql.fragment`d.benchmark_id`)} and ${isKept(metric)}
        ) p
        where p.benchmark_id not in (${incomplete})
      ) p
      where p.n > 0
    ) p
    group by p.benchmark_id
    union all
    select v.benchmark_id, count(v.value) as count, sum(v.value) as sum, avg(v.value) as mean, regr_sxx(v.value, v.value) as m2
    from (
      select e.benchmark_id, ${metricValue(metric)} as value from evaluations e where e.benchmark_id in (${incomplete})
    ) v
    where v.value is not null group by v.benchmark_id`;
}

/** sum / count. PostgreSQL refuses results that are too small for a double, rather than to round them to zero. */
export const mean = (sum: Fragment, count: Fragment) =>
  sql.fragment`case when abs(${sum}) < 1e-290 then 0 else ${sum} / ${count} end`;

const partMean = mean(sql.fragment`p.sum`, sql.fragment`p.count`);

/**
 * What a part `p` adds to the m2 of parts whose common mean is `p.mean`: the deviations within it and that of its own mean (Chan, Golub
 * and LeVeque, The American Statistician 37(3), 1983, formula 2.1). A part that was taken away has negative figures.
 */
export const deviations = sql.fragment`
  case when abs(${partMean} - p.mean) < 1e-150 then p.m2 else p.m2 + p.count * (${partMean} - p.mean) ^ 2 end`;

/** m2 of grouped parts `p` that have the mean of all of them. */
export const mergedM2 = sql.fragment`greatest(sum(${deviations}), 0)`;

/** Of deltas `d`: names that have no rollup, because the benchmark has too many, have deltas all the same until those are folded. */
export function isKept(metric: string): Fragment {
  if (metric === failedMetric || builtInMetrics.some((name) => name === metric)) return sql.fragment`true`;
  return sql.fragment`not exists (
    select from stale_rollups s where s.benchmark_id = d.benchmark_id and not ${metric} = any (s.names)
  )`;
}
