import { type Fragment, fragmentOf, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { deviations, exactSum, mean, mergedM2 } from "./moments-sql.ts";

// Here parts of rollups are made and merged; 20240320000001_initial_schema.sql describes them.

/** Whether a value is among those of its metric. */
export const isCountable = (value: number) => Math.abs(value) < limits.metricMagnitude;

/** The bin of a value. 1 has one of its own: many scores end there, and their percentiles are to be exact. */
export function binIndex(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < least) return 0;
  const index = Math.ceil(Math.log(Math.min(magnitude, most)) / Math.log(gamma)) + 1 - firstIndex;
  return Math.sign(value) * (magnitude < 1 ? index : index + 1);
}

/** Largest relative error of a percentile of magnitudes from 1e-9 to 1e12: no values of a bin differ more. */
export const percentileError = 0.01;
/** The upper bound of a bin, divided by its lower one. */
const gamma = 1 + percentileError;
/** Smaller magnitudes share the bin of zero and larger ones a bin. So a metric has at most 9,723 bins. */
const [least, most] = [1e-9, 1e12];
const firstIndex = Math.ceil(Math.log(least) / Math.log(gamma));

/** The columns of a part, in the order in which all selects here answer them. */
export const partColumns = sql.fragment`
  benchmark_id, metric, count, failed, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs`;

// `binIndex` in SQL: DDSketch's index, ceil(log_gamma(magnitude)), from 1 on, mirrored for values below zero.
const binOf = (value: Fragment) => sql.fragment`
  case when abs(${value}) < ${double(least)} then 0
    else (
      sign(${value}) * (
        ceil(ln(least(abs(${value}), ${double(most)})) / ln(${double(gamma)}))
        + ${fragmentOf(String(1 - firstIndex))} + (abs(${value}) >= 1)::integer
      )
    )::integer end`;

function double(value: number): Fragment {
  return sql.fragment`${sql.literalValue(String(value))}::double precision`;
}

const wholeMean = mean(sql.fragment`sum(part.sum) over whole`, sql.fragment`sum(part.count) over whole`);

/**
 * Parts made of values, one for each benchmark and metric among them.
 * @param values a select of (benchmark_id, metric, value, failed)
 * @param sign -1: they were taken away
 */
export function partsOf(values: Fragment, sign: 1 | -1 = 1): Fragment {
  const signed = (figure: Fragment) => (sign === 1 ? figure : sql.fragment`-${figure}`);
  // The bin first: where the planner sorts, comparing numbers costs a third of comparing names.
  return sql.fragment`
    select
      part.benchmark_id, part.metric, ${signed(sql.fragment`sum(part.count)`)}::bigint as count,
      ${signed(sql.fragment`sum(part.failed)`)}::bigint as failed,
      ${signed(sql.fragment`sum(part.sum)`)} as sum, ${signed(mergedM2)} as m2, min(part.low) as min,
      max(part.high) as max, array_agg(part.bin order by part.bin) as bins,
      array_agg(${signed(sql.fragment`part.count`)} order by part.bin) as bin_counts,
      array_agg(part.low order by part.bin) as bin_lows, array_agg(part.high order by part.bin) as bin_highs
    from (
      select part.*, ${wholeMean} as mean
      from (
        select
          ${binOf(sql.fragment`v.value`)} as bin, v.metric, v.benchmark_id, count(*) as count,
          count(*) filter (where v.failed) as failed,
          ${exactSum(sql.fragment`v.value`)} as sum, regr_sxx(v.value, v.value) as m2, min(v.value) as low, max(v.value) as high
        from (${values}) v group by 1, 2, 3
      ) part
      window whole as (partition by part.benchmark_id, part.metric)
    ) part
    group by part.benchmark_id, part.metric`;
}

const isOne = sql.fragment`m.was_taken and b.min = b.max`;

/**
 * Adds parts up, for each benchmark and metric with a value left. It also answers `was_taken`: a part was
 * taken away, so that bins may be wider than their values. And it answers `is_lossy`: so much was subtracted
 * that rounding errors are more than 1e-10 of m2, or may be where squares are too small for a double. They do
 * not matter where all that is left is one value: sum and m2 follow from that.
 * @param cte its name; it has the columns of parts
 */
export function mergedParts(cte: string): Fragment {
  const parts = fragmentOf(cte);
  return sql.fragment`
    select
      m.benchmark_id, m.metric, m.count, m.failed, case when ${isOne} then b.min * m.count else m.sum end as sum,
      case when ${isOne} then 0 else m.m2 end as m2, b.min, b.max, b.bins, b.bin_counts, b.bin_lows,
      b.bin_highs, case when not m.was_taken or b.min = b.max then false
        when m.size > 1e-290 then m.m2 < 1e-5 * m.size else true end as is_lossy, m.was_taken
    from (
      select
        part.benchmark_id, part.metric, max(part.n)::bigint as count,
        sum(part.failed)::bigint as failed, max(part.total) as sum,
        ${mergedM2} as m2, bool_or(part.count < 0) as was_taken, sum(abs(${deviations})) as size
      from (
        select part.*, ${mean(sql.fragment`part.total`, sql.fragment`part.n`)} as mean
        from (
          select part.*, sum(part.count) over whole as n, sum(part.sum) over whole as total
          from ${parts} part window whole as (partition by part.benchmark_id, part.metric)
        ) part
        where part.n > 0
      ) part
      group by part.benchmark_id, part.metric
    ) m
    join (
      select
        b.benchmark_id, b.metric, min(b.low) as min, max(b.high) as max,
        array_agg(b.bin order by b.bin) as bins, array_agg(b.count order by b.bin) as bin_counts,
        array_agg(b.low order by b.bin) as bin_lows, array_agg(b.high order by b.bin) as bin_highs
      from (
        select u.bin, part.metric, part.benchmark_id, sum(u.count)::bigint as count, min(u.low) as low,
          max(u.high) as high
        from ${parts} part
        cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs)
          u (bin, count, low, high)
        group by 1, 2, 3 having sum(u.count) > 0
      ) b
      group by b.benchmark_id, b.metric
    ) b on b.benchmark_id = m.benchmark_id and b.metric = m.metric`;
}

/**
 * Writes parts over those that their benchmarks have.
 * @param parts what follows `from`: one for each benchmark and metric
 */
export const writtenRollups = (parts: Fragment) => sql.fragment`
  insert into metric_rollups (${partColumns}, dataset)
  select ${partColumns}, b.dataset from ${parts} join benchmarks b on b.id = benchmark_id
  on conflict (benchmark_id, metric) do update set
    count = excluded.count, failed = excluded.failed, sum = excluded.sum, m2 = excluded.m2, min = excluded.min, max = excluded.max,
    bins = excluded.bins, bin_counts = excluded.bin_counts, bin_lows = excluded.bin_lows,
    bin_highs = excluded.bin_highs`;

/**
 * Takes the base of a benchmark's rollups until the end of the transaction; false where another has it. A
 * lock of its own, since one on a row would give the transaction an id: those who read events would have to
 * wait for it while a base is computed, which takes seconds.
 */
export const rollupLock = (id: Fragment) =>
  sql.fragment`pg_try_advisory_xact_lock(hashtextextended('metric_rollups:' || ${id}::text, 0))`;
