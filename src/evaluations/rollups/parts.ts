import { type Fragment, fragmentOf, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { deviations, mean, mergedM2 } from "./moments-sql.ts";

// The parts of rollups, as 20240320000001_initial_schema.sql describes them, and how they are made and
// merged.

/** Whether a value is among those of its metric. */
export const isCountable = (value: number) => Math.abs(value) < limits.metricMagnitude;

/** The bin of a value. */
export function binIndex(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < least) return 0;
  return (
    Math.sign(value) * (Math.ceil(Math.log(Math.min(magnitude, most)) / Math.log(gamma)) + 1 - firstIndex)
  );
}

/**
 * Largest relative error of a percentile, of values with magnitudes from 1e-9 to 1e12: no two values of a bin
 * are further apart.
 */
export const percentileError = 0.01;
/** The upper bound of a bin, divided by its lower one. */
const gamma = 1 + percentileError;
/**
 * Magnitudes below the first count as zero; those above the last share a bin. That bounds the bins of a
 * metric to 9,721.
 */
const [least, most] = [1e-9, 1e12];
const firstIndex = Math.ceil(Math.log(least) / Math.log(gamma));

/** The columns of a part, in the order in which all selects here answer them. */
export const partColumns = sql.fragment`
  benchmark_id, metric, count, sum, m2, min, max, bins, bin_counts, bin_lows, bin_highs`;

// `binIndex` in SQL: DDSketch's index, ceil(log_gamma(magnitude)), from 1 on, and its mirror image for values
// below zero.
const binOf = (value: Fragment) => sql.fragment`
  case when abs(${value}) < ${double(least)} then 0
    else (
      sign(${value}) * (
        ceil(ln(least(abs(${value}), ${double(most)})) / ln(${double(gamma)}))
        + ${fragmentOf(String(1 - firstIndex))}
      )
    )::integer end`;

function double(value: number): Fragment {
  return sql.fragment`${sql.literalValue(String(value))}::double precision`;
}

/**
 * Parts made of values, one for each benchmark and metric among them.
 * @param values a select of (benchmark_id, metric, value)
 * @param sign -1: they were taken away
 */
export function partsOf(values: Fragment, sign: 1 | -1 = 1): Fragment {
  const signed = (figure: Fragment) => (sign === 1 ? figure : sql.fragment`-${figure}`);
  // The bin first: where the planner sorts, comparing numbers costs a third of comparing names.
  return sql.fragment`
    select
      p.benchmark_id, p.metric, ${signed(sql.fragment`sum(p.count)`)}::bigint as count,
      ${signed(sql.fragment`sum(p.sum)`)} as sum, ${signed(mergedM2)} as m2, min(p.low) as min,
      max(p.high) as max, array_agg(p.bin order by p.bin) as bins,
      array_agg(${signed(sql.fragment`p.count`)} order by p.bin) as bin_counts,
      array_agg(p.low order by p.bin) as bin_lows, array_agg(p.high order by p.bin) as bin_highs
    from (
      select p.*, ${mean(sql.fragment`sum(p.sum) over whole`, sql.fragment`sum(p.count) over whole`)} as mean
      from (
        select
          ${binOf(sql.fragment`v.value`)} as bin, v.metric, v.benchmark_id, count(*) as count,
          sum(v.value) as sum, regr_sxx(v.value, v.value) as m2, min(v.value) as low, max(v.value) as high
        from (${values}) v group by 1, 2, 3
      ) p
      window whole as (partition by p.benchmark_id, p.metric)
    ) p
    group by p.benchmark_id, p.metric`;
}

/**
 * What parts hold together, for each benchmark and metric of which a value is left. Also answers `is_lossy`:
 * so much was taken away that m2 is made of rounding errors by more than 1e-10.
 * @param cte its name; it has the columns of parts
 */
export function mergedParts(cte: string): Fragment {
  const parts = sql.identifier([cte]);
  return sql.fragment`
    select
      m.benchmark_id, m.metric, m.count, m.sum, m.m2, b.min, b.max, b.bins, b.bin_counts, b.bin_lows,
      b.bin_highs, case when m.was_taken and m.size > 1e-290 then m.m2 < 1e-5 * m.size
        else false end as is_lossy
    from (
      select
        p.benchmark_id, p.metric, max(p.n)::bigint as count, max(p.total) as sum, ${mergedM2} as m2,
        bool_or(p.count < 0) as was_taken, sum(abs(${deviations})) as size
      from (
        select p.*, ${mean(sql.fragment`p.total`, sql.fragment`p.n`)} as mean
        from (
          select p.*, sum(p.count) over whole as n, sum(p.sum) over whole as total
          from ${parts} p window whole as (partition by p.benchmark_id, p.metric)
        ) p
        where p.n > 0
      ) p
      group by p.benchmark_id, p.metric
    ) m
    join (
      select
        b.benchmark_id, b.metric, min(b.low) as min, max(b.high) as max,
        array_agg(b.bin order by b.bin) as bins, array_agg(b.count order by b.bin) as bin_counts,
        array_agg(b.low order by b.bin) as bin_lows, array_agg(b.high order by b.bin) as bin_highs
      from (
        select u.bin, p.metric, p.benchmark_id, sum(u.count)::bigint as count, min(u.low) as low,
          max(u.high) as high
        from ${parts} p
        cross join lateral unnest(p.bins, p.bin_counts, p.bin_lows, p.bin_highs) u (bin, count, low, high)
        group by 1, 2, 3 having sum(u.count) > 0
      ) b
      group by b.benchmark_id, b.metric
    ) b on b.benchmark_id = m.benchmark_id and b.metric = m.metric`;
}

/**
 * Takes the base of a benchmark's rollups until the end of the transaction; false where another has it. A
 * lock of its own, since one on a row would give the transaction an id: those who read events would have to
 * wait for it while a base is computed, which takes seconds.
 */
export const rollupLock = (id: Fragment) =>
  sql.fragment`pg_try_advisory_xact_lock(hashtextextended('metric_rollups:' || ${id}::text, 0))`;
