import type { JsonObject } from "@bufbuild/protobuf";
import type { Job, Lease } from "../../../gen/ltb/v1/job_pb.ts";
import { limits } from "../../limits.ts";
import type { ClientOptions } from "../client.ts";
import type { WorkerLog } from "./log.ts";

/** What a handler gets besides its job. */
export interface JobContext {
  /**
   * Aborted when the work is of no use any more; its reason is a `JobAbortedError` that says why. Pass it on to `fetch` and the like. A handler
   * that does not heed it keeps its place among the worker's `capacity` until it returns.
   */
  signal: AbortSignal;
  /**
   * Tells how far the job is: a share from 0 to 1 (undefined: unchanged), and in words, at most 1024 characters. May be called as often as one
   * likes; the service is told at most once a second. Never throws.
   */
  progress(fraction: number | undefined, message?: string): void;
  /** The worker's log, with `jobId` and `attempt` in every line. */
  log: WorkerLog;
  /** The lease that the job runs under: its epoch, and the number of the attempt. */
  lease: Lease;
}

/**
 * Runs one job. What it returns becomes the job's result, by the rules of `JSON.stringify`; see `withEvaluations` for results that come with
 * evaluations. What it throws fails the attempt with the error's message; see `JobError` for failures that must not be retried.
 */
export type JobHandler = (job: Job, context: JobContext) => unknown;

/** What a worker is and does. */
export interface WorkerOptions extends Pick<ClientOptions, "address" | "apiKey" | "tls"> {
  /** Name of the worker, 1 to 255 characters: one running process a name, the same after a restart. */
  workerId: string;
  /** Most jobs that run at the same time, 1 to 10000. Default: 1. */
  capacity?: number;
  /** What it offers: it is only given jobs whose required_tags are all among them. Default: none. */
  tags?: readonly string[];
  /** What runs the jobs of each type. That of `"*"` runs those of all other types. */
  handlers: Readonly<Record<string, JobHandler>>;
  /** Types of jobs to run, each with a handler. Default: those that have a handler of their own; with a handler for `"*"` every type. */
  jobTypes?: readonly string[];
  /** Kept with the registration. Default: none. */
  metadata?: JsonObject;
  /** Version of the worker's software. Default: none. */
  version?: string;
  /** How long the worker may be silent before its jobs are given to others, in milliseconds, 1000 to 3600000. Default: 30000. */
  leaseMs?: number;
  /**
   * Jobs held ready beyond those that run, so that short jobs (less than some 100 ms) follow each other without a pause. Their timeouts run while
   * they wait, and no other worker can take them. They count as capacity in the registry; with `capacity` at most 10000. Default: 0.
   */
  prefetch?: number;
  /** pino, `console`, or anything with their four methods. Default: warnings and errors go to the console. */
  log?: WorkerLog;
  /** Whether SIGTERM and SIGINT stop the worker, in order; a second one ends the process at once. Default: false. */
  handleSignals?: boolean;
  /** How long jobs may still run after `stop`, in milliseconds, before they are aborted and given back. Default: 30000. */
  drainTimeoutMs?: number;
}

/** The same with every default in place. */
export interface WorkerSettings {
  workerId: string;
  capacity: number;
  prefetch: number;
  tags: string[];
  /** Empty: every type. */
  jobTypes: string[];
  metadata: JsonObject | undefined;
  version: string;
  leaseMs: number;
  drainTimeoutMs: number;
  handlerOf(jobType: string): JobHandler | undefined;
}

/** @throws TypeError, RangeError naming the option that is wrong */
export function settingsOf(options: WorkerOptions): WorkerSettings {
  const { workerId, capacity = 1, prefetch = 0, tags = [], handlers, leaseMs = limits.leaseMs } = options;
  const { drainTimeoutMs = 30_000, metadata, version = "" } = options;
  if (workerId.length < 1 || workerId.length > limits.nameLength)
    throw new RangeError(`workerId: expected 1 to ${limits.nameLength} characters, got ${workerId.length}`);
  expectInteger("capacity", capacity, 1, limits.workerCapacity);
  expectInteger("prefetch", prefetch, 0, limits.workerCapacity - capacity);
  expectInteger("leaseMs", leaseMs, limits.leaseMinMs, limits.leaseMaxMs);
  expectInteger("drainTimeoutMs", drainTimeoutMs, 0, 2 ** 31 - 1);
  const handlerOf = (jobType: string) => {
    if (Object.hasOwn(handlers, jobType)) return handlers[jobType];
    return Object.hasOwn(handlers, "*") ? handlers["*"] : undefined;
  };
  const named = Object.keys(handlers);
  if (named.length === 0) throw new TypeError("handlers: expected at least one");
  const jobTypes = [...(options.jobTypes ?? (named.includes("*") ? [] : named))];
  for (const jobType of jobTypes) {
    if (handlerOf(jobType) === undefined)
      throw new TypeError(`jobTypes: ${JSON.stringify(jobType)} has no handler`);
  }
  return {
    workerId,
    capacity,
    prefetch,
    tags: [...tags],
    jobTypes,
    metadata,
    version,
    leaseMs,
    drainTimeoutMs,
    handlerOf,
  };
}

function expectInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name}: expected a whole number from ${min} to ${max}, got ${value}`);
}
