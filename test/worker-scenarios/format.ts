import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const network = z.enum(["open", "cut", "deaf"]);

/** What the network does between a worker and the service: all, nothing, or everything but answers. */
export type Network = z.infer<typeof network>;

const newJob = z.strictObject({
  /** For the handler; one for all attempts or a list. README.md says what there is. */
  do: z.union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown()))]),
  /** So many jobs of this name. Only their number can be asked for. */
  times: z.int().default(1),
  /** Any but that of the workers' handlers. */
  type: z.string().optional(),
  maxRetries: z.int().optional(),
  maxSnoozes: z.int().optional(),
  timeoutSeconds: z.int().optional(),
  limitKey: z.string().default(""),
  /** Whether there is a benchmark for its evaluations. */
  benchmark: z.boolean().default(false),
});

const job = z.strictObject({
  status: z.enum(["pending", "running", "completed", "failed", "cancelled"]).optional(),
  /** The outcomes of its attempts; that of a running one is "unspecified". */
  attempts: z.array(z.string()).optional(),
  result: z.unknown().optional(),
  /** A part of its error, which is at most 64 KiB long. */
  error: z.string().optional(),
  progress: z.number().optional(),
  message: z.string().optional(),
  /** Its evaluations: sample and output, sorted. */
  evaluations: z.array(z.string()).optional(),
  /** Seconds until its retry, of which up to 60 may have passed. */
  dueIn: z.number().optional(),
  /** Number of jobs of this name that are completed. */
  completed: z.int().optional(),
});

const worker = z.strictObject({
  capacity: z.int().default(1),
  prefetch: z.int().default(0),
  leaseSeconds: z.number().default(30),
  drainSeconds: z.number().default(30),
  tags: z.array(z.string()).default([]),
  network: network.default("open"),
});

export type WorkerOptions = z.infer<typeof worker>;
export type NewJob = z.infer<typeof newJob>;
export type ExpectedJob = z.infer<typeof job>;

// `workers` and `jobs` are names within the scenario.
const steps = {
  /** Creates jobs, in this order. */
  create: z.record(z.string(), newJob),
  /** Starts workers. */
  start: z.record(z.string(), worker),
  /** Waits until all that is said of the jobs is true. */
  until: z.record(z.string(), job),
  /** Waits until the handlers have told so much and no more: `worker: job event`, in the order of events. */
  seen: z.array(z.string()),
  /** Waits until exactly these workers of the scenario are registered. */
  registered: z.array(z.string()),
  cancel: z.string(),
  drain: z.string(),
  /** Takes a worker off the registry. */
  remove: z.string(),
  signal: z.record(z.string(), z.enum(["SIGTERM", "SIGKILL", "SIGSTOP", "SIGCONT"])),
  network: z.record(z.string(), network),
  /** Waits until the worker has exited: with that code, by that signal, or with any code but 0. */
  exit: z.record(z.string(), z.union([z.int(), z.enum(["SIGTERM", "SIGKILL", "error"])])),
  /** Lets seconds pass in which something should not happen. */
  pause: z.number(),
  /** No more handlers ran at once than that, and so many did. */
  atOnce: z.int(),
  /** No more calls of these methods reached the service since the scenario began. */
  calls: z.record(z.string(), z.int()),
};

type Steps = typeof steps;

/** One thing to do or to wait for: an object with one key. */
export type Step = { [Name in keyof Steps]?: z.infer<Steps[Name]> };

const scenario = z.strictObject({
  name: z.string(),
  /** Why a runtime of one thread cannot do this. Undefined: every runtime can. */
  threads: z.string().optional(),
  steps: z.array(
    z
      .strictObject(steps)
      .partial()
      .refine((step) => Object.keys(step).length === 1, "expected one key"),
  ),
});

/** What must be true of every worker runtime, in one situation. */
export type Scenario = z.infer<typeof scenario>;

/** Reads all scenarios. */
export function readScenarios(): Scenario[] {
  const text = readFileSync(join(import.meta.dirname, "scenarios.json"), "utf8");
  return z.array(scenario).parse(JSON.parse(text));
}
