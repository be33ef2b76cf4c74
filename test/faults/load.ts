import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Pool } from "pg";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { newId } from "../../src/database/ids.ts";
import { disagreements } from "../jobs/support.ts";
import { clients } from "./server.ts";

interface Load {
  jobType: string;
  /** Workers of two slots each, and callers that create jobs. */
  workers?: number;
  creators?: number;
}

/** What may happen to a call while something is broken. */
const passing = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.ResourceExhausted,
  Code.Aborted,
  Code.NotFound,
];

/** Jobs being created, claimed and completed until they are told to stop, with a note of everything that was acknowledged. */
export class RunningLoad {
  readonly #address: string;
  readonly #load: Required<Load>;
  readonly #created = new Set<string>();
  readonly #completed = new Map<string, number>();
  readonly #wrong: string[] = [];
  readonly #times: number[] = [];
  #creating = true;
  #working = true;
  readonly #loops: Promise<unknown>[];

  constructor(address: string, load: Load) {
    this.#address = address;
    this.#load = { workers: 3, creators: 12, ...load };
    const { workers, creators } = this.#load;
    this.#loops = [
      ...Array.from({ length: creators }, () => this.#create()),
      ...Array.from({ length: workers }, (_, index) => this.#work(`${load.jobType} worker ${index}`)),
    ];
  }

  get acknowledged(): { created: number; completed: number } {
    return { created: this.#created.size, completed: this.#completed.size };
  }

  /** Milliseconds from `since` (of `performance.now`) to the first job created or completed after it. */
  async recovery(since: number): Promise<number> {
    for (let waited = 0; waited < 10_000; waited += 5) {
      const first = this.#times.find((time) => time > since);
      if (first !== undefined) return first - since;
      await sleep(5);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Creates no more, waits until all that is there has ended, and tells what has gone wrong. */
  async finish(pool: Pool, withinMs = 10_000): Promise<string[]> {
    this.#creating = false;
    const began = performance.now();
    let live: unknown[] = [];
    do {
      await sleep(50);
      ({ rows: live } = await pool.query(
        "select id, status, epoch from jobs where job_type = $1 and status in ('pending', 'running')",
        [this.#load.jobType],
      ));
    } while (live.length > 0 && performance.now() - began < withinMs);
    this.#working = false;
    await Promise.all(this.#loops);
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
    }>(
      `select id, status, epoch, result, (
        select array_agg(a.epoch) from job_attempts a where a.job_id = j.id and a.outcome = 'completed'
      ) as epochs from jobs j where job_type = $1`,
      [this.#load.jobType],
    );
    const jobs = new Map(rows.map((row) => [row.id, row]));
    const created = [...this.#created]
      .filter((id) => !jobs.has(id))
      .map((id) => `${id} was created and is gone`);
    const completed = [...this.#completed].filter(([id, epoch]) => {
      const job = jobs.get(id);
      return job?.status !== "completed" || job.epoch !== epoch || job.result !== `${id} ${epoch}`;
    });
    const twice = rows
      .filter(({ epochs }) => (epochs?.length ?? 0) > 1)
      .map(({ id }) => `${id} was completed twice`);
    return [
      ...created,
      ...completed.map(([id, epoch]) => `${id}: its completion in epoch ${epoch} is gone`),
      ...twice,
    ];
  }

  async #create(): Promise<void> {
    const { jobs } = clients(this.#address);
    while (this.#creating) {
      const request = { jobType: this.#load.jobType, requestId: newId() };
      const job = await this.#insist(
        async () => (await jobs.createJob(request)).job,
        () => this.#creating,
      );
      if (job) this.#created.add(job.id);
      await sleep(2);
    }
  }

  async #work(workerId: string): Promise<void> {
    const { jobs, workers } = clients(this.#address);
    const going = () => this.#working;
    const register = () => workers.registerWorker({ workerId, capacity: 20, jobTypes: [this.#load.jobType] });
    await this.#insist(register, going);
    while (going()) {
      const claim = {
        workerId,
        maxJobs: 20,
        requestId: newId(),
        wait: { nanos: 200_000_000 },
        lease: { seconds: 2n },
      };
      const claimed = await this.#insist(() => jobs.claimJobs(claim), going);
      const leases = claimed?.leases ?? [];
      if (leases.length === 0) continue;
      const items = leases.map(({ job, epoch }) => {
        const jobId = job?.id ?? "";
        return {
          jobId,
          epoch,
          result: { kind: { case: "stringValue" as const, value: `${jobId} ${epoch}` } },
        };
      });
      // Sent until it is answered: a repeated completion is answered as the first was.
      const ended = await this.#insist(() => jobs.completeJobs({ workerId, items }), going);
      for (const [index, { jobId, outcome }] of (ended?.results ?? []).entries()) {
        if (outcome !== LeaseOutcome.OK) continue;
        const epoch = items[index]?.epoch ?? 0;
        const before = this.#completed.get(jobId);
        if (before !== undefined && before !== epoch)
          this.#wrong.push(`${jobId}: completed in epochs ${before} and ${epoch}`);
        this.#completed.set(jobId, epoch);
      }
    }
  }

  async #insist<T>(call: () => Promise<T>, going: () => boolean): Promise<T | undefined> {
    while (going()) {
      try {
        const answer = await call();
        this.#times.push(performance.now());
        return answer;
      } catch (error) {
        const code = ConnectError.from(error).code;
        if (!passing.includes(code)) this.#wrong.push(`${Code[code]}: ${error}`);
        await sleep(20);
      }
    }
    return undefined;
  }
}
