import { limits } from "../../../src/limits.ts";

/** The queue as it should be, for one caller at a time. */

interface ModelJob {
  id: string;
  jobType: string;
  requiredTags: readonly string[];
  priority: number;
  sequence: number;
  fairKey: string | undefined;
  fairWeight: number;
  /** 0 for jobs that take no turns. */
  turn: number;
  /** Whether it comes back with the first of its line, and not with the next turn of its key. */
  keepsPlace: boolean;
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
  | "fairKey"
  | "fairWeight"
>;

export class ModelQueue {
  readonly jobs = new Map<string, ModelJob>();
  readonly deleted = new Map<string, ModelJob>();
  readonly maxRunning = new Map<string, number>();
  readonly paused = new Set<string>();
  readonly #turns = new ModelTurns(this.jobs);
  #sequence = 0;

  create(job: NewModelJob, isLater: boolean): "created" | "taken" {
    if (job.uniqueKey !== undefined && this.#holder(job.jobType, job.uniqueKey)) return "taken";
    const created: ModelJob = {
      ...job,
      sequence: this.#sequence++,
      turn: 0,
      keepsPlace: false,
      state: "later",
      epoch: 0,
      retries: 0,
      releases: 0,
      snoozes: 0,
      workerId: undefined,
      ends: new Map(),
    };
    if (!isLater) this.#turns.ready([created]);
    this.jobs.set(job.id, created);
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
      .sort((a, b) => b.priority - a.priority || a.turn - b.turn || a.sequence - b.sequence)
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
    this.#fail(job, true, false);
  }

  /** Everything that is put off becomes due. */
  makeDue(): void {
    this.#turns.ready([...this.jobs.values()].filter(({ state }) => state === "later"));
  }

  /** The time is over of all jobs that were to start in time. */
  passStartTimes(): void {
    for (const job of this.jobs.values()) {
      if (!job.isToStart || job.epoch > 0 || !["ready", "later"].includes(job.state)) continue;
      this.#turns.giveBack(job);
      job.state = "cancelled";
    }
  }

  cancel(id: string): "ok" | "not_found" | "forbidden" {
    const job = this.jobs.get(id);
    if (!job) return "not_found";
    if (job.state === "completed" || job.state === "failed") return "forbidden";
    if (job.state === "running")
      job.ends.set(job.epoch, { workerId: job.workerId ?? "", outcome: "cancelled" });
    this.#turns.giveBack(job);
    job.state = "cancelled";
    return "ok";
  }

  retry(id: string): "ok" | "not_found" | "forbidden" | "taken" {
    const job = this.jobs.get(id);
    if (!job) return "not_found";
    if (job.state !== "failed" && job.state !== "cancelled") return "forbidden";
    if (job.uniqueKey !== undefined && this.#holder(job.jobType, job.uniqueKey)) return "taken";
    Object.assign(job, { retries: 0, releases: 0, snoozes: 0, epoch: job.epoch + 1, keepsPlace: false });
    this.#turns.ready([job]);
    return "ok";
  }

  delete(id: string): "ok" | "not_found" | "forbidden" {
    const job = this.jobs.get(id);
    if (!job) return "not_found";
    if (job.state === "running") return "forbidden";
    this.#turns.giveBack(job);
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
    job.keepsPlace = job.releases === 0;
    if (job.releases > 0) job.sequence = this.#sequence++;
    if (job.releases++ < limits.freeReleases) this.#turns.ready([job]);
    else this.#fail(job, true, false);
  }

  #snooze(job: ModelJob): void {
    job.keepsPlace = true;
    if (job.snoozes++ < job.maxSnoozes) job.state = "later";
    else this.#fail(job, true);
  }

  #fail(job: ModelJob, retryable: boolean, keepsPlace = true): void {
    job.keepsPlace = keepsPlace;
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

/** Which turns jobs have in their lines, by start-time fair queueing. */
class ModelTurns {
  readonly #jobs: ReadonlyMap<string, ModelJob>;
  /** Lanes in which jobs with keys have stood. */
  readonly #fairLanes = new Set<string>();
  /** The next turn of each key, by line. */
  readonly #next = new Map<string, Map<string, number>>();

  constructor(jobs: ReadonlyMap<string, ModelJob>) {
    this.#jobs = jobs;
  }

  /** Puts jobs into line, all at the same time. */
  ready(jobs: readonly ModelJob[]): void {
    const wasFair = new Set(this.#fairLanes);
    for (const job of jobs) if (job.fairKey !== undefined) this.#fairLanes.add(laneOf(job));
    const turning = jobs.filter((job) => job.fairKey !== undefined || wasFair.has(laneOf(job)));
    const times = new Map(turning.map((job) => [lineOf(job), this.#timeOf(job)]));
    for (const job of turning.toSorted((a, b) => a.sequence - b.sequence)) {
      const time = times.get(lineOf(job)) ?? 0;
      const next = this.#next.get(lineOf(job)) ?? new Map<string, number>();
      job.turn = job.keepsPlace ? time : Math.max(next.get(keyOf(job)) ?? 0, time);
      if (!job.keepsPlace) this.#next.set(lineOf(job), next.set(keyOf(job), job.turn + stepOf(job)));
    }
    for (const job of jobs) {
      if (!turning.includes(job)) job.turn = 0;
      job.state = "ready";
    }
  }

  /** The job is about to leave the line without a start. */
  giveBack(job: ModelJob): void {
    if (job.state !== "ready" || job.turn === 0 || job.epoch > 0) return;
    const next = this.#next.get(lineOf(job));
    next?.set(keyOf(job), (next.get(keyOf(job)) ?? 0) - stepOf(job));
  }

  #timeOf(job: ModelJob): number {
    const waiting = [...this.#jobs.values()].filter(
      ({ state, turn, priority, jobType }) =>
        state === "ready" && turn > 0 && priority === job.priority && jobType === job.jobType,
    );
    const own = waiting.filter((other) => laneOf(other) === laneOf(job)).map(({ turn }) => turn);
    if (own.length > 0) return Math.min(...own);
    const given = this.#next.get(lineOf(job))?.values() ?? [];
    const others = waiting.length > 0 ? [Math.min(...waiting.map(({ turn }) => turn))] : [];
    const times = [...given, ...others];
    return times.length > 0 ? Math.max(...times) : 1;
  }
}

const keyOf = ({ fairKey = "" }: ModelJob) => fairKey;
const stepOf = ({ fairWeight }: ModelJob) => Math.round(1_000_000 / fairWeight);
const laneOf = ({ jobType, requiredTags, limitKey }: ModelJob) =>
  JSON.stringify([jobType, requiredTags, limitKey ?? null]);
const lineOf = (job: ModelJob) => `${laneOf(job)} ${job.priority}`;
