import type { Client } from "pg";
import { jobType, payload, result } from "./job.ts";
import type { Ours } from "./ours.ts";

export interface Backlog {
  /** In the lane that is worked on. */
  ready: number;
  /** Ready, for workers with other tags. */
  others: number;
  /** Not due for a day. */
  future: number;
  finished: number;
}

const otherLanes = 10;
const chunk = 250_000;

/**
 * Fills the tables by SQL, all of them as the service would have left them an hour ago. Every minute it sums
 * up what was done in the last one, and no service does in a minute what this does.
 */
export async function fillBacklog(
  db: Client,
  ours: Ours,
  { ready, others, future, finished }: Backlog,
): Promise<void> {
  // The service makes the lanes, and knows them then.
  for (let lane = 0; lane < otherLanes; lane++) await ours.create(`other-${lane}`, ["gpu"]);
  await ours.create();
  await ours.clear();
  // Only the load: what is measured is committed as always.
  await db.query("set synchronous_commit = off");
  const lane = `(select * from job_lanes where job_type = '${jobType}' and limit_key is null)`;
  const other = `(select * from job_lanes where job_type like 'other-%')`;
  await fill(db, ready, `${lane} l`, pending);
  await fill(db, others, `${other} l`, pending);
  await fill(db, future, `${lane} l`, scheduled);
  await fill(db, finished, `${lane} l`, ended);
  await db.query("reset synchronous_commit");
  for (const table of [
    "jobs",
    "job_ready",
    "job_scheduled",
    "job_finished",
    "job_attempts",
    "job_stat_deltas",
  ]) {
    await db.query(`vacuum analyze ${table}`);
  }
  await db.query("checkpoint");
}

/** Runs `write` for so many jobs of these lanes, in parts. */
export async function fill(
  db: Client,
  count: number,
  lanes: string,
  write: (jobs: string) => string,
): Promise<void> {
  const lanesCount = Number((await db.query(`select count(*) from ${lanes}`)).rows[0].count);
  for (let done = 0; done < count; done += chunk) {
    const each = Math.min(chunk, count - done) / lanesCount;
    await db.query(
      write(`select uuidv7(interval '-1 hour') as id, clock_timestamp() - interval '1 hour' as at, l.id as lane_id, l.job_type, l.required_tags
        from generate_series(1, ${each}) i, ${lanes}`),
    );
  }
}

const input = `'${JSON.stringify(payload)}'::jsonb`;

export const pending = (jobs: string) => `
  with made as (
    insert into jobs (id, created_at, lane_id, bytes, job_type, required_tags, payload)
    select id, at, lane_id, 1000, job_type, required_tags, ${input} from (${jobs}) j
    returning id, sequence, lane_id, priority, bytes, job_type
  ), ready as (
    insert into job_ready (job_id, sequence, lane_id, priority, bytes)
    select id, sequence, lane_id, priority, bytes from made
  )
  insert into job_stat_deltas (job_type, pending) select job_type, count(*) from made group by job_type`;

const scheduled = (jobs: string) => `
  with made as (
    insert into jobs (id, created_at, lane_id, bytes, job_type, required_tags, payload, run_at)
    select id, at, lane_id, 1000, job_type, required_tags, ${input}, at + interval '1 day' from (${jobs}) j
    returning id, run_at, job_type
  ), scheduled as (
    insert into job_scheduled (run_at, job_id) select run_at, id from made
  )
  insert into job_stat_deltas (job_type, scheduled) select job_type, count(*) from made group by job_type`;

export const ended = (jobs: string) => `
  with made as (
    insert into jobs (
      id, created_at, started_at, completed_at, assigned_worker_id, lane_id, bytes, job_type, required_tags, payload, status, result,
      progress, epoch, version
    )
    select j.id, at, at, at, s.id, lane_id, 1000, job_type, required_tags, ${input}, 'completed', '${JSON.stringify(result)}', 1, 1, 3
    from (${jobs}) j, (select id from worker_slots limit 1) s
    returning id, completed_at, job_type
  ), finished as (
    insert into job_finished (job_id, finished_at, status, job_type, worker_id)
    select id, completed_at, 'completed', job_type, 'worker-0' from made
  ), attempt as (
    insert into job_attempts (job_id, started_at, ended_at, epoch, outcome, worker_id)
    select id, completed_at, completed_at, 1, 'completed', 'worker-0' from made
  )
  insert into job_stat_deltas (job_type, completed) select job_type, count(*) from made group by job_type`;
