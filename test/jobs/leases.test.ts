import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import type { Lease } from "../../src/jobs/claim/taking.ts";
import type { NewJob } from "../../src/jobs/input.ts";
import { unknownId } from "../harness/examples.ts";
import { seededRandom } from "../harness/random.ts";
import { eventually } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w");
  await q.worker("v");
});

const ref = ({ id, epoch }: { id: string; epoch: number }) => ({ jobId: id, epoch });

/** Jobs that the worker holds. */
async function claimed(jobs: Partial<NewJob>[] = [{}], workerId = "w"): Promise<Lease[]> {
  await q.db.jobs.createMany(jobs.map((job) => ({ jobType: "t", ...job })));
  const { leases } = await q.db.jobs.claim({ workerId, maxJobs: jobs.length });
  expect(leases).toHaveLength(jobs.length);
  return [...leases];
}

async function claimedOne(job: Partial<NewJob> = {}, workerId = "w"): Promise<Lease> {
  const [lease] = await claimed([job], workerId);
  if (!lease) throw new Error("nothing was claimed");
  return lease;
}

const reports = {
  complete: (workerId: string, ends: { jobId: string; epoch: number }[], db = q.db) =>
    db.jobs.complete(workerId, ends),
  fail: (workerId: string, ends: { jobId: string; epoch: number }[], db = q.db) =>
    db.jobs.fail(
      workerId,
      ends.map((end) => ({ ...end, error: "e" })),
    ),
  release: (workerId: string, ends: { jobId: string; epoch: number }[], db = q.db) =>
    db.jobs.release(workerId, ends),
  snooze: (workerId: string, ends: { jobId: string; epoch: number }[], db = q.db) =>
    db.jobs.release(
      workerId,
      ends.map((end) => ({ ...end, delayMs: 60_000 })),
    ),
  progress: (workerId: string, ends: { jobId: string; epoch: number }[], db = q.db) =>
    db.jobs.progress(
      workerId,
      ends.map((end) => ({ ...end, progress: 0.5 })),
    ),
};
const kinds = Object.keys(reports) as (keyof typeof reports)[];

describe("an end", () => {
  test("of a completion keeps the result and frees everything else", async () => {
    const lease = await claimedOne({ uniqueKey: "k" });
    expect(await q.db.jobs.complete("w", [{ ...ref(lease), result: { score: [1, null] } }])).toEqual([
      { outcome: "ok" },
    ]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({
      status: "completed",
      result: { score: [1, null] },
      progress: 1,
      error: null,
      workerId: "w",
      epoch: 1,
      completedAt: expect.any(String),
    });
    expect(await q.db.jobs.attempts(lease.id)).toMatchObject([
      { epoch: 1, workerId: "w", outcome: "completed", error: null, endedAt: expect.any(String) },
    ]);
  });

  test.each([null, false, 0, "", [], {}])("may have %j as its result", async (result) => {
    const lease = await claimedOne();
    await q.db.jobs.complete("w", [{ ...ref(lease), result }]);
    expect((await q.db.jobs.get(lease.id)).result).toEqual(result);
  });

  test.each(["complete", "fail", "release"] as const)(
    "%s sent again is OK again, also elsewhere",
    async (kind) => {
      const lease = await claimedOne();
      const [first] = await reports[kind]("w", [ref(lease)]);
      expect(first?.outcome).toBe("ok");
      const before = await q.db.jobs.get(lease.id);
      expect(await reports[kind]("w", [ref(lease)])).toEqual([first]);
      expect(await reports[kind]("w", [ref(lease)], q.other)).toEqual([first]);
      expect(await q.db.jobs.get(lease.id)).toEqual(before);
      expect(await q.db.jobs.attempts(lease.id)).toHaveLength(1);
    },
  );

  test("completed first, the result of the first stands", async () => {
    const lease = await claimedOne();
    await q.db.jobs.complete("w", [{ ...ref(lease), result: 1 }]);
    await q.db.jobs.complete("w", [{ ...ref(lease), result: 2 }]);
    expect((await q.db.jobs.get(lease.id)).result).toEqual(1);
  });
});

describe.each(kinds)("%s", (kind) => {
  const report = reports[kind];

  test("of another worker is stale", async () => {
    const lease = await claimedOne();
    expect(await report("v", [ref(lease)])).toEqual([{ outcome: "stale" }]);
    expect(await report("nobody", [ref(lease)])).toEqual([{ outcome: "stale" }]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "running", workerId: "w", progress: 0 });
  });

  test("with another epoch is stale", async () => {
    const lease = await claimedOne();
    expect(await report("w", [{ jobId: lease.id, epoch: 2 }])).toEqual([{ outcome: "stale" }]);
    await q.db.jobs.release("w", [ref(lease)]);
    const { leases } = await q.db.jobs.claim({ workerId: "w" });
    expect(leases).toMatchObject([{ id: lease.id, epoch: 2 }]);
    const expected = kind === "release" ? "ok" : "stale";
    expect(await report("w", [ref(lease)])).toMatchObject([{ outcome: expected }]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "running", epoch: 2 });
  });

  test("after the lease went to someone else is stale", async () => {
    const lease = await claimedOne({ maxRetries: 5 });
    await q.expire();
    await q.maintain();
    await q.makeDue();
    await q.maintain();
    expect((await q.db.jobs.claim({ workerId: "v" })).leases).toMatchObject([{ id: lease.id, epoch: 2 }]);
    expect(await report("w", [ref(lease)])).toEqual([{ outcome: "stale" }]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "running", workerId: "v", epoch: 2 });
  });

  test("is accepted after the lease expired, while nobody else has the job", async () => {
    const lease = await claimedOne();
    await q.expire();
    expect(await report("w", [ref(lease)])).toMatchObject([{ outcome: "ok" }]);
  });

  test("of a cancelled job says so", async () => {
    const lease = await claimedOne();
    await q.db.jobs.cancel(lease.id);
    expect(await report("w", [ref(lease)])).toEqual([{ outcome: "cancelled" }]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "cancelled" });
  });

  test("of no job is not found, and of a pending one stale", async () => {
    const { id } = await q.db.jobs.create({ jobType: "t" });
    const ends = [unknownId, id].map((jobId) => ({ jobId, epoch: 1 }));
    expect(await report("w", ends)).toEqual([{ outcome: "not_found" }, { outcome: "stale" }]);
  });

  test("with an invalid item rejects that one only", async () => {
    const [a, b] = await claimed([{}, {}]);
    if (!a || !b) throw new Error("nothing was claimed");
    const results = await report("w", [
      ref(a),
      { jobId: "no id", epoch: 1 },
      { jobId: b.id, epoch: 0 },
      ref(b),
    ]);
    expect(results).toMatchObject([
      { outcome: "ok" },
      { outcome: "rejected", field: "job_id", reason: expect.stringContaining("UUID") },
      { outcome: "rejected", field: "epoch" },
      { outcome: "ok" },
    ]);
  });

  test.each([0, 1_001])("with %i items is refused", async (length) => {
    const ends = Array.from({ length }, () => ({ jobId: unknownId, epoch: 1 }));
    await expect(report("w", ends)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "items" }],
    });
  });
});

test("a thousand items of every kind are each answered in their place", async () => {
  const leases = await claimed(Array.from({ length: 200 }, () => ({})));
  const foreign = await claimed(
    Array.from({ length: 50 }, () => ({})),
    "v",
  );
  const cancelled = leases.slice(0, 30);
  await q.db.jobs.cancelMany({ jobType: "t", createdBefore: "2000-01-01T00:00:00Z" });
  for (const { id } of cancelled) await q.db.jobs.cancel(id);
  const items = seededRandom().shuffle([
    ...leases.map((lease) => ({ end: ref(lease), outcome: cancelled.includes(lease) ? "cancelled" : "ok" })),
    ...leases.map((lease) => ({ end: ref(lease), outcome: cancelled.includes(lease) ? "cancelled" : "ok" })),
    ...foreign.map((lease) => ({ end: ref(lease), outcome: "stale" })),
    ...leases.map((lease) => ({ end: { jobId: lease.id, epoch: 7 }, outcome: "stale" })),
    ...Array.from({ length: 350 }, () => ({ end: { jobId: unknownId, epoch: 1 }, outcome: "not_found" })),
  ]);
  expect(items).toHaveLength(1_000);
  const results = await q.db.jobs.complete(
    "w",
    items.map(({ end }, result) => ({ ...end, result })),
  );
  expect(results.map(({ outcome }) => outcome)).toEqual(items.map(({ outcome }) => outcome));
  expect(await q.db.jobs.getStats()).toMatchObject({ completed: 170, cancelled: 30, running: 50 });
});

test("different ends of one lease at the same time: one of them is accepted", async () => {
  const leases = await claimed(Array.from({ length: 40 }, () => ({})));
  for (const lease of leases) {
    const calls = (["complete", "fail", "release"] as const).map((kind, index) =>
      reports[kind]("w", [ref(lease)], index === 1 ? q.other : q.db),
    );
    const outcomes = (await Promise.all(calls)).flat().map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(["ok", "stale", "stale"]);
  }
});

test("200 calls of a thousand items at once are all answered", async () => {
  const leases = await claimed(Array.from({ length: 1_000 }, () => ({})));
  const calls = Array.from({ length: 20 }, () =>
    q.db.jobs.progress(
      "w",
      leases.map((lease) => ref(lease)),
    ),
  );
  for (const results of await Promise.all(calls)) {
    expect(results).toHaveLength(1_000);
    expect(results.every(({ outcome }) => outcome === "ok")).toBe(true);
  }
});

describe("a failure", () => {
  test("is retried after a growing pause, then fails for good, every error kept", async () => {
    let lease = await claimedOne({ maxRetries: 2 });
    for (const [retry, least] of [500, 1_000].entries()) {
      const [result] = await q.db.jobs.fail("w", [{ ...ref(lease), error: `error ${retry}` }]);
      expect(result).toEqual({ outcome: "ok", status: "pending", runAt: expect.any(String) });
      const job = await q.db.jobs.get(lease.id);
      const pause = Date.parse(result?.runAt ?? "") - Date.parse(job.updatedAt);
      expect(pause).toBeGreaterThanOrEqual(least - 1);
      expect(pause).toBeLessThanOrEqual(least * 2);
      expect(job).toMatchObject({
        status: "pending",
        retryCount: retry + 1,
        error: `error ${retry}`,
        workerId: null,
      });
      await q.makeDue();
      await q.maintain();
      const [next] = (await q.db.jobs.claim({ workerId: "w" })).leases;
      expect(next).toMatchObject({ id: lease.id, epoch: retry + 2, retryCount: retry + 1 });
      if (next) lease = next;
    }
    expect(await q.db.jobs.fail("w", [{ ...ref(lease), error: "last" }])).toEqual([
      { outcome: "ok", status: "failed", runAt: null },
    ]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({
      status: "failed",
      error: "last",
      retryCount: 2,
      workerId: "w",
    });
    const attempts = await q.db.jobs.attempts(lease.id);
    expect(attempts.map(({ error, outcome, epoch }) => ({ error, outcome, epoch }))).toEqual([
      { error: "error 0", outcome: "failed", epoch: 1 },
      { error: "error 1", outcome: "failed", epoch: 2 },
      { error: "last", outcome: "failed", epoch: 3 },
    ]);
  });

  test("is shown whole as the job's, and shortened as each attempt's, so that a hundred fit", async () => {
    const lease = await claimedOne({ maxRetries: 100 });
    const error = "e".repeat(65_536);
    await q.db.jobs.fail("w", [{ ...ref(lease), error }]);
    expect((await q.db.jobs.get(lease.id)).error).toBe(error);
    expect(await q.db.jobs.attempts(lease.id)).toMatchObject([{ error: "e".repeat(2_048) }]);
  });

  test("that is not to be retried fails at once and is a candidate for a retry by hand", async () => {
    const lease = await claimedOne();
    const results = await q.db.jobs.fail("w", [{ ...ref(lease), error: "e", retryable: false }]);
    expect(results).toMatchObject([{ outcome: "ok", status: "failed" }]);
    expect(await q.db.jobs.listRetryCandidates(10)).toMatchObject([{ id: lease.id, retryCount: 0 }]);
  });

  test("may say when the retry is due", async () => {
    const [soon, late] = await claimed([{}, {}]);
    if (!soon || !late) throw new Error("nothing was claimed");
    const [first, second] = await q.db.jobs.fail("w", [
      { ...ref(soon), error: "e", retryAfterMs: 0 },
      { ...ref(late), error: "e", retryAfterMs: 604_800_000 },
    ]);
    for (const [lease, result, afterMs] of [
      [soon, first, 0],
      [late, second, 604_800_000],
    ] as const) {
      const failedAt = Date.parse((await q.db.jobs.get(lease.id)).updatedAt);
      expect(Math.abs(Date.parse(result?.runAt ?? "") - failedAt - afterMs)).toBeLessThanOrEqual(1);
    }
    await q.maintain();
    expect((await q.db.jobs.claim({ workerId: "w", maxJobs: 5 })).leases).toMatchObject([{ id: soon.id }]);
  });

  test.each([
    [true, "pending"],
    [undefined, "pending"],
    [false, "failed"],
  ])("with a wrong field ends the attempt all the same, retryable %s", async (retryable, status) => {
    for (const retryAfterMs of [604_800_001, -1]) {
      const lease = await claimedOne();
      const item = { ...ref(lease), error: "e".repeat(70_000), retryable, retryAfterMs };
      const field = "retry_after_ms";
      const first = await q.db.jobs.fail("w", [item, { ...item, epoch: 2 }]);
      expect(first).toMatchObject([{ ...{ outcome: "rejected", status }, field }, { outcome: "stale" }]);
      const job = await q.db.jobs.get(lease.id);
      expect(job).toMatchObject({
        status,
        error: expect.stringMatching(/^failure rejected: retry_after_ms: must be .*milliseconds\neee/),
      });
      expect(Buffer.byteLength(job.error ?? "")).toBeLessThanOrEqual(65_536);
      expect(first[0]?.runAt ?? null).toBe(status === "pending" ? job.runAt : null);
      expect(await q.db.jobs.fail("w", [item, { ...item, epoch: 2 }])).toEqual(first);
      expect(await q.db.jobs.get(lease.id)).toEqual(job);
    }
  });
});

test.each([
  ["no words", "", "failed without a message"],
  ["a character that cannot be stored", "a\0b", "a\ufffdb"],
  ["more text than is kept", "é".repeat(70_000), `${"é".repeat(32_766)}…`],
  ["half a character", "a\ud83d", "a\ufffd"],
])("a failure with %s ends its job all the same", async (_, error, kept) => {
  const lease = await claimedOne();
  expect(await q.db.jobs.fail("w", [{ ...ref(lease), error, retryable: false }])).toMatchObject([
    { outcome: "ok", status: "failed" },
  ]);
  expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "failed", error: kept });
});

describe("a lease that runs out", () => {
  test("costs a retry and leaves its attempt", async () => {
    const lease = await claimedOne({ maxRetries: 1 });
    await q.expire();
    await q.maintain();
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ status: "pending", retryCount: 1, workerId: null });
    await q.makeDue();
    await q.maintain();
    await q.db.jobs.claim({ workerId: "v" });
    await q.expire();
    await q.maintain();
    expect(await q.db.jobs.get(lease.id)).toMatchObject({
      status: "failed",
      workerId: "v",
      error: expect.stringContaining("v"),
    });
    expect(await q.db.jobs.attempts(lease.id)).toMatchObject([
      { epoch: 1, workerId: "w", outcome: "expired" },
      { epoch: 2, workerId: "v", outcome: "expired" },
    ]);
  });

  test("ends once, however many servers look", async () => {
    await claimed(Array.from({ length: 50 }, () => ({})));
    await q.expire();
    await Promise.all([q.maintain(), q.maintain(q.other), q.maintain(), q.maintain(q.other)]);
    await q.maintain();
    expect(await q.db.jobs.getStats()).toMatchObject({ scheduled: 50, running: 0 });
  });

  test("does not end while it is renewed", async () => {
    const lease = await claimedOne();
    await q.expire();
    expect(
      await q.db.jobs.progress("w", [{ ...ref(lease), progress: 0.25, message: "at work" }], 60_000),
    ).toEqual([{ outcome: "ok" }]);
    await q.maintain();
    expect(await q.db.jobs.get(lease.id)).toMatchObject({
      status: "running",
      progress: 0.25,
      progressMessage: "at work",
    });
    const { rows } = await q.client.query(
      "select expires_at - clock_timestamp() > interval '55 s' as long from job_leases",
    );
    expect(rows).toEqual([{ long: true }]);
  });

  test("by the job's timeout ends however often it is renewed", async () => {
    const lease = await claimedOne({ timeoutSeconds: 1, maxRetries: 0 });
    const renew = () => q.db.jobs.progress("w", [{ ...ref(lease), progress: 0.5 }], 60_000);
    await eventually(async () => {
      await q.maintain();
      const [result] = await renew();
      return result?.outcome === "stale";
    });
    expect(await q.db.jobs.get(lease.id)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("timeout"),
    });
    expect(await q.db.jobs.attempts(lease.id)).toMatchObject([{ outcome: "timed_out" }]);
  });
});

describe("progress", () => {
  test("changes what it names and keeps the rest", async () => {
    const lease = await claimedOne();
    await q.db.jobs.progress("w", [{ ...ref(lease), progress: 0.5, message: "half" }]);
    await q.db.jobs.progress("w", [{ ...ref(lease), message: "more" }]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ progress: 0.5, progressMessage: "more" });
    await q.db.jobs.progress("w", [{ ...ref(lease), progress: 0.75 }]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ progress: 0.75, progressMessage: "more" });
  });

  test("reported twice at once, by one call or by two, is never stale", async () => {
    const lease = await claimedOne();
    const report = (progress: number) => ({ ...ref(lease), progress });
    expect(await q.db.jobs.progress("w", [report(0.1), report(0.2)])).toEqual([
      { outcome: "ok" },
      { outcome: "ok" },
    ]);
    expect(await q.db.jobs.get(lease.id)).toMatchObject({ progress: 0.2 });
    const calls = Array.from({ length: 20 }, (_, i) => q.db.jobs.progress("w", [report(i / 20)]));
    expect((await Promise.all(calls)).flat()).toEqual(Array.from({ length: 20 }, () => ({ outcome: "ok" })));
  });

  test.each([-0.1, 1.1, Number.NaN])("of %d is rejected", async (progress) => {
    const lease = await claimedOne();
    const results = await q.db.jobs.progress("w", [{ ...ref(lease), progress }]);
    expect(results).toMatchObject([{ outcome: "rejected", field: "progress" }]);
  });
});
