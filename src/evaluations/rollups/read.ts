import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { numbersOf } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import { inSlices } from "../../slices.ts";
import { isBuiltIn } from "../metric.ts";
import { areSamplesKept, changedSamples, groupsAsJson, groupsNow } from "../samples/parts.ts";
import type { SampleGroup } from "../samples/reduce.ts";
import { type Figures, summaryFractions } from "../summary/summary.ts";
import { type Histogram, percentiles } from "./histogram.ts";
import { mergedParts, partColumns, percentileError } from "./parts.ts";

interface Rollups {
  /** False: each evaluation is a sample, and the figures have no groups of samples. */
  isRepeated: boolean;
  figures: Figures[];
  /** Largest relative error of a percentile of those asked for. */
  percentileError: number;
  /** At least so many metrics have none. */
  namesLeftOut: number;
}

const bytes = z.instanceof(Buffer);

/** The bins of a part `p`, as `binsOf` reads them. */
export const binsRow = { counts: bytes, lows: bytes, highs: bytes };

export const packedBins = (p: Fragment) => sql.fragment`
  coalesce(array_send(${p}.bin_counts), '') as counts, coalesce(array_send(${p}.bin_lows), '') as lows,
  coalesce(array_send(${p}.bin_highs), '') as highs`;

export function binsOf({ counts, lows, highs }: Record<keyof typeof binsRow, Buffer>): Histogram {
  return {
    counts: numbersOf("int8", counts),
    lows: numbersOf("float8", lows),
    highs: numbersOf("float8", highs),
  };
}

const isAsked = sql.fragment`
  (cardinality(names) = 0 or metric = any (names) or ${isBuiltIn(sql.fragment`metric`)})`;

const fits = sql.fragment`not (select is_too_large from size)`;

const rollupRow = z.object({
  metric: z.string().nullable(),
  count: z.number(),
  failed: z.number(),
  sum: z.number(),
  m2: z.number(),
  min: z.number(),
  max: z.number(),
  ...binsRow,
  groups: z.custom<SampleGroup[]>().nullable(),
  isLossy: z.boolean(),
  wasTaken: z.boolean(),
  isMissing: z.boolean(),
  isRepeated: z.boolean(),
  namesLeftOut: z.number(),
});

const noSamples = {
  ctes: sql.fragment``,
  groups: sql.fragment`null::jsonb`,
  join: sql.fragment``,
  areMissing: sql.fragment`false`,
};

/** The groups of samples of each metric, as of the moment of the rest. */
function samplesOf(id: string, names: Fragment): typeof noSamples {
  const one = sql.fragment`${id}::uuid`;
  const kept = sql.fragment`select id from kept`;
  const wanted = sql.fragment`
    (cardinality(${names}) = 0 or metric = any (${names}) or ${isBuiltIn(sql.fragment`metric`)})`;
  return {
    ctes: sql.fragment`
      kept as materialized (select ${one} as id where ${areSamplesKept(one)}), ${changedSamples(kept)},
      grouped as (
        select g.metric, ${groupsAsJson(sql.fragment`g`)} as groups
        from (${groupsNow(wanted, kept)}) g group by g.metric
      ),`,
    groups: sql.fragment`g.groups`,
    join: sql.fragment`left join grouped g on g.metric = m.metric`,
    areMissing: sql.fragment`not exists (${kept})`,
  };
}

// One row a metric, and one without where there is none. What no delta has been added to since the last fold
// is answered as it is.
function readingOf(id: string, given: readonly string[], hasSamples: boolean): Fragment {
  const names = sql.fragment`${sql.array(given, "text")}`;
  const samples = hasSamples ? samplesOf(id, names) : noSamples;
  return sql.fragment`
    with ${samples.ctes} asked as (
      select ${names} as names
    ), delta as (
      select ${partColumns} from metric_deltas, asked where benchmark_id = ${id} and ${isAsked}
    ), base as (
      select ${partColumns} from metric_rollups, asked where benchmark_id = ${id} and ${isAsked}
    ), size as (
      select coalesce(sum(cardinality(bins)), 0) > ${limits.rollupBins} as is_too_large
      from (select bins from base union all select bins from delta) p
    ), part as (
      select * from delta where ${fits}
      union all
      select * from base where ${fits} and metric in (select metric from delta)
    ), merged as (
      select *, false as is_lossy, false as was_taken from base where ${fits} and metric not in (select metric from delta)
      union all
      ${mergedParts("part")}
    )
    select
      m.metric, coalesce(m.count, 0) as count, coalesce(m.failed, 0) as failed, coalesce(m.sum, 0) as sum, coalesce(m.m2, 0) as m2,
      coalesce(m.min, 0) as min, coalesce(m.max, 0) as max, ${packedBins(sql.fragment`m`)},
      ${samples.groups} as groups, coalesce(m.is_lossy, false) as is_lossy,
      coalesce(m.was_taken, false) as was_taken,
      coalesce(s.is_missing, false) or size.is_too_large or ${samples.areMissing} as is_missing,
      exists (select from repeated_benchmarks r where r.benchmark_id = one.id) as is_repeated,
      coalesce(s.names_left_out, 0) as names_left_out
    from (select ${id}::uuid as id) one cross join size
    left join stale_rollups s on s.benchmark_id = one.id
    left join merged m on s.names is null or m.metric = any (s.names)
      or ${isBuiltIn(sql.fragment`m.metric`)}
    ${samples.join}`;
}

const rollupsOfBenchmark = statement("rollup_read", {
  row: rollupRow,
  build: (id: string, names: readonly string[]) => readingOf(id, names, false),
  examples: [[example.id, ["a"]]],
});

// A plan kept from empty tables would read all evaluations.
export const rollupsOfRepeated = statement("rollup_read_repeated", {
  row: rollupRow,
  prepared: false,
  build: (id: string, names: readonly string[]) => readingOf(id, names, true),
  examples: [[example.id, ["a"]]],
});

const readings = { plain: rollupsOfBenchmark, repeated: rollupsOfRepeated };

/**
 * Undefined where the figures have to be computed from the evaluations: for now, or because the aggregates
 * have so many different values that reading them takes more memory than that.
 * @param names which metrics beside the built-in ones; none: all
 * @param hasSamples whether to read the samples too
 */
export async function readRollups(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
  hasSamples: boolean,
): Promise<Rollups | undefined> {
  const rows = await db.any(readings[hasSamples ? "repeated" : "plain"](benchmarkId, names));
  const isRepeated = rows.some((row) => row.isRepeated);
  if (rows.some(({ isMissing, isLossy }) => isMissing || isLossy)) return undefined;
  const figures: Figures[] = [];
  let areExact = true;
  await inSlices(rows.length, (index) => {
    const { metric: name, count, failed, sum, m2, min, max, ...row } = rows[index] as (typeof rows)[number];
    if (name === null) return;
    const { values, isExact } = percentiles(binsOf(row), summaryFractions, !row.wasTaken);
    if (!isExact && (names.length === 0 || names.includes(name))) areExact = false;
    figures.push({ name, count, failed, sum, m2, min, max, percentiles: values, groups: row.groups });
  });
  const namesLeftOut = rows[0]?.namesLeftOut ?? 0;
  return { isRepeated, figures, percentileError: areExact ? 0 : percentileError, namesLeftOut };
}

/** The bins of one metric's values; undefined where they have to be read from the evaluations. */
export async function readHistogram(
  db: Executor,
  benchmarkId: string,
  metric: string,
): Promise<Histogram | undefined> {
  const rows = await db.any(rollupsOfBenchmark(benchmarkId, [metric]));
  const row = rows.find((one) => one.metric === metric);
  const isLeftOut = row === undefined && rows.some(({ namesLeftOut }) => namesLeftOut > 0);
  if (isLeftOut || rows.some(({ isMissing }) => isMissing)) return undefined;
  return row ? binsOf(row) : { counts: [], lows: [], highs: [] };
}
