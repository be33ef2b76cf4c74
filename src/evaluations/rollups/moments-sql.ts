import { type Fragment, sql } from "../../database/statement/sql.ts";
import { builtInMetrics, failedMetric } from "../metric.ts";

/** sum / count. PostgreSQL refuses results too small for a double, instead of rounding them to zero. */
export const mean = (sum: Fragment, count: Fragment) =>
  sql.fragment`case when abs(${sum}) < 1e-290 then 0 else ${sum} / ${count} end`;

/**
 * The sum of doubles, right to about the last bit however many there are. Their upper 24 bits add up without
 * rounding in the 53 of a double, as long as magnitudes and number leave room; what they leave is so much
 * smaller that its rounding does not count (the splitting is Dekker's: Numerische Mathematik 18, 1971).
 */
export function exactSum(value: Fragment): Fragment {
  const upper = sql.fragment`
    case when abs(${value}) between 1e-30 and 1e30 then ${value}::real::double precision else 0 end`;
  return sql.fragment`sum(${upper}) + sum(${value} - ${upper})`;
}

const partMean = mean(sql.fragment`part.sum`, sql.fragment`part.count`);

/**
 * A `part` adds this to the m2 of parts whose common mean is `part.mean`: the deviations within it and that
 * of its own mean (Chan, Golub and LeVeque, The American Statistician 37(3), 1983, formula 2.1). A part that
 * was taken away has negative figures.
 */
export const deviations = sql.fragment`
  case when abs(${partMean} - part.mean) < 1e-150 then part.m2
    else part.m2 + part.count * (${partMean} - part.mean) ^ 2 end`;

/** The m2 of grouped parts, each with the mean of all of them. */
export const mergedM2 = sql.fragment`greatest(sum(${deviations}), 0)`;

/**
 * Whether a delta is of a metric with a rollup: names that have none, because the benchmark has too many,
 * have deltas all the same until those are folded.
 * @param deltas alias of metric_deltas
 */
export function isKept(deltas: string, metric: string): Fragment {
  if (metric === failedMetric || builtInMetrics.some((name) => name === metric)) return sql.fragment`true`;
  const benchmarkId = sql.identifier([deltas, "benchmark_id"]);
  return sql.fragment`not exists (
    select from stale_rollups s where s.benchmark_id = ${benchmarkId} and not ${metric} = any (s.names)
  )`;
}
