import { type Fragment, fragmentOf, sql } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";
import { jobEvents } from "../watch/events.ts";
import { takenTurns } from "./turns.ts";

// These CTEs are common to statements about jobs. Parameters name earlier CTEs, with the columns in brackets.

export const states = ["pending", "scheduled", "running", "completed", "failed", "cancelled"] as const;

export type JobState = (typeof states)[number];

/** Locks the slots of workers (worker_id) as they are by then, which comes before all other locks. */
export const lockedSlots = (workers: string, others = sql.fragment``): Fragment => sql.fragment`
  slot as materialized (
    select worker_id, id, capacity - used as free from worker_slots
    where worker_id in (select worker_id from ${fragmentOf(workers)}) order by worker_id for update ${others}
  )`;

/**
 * The time, once for a statement. An index is not searched by a function that may answer otherwise for each
 * row, as `clock_timestamp()` does, but by what a subquery has answered.
 */
export const clockTime = sql.fragment`(select clock_timestamp())`;

/** Reads the clock once the rows of `before` are locked or changed. */
export const clockAfter = (before: string): Fragment => sql.fragment`
  clock as materialized (select clock_timestamp() as at, count(*) from ${fragmentOf(before)})`;

/**
 * Counts what workers (a select of their ids) do as a heartbeat, if the last is a while ago. It takes no row
 * that it would have to wait for.
 */
export const implicitHeartbeat = (workers: Fragment): Fragment => sql.fragment`
  heartbeat as (
    update workers set last_heartbeat = clock_timestamp()
    where ctid = any (array(
      select ctid from workers
      where worker_id in (${workers})
        and last_heartbeat < statement_timestamp() - ${limits.heartbeatIntervalMs} * interval '1 ms'
      for no key update skip locked
    ))
  )`;

/**
 * Locks the benchmarks of jobs (benchmark_id) that are there to stay, until the commit: a deletion waits for
 * the lock, and then ends these jobs too.
 */
export const keptBenchmarks = (jobs: string, others = sql.fragment``): Fragment => sql.fragment`
  benchmark as materialized (
    select b.id, b.created_at, b.created_by from benchmarks b
    where b.id in (select benchmark_id from ${fragmentOf(jobs)})
      and not exists (select from benchmark_deletions deletion where deletion.benchmark_id = b.id)
    order by b.id for key share of b ${others}
  )`;

/**
 * Whether benchmark `b` is the one that job `j` was made for, and not another user's that was made later with
 * the id of a deleted one.
 */
export const isOfJob = (b: string, j: string): Fragment => sql.fragment`
  (${fragmentOf(`${b}.id = ${j}.benchmark_id`)} and (${fragmentOf(`${b}.created_at <= ${j}.created_at`)}
    or ${fragmentOf(`${b}.created_by is not distinct from ${j}.created_by`)}))`;

/**
 * Makes lanes that are not there, and takes retired ones back.
 * @param lanes a select of their id, job_type, required_tags, limit_key and fair, each once, in the order of
 * locks
 */
export const madeLanes = (lanes: Fragment): Fragment => sql.fragment`
  made as (
    insert into job_lanes (id, job_type, required_tags, limit_key, fair) ${lanes}
    on conflict (id) do update set retired_at = null, fair = job_lanes.fair or excluded.fair
    returning id
  )`;

/** Puts jobs (id, sequence, lane_id, priority) into line, which have so many `bytes` and take no turns. */
export const readyJobs = (jobs: string, bytes: Fragment, when: Fragment): Fragment => sql.fragment`
  ready as (
    insert into job_ready (job_id, sequence, lane_id, priority, bytes)
    select id, sequence, lane_id, priority, ${bytes} from ${fragmentOf(jobs)} where ${when}
  )`;

/**
 * Does the same with jobs of which some take turns: see `takenTurns`.
 * @param ownTurn that of one which takes none. Default: 0
 */
export const readyJobsByTurns = (
  jobs: string,
  bytes: Fragment,
  when: Fragment,
  ownTurn = sql.fragment`0`,
): Fragment => sql.fragment`
  ready as (
    insert into job_ready (job_id, sequence, lane_id, priority, bytes, turn)
    select id, sequence, lane_id, priority, ${bytes}, coalesce(turn.turn, ${ownTurn})
    from ${fragmentOf(jobs)} full join turn using (id) where ${when}
  )`;

export const laneColumns = fragmentOf("j.lane_id, j.job_type, j.required_tags, j.limit_key, j.fair_key");

/** Makes the lanes of jobs (`laneColumns`) that come back into line. */
export const returnedLanes = (jobs: string): Fragment =>
  madeLanes(sql.fragment`
    select lane_id, job_type, required_tags, limit_key, bool_or(fair_key is not null)
    from ${fragmentOf(jobs)} j
    where not exists (
      select from job_lanes lane
      where lane.id = j.lane_id and lane.retired_at is null and (lane.fair or j.fair_key is null)
    )
    group by lane_id, job_type, required_tags, limit_key order by lane_id`);

export const lineColumns = fragmentOf("j.sequence, j.priority, j.fair_weight, j.bytes, j.error");

/** How jobs come back into line; each is of a job of the CTE, in `when` and `ownTurn` without a name. */
interface Return {
  /** Which do. Default: all */
  when?: Fragment;
  /** Which of the jobs `j` stand where they stood, rather than take turns of their keys. Default: none */
  keeps?: Fragment;
  /** The turn that a job has already; 0: none. Default: 0 */
  ownTurn?: Fragment;
}

/** Puts jobs (id, `laneColumns`, `lineColumns`), whose lanes are there, into line again. */
export function returnedJobs(jobs: string, { when = sql.fragment`true`, keeps, ownTurn }: Return): Fragment {
  const takesTurn = ownTurn ? sql.fragment`${when} and ${ownTurn} = 0` : when;
  return sql.fragment`
  ${takenTurns(jobs, { order: fragmentOf("sequence"), when: takesTurn, keeps })},
  ${readyJobsByTurns(jobs, sql.fragment`bytes + coalesce(octet_length(error), 0)`, when, ownTurn)}`;
}

/**
 * Takes the unique keys of jobs (id, job_type, unique_key), as far as they are free.
 * @param first which of several jobs with one key gets it: the first by this
 */
export const takenKeys = (jobs: string, first = sql.fragment`id`): Fragment => sql.fragment`
  keyed as (
    insert into job_keys (job_type, unique_key, job_id)
    select job_type, unique_key, id from ${fragmentOf(jobs)}
    where unique_key is not null order by job_type, unique_key, ${first}
    on conflict do nothing
    returning job_id
  )`;

/**
 * Frees the unique keys of jobs (id, job_type, unique_key) that have ended or were deleted.
 * @param when a condition over the CTE, if it has other jobs too
 */
export function freedKeys(jobs: string, when = sql.fragment`true`): Fragment {
  const job = fragmentOf(jobs);
  return sql.fragment`
  freed_keys as (
    delete from job_keys key using ${job}
    where ${when} and ${job}.unique_key is not null and key.job_type = ${job}.job_type
      and key.unique_key = ${job}.unique_key and key.job_id = ${job}.id
  )`;
}

/** Lists the jobs of `ended` (id, job_type, worker_id, has_dependants) as finished at the time of `clock`. */
export const finishedJobs = (status: JobState, when = sql.fragment`true`): Fragment => sql.fragment`
  finished as (
    insert into job_finished (job_id, finished_at, status, job_type, worker_id)
    select id, clock.at, ${sql.literalValue(status)}, job_type, worker_id from ended, clock where ${when}
  ), ${notedEnds("ended", sql.literalValue(status), when)}`;

/**
 * Notes the ends of jobs (id, has_dependants) that others were created to run after. The statement that
 * creates these locks the jobs' rows, so `has_dependants` is true of each that is there by then.
 */
export const notedEnds = (
  jobs: string,
  status: Fragment,
  when = sql.fragment`true`,
): Fragment => sql.fragment`
  noted as (
    insert into job_ended_dependencies (job_id, status)
    select id, ${status} from ${fragmentOf(jobs)} where has_dependants and ${when} order by id
    on conflict (job_id) do update set status = excluded.status
  )`;

/**
 * Records the ends of attempts (id, epoch, attempt, worker_id, claimed_at, and `others`), and puts them
 * in line for the sealer of the audit trail: one row a statement, none without attempts.
 */
export const endedAttempts = (
  attempts: string,
  outcome: Fragment,
  error: Fragment,
  others = sql.fragment``,
): Fragment => sql.fragment`
  attempt as (
    insert into job_attempts (
      job_id, epoch, attempt, worker_id, started_at, ended_at, outcome, error ${others}
    )
    select id, epoch, attempt, worker_id, claimed_at, clock.at, ${outcome}, ${error} ${others}
    from ${fragmentOf(attempts)}, clock
  ), unsealed as (
    insert into audit_unsealed (entry_kind, entry_ids, epochs)
    select 'job_attempt', array_agg(id), array_agg(epoch) from ${fragmentOf(attempts)} having count(*) > 0
  )`;

/** Frees the slots of attempts (worker_id), and counts them as completed or failed by their workers. */
export function freedSlots(attempts: string, counted?: "completed" | "failed"): Fragment {
  const also = counted ? fragmentOf(`, ${counted} = slot.${counted} + done.jobs`) : sql.fragment``;
  return sql.fragment`
  freed_slots as (
    update worker_slots slot set used = greatest(slot.used - done.jobs, 0)${also}
    from (select worker_id, count(*)::integer as jobs from ${fragmentOf(attempts)} group by worker_id) done
    where slot.worker_id = done.worker_id
  )`;
}

/** A state of all changed jobs, null for none; or an expression over each that is one of some states. */
type StateOf = JobState | null | { each: Fragment; among: readonly JobState[] };

/** How many of the changed jobs have this state; undefined: none can have it. */
function countOf(of: StateOf, state: JobState): Fragment | undefined {
  if (of === state) return sql.fragment`count(*)`;
  if (of === null || typeof of === "string" || !of.among.includes(state)) return undefined;
  return sql.fragment`count(*) filter (where ${of.each} = ${sql.literalValue(state)})`;
}

/**
 * Ends every statement that changes jobs: `counted` keeps the statistics, `event` tells watchers.
 * @param changed the changed jobs (id, job_type, benchmark_id, and what `from` and `to` name)
 * @param from the state that a job leaves, null for none; `to` likewise is the one that it enters
 */
export function recordChanges(changed: string, from: StateOf, to: StateOf): Fragment {
  const zero = sql.fragment`0`;
  const counts = states.flatMap((state) => {
    const [left, entered] = [countOf(from, state), countOf(to, state)];
    if (!left && !entered) return [];
    return { state, sum: sql.fragment`(${entered ?? zero} - ${left ?? zero})::integer` };
  });
  const names = fragmentOf(counts.map(({ state }) => state).join(", "));
  const sums = sql.join(
    counts.map(({ sum }) => sum),
    sql.fragment`, `,
  );
  const jobs = fragmentOf(changed);
  return sql.fragment`
    counted as (
      insert into job_stat_deltas (job_type, benchmark_id, ${names})
      select job_type, case when grouping(benchmark_id) = 0 then benchmark_id end, ${sums} from ${jobs}
      group by grouping sets ((job_type), (job_type, benchmark_id))
      having grouping(benchmark_id) = 1 or benchmark_id is not null
    ), ${jobEvents.record(jobs)}`;
}
