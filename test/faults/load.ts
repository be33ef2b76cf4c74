import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { newId } from "../../src/ids.ts";
import { disagreements } from "../jobs/support.ts";
import { Caller } from "./caller.ts";
import { clients } from "./server.ts";

interface Load {
  jobType: string;
  /** Workers of 20 slots each, and callers that create jobs. */
  workers?: number;
  creators?: number;
  /** How long each creator waits between two jobs, in milliseconds. */
  pauseMs?: number;
  /** Workers that do nothing until their leases are over, and then deliver all the same. */
  stalling?: number;
  /** Of the jobs: each of them then leaves an evaluation. Default: none. */
  benchmarkId?: string;
}

const leaseMs = 2_000;
/** Jobs that wait for a load's own workers; its creators hold back beyond that. */
const backlog = 100;

// A job whose workers were killed again and again would otherwise wait for its next attempt for minutes.
const makeDue = `
  with due as (update job_scheduled set run_at = clock_timestamp() where run_at > clock_timestamp() returning *)
  update jobs j set run_at = due.run_at from due where j.id = due.job_id`;

/**
 * Jobs being created, claimed and completed until they are told to stop, with a note of everything that was
 * acknowledged.
 */
export class RunningLoad {
  readonly #clients: ReturnType<typeof clients>;
  readonly #load: Required<Load>;
  readonly #caller = new Caller();
  readonly #created = new Set<string>();
  readonly #completed = new Map<string, number>();
  readonly #wrong = this.#caller.wrong;
  #refused = 0;
  #creating = true;
  #working = true;
  readonly #creators: Promise<unknown>[];
  readonly #workers: Promise<unknown>[];

  constructor(address: string, load: Load) {
    this.#clients = clients(address);
    this.#load = { workers: 3, creators: 12, pauseMs: 2, stalling: 0, benchmarkId: "", ...load };
    const { workers, stalling, creators, jobType } = this.#load;
    this.#creators = Array.from({ length: creators }, () => this.#create());
    this.#workers = [
      ...Array.from({ length: workers }, (_, index) => this.#work(`${jobType} worker ${index}`, 20)),
      ...Array.from({ length: stalling }, (_, index) =>
        this.#work(`${jobType} stalling ${index}`, 2, leaseMs + 500),
      ),
    ];
  }

  /**
   * How many jobs were created and completed, and how many completions were refused as stale, as far as
   * callers were told.
   */
  get acknowledged(): { created: number; completed: number; refused: number } {
    return { created: this.#created.size, completed: this.#completed.size, refused: this.#refused };
  }

  /** Milliseconds until a job is created that is asked for from now on, at most 10,000. */
  async recovery(): Promise<number> {
    const began = performance.now();
    const isSoon = () => performance.now() - began < 10_000;
    return (await this.#createOne(isSoon)) ? performance.now() - began : Number.POSITIVE_INFINITY;
  }

  /** Creates no more, waits until all that is there has ended, and tells what has gone wrong. */
  async finish(pool: Pool, withinMs = 10_000): Promise<string[]> {
    this.#creating = false;
    // What is still on its way would come after the last worker.
    await Promise.all(this.#creators);
    const began = performance.now();
    let live: unknown[] = [];
    do {
      await sleep(50);
      await pool.query(makeDue);
      ({ rows: live } = await pool.query(
        "select id, status, epoch, run_at from jobs where job_type = $1 and status in ('pending', 'running')",
        [this.#load.jobType],
      ));
    } while (live.length > 0 && performance.now() - began < withinMs);
    this.#working = false;
    await Promise.all(this.#workers);
    return [
      ...this.#wrong,
      ...live.map((job) => `has not ended: ${JSON.stringify(job)}`),
      ...(await this.#lost(pool)),
      ...(await disagreements(pool)),
    ];
  }

  async #lost(pool: Pool): Promise<string[]> {
    const { rows } = await pool.query<{
      id: string;
      status: string;
      epoch: number;
      result: string;
      epochs: number[] | null;
      outputs: string[] | null;
    }>(
      `select id, status, epoch, result, (
        select array_agg(a.epoch) from job_attempts a where a.job_id = j.id and a.outcome = 'completed'
      ) as epochs, (
        select array_agg(e.output) from evaluations e where e.benchmark_id = j.benchmark_id and e.sample_id = j.id::text
      ) as outputs from jobs j where job_type = $1`,
      [this.#load.jobType],
    );
    const stored = new Set(rows.map(({ id }) => id));
    const gone = [...this.#created].filter((id) => !stored.has(id));
    return [
      ...gone.map((id) => `${id} was created and is gone`),
      ...rows.flatMap(({ id, status, epoch, result, epochs, outputs }) => {
        const told = this.#completed.get(id);
        const right = `${id} ${epoch}`;
        return [
          ...(status === "completed" && epochs?.join() === String(epoch) && result === right
            ? []
            : [`${id} is ${status} in epoch ${epoch} with ${result}, completed in ${epochs}`]),
          ...(this.#load.benchmarkId === "" || outputs?.join() === right
            ? []
            : [`${id}: completed in epoch ${epoch} with the evaluations ${outputs}`]),
          ...(told === undefined || told === epoch ? [] : [`${id}: its completion in epoch ${told} is gone`]),
        ];
      }),
    ];
  }

  async #create(): Promise<void> {
    const going = () => this.#creating;
    while (going()) {
      await sleep(this.#load.pauseMs);
      const waiting = this.#created.size - this.#completed.size;
      if (this.#load.workers === 0 || waiting < backlog) await this.#createOne(going);
    }
  }

  async #createOne(going: () => boolean): Promise<boolean> {
    const { jobType, benchmarkId } = this.#load;
    // However often its workers are killed, a job is to be completed in the end.
    const request = { jobType, benchmarkId, maxRetries: 100, requestId: newId() };
    const created = await this.#caller.insist(() => this.#clients.jobs.createJob(request), going);
    if (created?.job) this.#created.add(created.job.id);
    return created !== undefined;
  }

  async #work(workerId: string, capacity: number, pauseMs = 0): Promise<void> {
    const { jobs, workers } = this.#clients;
    const going = () => this.#working;
    const { jobType, benchmarkId } = this.#load;
    const register = () => workers.registerWorker({ workerId, capacity, jobTypes: [jobType] });
    await this.#caller.insist(register, going);
    while (going()) {
      const claim = {
        workerId,
        maxJobs: capacity,
        requestId: newId(),
        wait: { nanos: 200_000_000 },
        lease: { seconds: BigInt(leaseMs / 1_000) },
      };
      const claimed = await this.#caller.insist(() => jobs.claimJobs(claim), going);
      const leases = claimed?.leases ?? [];
      if (leases.length === 0) continue;
      if (this.#creating) await sleep(pauseMs);
      const items = leases.map(({ job, epoch }) => {
        const jobId = job?.id ?? "";
        const value = `${jobId} ${epoch}`;
        return {
          jobId,
          epoch,
          result: { kind: { case: "stringValue" as const, value } },
          evaluations: benchmarkId === "" ? [] : [{ sampleId: jobId, output: value }],
        };
      });
      // Sent until it is answered: a repeated completion is answered as the first was.
      const ended = await this.#caller.insist(() => jobs.completeJobs({ workerId, items }), going);
      for (const [index, { jobId, outcome }] of (ended?.results ?? []).entries())
        this.#note(jobId, items[index]?.epoch ?? 0, outcome);
    }
  }

  #note(jobId: string, epoch: number, outcome: LeaseOutcome): void {
    if (outcome === LeaseOutcome.STALE) this.#refused++;
    else if (outcome !== LeaseOutcome.OK) this.#wrong.push(`${jobId}: its completion has outcome ${outcome}`);
    if (outcome !== LeaseOutcome.OK) return;
    const before = this.#completed.get(jobId);
    if (before !== undefined && before !== epoch)
      this.#wrong.push(`${jobId}: completed in epochs ${before} and ${epoch}`);
    this.#completed.set(jobId, epoch);
  }
}
