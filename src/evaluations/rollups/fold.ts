import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { lowestId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { isBuiltIn } from "../metric.ts";
import { mergedParts, partColumns, rollupLock, writtenRollups } from "./parts.ts";

// Candidates come from one benchmark to the next by the primary key, however many deltas each has. One being
// deleted, or whose base another server computes or folds, is left for later.
const lockRollups = statement("rollup_fold_lock", {
  row: z.object({ id: z.string(), state: z.enum(["mine", "gone", "busy"]) }),
  build: (after: string, limit: number) => sql.fragment`
    with recursive candidate as (
      (
        select benchmark_id as id from metric_deltas
        where benchmark_id > ${after} order by benchmark_id limit 1
      )
      union all
      select d.id from candidate c cross join lateral (
        select benchmark_id as id from metric_deltas where benchmark_id > c.id order by benchmark_id limit 1
      ) d
    ), listed as (
      select id from candidate limit ${limit}
    ), there as materialized (
      select id from benchmarks where id in (select id from listed) order by id for key share skip locked
    )
    select
      s.id,
      case when t.id is not null then case when ${rollupLock(sql.fragment`t.id`)} then 'mine' else 'busy' end
        when exists (select from benchmarks b where b.id = s.id) then 'busy' else 'gone' end as state
    from listed s left join there t on t.id = s.id
    order by s.id`,
  examples: [[lowestId, 10]],
});

// Names beyond those that there may be are left out from now on: see stale_rollups.names.
const foldDeltas = statement("rollup_fold", {
  row: z.object({ folded: z.number() }),
  build: (ids: readonly string[], limit: number) => sql.fragment`
    with folded as (
      delete from metric_deltas where ctid = any (array(
        select ctid from metric_deltas
        where benchmark_id = any (${arrayOf("uuid", ids)}) and count > 0 limit ${limit}
      ))
      returning *
    ), named as (
      select
        n.benchmark_id, n.metric, s.names is not null as is_settled,
        n.is_there or n.metric = any (s.names) as is_kept,
        row_number() over (partition by n.benchmark_id order by n.is_there desc, n.metric) as place
      from (
        select benchmark_id, metric, bool_or(is_there) as is_there
        from (
          select benchmark_id, metric, false as is_there from folded
          union all
          select benchmark_id, metric, true from metric_rollups
          where benchmark_id in (select benchmark_id from folded)
        ) n
        where not ${isBuiltIn(sql.fragment`n.metric`)}
        group by benchmark_id, metric
      ) n
      left join stale_rollups s on s.benchmark_id = n.benchmark_id
    ), left_out as materialized (
      select benchmark_id, metric, is_settled from named
      where case when is_settled then not is_kept else place > ${limits.rollupNames} end
    ), settled as (
      insert into stale_rollups (benchmark_id, is_missing, names_left_out, names)
      select
        n.benchmark_id, false, count(l.metric),
        coalesce(array_agg(n.metric::text) filter (where l.metric is null), '{}')
      from named n left join left_out l on l.benchmark_id = n.benchmark_id and l.metric = n.metric
      where n.benchmark_id in (select benchmark_id from left_out where not is_settled)
      group by n.benchmark_id
      on conflict (benchmark_id) do update
      set names = excluded.names, names_left_out = excluded.names_left_out
    ), part as (
      select ${partColumns} from folded f
      where not exists (select from left_out l where l.benchmark_id = f.benchmark_id and l.metric = f.metric)
      union all
      select ${partColumns} from metric_rollups r
      where (r.benchmark_id, r.metric) in (select benchmark_id, metric from folded)
    ), written as (
      ${writtenRollups(sql.fragment`(${mergedParts("part")}) m`)}
    )
    select count(*) as folded from folded`,
  examples: [[[lowestId], 10]],
});

// Subtractions stay in addition to the base until the base is computed again; once there are many, they
// become one part per metric.
const foldTaken = statement("rollup_fold_taken", {
  row: z.object({}),
  build: (ids: readonly string[], many: number) => sql.fragment`
    with folded as (
      delete from metric_deltas where count < 0 and benchmark_id in (
        select benchmark_id from metric_deltas
        where benchmark_id = any (${arrayOf("uuid", ids)}) and count < 0
        group by benchmark_id having count(*) > ${many} + 2 * count(distinct metric)
      )
      returning benchmark_id, metric, -count as count, -failed as failed, -sum as sum, -m2 as m2, min, max, bins,
        array(select -n from unnest(bin_counts) n) as bin_counts, bin_lows, bin_highs
    )
    insert into metric_deltas (${partColumns})
    select
      m.benchmark_id, m.metric, -m.count, -m.failed, -m.sum, -m.m2, m.min, m.max, m.bins,
      array(select -n from unnest(m.bin_counts) n), m.bin_lows, m.bin_highs
    from (${mergedParts("folded")}) m`,
  examples: [[[lowestId], 10]],
});

const dropDeltas = statement("rollup_drop_deltas", {
  row: z.object({}),
  build: (ids: readonly string[]) => sql.fragment`
    delete from metric_deltas where benchmark_id = any (${arrayOf("uuid", ids)})`,
  examples: [[[lowestId]]],
});

/** The benchmarks up to `last` had their turn; undefined: all. */
interface Portion {
  last: string | undefined;
  failure?: unknown;
}

/**
 * Adds `metric_deltas` to the base, benchmark by benchmark. This changes no figure that is read. A benchmark
 * whose sums overflow keeps its deltas and fails the round, once the others have been folded.
 */
export async function foldRollups(db: Executor): Promise<void> {
  let failure: unknown;
  let after: string | undefined = lowestId;
  while (after !== undefined) {
    const portion: Portion = await foldNext(db, after, limits.rollupFoldBenchmarks);
    failure ??= portion.failure;
    after = portion.last;
  }
  if (failure) throw failure;
}

/** Folds the deltas of the next benchmarks; more than their share are left to the next round. */
async function foldNext(db: Executor, after: string, size: number): Promise<Portion> {
  for (let repeats = 1; ; repeats++) {
    const { folded, ...portion } = await foldSome(db, after, size);
    if (portion.failure && size > 1) return foldOneByOne(db, after, size);
    if (folded < limits.maintenanceBatchRows || repeats === limits.rollupFoldRepeats) return portion;
  }
}

async function foldOneByOne(db: Executor, after: string, count: number): Promise<Portion> {
  const all: Portion = { last: after };
  for (let n = 0; n < count && all.last !== undefined; n++) {
    const { last, failure } = await foldNext(db, all.last, 1);
    all.last = last;
    all.failure ??= failure;
  }
  return all;
}

async function foldSome(db: Executor, after: string, size: number): Promise<Portion & { folded: number }> {
  let last: string | undefined;
  const work = async (transaction: Executor) => {
    const found = await transaction.any(lockRollups(after, size));
    last = found.at(-1)?.id;
    const inState = (state: string) => found.filter((one) => one.state === state).map(({ id }) => id);
    const [mine, gone] = [inState("mine"), inState("gone")];
    let folded = 0;
    // Separate statements see what the former holder of the lock has committed.
    if (mine.length > 0) {
      ({ folded } = await transaction.one(foldDeltas(mine, limits.maintenanceBatchRows)));
      await transaction.any(foldTaken(mine, limits.rollupTakenParts));
    }
    if (gone.length > 0) await transaction.any(dropDeltas(gone));
    return folded;
  };
  try {
    const folded = await db.transaction(work);
    return { last, folded };
  } catch (failure) {
    if (last === undefined) throw failure;
    return { last, folded: 0, failure };
  }
}
