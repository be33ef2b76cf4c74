import { z } from "zod";
import { inBatches } from "../database/in-batches.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Fragment, fragmentOf, sql, statement } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";

/** A position in the stream of events, which is ordered by both fields. */
export interface EventPosition {
  /** The writing transaction. */
  xid: number;
  id: number;
}

const eventRow = z.object({ xid: z.number(), id: z.number(), ids: z.array(z.string()) });

/** The entities that one statement changed. No ids: they and all earlier events are no longer kept. */
export type ChangeEvent = z.output<typeof eventRow>;

export const beforeAll: EventPosition = { xid: 0, id: 0 };
export const afterAll: EventPosition = { xid: Number.POSITIVE_INFINITY, id: 0 };

export function comparePositions(a: EventPosition, b: EventPosition): number {
  return a.xid - b.xid || a.id - b.id;
}

export type EventLog = ReturnType<typeof eventLog>;

/** The events of jobs. */
export const jobEvents = eventLog("job");

/** The events of benchmarks and their evaluations. */
export const benchmarkEvents = eventLog("benchmark");

/**
 * Makes the statements for the events of one kind of entity, in the table `<entity>_events (xid, id,
 * created_at, <entity>_ids)`.
 *
 * Events are read only below the oldest running transaction. That part of the stream is complete, in whatever
 * order transactions end, because later ones get higher numbers. A position is always that of an event that
 * was read, so it is on disk, and a crash cannot give its transaction's number to another.
 */
function eventLog(entity: "job" | "benchmark") {
  const events = fragmentOf(`${entity}_events`);
  const entityIds = fragmentOf(`${entity}_ids`);
  const settled = sql.fragment`xid < txid_snapshot_xmin(txid_current_snapshot())`;

  /** Makes a CTE that records an event with each `id` of `changed`; without rows it records none. */
  const record = (changed: Fragment) => sql.fragment`
    event as (
      insert into ${events} (${entityIds}) select array_agg(id) from ${changed} having count(*) > 0
    )`;

  /** How long the oldest event that cannot be read yet has waited, in ms; 0 without one. */
  const waitMs = sql.fragment`
    coalesce((
      select greatest(extract(epoch from clock_timestamp() - created_at) * 1000, 0) from ${events}
      where xid >= txid_snapshot_xmin(txid_current_snapshot()) order by xid, id limit 1
    ), 0)::double precision`;

  const wait = statement(`${entity}_events_wait`, {
    row: z.object({ ms: z.number() }),
    build: () => sql.fragment`select ${waitMs} as ms`,
    examples: [[]],
  });

  // The statement reads the newest readable event. It takes 0.05 ms, for the last entry of the primary key.
  const last = statement(`${entity}_last_event`, {
    row: z.object({ xid: z.number(), id: z.number() }),
    build: () => sql.fragment`
      select xid, id from ${events} where ${settled} order by xid desc, id desc limit 1`,
    examples: [[]],
  });

  // The statement reads the next events until they hold `maxIds` ids. One event may hold a thousand.
  const read = statement(`${entity}_events`, {
    row: eventRow,
    build: ({ xid, id }: EventPosition, maxEvents: number, maxIds: number) => sql.fragment`
      select xid, id, ids
      from (
        select xid, id, ids, sum(cardinality(ids)) over (order by xid, id) - cardinality(ids) as ids_before
        from (
          select xid, id, ${entityIds} as ids from ${events}
          where (xid, id) > (${xid}::bigint, ${id}::bigint) and ${settled}
          order by xid, id limit ${maxEvents}
        ) e
      ) e
      where ids_before < ${maxIds}
      order by xid, id`,
    examples: [[beforeAll, 500, 1_000]],
  });

  // The statement finds out whether events after this position have been forgotten, or the position is from
  // another database, which shows by being higher than any readable one.
  const isForgotten = statement(`${entity}_event_is_forgotten`, {
    row: z.object({ forgotten: z.boolean() }),
    build: ({ xid, id }: EventPosition) => sql.fragment`
      select not ${xid}::bigint < txid_snapshot_xmin(txid_current_snapshot()) or exists (
        select from (select xid, id, ${entityIds} as ids from ${events} order by xid, id limit 1) e
        where ids = '{}' and (xid, id) > (${xid}::bigint, ${id}::bigint)
      ) as forgotten`,
    examples: [[beforeAll]],
  });

  // The statement forgets events in their order, from the first one on, so that one row can mark how far: the
  // last forgotten event stays, without ids. A reader that meets it knows that it has missed something. An
  // event stays until those before it are old too. Only the server that holds the first row forgets.
  const forget = statement(`${entity}_forget_events`, {
    row: z.object({ forgotten: z.number() }),
    build: (minutes: number, limit: number) => sql.fragment`
      with first as materialized (
        select e.xid, e.id from ${events} e
        where (e.xid, e.id) = (select xid, id from ${events} order by xid, id limit 1)
        for update skip locked
      ), old as materialized (
        select xid, id, tid, row_number() over (order by xid desc, id desc) as place
        from (
          select xid, id, tid, bool_and(is_old) over (order by xid, id) as is_forgotten
          from (
            select e.ctid as tid, e.xid, e.id,
              e.created_at < now() - make_interval(mins => ${minutes}) and ${settled} as is_old
            from ${events} e where exists (select from first) order by e.xid, e.id limit ${limit}
          ) e
        ) e
        where is_forgotten
      ), emptied as (
        update ${events} set ${entityIds} = '{}'
        where (xid, id) = (select xid, id from old where place = 1) and ${entityIds} <> '{}'
      ), forgotten as (
        delete from ${events} where ctid = any (array(select tid from old where place > 1)) returning 1
      )
      select count(*) as forgotten from forgotten`,
    examples: [[60, 10]],
  });

  return { entity, record, waitMs, wait, last, read, isForgotten, forget };
}

/** Forgets the events that have been kept for long enough. */
export function forgetOldEvents(db: Executor, log: EventLog): Promise<number> {
  // The last event of each batch stays.
  return inBatches(async (rows) => (await db.one(log.forget(limits.eventMinutes, rows))).forgotten + 1);
}
