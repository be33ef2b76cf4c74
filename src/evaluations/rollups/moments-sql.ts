import { type Fragment, sql } from "../../database/statement/sql.ts";
import { builtInMetrics, failedMetric } from "../metric.ts";

/**
 * sum / count. PostgreSQL refuses results that are too small for a double, rather than to round them to zero.
 */
export const mean = (sum: Fragment, count: Fragment) =>
  sql.fragment`case when abs(${sum}) < 1e-290 then 0 else ${sum} / ${count} end`;

const partMean = mean(sql.fragment`p.sum`, sql.fragment`p.count`);

/**
 * What a part `p` adds to the m2 of parts whose common mean is `p.mean`: the deviations within it and that of
 * its own mean (Chan, Golub and LeVeque, The American Statistician 37(3), 1983, formula 2.1). A part that was
 * taken away has negative figures.
 */
export const deviations = sql.fragment`
  case when abs(${partMean} - p.mean) < 1e-150 then p.m2
    else p.m2 + p.count * (${partMean} - p.mean) ^ 2 end`;

/** m2 of grouped parts `p` that have the mean of all of them. */
export const mergedM2 = sql.fragment`greatest(sum(${deviations}), 0)`;

/**
 * Whether a delta is of a metric with a rollup: names that have none, because the benchmark has too many, have
 * deltas all the same until those are folded.
 * @param deltas alias of metric_deltas
 */
export function isKept(deltas: string, metric: string): Fragment {
  if (metric === failedMetric || builtInMetrics.some((name) => name === metric)) return sql.fragment`true`;
  const benchmarkId = sql.identifier([deltas, "benchmark_id"]);
  return sql.fragment`not exists (
    select from stale_rollups s where s.benchmark_id = ${benchmarkId} and not ${metric} = any (s.names)
  )`;
}
