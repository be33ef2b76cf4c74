import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { isReferenceMissing } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { evaluationsOf, isBuiltIn, metricValues } from "../metric.ts";
import { partsOfMany, rollupLock, writtenRollups } from "./parts.ts";

const dueRollups = statement("rollup_due", {
  row: z.object({ id: z.string() }),
  build: (limit: number) => sql.fragment`
    select d.benchmark_id as id
    from (
      select benchmark_id from stale_rollups where is_missing
      union
      select benchmark_id from metric_deltas where count < 0
    ) d
    join benchmarks b on b.id = d.benchmark_id
    left join stale_rollups s on s.benchmark_id = d.benchmark_id
    where coalesce(s.compute_after <= now(), true)
      and not exists (select from benchmark_deletions g where g.benchmark_id = d.benchmark_id)
    order by s.compute_after nulls first, d.benchmark_id limit ${limit}`,
  examples: [[10]],
});

const lockRollup = statement("rollup_compute_lock", {
  row: z.object({ isFree: z.boolean(), isMine: z.boolean(), mark: z.string().nullable() }),
  build: (id: string) => sql.fragment`
    select
      l.is_free, l.is_free and ${rollupLock(sql.fragment`${id}::uuid`)} as is_mine,
      (select xmin::text from stale_rollups where benchmark_id = ${id}) as mark
    from (select pg_try_advisory_xact_lock(hashtextextended('metric_rollups', 0)) as is_free) l`,
  examples: [[example.id]],
});

/** The metrics whose first values alone are many. */
const manyValued = (id: string) => sql.fragment`
  select v.metric
  from (${metricValues(sql.fragment`(
    select *, error is not null as failed from evaluations where benchmark_id = ${id}
    limit ${limits.rollupProbedRows}
  ) e`)}) v
  group by v.metric having count(distinct v.value) > ${limits.fewValues}`;

// One statement, so that what is read and the deltas that are dropped are of one moment: what commits later
// keeps its deltas. It writes, and so gets a transaction id, only once everything has been read.
const computeRollup = statement("rollup_compute", {
  row: z.object({ names: z.array(z.string()).nullable(), leftOut: z.number() }),
  prepared: false,
  build: (id: string) => sql.fragment`
    with many as materialized (
      ${manyValued(id)}
    ), rollup as materialized (
      select
        part.*, ${isBuiltIn(sql.fragment`part.metric`)} as is_built_in, s.names is not null as is_settled,
        case when ${isBuiltIn(sql.fragment`part.metric`)} then true when s.names is not null
          then part.metric = any (s.names)
          else length(part.metric) <= ${limits.nameLength} and row_number() over (
            partition by ${isBuiltIn(sql.fragment`part.metric`)}, length(part.metric) <= ${limits.nameLength}
            order by part.count desc, part.metric
          ) <= ${limits.rollupNames} end as is_kept
      from (
        ${partsOfMany(
          metricValues(evaluationsOf(id)),
          sql.fragment`b.metric not in (select metric from many)`,
        )}
      ) part
      left join stale_rollups s on s.benchmark_id = part.benchmark_id
    ), written as (
      ${writtenRollups(sql.fragment`(select * from rollup where is_kept) r`)}
    ), dropped as (
      delete from metric_rollups where benchmark_id = ${id}
        and metric not in (select metric from rollup where is_kept)
    ), counted as (
      delete from metric_deltas where benchmark_id = ${id} and (select count(*) from rollup) >= 0
    )
    select
      case when count(*) filter (where not is_kept and not is_settled) > 0
        then coalesce(array_agg(metric::text) filter (where is_kept and not is_built_in), '{}') end as names,
      count(*) filter (where not is_kept) as left_out
    from rollup`,
  examples: [[example.id]],
});

// A mark that was set during the computation stays, because its change may have come too late to be seen.
const noteComputed = statement("rollup_note_computed", {
  row: z.object({}),
  prepared: false,
  build: (id: string, mark: string | null, names: string[] | null, leftOut: number) => sql.fragment`
    insert into stale_rollups as s (benchmark_id, is_missing, names_left_out, names, compute_after)
    values (
      ${id}, false, ${leftOut}, ${names && sql.array(names, "text")}::text[],
      clock_timestamp() + greatest(
        ${limits.rollupComputePause} * (clock_timestamp() - now()),
        ${limits.rollupComputeMs} * interval '1 ms'
      )
    )
    on conflict (benchmark_id) do update set
      is_missing = s.is_missing and s.xmin::text is distinct from ${mark}::text,
      names_left_out = excluded.names_left_out, names = coalesce(s.names, excluded.names),
      compute_after = excluded.compute_after`,
  examples: [
    [example.id, null, null, 0],
    [example.id, "1", ["a"], 1],
  ],
});

/**
 * Computes the rollups of benchmarks from their evaluations, if there are none yet or evaluations were
 * removed. No writer waits for it. All servers together compute one benchmark at a time, and each benchmark
 * at most a sixth of the time.
 */
export async function computeRollups(db: Executor): Promise<void> {
  let due: readonly { id: string }[];
  let computed: number;
  let failure: unknown;
  do {
    due = await db.any(dueRollups(limits.rollupComputeBenchmarks));
    computed = 0;
    for (const { id } of due) {
      const outcome = await db
        .transaction((transaction) => computeOne(transaction, id))
        .catch((error) => {
          // The benchmark was deleted meanwhile. Any other failure must not keep the others from their turn.
          if (!isReferenceMissing(error)) failure ??= error;
          return "failed";
        });
      if (outcome === "taken") return;
      if (outcome === "computed") computed++;
    }
  } while (due.length === limits.rollupComputeBenchmarks && computed > 0);
  if (failure) throw failure;
}

/** "taken": another server is at one; "busy": another server is folding this one. */
async function computeOne(db: Executor, id: string): Promise<"computed" | "taken" | "busy"> {
  const { isFree, isMine, mark } = await db.one(lockRollup(id));
  if (!isMine) return isFree ? "busy" : "taken";
  // A separate statement sees what the former holder of the lock has committed.
  const { names, leftOut } = await db.one(computeRollup(id));
  await db.any(noteComputed(id, mark, names, leftOut));
  return "computed";
}
