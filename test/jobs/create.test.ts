import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import type { JsonObject, JsonValue } from "../../src/validation.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();

/** Objects within each other, so many levels of them. */
const nested = (levels: number): JsonObject => (levels === 1 ? { a: 1 } : { a: nested(levels - 1) });

const lists = (levels: number): JsonValue => (levels === 0 ? 1 : [lists(levels - 1)]);

test("a job with only a type has the documented defaults", async () => {
  const job = await q.db.jobs.create({ jobType: "defaults" });
  expect(job).toMatchObject({
    jobType: "defaults",
    payload: {},
    priority: 0,
    status: "pending",
    result: null,
    error: null,
    retryCount: 0,
    maxRetries: 3,
    timeoutSeconds: 300,
    workerId: null,
    requiredTags: [],
    runAt: null,
    benchmarkId: null,
    limitKey: null,
    uniqueKey: null,
    metadata: null,
    progress: 0,
    epoch: 0,
    startedAt: null,
    completedAt: null,
    createdBy: null,
    version: 1,
  });
  expect(job.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test("what is answered is what is stored", async () => {
  const benchmark = await q.db.benchmarks.create(sample);
  const created = await q.db.jobs.create({
    id: newId(),
    jobType: "full",
    payload: { prompt: "ü", list: [1, null, { a: true }] },
    priority: -5,
    maxRetries: 0,
    timeoutSeconds: 0,
    requiredTags: ["gpu", "a100", "gpu"],
    runAt: "2999-01-31T12:00:00.000001Z",
    benchmarkId: benchmark.id,
    limitKey: "openai/gpt-4",
    metadata: { source: "test" },
    uniqueKey: "full 1",
    createdBy: unknownId,
  });
  expect(created.requiredTags).toEqual(["a100", "gpu"]);
  expect(await q.db.jobs.get(created.id)).toEqual(created);
  expect(await q.other.jobs.get(created.id)).toEqual(created);
});

test("a delay counts from the moment of the creation, to the microsecond", async () => {
  const created = await q.db.jobs.create({ jobType: "delayed", delayMs: 90_061_001 });
  expect(created.runAt).toMatch(new RegExp(`${created.createdAt.slice(23)}$`));
  expect(Date.parse(created.runAt ?? "") - Date.parse(created.createdAt)).toBe(90_061_001);
  expect(await q.db.jobs.get(created.id)).toEqual(created);
  const batch = await q.db.jobs.createMany([
    { jobType: "delayed", delayMs: 3_155_760_000_000 },
    { jobType: "delayed", delayMs: 0 },
    { jobType: "delayed" },
  ]);
  for (const job of batch) expect(await q.db.jobs.get(job.id)).toMatchObject({ runAt: job.runAt });
  const { rows } = await q.client.query<{ id: string }>(
    "select job_id as id from job_ready where job_id = any ($1) order by sequence",
    [batch.map(({ id }) => id)],
  );
  expect(rows.map(({ id }) => id)).toEqual(batch.slice(1).map(({ id }) => id));
});

test("a delay is part of what a request id stands for", async () => {
  const once = { requestId: "delayed-1" };
  const first = await q.db.jobs.create({ jobType: "delayed", delayMs: 60_000 }, once);
  expect(await q.db.jobs.create({ jobType: "delayed", delayMs: 60_000 }, once)).toEqual(first);
  await expect(q.db.jobs.create({ jobType: "delayed", delayMs: 60_001 }, once)).rejects.toMatchObject({
    reason: "REQUEST_ID_REUSED",
  });
});

test("a run_at that is over means at once", async () => {
  const { id } = await q.db.jobs.create({ jobType: "past", runAt: "2001-01-01T00:00:00Z" });
  const { rows } = await q.client.query("select 1 from job_ready where job_id = $1", [id]);
  expect(rows).toHaveLength(1);
});

describe("refused", () => {
  test("an id that is taken, alone or among others that are created all the same", async () => {
    const { id } = await q.db.jobs.create({ jobType: "id" });
    const calls = [{ id }, {}, {}, {}].map((more) => q.db.jobs.create({ jobType: "id", ...more }));
    const [taken, ...others] = await Promise.allSettled(calls);
    expect(taken).toMatchObject({
      reason: { code: Code.AlreadyExists, reason: "ALREADY_EXISTS", metadata: { entity: "job", id } },
    });
    expect(others.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  });

  test("the same id from two callers at once: one of them", async () => {
    const id = newId();
    const calls = [q.db, q.db, q.other, q.other].map(({ jobs }) => jobs.create({ id, jobType: "race" }));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const call of settled)
      if (call.status === "rejected") expect(call.reason.code).toBe(Code.AlreadyExists);
  });

  test("a benchmark that does not exist", async () => {
    await expect(q.db.jobs.create({ jobType: "t", benchmarkId: unknownId })).rejects.toMatchObject({
      code: Code.NotFound,
      metadata: { entity: "benchmark", id: unknownId },
    });
  });

  const wrong: [string, object, string][] = [
    ["no type", { jobType: "" }, "job_type"],
    ["a type of 101 characters", { jobType: "t".repeat(101) }, "job_type"],
    ["a NUL in the payload", { jobType: "t", payload: { a: "\0" } }, "payload"],
    ["half a surrogate pair in the payload", { jobType: "t", payload: { a: "\ud800" } }, "payload"],
    ["a payload of 33 levels", { jobType: "t", payload: nested(33) }, "payload"],
    [
      "metadata of 33 levels, all but one of them lists",
      { jobType: "t", metadata: { a: lists(32) } },
      "metadata",
    ],
    ["both run_at and a delay", { jobType: "t", runAt: "2999-01-01T00:00:00Z", delayMs: 0 }, "run_at"],
    ["a delay of over 100 years", { jobType: "t", delayMs: 3_155_760_000_001 }, "delay_ms"],
    ["101 retries", { jobType: "t", maxRetries: 101 }, "max_retries"],
    ["a timeout of more than a week", { jobType: "t", timeoutSeconds: 604_801 }, "timeout_seconds"],
    ["a priority beyond int32", { jobType: "t", priority: 2 ** 31 }, "priority"],
    [
      "65 tags",
      { jobType: "t", requiredTags: Array.from({ length: 65 }, (_, i) => `${i}`) },
      "required_tags",
    ],
    ["an empty tag", { jobType: "t", requiredTags: [""] }, "required_tags[0]"],
    ["a long unique key", { jobType: "t", uniqueKey: "k".repeat(256) }, "unique_key"],
    ["an id that is no UUID", { jobType: "t", id: "1" }, "id"],
  ];
  test.each(wrong)("%s", async (_, job, field) => {
    await expect(q.db.jobs.create(job as { jobType: string })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field }],
    });
  });
});

test("payload and metadata may have 32 levels", async () => {
  const created = await q.db.jobs.create({
    jobType: "deep",
    payload: nested(32),
    metadata: { a: lists(31) },
  });
  expect(await q.db.jobs.get(created.id)).toEqual(created);
});

test("text that no database can keep exactly still makes a lane that jobs are claimed from", async () => {
  await q.worker("surrogate");
  const { id } = await q.db.jobs.create({ jobType: "half \ud800 pair" });
  const { leases } = await q.db.jobs.claim({ workerId: "surrogate", maxJobs: 1_000 });
  expect(leases.map((lease) => lease.id)).toContain(id);
});

describe("a unique key", () => {
  test("has one live job of its type; the error names it", async () => {
    const { id } = await q.db.jobs.create({ jobType: "u", uniqueKey: "1" });
    await q.db.jobs.create({ jobType: "another type", uniqueKey: "1" });
    await expect(q.other.jobs.create({ jobType: "u", uniqueKey: "1" })).rejects.toMatchObject({
      code: Code.AlreadyExists,
      reason: "UNIQUE_KEY_TAKEN",
      metadata: { entity: "job", id },
      violations: [{ field: "unique_key" }],
    });
  });

  test("goes to one of many callers on two servers", async () => {
    const calls = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? q.db : q.other).jobs.create({ jobType: "u", uniqueKey: "race" }),
    );
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const call of settled)
      if (call.status === "rejected") expect(call.reason.reason).toBe("UNIQUE_KEY_TAKEN");
  });

  test.each(["completed", "failed", "cancelled", "deleted"])(
    "is free again once its job is %s",
    async (end) => {
      await q.worker(`unique ${end}`);
      const job = { jobType: `u ${end}`, uniqueKey: "again" };
      const { id } = await q.db.jobs.create(job);
      if (end === "cancelled") await q.db.jobs.cancel(id);
      if (end === "deleted") await q.db.jobs.delete(id);
      if (end === "completed" || end === "failed") {
        const claimed = await q.db.jobs.claim({ workerId: `unique ${end}`, jobTypes: [job.jobType] });
        expect(claimed.leases).toHaveLength(1);
        await expect(q.db.jobs.create(job)).rejects.toMatchObject({ reason: "UNIQUE_KEY_TAKEN" });
        const items = [{ jobId: id, epoch: 1 }];
        if (end === "completed") await q.db.jobs.complete(`unique ${end}`, items);
        else await q.db.jobs.fail(`unique ${end}`, [{ jobId: id, epoch: 1, error: "e", retryable: false }]);
      }
      expect(await q.db.jobs.create(job)).toMatchObject({ status: "pending" });
    },
  );

  test("stays with a job that waits for its retry", async () => {
    await q.worker("unique retry");
    const { id } = await q.db.jobs.create({ jobType: "u retry", uniqueKey: "k" });
    await q.db.jobs.claim({ workerId: "unique retry", jobTypes: ["u retry"] });
    await q.db.jobs.fail("unique retry", [{ jobId: id, epoch: 1, error: "e" }]);
    await expect(q.db.jobs.create({ jobType: "u retry", uniqueKey: "k" })).rejects.toMatchObject({
      metadata: { id },
    });
  });
});

describe("a request id", () => {
  test("makes the call safe to repeat, also at the same time", async () => {
    const job = { jobType: "once", payload: { a: 1 } };
    const calls = Array.from({ length: 6 }, (_, i) =>
      (i % 2 ? q.db : q.other).jobs.create(job, { requestId: "once", actor: "me" }),
    );
    const ids = new Set((await Promise.all(calls)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    await expect(
      q.db.jobs.create({ ...job, priority: 1 }, { requestId: "once", actor: "me" }),
    ).rejects.toMatchObject({ code: Code.AlreadyExists, reason: "REQUEST_ID_REUSED" });
    const another = await q.db.jobs.create(job, { requestId: "once", actor: "you" });
    expect(ids).not.toContain(another.id);
  });

  test("of a batch, and of a create that was refused", async () => {
    const batch = [{ jobType: "batch" }, { jobType: "batch" }];
    const first = await q.db.jobs.createMany(batch, { requestId: "batch" });
    const again = await q.other.jobs.createMany(batch, { requestId: "batch" });
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));

    const { id } = await q.db.jobs.create({ jobType: "once", uniqueKey: "held" });
    const job = { jobType: "once", uniqueKey: "held" };
    await expect(q.db.jobs.create(job, { requestId: "later" })).rejects.toMatchObject({
      reason: "UNIQUE_KEY_TAKEN",
    });
    await q.db.jobs.cancel(id);
    expect(await q.db.jobs.create(job, { requestId: "later" })).toMatchObject({ status: "pending" });
  });
});

describe("a batch", () => {
  const count = async (jobType: string) =>
    (await q.client.query("select 1 from jobs where job_type = $1", [jobType])).rows.length;

  test("of 1,000 is created in order", async () => {
    const payloads = Array.from({ length: 1_000 }, (_, i) => ({ i }));
    const jobs = await q.db.jobs.createMany(payloads.map((payload) => ({ jobType: "thousand", payload })));
    expect(jobs.map(({ payload }) => payload)).toEqual(payloads);
    const { rows } = await q.client.query(
      "select (payload ->> 'i')::int as i from jobs where job_type = 'thousand' order by sequence",
    );
    expect(rows.map(({ i }) => i)).toEqual(payloads.map(({ i }) => i));
  });

  test.each([0, 1_001])("of %i is refused", async (length) => {
    await expect(
      q.db.jobs.createMany(Array.from({ length }, () => ({ jobType: "t" }))),
    ).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "jobs" }],
    });
  });

  const taken = newId();
  const twice = newId();
  const faults: [string, object[], object][] = [
    [
      "a wrong field",
      [{}, { priority: 0.5 }],
      { code: Code.InvalidArgument, violations: [{ field: "jobs[1].priority" }] },
    ],
    [
      "a benchmark that is missing",
      [{}, {}, { benchmarkId: unknownId }],
      { code: Code.NotFound, message: expect.stringContaining("jobs[2]") },
    ],
    [
      "a unique key that is taken",
      [{}, { uniqueKey: "taken" }],
      {
        reason: "UNIQUE_KEY_TAKEN",
        message: expect.stringContaining("jobs[1]"),
        violations: [{ field: "jobs[1].unique_key" }],
      },
    ],
    [
      "one unique key twice",
      [{ uniqueKey: "new" }, {}, { uniqueKey: "new" }],
      { reason: "UNIQUE_KEY_TAKEN", message: expect.stringContaining("jobs[2]") },
    ],
    [
      "an id that is taken",
      [{}, {}, { id: taken }],
      {
        reason: "ALREADY_EXISTS",
        message: expect.stringMatching(/jobs\[2\].*exists/),
        metadata: { id: taken },
      },
    ],
    [
      "one id twice",
      [{ id: twice }, {}, {}, { id: twice }],
      { reason: "ALREADY_EXISTS", message: expect.stringContaining("jobs[3]") },
    ],
  ];
  test.each(faults)("with %s creates nothing and names the position", async (name, parts, error) => {
    const jobType = `fault: ${name}`;
    await q.db.jobs.create({ id: taken, jobType: "holder", uniqueKey: "taken" }).catch(() => undefined);
    await q.db.jobs.create({ jobType, uniqueKey: "taken" });
    const jobs = parts.map((part) => ({ jobType, ...part }));
    await expect(q.db.jobs.createMany(jobs, { requestId: name })).rejects.toMatchObject(error);
    await expect(q.db.jobs.createMany(jobs)).rejects.toMatchObject(error);
    expect(await count(jobType)).toBe(1);
  });

  test("of 1,000 lanes", async () => {
    const jobs = Array.from({ length: 1_000 }, (_, i) => ({ jobType: "lanes", limitKey: `key ${i}` }));
    const created = await q.db.jobs.createMany(jobs);
    expect(created.map(({ limitKey }) => limitKey)).toEqual(jobs.map(({ limitKey }) => limitKey));
    await q.worker("of all lanes");
    const claimed = await q.other.jobs.claim({
      workerId: "of all lanes",
      jobTypes: ["lanes"],
      maxJobs: 1_000,
    });
    expect(claimed.leases).toHaveLength(1_000);
  });
});
