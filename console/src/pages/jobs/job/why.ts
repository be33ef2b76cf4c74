import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Job,
  JobAttemptOutcome,
  type JobLane,
  type JobLimit,
  type JobPause,
  JobStatus,
} from "../../../../../gen/ltb/v1/job_pb.ts";
import { type Worker, WorkerStatus } from "../../../../../gen/ltb/v1/worker_pb.ts";

/** What keeps a pending job from running, each by itself. */
export type Hindrance =
  | { kind: "dependencies"; left: number; of: number }
  | { kind: "due"; at: number; after: "failure" | "snooze" | undefined }
  | { kind: "paused"; pause: JobPause }
  | { kind: "limit"; limit: JobLimit | undefined }
  | { kind: "nobody"; nearest: { worker: Worker; lacks: Lack } | undefined }
  | { kind: "full"; workers: number; used: number; capacity: number }
  | { kind: "behind"; ahead: number; more: boolean };

/** What is known of the queue. */
export interface Queue {
  now: number;
  workers: readonly Worker[];
  limits: readonly JobLimit[];
  pauses: readonly JobPause[];
  lanes: readonly JobLane[];
  /** Jobs in the order in which they are claimed, as far as they were read. */
  line: readonly Job[];
  /** There are more of them. */
  lineGoesOn: boolean;
}

/** Why a pending job is not running. None: it runs as soon as a worker asks. */
export function hindrances(job: Job, queue: Queue): Hindrance[] {
  if (job.status !== JobStatus.PENDING) return [];
  const due = job.runAt && timestampMs(job.runAt);
  const waits = due !== undefined && due > queue.now;
  const { waitsFor: left, dependsOn } = job;
  return [
    ...(left > 0 ? [{ kind: "dependencies", left, of: dependsOn.length } as const] : []),
    ...(waits ? [{ kind: "due", at: due, after: endBefore(job) } as const] : []),
    ...queue.pauses
      .filter((pause) => isPausedBy(job, pause))
      .map((pause) => ({ kind: "paused", pause }) as const),
    ...limitOf(job, queue),
    ...workersOf(job, queue.workers),
    ...(waits || left > 0 ? [] : placeOf(job, queue)),
  ];
}

function endBefore({ attempts, retryCount }: Job): "failure" | "snooze" | undefined {
  if (attempts.at(-1)?.outcome === JobAttemptOutcome.SNOOZED) return "snooze";
  return retryCount > 0 ? "failure" : undefined;
}

function isPausedBy({ jobType, limitKey }: Pick<Job, "jobType" | "limitKey">, pause: JobPause): boolean {
  const ofType = pause.jobType === "" || pause.jobType === jobType;
  return ofType && (pause.limitKey === "" || pause.limitKey === limitKey);
}

function limitOf(job: Job, { limits, lanes }: Queue): Hindrance[] {
  if (job.limitKey === "") return [];
  const limit = limits.find(({ limitKey }) => limitKey === job.limitKey);
  const full = limit?.maxRunning !== undefined && limit.running >= limit.maxRunning;
  const lane = lanes.some(({ limitKey, atLimit }) => limitKey === job.limitKey && atLimit);
  return full || lane ? [{ kind: "limit", limit }] : [];
}

function workersOf(job: Job, workers: readonly Worker[]): Hindrance[] {
  const each = workers.map((worker) => ({ worker, lacks: lacksOf(worker, job) }));
  const able = each.filter(({ lacks }) => lacks.things === 0).map(({ worker }) => worker);
  if (able.length === 0) {
    const nearest = each.toSorted((one, other) => one.lacks.things - other.lacks.things)[0];
    return [{ kind: "nobody", nearest }];
  }
  if (able.some(({ currentTasks, capacity }) => currentTasks < capacity)) return [];
  const sum = (figure: (worker: Worker) => number) => able.reduce((total, one) => total + figure(one), 0);
  const [used, capacity] = [sum((worker) => worker.currentTasks), sum((worker) => worker.capacity)];
  return [{ kind: "full", workers: able.length, used, capacity }];
}

/** How many things a worker lacks, and which: "lacks tags gpu, eu and is offline". */
interface Lack {
  things: number;
  words: string;
}

/** What a worker lacks to be given the job. */
function lacksOf({ status, jobTypes, tags }: Worker, { jobType, requiredTags }: Job): Lack {
  const missing = requiredTags.filter((tag) => !tags.includes(tag));
  const others = [
    ...(jobTypes.length > 0 && !jobTypes.includes(jobType) ? [`does not run type ${jobType}`] : []),
    ...(status === WorkerStatus.OFFLINE ? ["is offline"] : []),
    ...(status === WorkerStatus.DRAINING ? ["is draining"] : []),
  ];
  const tagWords =
    missing.length > 0 ? [`lacks ${missing.length === 1 ? "tag" : "tags"} ${missing.join(", ")}`] : [];
  return { things: missing.length + others.length, words: [...tagWords, ...others].join(" and ") };
}

function placeOf(job: Job, { line, lineGoesOn }: Queue): Hindrance[] {
  const place = line.findIndex(({ id }) => id === job.id);
  if (place > 0) return [{ kind: "behind", ahead: place, more: false }];
  return place < 0 && lineGoesOn ? [{ kind: "behind", ahead: line.length, more: true }] : [];
}
