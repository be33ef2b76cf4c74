import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { numbersOf } from "../../database/statement/table.ts";
import { isBuiltIn } from "../metric.ts";
import { type Figures, summaryFractions } from "../summary/summary.ts";
import { percentiles } from "./histogram.ts";
import { mergedParts, partColumns } from "./parts.ts";

interface Rollups {
  figures: Figures[];
  /** At least so many metrics have none. */
  namesLeftOut: number;
}

const bytes = z.instanceof(Buffer);

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
    isMissing: z.boolean(),
    namesLeftOut: z.number(),
  }),
  build: (id: string) => sql.fragment`
    with delta as (
      select ${partColumns} from metric_deltas where benchmark_id = ${id}
    ), base as (
      select ${partColumns} from metric_rollups where benchmark_id = ${id}
    ), part as (
      select * from delta union all select * from base where metric in (select metric from delta)
    ), merged as (
      select *, false as is_lossy from base where metric not in (select metric from delta)
      union all
      ${mergedParts("part")}
    )
    select
      m.metric, coalesce(m.count, 0) as count, coalesce(m.sum, 0) as sum, coalesce(m.m2, 0) as m2,
      coalesce(m.min, 0) as min, coalesce(m.max, 0) as max, coalesce(array_send(m.bin_counts), '') as counts,
      coalesce(array_send(m.bin_lows), '') as lows, coalesce(array_send(m.bin_highs), '') as highs,
      coalesce(m.is_lossy, false) as is_lossy, coalesce(s.is_missing, false) as is_missing,
      coalesce(s.names_left_out, 0) as names_left_out
    from (select ${id}::uuid as id) one
    left join stale_rollups s on s.benchmark_id = one.id
    left join merged m on s.names is null or m.metric = any (s.names)
      or ${isBuiltIn(sql.fragment`m.metric`)}`,
  examples: [[example.id]],
});

/** Undefined where the figures have to be computed from the evaluations for now. */
export async function readRollups(db: Executor, benchmarkId: string): Promise<Rollups | undefined> {
  const rows = await db.any(rollupsOfBenchmark(benchmarkId));
  const figures: Figures[] = [];
  let namesLeftOut = 0;
  for (const row of rows) {
    if (row.isMissing || row.isLossy) return undefined;
    namesLeftOut = row.namesLeftOut;
    if (row.metric === null) continue;
    const { metric: name, count, sum, m2, min, max } = row;
    const counts = numbersOf("int8", row.counts);
    const [lows, highs] = [numbersOf("float8", row.lows), numbersOf("float8", row.highs)];
    const stddev = count < 2 ? null : Math.sqrt(m2 / (count - 1));
    const fractions = percentiles({ counts, lows, highs }, summaryFractions);
    figures.push({ name, count, sum, mean: sum / count, stddev, min, max, percentiles: fractions });
  }
  return { figures, namesLeftOut };
}
