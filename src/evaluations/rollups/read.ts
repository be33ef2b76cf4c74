import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { numbersOf } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import { inSlices } from "../../slices.ts";
import { isBuiltIn } from "../metric.ts";
import { type Figures, summaryFractions } from "../summary/summary.ts";
import { percentiles } from "./histogram.ts";
import { mergedParts, partColumns, percentileError } from "./parts.ts";

interface Rollups {
  figures: Figures[];
  /** Largest relative error of a percentile of those asked for. */
  percentileError: number;
  /** At least so many metrics have none. */
  namesLeftOut: number;
}

const bytes = z.instanceof(Buffer);

const isAsked = sql.fragment`
  (cardinality(names) = 0 or metric = any (names) or ${isBuiltIn(sql.fragment`metric`)})`;

const fits = sql.fragment`not (select is_too_large from size)`;

// One row a metric, and one without where there is none. What no delta has been added to since the last fold
// is answered as it is.
const rollupsOfBenchmark = statement("rollup_read", {
  row: z.object({
    metric: z.string().nullable(),
    count: z.number(),
    sum: z.number(),
    m2: z.number(),
    min: z.number(),
    max: z.number(),
    counts: bytes,
    lows: bytes,
    highs: bytes,
    isLossy: z.boolean(),
    wasTaken: z.boolean(),
    isMissing: z.boolean(),
    namesLeftOut: z.number(),
  }),
  build: (id: string, names: readonly string[]) => sql.fragment`
    with asked as (
      select ${sql.array(names, "text")} as names
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
      m.metric, coalesce(m.count, 0) as count, coalesce(m.sum, 0) as sum, coalesce(m.m2, 0) as m2,
      coalesce(m.min, 0) as min, coalesce(m.max, 0) as max, coalesce(array_send(m.bin_counts), '') as counts,
      coalesce(array_send(m.bin_lows), '') as lows, coalesce(array_send(m.bin_highs), '') as highs,
      coalesce(m.is_lossy, false) as is_lossy,
      coalesce(m.was_taken, false) as was_taken,
      coalesce(s.is_missing, false) or size.is_too_large as is_missing,
      coalesce(s.names_left_out, 0) as names_left_out
    from (select ${id}::uuid as id) one cross join size
    left join stale_rollups s on s.benchmark_id = one.id
    left join merged m on s.names is null or m.metric = any (s.names)
      or ${isBuiltIn(sql.fragment`m.metric`)}`,
  examples: [[example.id, ["a"]]],
});

/**
 * Undefined where the figures have to be computed from the evaluations: for now, or because the aggregates
 * have so many different values that reading them takes more memory than that.
 * @param names which metrics beside the built-in ones; none: all
 */
export async function readRollups(
  db: Executor,
  benchmarkId: string,
  names: readonly string[],
): Promise<Rollups | undefined> {
  const rows = await db.any(rollupsOfBenchmark(benchmarkId, names));
  if (rows.some(({ isMissing, isLossy }) => isMissing || isLossy)) return undefined;
  const figures: Figures[] = [];
  let areExact = true;
  await inSlices(rows.length, (index) => {
    const { metric: name, count, sum, m2, min, max, ...row } = rows[index] as (typeof rows)[number];
    if (name === null) return;
    const counts = numbersOf("int8", row.counts);
    const [lows, highs] = [numbersOf("float8", row.lows), numbersOf("float8", row.highs)];
    const { values, isExact } = percentiles({ counts, lows, highs }, summaryFractions, !row.wasTaken);
    if (!isExact && (names.length === 0 || names.includes(name))) areExact = false;
    figures.push({ name, count, sum, m2, min, max, percentiles: values });
  });
  const namesLeftOut = rows[0]?.namesLeftOut ?? 0;
  return { figures, percentileError: areExact ? 0 : percentileError, namesLeftOut };
}
