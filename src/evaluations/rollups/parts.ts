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

const areFew = (entries: Fragment) =>
  sql.fragment`${entries} <= ${sql.literalValue(String(limits.fewValues))}::integer`;

/** Arrays of bins, in ascending order, of the `count` that each has. */
const arraysOf = (b: Fragment, count = sql.fragment`${b}.count`) => sql.fragment`
  array_agg(${b}.bin order by ${b}.bin, ${b}.low) as bins,
  array_agg(${count} order by ${b}.bin, ${b}.low) as bin_counts,
  array_agg(${b}.low order by ${b}.bin, ${b}.low) as bin_lows,
  array_agg(${b}.high order by ${b}.bin, ${b}.low) as bin_highs`;

/**
 * CTEs that keep values apart which share a bin, as long as a metric has few: `entry` has a bin for each.
 * They read a CTE `bin`: bin, metric, benchmark_id, count, low, high, and whether it `has_values` to tell
 * apart. @param values a select of bin, metric, benchmark_id, count and low, the value; of the bins that are
 * `divided`
 * @param condition which bins `b` are looked into
 */
function entriesOf(values: Fragment, condition = sql.fragment`true`): Fragment {
  const isKept = areFew(sql.fragment`(v.others + v.number)`);
  return sql.fragment`
    divided as materialized (
      select * from (
        select bin, metric, benchmark_id, has_values, count(*) over whole as bins,
          count(*) filter (where not has_values) over whole as others
        from bin window whole as (partition by benchmark_id, metric)
      ) b where has_values and ${areFew(sql.fragment`b.bins`)} and ${condition}
    ), value as materialized (
      select v.*, d.others, count(*) over (partition by v.benchmark_id, v.metric) as number
      from (${values}) v
      join divided d on d.bin = v.bin and d.metric = v.metric and d.benchmark_id = v.benchmark_id
    ), entry as (
      select v.bin, v.metric, v.benchmark_id, v.count, v.low, v.low as high from value v where ${isKept}
      union all
      select b.bin, b.metric, b.benchmark_id, b.count, b.low, b.high from bin b
      where not exists (
        select from value v
        where v.bin = b.bin and v.metric = b.metric and v.benchmark_id = b.benchmark_id and ${isKept}
      )
    )`;
}

/** Nothing is read for them where there are none. */
const areDivided = (row: Fragment) => sql.fragment`
  (select count(*) > 0 from divided)
    and (${row}.benchmark_id, ${row}.metric) in (select benchmark_id, metric from divided)`;

/**
 * Parts made of values, one for each benchmark and metric among them. It groups them by each value, and so is
 * for the rows of one statement: see `partsOfMany`.
 * @param values a select of (benchmark_id, metric, value, failed)
 * @param sign -1: they were taken away
 */
export function partsOf(values: Fragment, sign: 1 | -1 = 1): Fragment {
  const signed = (figure: Fragment) => (sign === 1 ? figure : sql.fragment`-${figure}`);
  return sql.fragment`
    select
      part.benchmark_id, part.metric, ${signed(sql.fragment`sum(part.count)`)}::bigint as count,
      ${signed(sql.fragment`sum(part.failed)`)}::bigint as failed,
      ${signed(sql.fragment`sum(part.sum)`)} as sum,
      ${signed(sql.fragment`greatest(sum(part.deviations), 0)`)} as m2, min(part.low) as min,
      max(part.high) as max, ${arraysOf(sql.fragment`part`, signed(sql.fragment`part.count`))}
    from (
      select
        part.bin, part.metric, part.benchmark_id, sum(part.count)::bigint as count,
        sum(part.failed) as failed, sum(part.sum) as sum, sum(${deviations}) as deviations,
        min(part.low) as low, max(part.high) as high
      from (
        select part.*, ${wholeMean} as mean, count(*) over whole as entries
        from (${binnedValues(values, sql.fragment`, v.value`)}) part
        window whole as (partition by part.benchmark_id, part.metric)
      ) part
      group by 1, 2, 3, case when ${areFew(sql.fragment`part.entries`)} then part.low end
    ) part
    group by part.benchmark_id, part.metric`;
}

// The bin first: where the planner sorts, comparing numbers costs a third of comparing names. Adding 0 makes
// 0 of -0.
const binnedValues = (values: Fragment, each = sql.fragment``) => sql.fragment`
  select
    ${binOf(sql.fragment`v.value`)} as bin, v.metric, v.benchmark_id, count(*) as count,
    count(*) filter (where v.failed) as failed, ${exactSum(sql.fragment`v.value`)} as sum,
    regr_sxx(v.value, v.value) as m2, min(v.value) + 0 as low, max(v.value) + 0 as high
  from (${values}) v group by 1, 2, 3${each}`;

/**
 * The same of any number of values, which are read twice where some may be few and share a bin.
 * @param condition of the bins `b` whose values may be few
 */
export function partsOfMany(values: Fragment, condition: Fragment): Fragment {
  const divided = sql.fragment`
    select ${binOf(sql.fragment`v.value`)} as bin, v.metric, v.benchmark_id, count(*) as count,
      v.value + 0 as low
    from (${values}) v where ${areDivided(sql.fragment`v`)} group by 1, 2, 3, 5`;
  return sql.fragment`
    select p.* from (
      with part as materialized (
        ${binnedValues(values)}
      ), bin as materialized (
        select bin, metric, benchmark_id, count, low, high, low < high as has_values from part
      ), ${entriesOf(divided, condition)}
      select
        f.benchmark_id, f.metric, f.count, f.failed, f.sum, f.m2, f.min, f.max, e.bins, e.bin_counts,
        e.bin_lows, e.bin_highs
      from (
        select
          part.benchmark_id, part.metric, sum(part.count)::bigint as count,
          sum(part.failed)::bigint as failed, sum(part.sum) as sum, ${mergedM2} as m2, min(part.low) as min,
          max(part.high) as max
        from (
          select part.*, ${wholeMean} as mean
          from part window whole as (partition by part.benchmark_id, part.metric)
        ) part
        group by part.benchmark_id, part.metric
      ) f
      join (
        select e.benchmark_id, e.metric, ${arraysOf(sql.fragment`e`)}
        from entry e group by e.benchmark_id, e.metric
      ) e on e.benchmark_id = f.benchmark_id and e.metric = f.metric
    ) p`;
}

/** The bins of all parts, by benchmark and metric. */
function mergedBins(parts: Fragment): Fragment {
  const unnested = sql.fragment`
    cross join lateral unnest(part.bins, part.bin_counts, part.bin_lows, part.bin_highs)
      u (bin, count, low, high)`;
  return sql.fragment`
    with bin as materialized (
      select u.bin, part.metric, part.benchmark_id, sum(u.count)::bigint as count, min(u.low) as low,
        max(u.high) as high, not bool_or(u.low < u.high) and min(u.low) < max(u.high) as has_values
      from ${parts} part ${unnested} group by 1, 2, 3 having sum(u.count) > 0
    ), ${entriesOf(sql.fragment`
      select u.bin, part.metric, part.benchmark_id, sum(u.count)::bigint as count, u.low
      from (select * from ${parts} p where ${areDivided(sql.fragment`p`)}) part ${unnested}
      group by 1, 2, 3, 5 having sum(u.count) > 0`)}
    select e.benchmark_id, e.metric, min(e.low) as min, max(e.high) as max, ${arraysOf(sql.fragment`e`)}
    from entry e group by e.benchmark_id, e.metric`;
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
      ${mergedBins(parts)}
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
