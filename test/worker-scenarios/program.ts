import { setTimeout as sleep } from "node:timers/promises";
import {
  type JobContext,
  JobError,
  type JobHandler,
  RetryLater,
  runWorker,
  withEvaluations,
} from "../../src/client/index.ts";

// The worker of the scenarios in TypeScript. README.md says what it has to do.

interface Task {
  report?: number;
  during?: number;
  fail?: string;
  forGood?: boolean;
  later?: number;
  oddly?: boolean;
  wait?: number;
  ignore?: number;
  block?: number;
  return?: unknown;
  bytes?: number;
  evaluations?: { sample_id: string; input: string; output: string; score: number }[];
}

const handle: JobHandler = async ({ id, payload }, { lease: { attempt }, signal, progress }) => {
  const tell = (event: string) => console.log(JSON.stringify({ job: id, event }));
  tell("started");
  const tasks = payload?.do as unknown as Task[];
  const task = tasks[Math.min(attempt, tasks.length) - 1] ?? {};
  if (task.report !== undefined) await report(task.report, task.during ?? 0, progress);
  if (task.fail !== undefined) throw failureOf(task, task.fail);
  if (task.wait !== undefined) {
    await sleep(task.wait * 1_000, undefined, { signal }).catch(() => tell(signal.reason.reason));
    signal.throwIfAborted();
    tell("returned");
  }
  if (task.ignore !== undefined) {
    await sleep(task.ignore * 1_000);
    tell("returned");
  }
  const until = performance.now() + (task.block ?? 0) * 1_000;
  while (performance.now() < until);
  const evaluations = (task.evaluations ?? []).map(({ sample_id, ...rest }) => ({
    sampleId: sample_id,
    ...rest,
  }));
  return withEvaluations(resultOf(task), evaluations);
};

async function report(times: number, seconds: number, progress: JobContext["progress"]): Promise<void> {
  for (let time = 1; time <= times; time++) {
    progress(time / times, `${time} of ${times}`);
    await sleep((seconds * 1_000) / times);
  }
}

function failureOf({ forGood, later, oddly }: Task, text: string): Error {
  if (oddly) return new Error(`${text} \0 \ud800 ${"x".repeat(100_000)}`);
  if (forGood) return new JobError(text, { retryable: false });
  return later === undefined ? new Error(text) : new RetryLater(later * 1_000, { message: text });
}

function resultOf({ return: result = null, bytes, oddly }: Task): unknown {
  if (oddly) return 1n;
  return bytes === undefined ? result : String(result).repeat(bytes);
}

const { workerId, jobType, capacity, prefetch, leaseSeconds, drainSeconds, tags } = JSON.parse(
  process.env.LTB_WORKER ?? "",
);
await runWorker({
  address: process.env.LTB_ADDRESS ?? "",
  workerId,
  capacity,
  prefetch,
  tags,
  leaseMs: leaseSeconds * 1_000,
  drainTimeoutMs: drainSeconds * 1_000,
  handleSignals: true,
  handlers: { [jobType]: handle },
}).done;
// What a handler that hangs still waits for would keep the process.
process.exit();
