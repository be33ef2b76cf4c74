import { z } from "zod";
import { fetched, page } from "../database/statement/page.ts";
import { columnsOf, equalities, example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import type { Outage } from "../jobs/upkeep/outages.ts";
import type { newWorker, WorkerFilter, WorkerPosition, workerChanges } from "./input.ts";
import { statusOf, workerColumns, workerRow } from "./rows.ts";

// Locked in one order: workers by worker_id, then slots, leases and jobs as everywhere. Nobody takes a
// worker's row after those, except without waiting.

const columns = workerColumns();
const pageColumns = workerColumns("r", "r");
const nameRow = z.object({ workerId: z.string() });

// Registering again is an update that keeps counters and leases and ends a drain.
export const registerWorker = statement("worker_register", {
  row: workerRow,
  build: (worker: z.output<typeof newWorker> & { id: string }) => sql.fragment`
    with w as (
      insert into workers
        (id, worker_id, address, capacity, tags, job_types, metadata, worker_version, created_by,
          last_heartbeat, registered_at, updated_at)
      select ${worker.id}::uuid, ${worker.workerId}, ${worker.address}, ${worker.capacity}::integer,
        ${sql.array(worker.tags, "text")}, ${sql.array(worker.jobTypes, "text")},
        ${worker.metadata ? JSON.stringify(worker.metadata) : null}::jsonb, ${worker.version || null},
        ${worker.createdBy ?? null}::uuid, at, at, at
      from (select clock_timestamp() as at) c
      on conflict (worker_id) do update
      set address = excluded.address, capacity = excluded.capacity, tags = excluded.tags,
        job_types = excluded.job_types, metadata = excluded.metadata,
        worker_version = excluded.worker_version, draining = false, drain_reason = null,
        created_by = coalesce(workers.created_by, excluded.created_by),
        last_heartbeat = excluded.last_heartbeat, updated_at = excluded.updated_at,
        status = case when exists (
          select from worker_slots s where s.worker_id = excluded.worker_id and s.used > 0
        ) then 'busy' else 'idle' end
      returning *
    ), s as (
      insert into worker_slots (worker_id, id, capacity) select worker_id, id, capacity from w
      on conflict (worker_id) do update set capacity = excluded.capacity
      returning *
    )
    select ${columns} from w cross join s`,
  examples: [
    [
      {
        id: example.id,
        workerId: "w",
        address: "host",
        capacity: 1,
        tags: ["a"],
        jobTypes: [],
        metadata: {},
      },
    ],
  ],
});

export const getWorker = statement("worker_get", {
  row: workerRow,
  build: (id: string) => sql.fragment`
    select ${columns} from workers w join worker_slots s on s.worker_id = w.worker_id where w.id = ${id}`,
  examples: [[example.id]],
});

export const getWorkerByName = statement("worker_get_by_name", {
  row: workerRow,
  build: (workerId: string) => sql.fragment`
    select ${columns} from workers w join worker_slots s on s.worker_id = w.worker_id
    where w.worker_id = ${workerId}`,
  examples: [["w"]],
});

export const updateWorker = statement("worker_update", {
  row: workerRow,
  prepared: false,
  build: (id: string, changes: z.output<typeof workerChanges>) => sql.fragment`
    with w as (
      update workers set ${sql.join(assignments(changes), sql.fragment`, `)} where id = ${id} returning *
    ), s as (
      update worker_slots s set capacity = case when w.draining then 0 else w.capacity end from w
      where s.worker_id = w.worker_id
      returning s.*
    )
    select ${columns} from w cross join s`,
  examples: [
    [example.id, {}],
    [example.id, { address: "a", capacity: 2, tags: [], jobTypes: ["t"], metadata: null, version: "1" }],
  ],
});

function assignments({ version, ...changes }: z.output<typeof workerChanges>): Fragment[] {
  const workerVersion = version === "" ? null : version;
  return [sql.fragment`updated_at = clock_timestamp()`, ...equalities({ ...changes, workerVersion })];
}

// Without slots to fill, no claim under way can still give it a job.
export const drainWorker = statement("worker_drain", {
  row: workerRow,
  build: (workerId: string, reason: string | null) => sql.fragment`
    with w as (
      update workers
      set draining = true, drain_reason = ${reason}, updated_at = clock_timestamp(),
        status = case status when 'offline' then 'offline' else 'draining' end
      where worker_id = ${workerId}
      returning *
    ), s as (
      update worker_slots s set capacity = 0 from w where s.worker_id = w.worker_id returning s.*
    )
    select ${columns} from w cross join s`,
  examples: [["w", "reason"]],
});

/** The columns that registering again, a change or a drain may alter. */
export const registrationRow = workerRow
  .pick({ address: true, capacity: true, tags: true, jobTypes: true, metadata: true, version: true })
  .extend({ draining: z.boolean(), drainReason: z.string().nullable() });

export type Registration = z.output<typeof registrationRow>;

const registration = columnsOf(registrationRow, "w", { version: sql.fragment`w.worker_version` });

// The lock makes the former values in the audit trail those that the change replaced.
export const lockRegistration = statement("worker_lock_registration", {
  row: registrationRow,
  build: (workerId: string) => sql.fragment`
    select ${registration} from workers w where w.worker_id = ${workerId} for no key update`,
  examples: [["w"]],
});

// Calls that register a new worker at the same time take turns: there is no row yet that they could lock.
export const awaitRegistrations = statement("worker_await_registrations", {
  row: z.object({ locked: z.boolean() }),
  build: (workerId: string) => sql.fragment`
    select true as locked from pg_advisory_xact_lock(hashtextextended('worker:' || ${workerId}::text, 0))`,
  examples: [["w"]],
});

// From here to the end of the transaction no claim gives it a job, and no completion frees a slot of it.
export const lockWorker = statement("worker_lock", {
  row: registrationRow,
  build: (workerId: string) => sql.fragment`
    select ${registration} from workers w where w.worker_id = ${workerId} for update`,
  examples: [["w"]],
});

// The longest silent come first. Those that another server is removing, or whose heartbeat is being written,
// are passed over. The silence of an outage is nobody's fault: after it, each has one term to be heard again.
export const lockStaleWorkers = statement("worker_lock_stale", {
  row: registrationRow.extend({ workerId: z.string(), lastHeartbeat: z.string() }),
  build: (silentMs: number, limit: number, outage: Outage | null) => {
    const { backSince, termMs } = outage ?? { backSince: null, termMs: 0 };
    return sql.fragment`
    select w.worker_id, w.last_heartbeat, ${registration} from workers w
    where w.last_heartbeat < statement_timestamp() - ${silentMs} * interval '1 ms'
      and (
        ${backSince}::timestamptz is null or w.last_heartbeat > ${backSince}::timestamptz
        or statement_timestamp() > ${backSince}::timestamptz + ${termMs} * interval '1 ms'
      )
    order by w.last_heartbeat limit ${limit} for update skip locked`;
  },
  examples: [[60_000, 10, null]],
});

export const lockSlots = statement("worker_lock_slots", {
  row: nameRow,
  build: (workers: readonly string[]) => sql.fragment`
    select worker_id from worker_slots where worker_id = any (${sql.array(workers, "text")})
    order by worker_id for update`,
  examples: [[["w"]]],
});

// The leases are few, so all are read: an index for this alone would be written by every claim.
export const leasesOfWorker = statement("worker_leases", {
  row: z.object({ jobId: z.string(), epoch: z.number(), workerId: z.string() }),
  build: (workerId: string) => sql.fragment`
    select job_id, epoch, worker_id from job_leases where worker_id = ${workerId} order by job_id`,
  examples: [["w"]],
});

export const deleteWorkers = statement("worker_delete", {
  row: nameRow,
  build: (workers: readonly string[]) => sql.fragment`
    delete from workers where worker_id = any (${sql.array(workers, "text")}) returning worker_id`,
  examples: [[["w"]]],
});

// The registry is small: it is sorted and filtered while it is read.
export const listWorkers = statement("worker_list", {
  row: workerRow.extend(fetched),
  prepared: false,
  build: (filter: WorkerFilter, limit: number, after: WorkerPosition | undefined) =>
    page({
      rows: sql.fragment`
        select w.*, s.used, s.completed, s.failed from workers w
        join worker_slots s on s.worker_id = w.worker_id
        where ${sql.and([
          ...conditions(filter),
          after &&
            sql.fragment`(w.registered_at, w.id) < (${after.registeredAt}::timestamptz, ${after.id}::uuid)`,
        ])}
        order by w.registered_at desc, w.id desc limit ${limit}`,
      columns: pageColumns,
      // pg_column_size of a column is that of its compressed form; `#> '{}'` is the document, uncompressed.
      size: sql.fragment`
        2000 + octet_length(r.tags::text || r.job_types::text || coalesce(r.drain_reason, ''))
          + coalesce(pg_column_size(r.metadata #> '{}'), 0)`,
      order: sql.fragment`r.registered_at desc, r.id desc`,
    }),
  examples: [
    [{}, 2, undefined],
    [
      { status: "busy" as const, tags: ["a"], activeWithinMs: 1 },
      2,
      { registeredAt: example.time, id: example.id },
    ],
  ],
});

function conditions({ status, tags = [], activeWithinMs }: WorkerFilter) {
  return [
    status !== undefined && sql.fragment`${statusOf()} = ${status}`,
    tags.length > 0 && sql.fragment`w.tags @> ${sql.array(tags, "text")}`,
    activeWithinMs !== undefined &&
      sql.fragment`w.last_heartbeat > statement_timestamp() - ${activeWithinMs} * interval '1 ms'`,
  ];
}
