import { z } from "zod";
import { auditEntries } from "../../audit/record.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import {
  type Creation,
  createJobs,
  entryOf,
  exampleJob,
  isDependent,
  type JobToCreate,
  newJob,
} from "../create.ts";
import type { Lanes } from "../limits/lanes.ts";
import { keptBenchmarks, lockedSlots, recordChanges } from "../parts.ts";
import type { Job } from "../rows.ts";
import { lineOrder } from "../turns.ts";
import type { CreateJobs } from "../writes.ts";
import type { Claimer, Offer } from "./claimer.ts";
import { type Demand, exampleDemand, type Lease, openLanes } from "./taking.ts";

/** A job with the claim that it is to be leased to. */
interface Pair {
  job: JobToCreate;
  demand: Demand;
  /** Which of the worker's jobs in a statement it is, from 1. */
  place: number;
}

const pairColumns = {
  id: "uuid",
  laneId: "uuid",
  bytes: "int4",
  payload: "jsonb",
  priority: "int4",
  maxRetries: "int4",
  maxSnoozes: "int4",
  timeoutSeconds: "int4",
  tokens: "int4",
  startWithinMs: "int8",
  benchmarkId: "uuid",
  fairKey: "text",
  fairWeight: "float8",
  metadata: "jsonb",
  createdBy: "uuid",
  workerId: "text",
  leaseMs: "int4",
  requestId: "text",
  place: "int4",
  ordinality: true,
} as const;

const skipLocked = sql.fragment`skip locked`;
const benchmark = keptBenchmarks("item", skipLocked);
const slot = lockedSlots("item", skipLocked);
const changes = recordChanges("created", null, "running");
const isCreated = sql.fragment`entry.entity_id in (select id::text from created)`;

// It is `job_insert` and `job_claim` in one, for jobs that never stand in line: no job waits that the claim
// would be given before, so none of them takes a turn. Slots and benchmarks that others hold are not waited
// for. A job that is left out is created ready, as ever, by another statement: so are jobs of a lane that is
// paused or not there, those for workers without a free slot, and for claims whose request id was answered
// before.
const insertLeased = statement("job_insert_leased", {
  row: z.object({ position: z.number(), createdAt: z.string(), startedAt: z.string() }),
  build: (pairs: readonly Pair[], lanes: readonly string[]) => sql.fragment`
    with item as materialized (
      select * from ${table("item", pairs.map(rowOf), pairColumns)}
    ), ${slot}, ${benchmark}, open as materialized (
      select lane.id, lane.job_type, lane.required_tags from ${openLanes(lanes)}
    ), fit as materialized (
      -- The clock is read once the slots are locked.
      select item.*, slot.id as slot_id, open.job_type, open.required_tags, clock_timestamp() as at
      from item join slot on slot.worker_id = item.worker_id join open on open.id = item.lane_id
      where item.place <= slot.free
        and (item.benchmark_id is null or item.benchmark_id in (select id from benchmark))
        and item.priority > coalesce((
          select max(ready.priority) from open cross join lateral (
            select priority from job_ready where lane_id = open.id order by ${lineOrder} limit 1
          ) ready
        ), item.priority::bigint - 1)
    ), answered as (
      insert into requests (actor, method, request_id, body_hash, result)
      select worker_id, 'ClaimJobs', request_id, '', jsonb_agg(jsonb_build_array(id, 1) order by ordinality)
      from fit where request_id is not null group by worker_id, request_id
      on conflict (actor, method, request_id) do nothing
      returning actor, request_id
    ), given as materialized (
      select * from fit
      where request_id is null or (worker_id, request_id) in (select actor, request_id from answered)
    ), created as (
      insert into jobs (
        id, lane_id, bytes, job_type, required_tags, payload, priority, max_retries, max_snoozes,
        timeout_seconds, tokens, start_by, benchmark_id, fair_key, fair_weight, metadata, created_by, status,
        epoch, version, assigned_worker_id, started_at, updated_at
      )
      select
        id, lane_id, bytes, job_type, required_tags, payload, priority, max_retries, max_snoozes,
        timeout_seconds, tokens, now() + start_within_ms * interval '1 ms', benchmark_id, fair_key,
        fair_weight, metadata, created_by, 'running', 1, 2, slot_id, at, at
      from given order by ordinality
      returning id, job_type, benchmark_id
    ), lease as (
      insert into job_leases (job_id, claimed_at, expires_at, deadline_at, epoch, attempt, worker_id)
      select
        id, at, at + lease_ms * interval '1 ms',
        case when timeout_seconds > 0 then at + timeout_seconds * interval '1 s' end, 1, 1, worker_id
      from given
    ), occupied as (
      update worker_slots ws set used = ws.used + held.jobs
      from (select worker_id, count(*)::integer as jobs from given group by worker_id) held
      where ws.worker_id = held.worker_id
    ), ${changes}, ${auditEntries(
      pairs.map(({ job }) => entryOf(job)),
      isCreated,
    )}
    select ordinality as position, now() as created_at, at as started_at from given`,
  examples: [[[{ job: exampleJob, demand: exampleDemand, place: 1 }], [exampleJob.laneId]]],
});

const rowOf = ({ job, demand, place }: Pair) => ({ ...job, ...demand, place });

/**
 * Gives jobs to claims that wait in this process as they are created: they start with the commit that makes
 * them, where they would else be claimed by another statement after it.
 */
export class HandOver {
  readonly #claimer: Claimer;
  readonly #lanes: Lanes;

  constructor(claimer: Claimer, lanes: Lanes) {
    this.#claimer = claimer;
    this.#lanes = lanes;
  }

  /**
   * Runs `work`, which has committed when it ends what it created by the function that it is given. The
   * claims are answered then.
   */
  async run<T>(work: (create: CreateJobs) => Promise<T>): Promise<T> {
    let offers: readonly Offer[] = [];
    const create: CreateJobs = async (db, jobs) => {
      if (jobs.some(isDependent)) return createJobs(db, jobs);
      const wanted = new Set(this.#claimer.wanted(jobs));
      if (wanted.size === 0) return createJobs(db, jobs);
      const createAll = async (db: Executor) => {
        // A transaction may be run again.
        this.#claimer.settle(offers, false);
        const creations = new Map<JobToCreate, Creation>();
        const createReady = async (jobs: readonly JobToCreate[]) => {
          const made = jobs.length > 0 ? await createJobs(db, jobs) : [];
          for (const [index, job] of jobs.entries()) creations.set(job, made[index] as Creation);
        };
        // These may wait for locks, while nobody is to wait for them.
        await createReady(jobs.filter((job) => !wanted.has(job)));
        offers = this.#claimer.offer([...wanted]);
        for (const [job, created] of await this.#lease(db, offers)) creations.set(job, created);
        await createReady(jobs.filter((job) => !creations.has(job)));
        return jobs.map((job) => creations.get(job) as Creation);
      };
      return jobs.length > 1 ? db.transaction(createAll) : createAll(db);
    };
    try {
      const result = await work(create);
      this.#claimer.settle(offers, true);
      return result;
    } catch (error) {
      this.#claimer.settle(offers, false);
      throw error;
    }
  }

  /** @returns the jobs that were leased to claims; their offers get the leases */
  async #lease(db: Executor, offers: readonly Offer[]): Promise<Map<JobToCreate, Job>> {
    const started = new Map<JobToCreate, Job>();
    for (const ofGroup of Map.groupBy(offers, ({ poll }) => poll.group).values()) {
      const places = new Map<string, number>();
      const pairs = ofGroup.flatMap((offer) =>
        offer.jobs.map((job) => {
          const { demand } = offer.poll;
          const place = (places.get(demand.workerId) ?? 0) + 1;
          places.set(demand.workerId, place);
          return { job, demand, place, offer };
        }),
      );
      const lanes = this.#lanes.matching(pairs[0]?.offer.poll.filter ?? { jobTypes: [], tags: [] });
      const ids = lanes.map(({ id }) => id);
      for (const { position, createdAt, startedAt } of await db.any(insertLeased(pairs, ids))) {
        const pair = pairs[position - 1];
        if (!pair) throw new Error("a job was leased that nobody creates");
        const lease = leaseOf(pair, createdAt, startedAt);
        const { expiresInMs: _expires, deadlineInMs: _deadline, ...job } = lease;
        started.set(pair.job, job);
        pair.offer.leases.push(lease);
      }
    }
    return started;
  }
}

function leaseOf({ job, demand }: Pair, createdAt: string, startedAt: string): Lease {
  const { workerId, leaseMs } = demand;
  return {
    ...newJob(job, createdAt),
    payload: job.payload,
    status: "running",
    workerId,
    epoch: 1,
    version: 2,
    startedAt,
    updatedAt: startedAt,
    expiresInMs: leaseMs,
    deadlineInMs: job.timeoutSeconds > 0 ? job.timeoutSeconds * 1000 : null,
  };
}
