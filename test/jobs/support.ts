import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { DatabaseConfig } from "../../src/config.ts";
import { newId } from "../../src/ids.ts";
import { QueueMaintenance } from "../../src/jobs/upkeep/maintenance.ts";
import { Database } from "../../src/storage.ts";
import { createTestDatabase } from "../harness/postgres.ts";

/** Completes jobs, and claims for their worker with it. */
export async function completeAndClaim(
  { jobs }: Pick<Database, "jobs">,
  workerId: string,
  items: Parameters<Database["jobs"]["complete"]>[1],
  claim: Parameters<Database["jobs"]["claim"]>[0],
) {
  return jobs.completeAndClaim(workerId, items, await jobs.claimAlong(claim));
}

/**
 * A queue on a database of its own, as two servers see it. After each test its tables must agree with each
 * other.
 */
export function queue() {
  let config: DatabaseConfig;
  let client: Pool;
  const servers: Database[] = [];
  beforeAll(async () => {
    config = await createTestDatabase();
    client = onlookers(config);
    for (let i = 0; i < 2; i++) servers.push(await Database.connect({ ...config, poolSize: 6 }));
  });
  afterEach(async () => {
    expect(await disagreements(client)).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await client.end();
  });
  const server = (index: 0 | 1): Database => {
    const found = servers[index];
    if (!found) throw new Error("not connected yet");
    return found;
  };
  return {
    get db() {
      return server(0);
    },
    /** The same queue through another server. */
    get other() {
      return server(1);
    },
    get config() {
      return config;
    },
    /** Connections beside the servers', to look on and to interfere. */
    get client() {
      return client;
    },
    /** One round of what every server does by itself. */
    maintain: (of: Database = server(0)) => new QueueMaintenance(of.executor, of.queue).run(),
    /** Waits until both servers have settled what has ended, also in a run that a run has called for. */
    async settled() {
      for (const { queue } of servers) for (let runs = 0; runs < 2; runs++) await queue.settler.settle();
    },
    worker: (workerId: string, options: WorkerOptions = {}) => addWorker(client, workerId, options),
    reset: () => emptyQueue(client),
    /** Makes the leases of these jobs, or all, run out. */
    async expire(ids?: readonly string[]) {
      await client.query(
        "update job_leases set expires_at = clock_timestamp() - interval '1 s' where $1::uuid[] is null or job_id = any ($1)",
        [ids ?? null],
      );
    },
    /** Ends the time of all jobs that are to start in time. */
    async passStartTimes() {
      await client.query(`
        with passed as (update job_start_deadlines set start_by = now() returning job_id)
        update jobs set start_by = now() from passed where id = job_id`);
    },
    /** Makes scheduled jobs due, those of before this time. */
    async makeDue(before = "infinity") {
      await client.query(
        `with due as (
          update job_scheduled set run_at = clock_timestamp() - random() * interval '1 s' where run_at < $1 returning *
        )
        update jobs j set run_at = due.run_at from due where j.id = due.job_id`,
        [before],
      );
    },
  };
}

function onlookers({ host, port, user, password, database }: DatabaseConfig): Pool {
  const pool = new Pool({ host, port, user, database, password: password?.reveal(), max: 8 });
  // The database is dropped after the tests.
  pool.on("error", () => undefined);
  return pool;
}

export interface WorkerOptions {
  capacity?: number;
  tags?: readonly string[];
  jobTypes?: readonly string[];
  draining?: boolean;
}

/** A worker as registration leaves it behind. */
export async function addWorker(
  client: Pool,
  workerId: string,
  { capacity = 1_000, tags = [], jobTypes = [], draining = false }: WorkerOptions = {},
): Promise<string> {
  await client.query(
    `with w as (
      insert into workers (id, worker_id, address, capacity, tags, job_types, draining, status, created_by)
      values ($1, $2, '127.0.0.1:1', $3, $4, $5, $6, case when $6 then 'draining' else 'idle' end, null)
      returning *
    )
    insert into worker_slots (worker_id, id, capacity)
    select worker_id, id, case when draining then 0 else capacity end from w`,
    [newId(), workerId, capacity, tags, jobTypes, draining],
  );
  return workerId;
}

/** Everything gone but the lanes, which servers keep in memory. */
export async function emptyQueue(client: Pool): Promise<void> {
  await client.query(`
    alter table job_attempts disable trigger job_attempts_append_only;
    truncate jobs, job_ready, job_scheduled, job_leases, job_keys, job_finished, job_attempts, job_limits, job_limit_starts,
      job_pauses, job_fair_turns, job_start_deadlines, job_dependencies, job_ended_dependencies, job_events, job_stat_deltas, requests, workers, worker_slots, audit_unsealed;
    update job_lanes set fair = false where fair;
    alter table job_attempts enable trigger job_attempts_append_only`);
}

/** In what the tables of the queue contradict each other; nothing while all is well. */
export async function disagreements(client: Pick<Pool, "query">): Promise<string[]> {
  const { rows } = await client.query<{ what: string; found: string }>(checks);
  return rows.map(({ what, found }) => `${what}: ${found}`);
}

// Each part selects rows that must not be there.
const checks = `
  with place as (
    select job_id, 'ready' as name from job_ready union all select job_id, 'scheduled' from job_scheduled
    union all select job_id, 'running' from job_leases union all select job_id, status from job_finished
    union all select id, 'waiting' from jobs where waits_for > 0
  ), places as (
    select job_id, string_agg(name, '+' order by name) as names from place group by job_id
  ), state as (
    select j.*, p.names,
      case when j.status = 'pending' then case p.names when 'scheduled' then 'scheduled' else 'pending' end else j.status end
        as state
    from jobs j left join places p on p.job_id = j.id
  ), summed as (
    select job_type, benchmark_id, sum(pending) as pending, sum(scheduled) as scheduled, sum(running) as running,
      sum(completed) as completed, sum(failed) as failed, sum(cancelled) as cancelled
    from job_stat_deltas group by job_type, benchmark_id
  ), kinds as (
    select job_type, null::uuid as benchmark_id, state from state
    union all select job_type, benchmark_id, state from state where benchmark_id is not null
  ), counted as (
    select job_type, benchmark_id,
      count(*) filter (where state = 'pending') as pending, count(*) filter (where state = 'scheduled') as scheduled,
      count(*) filter (where state = 'running') as running, count(*) filter (where state = 'completed') as completed,
      count(*) filter (where state = 'failed') as failed, count(*) filter (where state = 'cancelled') as cancelled
    from kinds group by job_type, benchmark_id
  )
  select 'a job is not where its status says' as what, id || ' ' || status || ' in ' || coalesce(names, 'nothing') as found
  from state where case status when 'pending' then names in ('ready', 'scheduled', 'waiting') else names = status end is not true
  union all
  select 'a place without its job', names || ' of ' || job_id from places p where not exists (select from jobs j where j.id = p.job_id)
  union all
  select 'a ready row differs from its job', r.job_id::text from job_ready r join jobs j on j.id = r.job_id
  where (r.lane_id, r.priority, r.sequence, r.bytes) is distinct from
    (j.lane_id, j.priority, j.sequence, j.bytes + coalesce(octet_length(j.error), 0))
  union all
  select 'a job has no turn', r.job_id::text from job_ready r join jobs j on j.id = r.job_id
  where j.fair_key is not null and r.turn = 0
  union all
  select 'a key may get a turn again', r.job_id::text
  from job_ready r join jobs j on j.id = r.job_id join job_fair_turns t
    on t.lane_id = r.lane_id and t.priority = r.priority and t.fair_key = coalesce(j.fair_key, '')
  where r.turn >= t.next_turn and j.epoch = 0
  union all
  select 'a scheduled row differs from its job', s.job_id::text from job_scheduled s join jobs j on j.id = s.job_id
  where s.run_at is distinct from j.run_at
  union all
  select 'a job that is to start in time has no deadline, or another', j.id::text from jobs j
  where j.start_by is not null and j.status = 'pending' and j.epoch = 0 and not exists (
    select from job_start_deadlines d where d.job_id = j.id and d.start_by = j.start_by)
  union all
  select 'a job does not wait for its dependencies', j.id::text from jobs j
  where j.waits_for <> (select count(*) from job_dependencies d where d.job_id = j.id)
  union all
  select 'nobody waits for a dependency', d.dependency_id::text from job_dependencies d
  where not exists (select from jobs j where j.id = d.job_id)
  union all
  select 'a dependency was lost', d.dependency_id::text from job_dependencies d
  where not exists (select from job_ended_dependencies e where e.job_id = d.dependency_id)
    and not exists (
      select from jobs j where j.id = d.dependency_id and j.status in ('pending', 'running') and j.has_dependants)
  union all
  select 'a lease differs from its job', l.job_id::text from job_leases l join jobs j on j.id = l.job_id
  where l.epoch is distinct from j.epoch or l.limit_key is distinct from j.limit_key
  union all
  select 'a finished row differs from its job', f.job_id::text from job_finished f join jobs j on j.id = f.job_id
  where f.finished_at is distinct from j.completed_at or f.job_type is distinct from j.job_type
  union all
  select 'an attempt is recorded that still runs', l.job_id::text
  from job_leases l join job_attempts a on a.job_id = l.job_id and a.epoch >= l.epoch
  union all
  select 'an attempt is not named once to the sealer', coalesce(a.job_id, u.job_id) || ' ' || coalesce(u.times, 0)
  from job_attempts a full join (
    select e.job_id, e.epoch, count(*) as times
    from audit_unsealed cross join lateral unnest(entry_ids, epochs) as e (job_id, epoch)
    where entry_kind = 'job_attempt' group by e.job_id, e.epoch
  ) u on u.job_id = a.job_id and u.epoch = a.epoch
  where a.job_id is null or u.times is distinct from 1
  union all
  select 'a lane differs from its job', j.id::text
  from job_ready r join jobs j on j.id = r.job_id left join job_lanes l on l.id = r.lane_id
  where (l.job_type, l.required_tags, l.limit_key) is distinct from (j.job_type, j.required_tags, j.limit_key)
  union all
  select 'a live job lacks its key', id::text from jobs j
  where unique_key is not null and status in ('pending', 'running') and not exists (
    select from job_keys k where k.job_type = j.job_type and k.unique_key = j.unique_key and k.job_id = j.id)
  union all
  select 'a key without its live job', job_id::text from job_keys k where not exists (
    select from jobs j where j.id = k.job_id and j.job_type = k.job_type and j.unique_key = k.unique_key
      and j.status in ('pending', 'running'))
  union all
  select 'used slots are not the leases', worker_id || ' ' || used from worker_slots s
  where used <> (select count(*) from job_leases l where l.worker_id = s.worker_id)
  union all
  select 'a worker has finished another number of attempts', worker_id || ' ' || completed || ' ' || failed
  from worker_slots s cross join lateral (
    select count(*) filter (where outcome = 'completed') as done,
      count(*) filter (where outcome in ('failed', 'expired', 'timed_out')) as lost
    from job_attempts a where a.worker_id = s.worker_id
  ) a
  where (completed, failed) is distinct from (a.done, a.lost)
  union all
  select 'the statistics are not the jobs', coalesce(s.job_type, c.job_type) || ' ' || coalesce(s::text, 'none') || ' for '
    || coalesce(c::text, 'none')
  from summed s full join counted c
    on c.job_type = s.job_type and c.benchmark_id is not distinct from s.benchmark_id
  where (coalesce(s.pending, 0), coalesce(s.scheduled, 0), coalesce(s.running, 0), coalesce(s.completed, 0),
      coalesce(s.failed, 0), coalesce(s.cancelled, 0))
    is distinct from (coalesce(c.pending, 0), coalesce(c.scheduled, 0), coalesce(c.running, 0), coalesce(c.completed, 0),
      coalesce(c.failed, 0), coalesce(c.cancelled, 0))`;
