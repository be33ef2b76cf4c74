import type { JsonObject } from "@bufbuild/protobuf";
import type { Job, Lease } from "../../../gen/ltb/v1/job_pb.ts";
import { limits } from "../../limits.ts";
import { countCharacters } from "../../text.ts";
import type { ClientOptions } from "../client.ts";
import type { WorkerLog } from "./log.ts";

/** The second argument of a handler, besides its job. */
export interface JobContext {
  /**
   * Aborted when the work is no longer of use, with a `JobAbortedError` as its reason. Pass it on to `fetch`
   * and the like: a handler that ignores it keeps its place in the worker's `capacity` until it returns.
   */
  signal: AbortSignal;
  /**
   * Reports the progress of the job: a share from 0 to 1 (undefined: unchanged), and a message of at most
   * 1024 characters. The service gets at most one report a second, however often it is called. Never throws.
   */
  progress(fraction: number | undefined, message?: string): void;
  /**
   * Adds to the tokens that the attempt has used, as each answer of a model tells. Their sum goes with the
   * result or the failure, and is settled with the job's estimate where its limit counts tokens a minute.
   */
  useTokens(count: number): void;
  /** The worker's log, with `jobId` and `attempt` in every line. */
  log: WorkerLog;
  /** The lease that the job runs under: its epoch, and the number of the attempt. */
  lease: Lease;
}

/**
 * Runs one job. In its payload and metadata integers beyond 2^53 are rounded, as by `JSON.parse`; the texts
 * `payloadJson` and `metadataJson` have all digits. What it returns becomes the job's result, by the rules of
 * `JSON.stringify`; see `withEvaluations` for results with evaluations. An exception fails the attempt with
 * the error's message; see `JobError` for failures that must not be retried.
 */
export type JobHandler = (job: Job, context: JobContext) => unknown;

/** The options of a worker. */
export interface WorkerOptions extends Pick<ClientOptions, "address" | "apiKey" | "tls"> {
  /** Name of the worker, 1 to 255 characters: unique to a running process, and the same after a restart. */
  workerId: string;
  /** Most jobs that run at the same time, 1 to 10000. Default: 1. */
  capacity?: number;
  /** Tags that the worker offers. It only gets jobs whose required_tags are all among them. Default: none. */
  tags?: readonly string[];
  /** The handler for each type of job. The handler of `"*"` runs jobs of all other types. */
  handlers: Readonly<Record<string, JobHandler>>;
  /** Types to run, each with a handler. Default: those of `handlers`, or every type if one is `"*"`. */
  jobTypes?: readonly string[];
  /** Data that is stored with the registration. Default: none. */
  metadata?: JsonObject;
  /** Version of the worker's software. Default: none. */
  version?: string;
  /** Silence in milliseconds after which others get the worker's jobs, 1000 to 3600000. Default: 30000. */
  leaseMs?: number;
  /**
   * Number of jobs held ready beyond the running ones, so that short jobs (below about 100 ms) follow each
   * other without a pause. Their timeouts run while they wait, and no other worker can take them. They count
   * as capacity in the registry, at most 10000 together with `capacity`. Default: 0.
   */
  prefetch?: number;
  /** pino, `console`, or anything with their four methods. Default: warnings and errors go to the console. */
  log?: WorkerLog;
  /** True: SIGTERM and SIGINT stop the worker in order; a second one ends the process. Default: false. */
  handleSignals?: boolean;
  /** Milliseconds that jobs may run after `stop` before they are aborted and given back. Default: 30000. */
  drainTimeoutMs?: number;
}

/** The options with every default filled in. */
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
  const length = countCharacters(workerId);
  if (length < 1 || length > limits.nameLength)
    throw new RangeError(`workerId: expected 1 to ${limits.nameLength} characters, got ${length}`);
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
  const own = { workerId, capacity, prefetch, version, leaseMs, drainTimeoutMs };
  return { ...own, tags: [...tags], jobTypes, metadata, handlerOf };
}

function expectInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name}: expected a whole number from ${min} to ${max}, got ${value}`);
}
