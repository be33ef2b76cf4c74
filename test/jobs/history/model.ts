import { limits } from "../../../src/limits.ts";

/** The queue as it should be, for one caller at a time. */

interface ModelJob {
  id: string;
  jobType: string;
  requiredTags: readonly string[];
  priority: number;
  sequence: number;
  uniqueKey: string | undefined;
  limitKey: string | undefined;
  state: "ready" | "later" | "running" | "completed" | "failed" | "cancelled";
  epoch: number;
  retries: number;
  releases: number;
  snoozes: number;
  maxRetries: number;
  maxSnoozes: number;
  /** Whether it is cancelled if it has not started when `passStartTimes` is called. */
  isToStart: boolean;
  workerId: string | undefined;
  /** How the attempts of this job have ended, by epoch. */
  ends: Map<number, { workerId: string; outcome: string }>;
}

export interface ModelWorker {
  workerId: string;
  capacity: number;
  tags: readonly string[];
}

type NewModelJob = Pick<
  ModelJob,
  | "id"
  | "jobType"
  | "requiredTags"
  | "priority"
  | "uniqueKey"
  | "limitKey"
  | "maxRetries"
  | "maxSnoozes"
  | "isToStart"
>;

export class ModelQueue {
  readonly jobs = new Map<string, ModelJob>();
  readonly deleted = new Map<string, ModelJob>();
  readonly maxRunning = new Map<string, number>();
  readonly paused = new Set<string>();
  #sequence = 0;

  create(job: NewModelJob, isLater: boolean): "created" | "taken" {
    if (job.uniqueKey !== undefined && this.#holder(job.jobType, job.uniqueKey)) return "taken";
    this.jobs.set(job.id, {
      ...job,
      sequence: this.#sequence++,
      state: isLater ? "later" : "ready",
      epoch: 0,
      retries: 0,
      releases: 0,
      snoozes: 0,
      workerId: undefined,
      ends: new Map(),
    });
    return "created";
  }

  /** The ids that a claim brings, with their epochs, in order. */
  claim(
    { workerId, capacity, tags }: ModelWorker,
    max: number,
    jobTypes: readonly string[],
  ): { id: string; epoch: number }[] {
    const held = [...this.jobs.values()].filter(
      (job) => job.state === "running" && job.workerId === workerId,
    ).length;
    const left = new Map([...this.maxRunning].map(([key, most]) => [key, most - this.#running(key)]));
    const best = [...this.jobs.values()]
      .filter((job) => job.state === "ready")
      .filter((job) => jobTypes.length === 0 || jobTypes.includes(job.jobType))
      .filter((job) => job.requiredTags.every((tag) => tags.includes(tag)))
      .filter((job) => !this.paused.has(job.jobType))
      .sort((a, b) => b.priority - a.priority || a.sequence - b.sequence)
      .filter(({ limitKey }) => {
        const free = limitKey === undefined ? undefined : left.get(limitKey);
        if (limitKey === undefined || free === undefined) return true;
        left.set(limitKey, free - 1);
        return free > 0;
      })
      .slice(0, Math.max(Math.min(max, capacity - held), 0));
    return best.map((job) => {
      job.state = "running";
      job.epoch++;
      job.workerId = workerId;
      return { id: job.id, epoch: job.epoch };
    });
  }

  end(
    workerId: string,
    id: string,
    epoch: number,
    outcome: "completed" | "failed" | "released" | "snoozed",
    retryable = true,
  ): string {
    const job = this.jobs.get(id);
    const held = job?.state === "running" && job.epoch === epoch && job.workerId === workerId;
    if (job && held) {
      job.ends.set(epoch, { workerId, outcome });
      if (outcome === "completed") job.state = "completed";
      else if (outcome === "released") this.#release(job);
      else if (outcome === "snoozed") this.#snooze(job);
      else this.#fail(job, retryable);
      return "ok";
    }
    const before = (job ?? this.deleted.get(id))?.ends.get(epoch);
    if (before?.workerId === workerId && before.outcome === outcome) return "ok";
    if (!job) return "not_found";
    return job.state === "cancelled" && job.epoch === epoch ? "cancelled" : "stale";
  }

  expire(id: string): void {
    const job = this.jobs.get(id);
    if (job?.state !== "running") return;
    job.ends.set(job.epoch, { workerId: job.workerId ?? "", outcome: "expired" });
    job.sequence = this.#sequence++;
    this.#fail(job, true);
  }

  /** Everything that is put off becomes due. */
  makeDue(): void {
    for (const job of this.jobs.values()) if (job.state === "later") job.state = "ready";
  }

  /** The time is over of all jobs that were to start in time. */
  passStartTimes(): void {
    for (const job of this.jobs.values()) {
      if (job.isToStart && job.epoch === 0 && ["ready", "later"].includes(job.state)) job.state = "cancelled";
    }
  }

  cancel(id: string): "ok" | "not_found" | "forbidden" {
    const job = this.jobs.get(id);
    if (!job) return "not_found";
    if (job.state === "completed" || job.state === "failed") return "forbidden";
    if (job.state === "running")
      job.ends.set(job.epoch, { workerId: job.workerId ?? "", outcome: "cancelled" });
    job.state = "cancelled";
    return "ok";
  }

  retry(id: string): "ok" | "not_found" | "forbidden" | "taken" {
    const job = this.jobs.get(id);
    if (!job) return "not_found";
    if (job.state !== "failed" && job.state !== "cancelled") return "forbidden";
    if (job.uniqueKey !== undefined && this.#holder(job.jobType, job.uniqueKey)) return "taken";
    Object.assign(job, { state: "ready", retries: 0, releases: 0, snoozes: 0, epoch: job.epoch + 1 });
    return "ok";
  }

  delete(id: string): "ok" | "not_found" | "forbidden" {
    const job = this.jobs.get(id);
    if (!job) return "not_found";
    if (job.state === "running") return "forbidden";
    this.jobs.delete(id);
    this.deleted.set(id, job);
    return "ok";
  }

  counts(): Record<string, number> {
    const of = (state: ModelJob["state"]) =>
      [...this.jobs.values()].filter((job) => job.state === state).length;
    return {
      pending: of("ready"),
      scheduled: of("later"),
      running: of("running"),
      completed: of("completed"),
      failed: of("failed"),
      cancelled: of("cancelled"),
      total: this.jobs.size,
    };
  }

  #release(job: ModelJob): void {
    if (job.releases > 0) job.sequence = this.#sequence++;
    if (job.releases++ < limits.freeReleases) job.state = "ready";
    else this.#fail(job, true);
  }

  #snooze(job: ModelJob): void {
    if (job.snoozes++ < job.maxSnoozes) job.state = "later";
    else this.#fail(job, true);
  }

  #fail(job: ModelJob, retryable: boolean): void {
    const retries = retryable && job.retries < job.maxRetries;
    job.state = retries ? "later" : "failed";
    if (retries) job.retries++;
  }

  #holder(jobType: string, uniqueKey: string): ModelJob | undefined {
    return [...this.jobs.values()].find(
      (job) =>
        job.jobType === jobType &&
        job.uniqueKey === uniqueKey &&
        ["ready", "later", "running"].includes(job.state),
    );
  }

  #running(limitKey: string): number {
    return [...this.jobs.values()].filter((job) => job.state === "running" && job.limitKey === limitKey)
      .length;
  }
}
