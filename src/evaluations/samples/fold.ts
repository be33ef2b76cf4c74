import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { lowestId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { benchmarkEvents } from "../../watch/events.ts";
import { figuresOfSamples, groupsOf, movedGroups, packedFigure, sampleOf, unpackedFigures } from "./parts.ts";

// Benchmarks with marks come one after the other by the primary key. Their rollups come first: they settle on
// the metrics that are kept.
const dueSamples = statement("samples_due", {
  row: z.object({ id: z.string(), isMissing: z.boolean() }),
  build: (after: string, limit: number) => sql.fragment`
    with recursive marked as (
      (
        select benchmark_id as id from touched_samples
        where benchmark_id > ${after} order by benchmark_id limit 1
      )
      union all
      select t.id from marked m cross join lateral (
        select benchmark_id as id from touched_samples where benchmark_id > m.id order by benchmark_id limit 1
      ) t
    )
    select r.benchmark_id as id, r.is_missing
    from repeated_benchmarks r
    join (
      select id from marked
      union select benchmark_id from repeated_benchmarks where is_missing and benchmark_id > ${after}
    ) due on due.id = r.benchmark_id
    where not exists (select from benchmark_deletions g where g.benchmark_id = r.benchmark_id)
      and not exists (select from stale_rollups s where s.benchmark_id = r.benchmark_id and s.is_missing)
    order by r.benchmark_id limit ${limit}`,
  examples: [[lowestId, 10]],
});

// The lock on the benchmark's row lets a deletion wait for the end of this.
const lockSamples = statement("samples_lock", {
  row: z.object({ isMine: z.boolean() }),
  build: (id: string) => sql.fragment`
    with there as materialized (select id from benchmarks where id = ${id} for key share skip locked)
    select pg_try_advisory_xact_lock(hashtextextended('sample_figures:' || there.id::text, 0)) as is_mine
    from there`,
  examples: [[example.id]],
});

// Whoever writes evaluations has a lock on their table, from before its statement sees anything until the end
// of its transaction. The list is made after the benchmark is known to be one with repetitions, so it holds
// everybody who may not know that.
const awaitWriters = statement("samples_await_writers", {
  row: z.object({ isWaiting: z.boolean() }),
  build: (id: string) => sql.fragment`
    with writing as materialized (
      select array(
        select l.virtualtransaction from pg_locks l
        where l.locktype = 'relation' and l.relation = 'evaluations'::regclass
          and l.database = (select oid from pg_database where datname = current_database())
          and l.mode = 'RowExclusiveLock'
      ) as names
    ), noted as (
      update repeated_benchmarks r set writers = w.names from writing w
      where r.benchmark_id = ${id} and r.writers is null
    )
    select coalesce(r.writers && w.names, w.names <> '{}') as is_waiting
    from repeated_benchmarks r cross join writing w where r.benchmark_id = ${id}`,
  examples: [[example.id]],
});

// All samples that there are get a mark, in portions that are folded like all others.
const markAll = statement("samples_mark_all", {
  row: z.object({}),
  build: (id: string) => sql.fragment`
    with marked as (
      insert into touched_samples (benchmark_id, samples)
      select ${id}::uuid, array_agg(e.sample)
      from (
        select e.sample, row_number() over () / 1000 as portion
        from (select distinct ${sampleOf("e")} as sample from evaluations e where e.benchmark_id = ${id}) e
      ) e
      group by e.portion
    )
    update repeated_benchmarks set is_missing = false, writers = null where benchmark_id = ${id}`,
  examples: [[example.id]],
});

// One statement: what is read and the marks that are dropped are of one moment, and what commits later has
// marks of its own. A plan kept from empty tables would read all evaluations for each sample.
const foldMarks = statement("samples_fold", {
  row: z.object({ folded: z.number() }),
  prepared: false,
  build: (id: string, marks: number, samples: number) => sql.fragment`
    with mark as (
      delete from touched_samples where benchmark_id = ${id} and id = any (array(
        select t.id
        from (
          select t.id, sum(cardinality(t.samples)) over (order by t.id) - cardinality(t.samples) as before
          from (
            select t.id, t.samples from touched_samples t
            where t.benchmark_id = ${id} order by t.id limit ${marks}
          ) t
        ) t
        where t.before < ${samples}
      ))
      returning samples
    ), changed as materialized (
      select distinct ${id}::uuid as benchmark_id, s.sample
      from mark cross join lateral unnest(mark.samples) s (sample)
    ), is_now as materialized (
      ${figuresOfSamples("changed")}
    ), packed as materialized (
      select benchmark_id, sample, jsonb_object_agg(metric, ${packedFigure}) as figures
      from is_now group by benchmark_id, sample
    ), was as materialized (
      select f.benchmark_id, f.sample, f.figures
      from changed c join sample_figures f on f.benchmark_id = c.benchmark_id and f.sample = c.sample
    ), gone as (
      delete from sample_figures f using was w
      where f.benchmark_id = ${id} and f.sample = w.sample
        and w.sample not in (select sample from packed)
    ), written as (
      insert into sample_figures as f (benchmark_id, sample, figures)
      select benchmark_id, sample, figures from packed order by sample
      on conflict (benchmark_id, sample) do update
      set figures = excluded.figures where f.figures <> excluded.figures
    ), moved as (
      ${movedGroups(groupsOf(sql.fragment`select * from is_now`, unpackedFigures(sql.fragment`was f`)))}
    )
    select count(*) as folded from mark`,
  examples: [[example.id, 10, 10]],
});

// A statement does not delete what it has changed.
const dropEmpty = statement("samples_drop_empty", {
  row: z.object({}),
  build: (id: string) => sql.fragment`
    delete from sample_rollups where benchmark_id = ${id} and samples = 0`,
  examples: [[example.id]],
});

// Watchers, who had no mean score until now, look again.
const tellReadable = statement("samples_tell_readable", {
  row: z.object({}),
  build: (id: string) => sql.fragment`
    with ${benchmarkEvents.record(sql.fragment`(select ${id}::uuid as id) ben`)} select`,
  examples: [[example.id]],
});

// See adopt_evaluation. If such a benchmark gets repetitions later, its samples are gathered from the rows.
const dropNeedless = statement("samples_drop_needless", {
  row: z.object({}),
  build: () => sql.fragment`
    delete from touched_samples t
    where not exists (select from repeated_benchmarks r where r.benchmark_id = t.benchmark_id)`,
  examples: [[]],
});

/**
 * Brings the figures of samples up to date, benchmark by benchmark; one that another server is at is left to
 * it. This changes no figure that is read. A benchmark that fails does not keep the others from their turn.
 */
export async function foldSamples(db: Executor): Promise<void> {
  await db.any(dropNeedless());
  let failure: unknown;
  let after = lowestId;
  for (;;) {
    const due = await db.any(dueSamples(after, limits.sampleFoldBenchmarks));
    for (const { id, isMissing } of due) {
      await (isMissing ? gather(db, id) : fold(db, id)).catch((error) => {
        failure ??= error;
      });
    }
    const last = due.at(-1);
    if (!last || due.length < limits.sampleFoldBenchmarks) break;
    after = last.id;
  }
  if (failure) throw failure;
}

/**
 * Takes in the samples from before the benchmark was known to have repetitions, once nobody writes
 * unmarked.
 */
async function gather(db: Executor, id: string): Promise<void> {
  const { isWaiting } = await db.one(awaitWriters(id));
  if (isWaiting) return;
  await db.transaction(async (transaction) => {
    const lock = await transaction.maybeOne(lockSamples(id));
    if (lock?.isMine) await transaction.any(markAll(id));
  });
  await fold(db, id);
  await db.any(tellReadable(id));
}

async function fold(db: Executor, id: string): Promise<void> {
  for (let round = 0; round < limits.rollupFoldRepeats; round++) {
    const folded = await db.transaction(async (transaction) => {
      const lock = await transaction.maybeOne(lockSamples(id));
      if (!lock?.isMine) return 0;
      // Separate statements see what the former holder of the lock has committed.
      const { folded } = await transaction.one(
        foldMarks(id, limits.maintenanceBatchRows, limits.sampleFoldSamples),
      );
      if (folded > 0) await transaction.any(dropEmpty(id));
      return folded;
    });
    if (folded === 0) return;
    // More may have been marked than a read computes anew.
    if (round > 1) await db.any(tellReadable(id));
  }
}
