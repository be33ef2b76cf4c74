import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { hindrances, type Queue } from "../../console/src/pages/jobs/job/why.ts";
import {
  JobAttemptOutcome,
  JobAttemptSchema,
  JobLaneSchema,
  JobLimitSchema,
  JobPauseSchema,
  JobSchema,
  JobStatus,
} from "../../gen/ltb/v1/job_pb.ts";
import { WorkerSchema, WorkerStatus } from "../../gen/ltb/v1/worker_pb.ts";

const now = Date.UTC(2026, 0, 1);
const job = (init: MessageInitShape<typeof JobSchema> = {}) =>
  create(JobSchema, { id: "j", jobType: "t", status: JobStatus.PENDING, ...init });
const worker = (workerId: string, init: MessageInitShape<typeof WorkerSchema> = {}) =>
  create(WorkerSchema, { workerId, status: WorkerStatus.IDLE, capacity: 4, ...init });
const free: Queue = {
  now,
  workers: [worker("w")],
  limits: [],
  pauses: [],
  lanes: [],
  line: [job()],
  lineGoesOn: false,
};

/** What holds the job up, each by its kind. */
const kinds = (of: ReturnType<typeof job>, queue: Partial<Queue>) =>
  hindrances(of, { ...free, ...queue }).map(({ kind }) => kind);

describe("what keeps a pending job from running", () => {
  test("nothing, where a worker is free and it is the next", () => {
    expect(kinds(job(), {})).toEqual([]);
    expect(kinds(job({ status: JobStatus.RUNNING }), { workers: [] })).toEqual([]);
  });

  test("a time that has not come, with no word on its place in line", () => {
    const later = job({ runAt: timestampFromMs(now + 60_000), retryCount: 1 });
    expect(hindrances(later, { ...free, line: [job({ id: "other" })], lineGoesOn: true })).toEqual([
      { kind: "due", at: now + 60_000, after: "failure" },
    ]);
    const attempts = [{ outcome: JobAttemptOutcome.FAILED }, { outcome: JobAttemptOutcome.SNOOZED }];
    const snoozed = job({ ...later, attempts: attempts.map((each) => create(JobAttemptSchema, each)) });
    expect(hindrances(snoozed, free)).toEqual([{ kind: "due", at: now + 60_000, after: "snooze" }]);
    expect(kinds(job({ runAt: timestampFromMs(now - 1) }), {})).toEqual([]);
  });

  test("jobs that it runs after, with no word on its place in line", () => {
    const waiting = job({ dependsOn: ["a", "b"], waitsFor: 1 });
    expect(hindrances(waiting, { ...free, line: [job({ id: "other" })], lineGoesOn: true })).toEqual([
      { kind: "dependencies", left: 1, of: 2 },
    ]);
    expect(kinds(job({ dependsOn: ["a", "b"] }), {})).toEqual([]);
  });

  test.each([
    [{ jobType: "t" }, true],
    [{ limitKey: "k" }, true],
    [{ jobType: "t", limitKey: "k" }, true],
    [{ jobType: "other" }, false],
    [{ jobType: "t", limitKey: "other" }, false],
  ])("a pause of %j: %s", (pause, holds) => {
    const found = kinds(job({ limitKey: "k" }), { pauses: [create(JobPauseSchema, pause)] });
    expect(found).toEqual(holds ? ["paused"] : []);
  });

  test("a limit that is reached, by those that run or by what the lane says", () => {
    const limited = job({ limitKey: "k" });
    const limit = create(JobLimitSchema, { limitKey: "k", maxRunning: 4, running: 4 });
    expect(kinds(limited, { limits: [limit] })).toEqual(["limit"]);
    expect(kinds(job(), { limits: [limit] })).toEqual([]);
    const lane = create(JobLaneSchema, { jobType: "t", limitKey: "k", atLimit: true });
    expect(kinds(limited, { lanes: [lane] })).toEqual(["limit"]);
    const open = create(JobLimitSchema, { limitKey: "k", maxRunning: 4, running: 3 });
    expect(kinds(limited, { limits: [open] })).toEqual([]);
  });

  test("no worker that can run it: the nearest is the one that lacks the fewest things", () => {
    const workers = [
      worker("far", { jobTypes: ["other"], status: WorkerStatus.OFFLINE }),
      worker("near", { tags: ["gpu"] }),
      worker("draining", { tags: [], status: WorkerStatus.DRAINING }),
    ];
    const found = hindrances(job({ requiredTags: ["gpu", "eu", "big"] }), { ...free, workers });
    expect(found).toMatchObject([
      { kind: "nobody", nearest: { worker: { workerId: "near" }, lacks: { words: "lacks tags eu, big" } } },
    ]);
    const drained = hindrances(job({ requiredTags: ["gpu"] }), {
      ...free,
      workers: [worker("w", { status: WorkerStatus.DRAINING })],
    });
    expect(drained).toMatchObject([{ nearest: { lacks: { words: "lacks tag gpu and is draining" } } }]);
    expect(hindrances(job(), { ...free, workers: [] })).toEqual([{ kind: "nobody", nearest: undefined }]);
  });

  test("workers that are full, where not one of them has a place left", () => {
    const full = worker("full", { currentTasks: 4, status: WorkerStatus.BUSY });
    expect(hindrances(job(), { ...free, workers: [full, full] })).toEqual([
      { kind: "full", workers: 2, used: 8, capacity: 8 },
    ]);
    expect(kinds(job(), { workers: [full, worker("free")] })).toEqual([]);
  });

  test("jobs ahead of it, as far as the line was read", () => {
    const line = [job({ id: "a" }), job({ id: "b" })];
    expect(hindrances(job(), { ...free, line: [...line, job()] })).toEqual([
      { kind: "behind", ahead: 2, more: false },
    ]);
    expect(hindrances(job(), { ...free, line, lineGoesOn: true })).toEqual([
      { kind: "behind", ahead: 2, more: true },
    ]);
  });
});
