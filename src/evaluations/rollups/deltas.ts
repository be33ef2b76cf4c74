import { type Fragment, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { partsOfBatch } from "../batch-parts.ts";
import type { ParsedEvaluation } from "../input.ts";
import { isBuiltIn, metricValuesOfCte } from "../metric.ts";
import { partColumns, partsOf } from "./parts.ts";

/**
 * CTEs that add what a statement inserted to the rollups. If that is all it was given, their parts are made
 * here: aggregating 1,000 rows in the database costs 10 ms, half of what storing them does.
 * @param cte its name, with the columns of metrics, `benchmark_id` and `failed`
 * @param rows what was to be inserted
 */
export function addedRollups(cte: string, rows: readonly ParsedEvaluation[]): Fragment {
  const inserted = sql.fragment`(select count(*) from ${sql.identifier([cte])})`;
  return sql.fragment`
    some_inserted as (
      select * from ${sql.identifier([cte])} where ${inserted} < ${rows.length}
    ), ${deltas(sql.fragment`
      select * from (${partsOfBatch(rows)}) given where ${inserted} = ${rows.length}
      union all ${partsOf(metricValuesOfCte("some_inserted"))}`)}`;
}

/** CTEs that take what a statement deleted out of the rollups: see `addedRollups`. */
export function takenRollups(cte: string): Fragment {
  return deltas(partsOf(metricValuesOfCte(cte), -1));
}

/**
 * CTEs that move rollups from one state of evaluations to another, in the metrics that differ.
 * @param before name of the CTE with the state before: see `addedRollups`
 * @param after name of the one with the state after
 */
export function movedRollups(before: string, after: string): Fragment {
  const [was, is] = [metricValuesOfCte(before), metricValuesOfCte(after)];
  return deltas(sql.fragment`
    ${partsOf(sql.fragment`(${was}) except (${is})`, -1)}
    union all ${partsOf(sql.fragment`(${is}) except (${was})`)}`);
}

// A statement writes no more names of a benchmark than it may have, those it has once that is settled. What
// had to be left out can then be read from the evaluations only, until maintenance has settled on the names.
function deltas(parts: Fragment): Fragment {
  return sql.fragment`
    rollup as (
      select
        part.*, ${isBuiltIn(sql.fragment`part.metric`)} as is_built_in,
        length(part.metric) <= ${sql.literalValue(String(limits.nameLength))}::integer
          and dense_rank() over (
            partition by part.benchmark_id, ${isBuiltIn(sql.fragment`part.metric`)} order by part.metric
          ) <= ${sql.literalValue(String(limits.rollupNames))}::integer as fits
      from (${parts}) part left join stale_rollups s on s.benchmark_id = part.benchmark_id
      where s.names is null or part.metric = any (s.names) or ${isBuiltIn(sql.fragment`part.metric`)}
    ), rolled_up as (
      insert into metric_deltas (${partColumns})
      select ${partColumns} from rollup where fits or is_built_in
    ), overflown as (
      insert into stale_rollups (benchmark_id, is_missing)
      select distinct benchmark_id, true from rollup where not fits and not is_built_in order by benchmark_id
      on conflict (benchmark_id) do update set is_missing = true
    )`;
}
