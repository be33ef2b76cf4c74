import { auditRows } from "../../audit/record.ts";
import { currentOrigin } from "../../call-scope.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import * as parts from "../parts.ts";
import {
  endedRow,
  exampleLease,
  failures,
  heldLeases,
  leaseColumns,
  type Release,
  retries,
} from "./finish.ts";

// Their limit keys are paused until then. Each of many workers that meet the same 429 holds the key; a pause
// that ends a second earlier will do.
const heldKeys = (atMost: number): Fragment => sql.fragment`
  hold as materialized (
    select j.limit_key,
      max(clock.at + least(item.delay_ms, ${limits.holdMs}) * interval '1 ms') as ends_at
    from ended join item on item.ordinality = ended.ordinality join jobs j on j.id = ended.id, clock
    where item.hold_limit_key and j.limit_key is not null
    group by j.limit_key order by j.limit_key
  ), held as (
    insert into job_pauses (job_type, limit_key, created_by, ends_at)
    select '', limit_key, ${currentOrigin()?.userId ?? null}::uuid, ends_at from hold
    on conflict (job_type, limit_key) do update set ends_at = excluded.ends_at
    where job_pauses.ends_at < excluded.ends_at - interval '1 s'
    returning limit_key
  ), ${auditRows({
    action: "pause",
    entityType: "job_limit",
    entityId: sql.fragment`limit_key`,
    changes: sql.fragment`jsonb_build_object('after', jsonb_build_object('limit_key', limit_key))`,
    from: sql.fragment`held`,
    atMost,
  })}`;

const snoozeColumns = { ...leaseColumns, delayMs: "int4", holdLimitKey: "bool", ordinality: true } as const;
const exampleSnooze = { ...exampleLease, byWorker: true, delayMs: 1_000, holdLimitKey: true };

/** Gives back jobs for later, as often as each may be: they keep their places, and are due after a delay. */
export const snoozeLeases = statement("job_snooze", {
  row: endedRow,
  build: (items: readonly Release[]) => sql.fragment`
    with ${heldLeases(
      table("item", items, snoozeColumns),
      sql.fragment`
      and exists (select from jobs j where j.id = lease.job_id and j.snooze_count < j.max_snoozes)`,
    )}, ended as (
      update jobs j
      set status = 'pending', run_at = clock.at + gone.delay_ms * interval '1 ms',
        assigned_worker_id = null, updated_at = clock.at, version = j.version + 1,
        snooze_count = j.snooze_count + 1
      from gone, clock
      where j.id = gone.job_id and j.status = 'running' and j.epoch = gone.epoch
      returning
        j.id, j.epoch, j.job_type, j.benchmark_id, j.status, j.run_at, gone.worker_id, gone.claimed_at,
        gone.attempt, gone.ordinality
    ), scheduled as (
      insert into job_scheduled (run_at, job_id) select run_at, id from ended
    ), ${parts.endedAttempts("ended", sql.fragment`'snoozed'`, sql.fragment`null`)}, ${parts.freedSlots("ended")},
    ${parts.recordChanges("ended", "running", "scheduled")}, ${heldKeys(items.length)}
    ${retries}`,
  examples: [[[exampleSnooze]]],
});

/** Fails the attempts of jobs that were given back for later too often for it to be free. */
export const exhaustSnoozes = statement("job_snooze_spent", {
  row: endedRow,
  build: (items: readonly Release[]) => sql.fragment`
    with ${heldLeases(sql.fragment`(
      select item.*, true as retryable, item.delay_ms as retry_after_ms,
        'given back for later more often than max_snoozes' as error
      from ${table("item", items, snoozeColumns)}
    ) given`)}, ${failures(sql.fragment`'snoozed'`, {
      slots: parts.freedSlots("ended"),
      answer: sql.fragment`, ${heldKeys(items.length)} ${retries}`,
    })}`,
  examples: [[[exampleSnooze]]],
});
