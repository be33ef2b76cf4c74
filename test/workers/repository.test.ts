import { Code } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test } from "vitest";
import { newId } from "../../src/ids.ts";
import type { LeaseRef } from "../../src/jobs/input.ts";
import { limits } from "../../src/limits.ts";
import { Database } from "../../src/storage.ts";
import { unknownId } from "../harness/examples.ts";
import { within } from "../harness/waiting.ts";
import { testBench } from "./support.ts";

const notFound = { code: Code.NotFound, reason: "NOT_FOUND" };

describe("registration", () => {
  test("registering again updates, keeps counters and leases, and ends a drain", async () => {
    const { db, running } = await testBench();
    const first = await db.workers.create({
      workerId: "w",
      address: "a:1",
      capacity: 4,
      tags: ["b", "a", "b"],
    });
    expect(first).toMatchObject({ tags: ["a", "b"], status: "idle", completedTasks: 0 });
    const [done, held] = await running("w", 2);
    await db.jobs.complete("w", done ? [done] : []);
    await db.workers.drain("w", "why");
    const again = await db.workers.register({
      workerId: "w",
      address: "b:2",
      capacity: 2,
      metadata: { n: 1 },
    });
    expect(again).toMatchObject({
      id: first.id,
      registeredAt: first.registeredAt,
      address: "b:2",
      capacity: 2,
      tags: [],
      metadata: { n: 1 },
      status: "busy",
      drainReason: null,
      currentTasks: 1,
      completedTasks: 1,
      load: 0.5,
    });
    expect(await db.workers.get(first.id)).toEqual(again);
    expect(await db.workers.getByWorkerId("w")).toEqual(again);
    expect(await db.jobs.complete("w", held ? [held] : [])).toEqual([{ outcome: "ok" }]);
  });

  test("registering at once from many callers makes one worker", async () => {
    const { db } = await testBench();
    await Promise.all(Array.from({ length: 20 }, () => db.workers.register({ workerId: "w" })));
    expect(await db.workers.listAll()).toHaveLength(1);
  });

  test("less capacity than jobs held gives no more jobs until enough have ended", async () => {
    const { db, running } = await testBench();
    await db.workers.register({ workerId: "w", capacity: 3 });
    const held = await running("w", 3);
    expect(await db.workers.register({ workerId: "w", capacity: 2 })).toMatchObject({
      currentTasks: 3,
      load: 1.5,
    });
    await db.jobs.create({ jobType: "w" });
    await db.jobs.complete("w", held.slice(0, 1));
    expect((await db.jobs.claim({ workerId: "w" })).leases).toEqual([]);
    await db.jobs.complete("w", held.slice(1, 2));
    expect((await db.jobs.claim({ workerId: "w" })).leases).toHaveLength(1);
  });

  test("an update changes what it names, and no more", async () => {
    const { db } = await testBench();
    const before = await db.workers.register({
      workerId: "w",
      capacity: 2,
      tags: ["a"],
      version: "1",
      metadata: {},
    });
    const after = await db.workers.update(before.id, { capacity: 3, metadata: null });
    expect(after).toEqual({ ...before, capacity: 3, metadata: null, updatedAt: after.updatedAt });
    expect(after.updatedAt > before.updatedAt).toBe(true);
    await expect(db.workers.update(unknownId, {})).rejects.toMatchObject(notFound);
    await expect(db.workers.update(before.id, { status: "idle" } as object)).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("more capacity does not end a drain", async () => {
    const { db } = await testBench();
    const { id } = await db.workers.register({ workerId: "w" });
    await db.workers.drain("w");
    expect(await db.workers.update(id, { capacity: 5 })).toMatchObject({ capacity: 5, status: "draining" });
    await db.jobs.create({ jobType: "t" });
    expect(await db.jobs.claim({ workerId: "w" })).toEqual({ leases: [], drain: true });
    await db.workers.register({ workerId: "w" });
    expect((await db.jobs.claim({ workerId: "w" })).leases).toHaveLength(1);
  });

  test("what is not there is not found", async () => {
    const { db } = await testBench();
    await expect(db.workers.get(unknownId)).rejects.toMatchObject(notFound);
    await expect(db.workers.getByWorkerId("w")).rejects.toMatchObject(notFound);
    await expect(db.workers.updateHeartbeat("w")).rejects.toMatchObject(notFound);
    await expect(db.workers.drain("w")).rejects.toMatchObject(notFound);
    await expect(db.workers.deregister("w")).rejects.toMatchObject(notFound);
    await expect(db.workers.delete(unknownId)).rejects.toMatchObject(notFound);
  });
});

test("a drain reaches a claim that is already waiting", async () => {
  const { db } = await testBench();
  await db.workers.register({ workerId: "w" });
  const waiting = db.jobs.claim({ workerId: "w", waitMs: 400 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await db.workers.drain("w");
  await db.jobs.create({ jobType: "t" });
  expect((await waiting).leases).toEqual([]);
});

test.each([
  ["a drain", "drain", true],
  ["deregistration", "deregister", false],
] as const)("%s answers a claim that waits at once", async (_, how, drain) => {
  const { db, connection } = await testBench();
  const other = await Database.connect(connection);
  onTestFinished(() => other.close());
  await db.workers.register({ workerId: "w" });
  const [here, there] = [db, other].map(({ jobs }) => jobs.claim({ workerId: "w", waitMs: 30_000 }));
  await expect.poll(() => db.queue.claimer.waiting + other.queue.claimer.waiting).toBe(2);
  await db.workers[how]("w");
  expect(await within(limits.claimPollMs / 2, here ?? Promise.reject())).toEqual({ leases: [], drain });
  expect(await within(2 * limits.claimPollMs, there ?? Promise.reject())).toEqual({ leases: [], drain });
});

describe("leaving", () => {
  test("gives the jobs back in their place, at no cost, and refuses what still comes", async () => {
    const { db, running } = await testBench();
    const { id } = await db.workers.register({ workerId: "w", capacity: 2 });
    const held = await running("w", 2, { jobType: "t" });
    const waiting = await db.jobs.create({ jobType: "t" });
    await db.workers.delete(id);
    await expect(db.workers.get(id)).rejects.toMatchObject(notFound);
    const pending = await db.jobs.listPending(10);
    expect(pending.map((job) => job.id)).toEqual([...held.map(({ jobId }) => jobId), waiting.id]);
    expect(pending).toMatchObject([{ retryCount: 0, workerId: null }, { retryCount: 0 }, {}]);
    expect(await db.jobs.attempts(held[0]?.jobId ?? "")).toMatchObject([
      { workerId: "w", outcome: "released" },
    ]);
    expect(await db.jobs.complete("w", held)).toEqual([{ outcome: "stale" }, { outcome: "stale" }]);
    expect(await db.jobs.getStats()).toMatchObject({ pending: 3, running: 0 });
  });

  test("while it claims and completes: no job is lost, none runs twice", async () => {
    const { db } = await testBench();
    await db.jobs.createMany(Array.from({ length: 300 }, () => ({ jobType: "t" })));
    let completed = 0;
    const work = async (workerId: string) => {
      for (let round = 0; round < 15; round++) {
        await db.workers.register({ workerId, capacity: 20 });
        const { leases } = await db.jobs.claim({ workerId, maxJobs: 10 });
        const [left, ended] = await Promise.all([
          db.workers.deregister(workerId),
          leases.length === 0
            ? []
            : db.jobs.complete(
                workerId,
                leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
              ),
        ]);
        const accepted = ended.filter(({ outcome }) => outcome === "ok").length;
        expect(left + accepted).toBe(leases.length);
        completed += accepted;
      }
    };
    await Promise.all(["a", "b", "c", "d"].map(work));
    expect(await db.jobs.getStats()).toMatchObject({ running: 0, completed, pending: 300 - completed });
  });
});

describe("heartbeats", () => {
  test("of many workers that arrive together, one of them unknown", async () => {
    const { db, running } = await testBench();
    const names = Array.from({ length: 50 }, (_, index) => `w${index}`);
    await Promise.all(names.map((workerId) => db.workers.register({ workerId, capacity: 2 })));
    const [lease] = await running("w7", 1);
    const beats = [...names, "stranger"].map((workerId, index) =>
      db.workers.heartbeat({ workerId, cpu: index / 100, leases: lease ? [lease] : [] }),
    );
    const replies = await Promise.allSettled(beats);
    const stranger = replies.pop();
    expect(stranger).toMatchObject({ status: "rejected", reason: notFound });
    for (const [index, reply] of replies.entries()) {
      // Everybody names the lease, but it is that of one.
      const value = index === 7 ? { lost: [], expiresInMs: 30_000 } : { lost: [lease], expiresInMs: null };
      expect(reply).toMatchObject({ status: "fulfilled", value });
    }
    expect(await db.workers.getByWorkerId("w49")).toMatchObject({ cpu: 0.49, memory: null });
  });

  test("the same lease twice, in one call and in two at once, is renewed", async () => {
    const { db, running } = await testBench();
    await db.workers.register({ workerId: "w" });
    const [lease] = await running("w", 1);
    const leases = lease ? [lease, lease] : [];
    const replies = await Promise.all([1, 2].map(() => db.workers.heartbeat({ workerId: "w", leases })));
    for (const reply of replies)
      expect(reply).toMatchObject({ lost: [], cancelled: [], expiresInMs: 30_000 });
  });

  test("move the end of a lease, also of one that has just expired", async () => {
    const { db, running, sql } = await testBench();
    await db.workers.register({ workerId: "w" });
    const leases = await running("w", 1);
    await sql("update job_leases set expires_at = now() - interval '1 s'");
    await db.workers.heartbeat({ workerId: "w", leases, leaseMs: 60_000 });
    const [{ left }] = await sql(
      "select extract(epoch from expires_at - now())::float8 as left from job_leases",
    );
    expect(left).toBeGreaterThan(55);
    expect(left).toBeLessThanOrEqual(60);
  });

  test("a job that was cancelled and retried is lost, not cancelled", async () => {
    const { db, running } = await testBench();
    await db.workers.register({ workerId: "w" });
    const leases = await running("w", 1);
    const jobId = leases[0]?.jobId ?? "";
    await db.jobs.cancel(jobId);
    expect(await db.workers.heartbeat({ workerId: "w", leases })).toMatchObject({
      cancelled: leases,
      lost: [],
    });
    await db.jobs.retry(jobId);
    expect(await db.workers.heartbeat({ workerId: "w", leases })).toMatchObject({
      cancelled: [],
      lost: leases,
    });
    const other = [{ jobId: unknownId, epoch: 1 }];
    expect(await db.workers.heartbeat({ workerId: "w", leases: other })).toMatchObject({ lost: other });
  });

  test("that name thousands of leases do not keep those of others waiting", async () => {
    const { db, running } = await testBench();
    for (const workerId of ["loud", "quiet"]) await db.workers.register({ workerId, capacity: 3 });
    const own = await running("quiet", 1);
    const madeUp = Array.from({ length: limits.heartbeatLeases }, () => ({ jobId: newId(), epoch: 1 }));
    const answered: string[] = [];
    const beat = async (workerId: string, leases: readonly LeaseRef[]) => {
      const reply = await db.workers.heartbeat({ workerId, leases: [...leases] });
      answered.push(workerId);
      return reply;
    };
    const loud = Array.from({ length: 10 }, () => beat("loud", madeUp));
    expect(await beat("quiet", own)).toMatchObject({ lost: [], expiresInMs: 30_000 });
    // Two writes were on their way; on a busy machine more may end before this process learns of its own.
    expect(answered.length).toBeLessThan(loud.length);
    for (const { lost, expiresInMs } of await Promise.all(loud)) {
      expect(lost).toEqual(madeUp);
      expect(expiresInMs).toBeNull();
    }
  });

  test("learn of as many cancelled jobs as the worker has capacity; the others are lost", async () => {
    const { db, running } = await testBench();
    await db.workers.register({ workerId: "w", capacity: 4 });
    const leases = await running("w", 4);
    for (const { jobId } of leases.slice(1)) await db.jobs.cancel(jobId);
    await db.workers.register({ workerId: "w", capacity: 2 });
    const reply = await db.workers.heartbeat({ workerId: "w", leases });
    expect(reply).toMatchObject({ expiresInMs: 30_000 });
    expect([reply.cancelled.length, reply.lost.length]).toEqual([2, 1]);
  });

  test("claims and progress reports count as signs of life", async () => {
    const { db, silence } = await testBench();
    await db.workers.register({ workerId: "w" });
    await db.jobs.create({ jobType: "t" });
    await silence("w", 40);
    const { leases } = await db.jobs.claim({ workerId: "w" });
    expect(await db.workers.getByWorkerId("w")).toMatchObject({ status: "busy", health: "healthy" });
    await silence("w", 40);
    await db.jobs.progress("w", [{ jobId: leases[0]?.id ?? "", epoch: 1, progress: 0.5 }]);
    expect(await db.workers.getByWorkerId("w")).toMatchObject({ status: "busy", health: "healthy" });
  });

  test("within a transaction", async () => {
    const { db } = await testBench();
    await db.workers.register({ workerId: "w" });
    const undone = db.transaction(async ({ workers }) => {
      await workers.heartbeat({ workerId: "w", cpu: 1 });
      expect(await workers.getByWorkerId("w")).toMatchObject({ cpu: 1 });
      throw new Error("undo");
    });
    await expect(undone).rejects.toThrow("undo");
    expect(await db.workers.getByWorkerId("w")).toMatchObject({ cpu: null });
  });
});

test("two progress reports of a job at once are both accepted, and the later counts", async () => {
  const { db, running } = await testBench();
  await db.workers.register({ workerId: "w" });
  const [lease] = await running("w", 1);
  if (!lease) throw new Error("one was claimed");
  const reports = [{ progress: 0.25, message: "first" }, { progress: 0.5 }, { message: "last" }];
  const results = await Promise.all(
    reports.map((report) => db.jobs.progress("w", [{ ...lease, ...report }])),
  );
  expect(results.flat()).toEqual([{ outcome: "ok" }, { outcome: "ok" }, { outcome: "ok" }]);
  expect(await db.jobs.get(lease.jobId)).toMatchObject({ progress: 0.5, progressMessage: "last" });
});

describe("status and health", () => {
  test.each([
    [0, false, "idle", "healthy"],
    [9, false, "idle", "healthy"],
    [10, false, "idle", "degraded"],
    [29, true, "draining", "degraded"],
    [30, false, "offline", "unhealthy"],
    [30, true, "offline", "unhealthy"],
  ] as const)("silent for %d s, draining: %s: %s and %s", async (seconds, drains, status, health) => {
    const { db, silence } = await testBench();
    await db.workers.register({ workerId: "w" });
    if (drains) await db.workers.drain("w");
    await silence("w", seconds);
    expect(await db.workers.getByWorkerId("w")).toMatchObject({ status, health });
    await db.workers.updateHeartbeat("w");
    expect(await db.workers.getByWorkerId("w")).toMatchObject({
      status: drains ? "draining" : "idle",
      health: "healthy",
    });
  });

  test("the column is made right by heartbeats and by maintenance", async () => {
    const { db, running, silence, sql } = await testBench();
    for (const workerId of ["idle", "busy", "gone", "draining"])
      await db.workers.register({ workerId, capacity: 2 });
    await running("busy", 2);
    await db.workers.drain("draining");
    await silence("gone", 31);
    await db.maintain();
    const stored = async () =>
      Object.fromEntries(
        (await sql("select worker_id, status from workers")).map(({ worker_id, status }) => [
          worker_id,
          status,
        ]),
      );
    expect(await stored()).toEqual({ idle: "idle", busy: "busy", gone: "offline", draining: "draining" });
    await db.workers.updateHeartbeat("gone");
    expect(await stored()).toMatchObject({ gone: "idle" });
    const [{ current_tasks }] = await sql("select current_tasks from workers where worker_id = 'busy'");
    expect(current_tasks).toBe(2);
  });

  test("completions and failures are counted by the service", async () => {
    const { db, running } = await testBench();
    await db.workers.register({ workerId: "w", capacity: 4 });
    const [a, b, c, d] = await running("w", 4);
    if (!a || !b || !c || !d) throw new Error("four were claimed");
    await db.jobs.complete("w", [a, b]);
    await db.jobs.complete("w", [a]);
    await db.jobs.fail("w", [{ ...c, error: "e" }]);
    await db.jobs.release("w", [d]);
    expect(await db.workers.getByWorkerId("w")).toMatchObject({
      completedTasks: 2,
      failedTasks: 1,
      currentTasks: 0,
    });
  });
});

describe("lists", () => {
  test("of all, by status and active", async () => {
    const { db, running, silence } = await testBench();
    for (const workerId of ["a", "b", "c", "d"]) await db.workers.register({ workerId });
    await running("a", 1);
    await db.workers.drain("b");
    await silence("a", 3);
    await silence("d", 31);
    const names = (workers: readonly { workerId: string }[]) => workers.map(({ workerId }) => workerId);
    expect(names(await db.workers.listAll())).toEqual(["d", "c", "b", "a"]);
    expect(names(await db.workers.listByStatus("busy"))).toEqual(["a"]);
    expect(names(await db.workers.listByStatus("draining"))).toEqual(["b"]);
    expect(names(await db.workers.listByStatus("offline"))).toEqual(["d"]);
    expect(names(await db.workers.listActive(30))).toEqual(["c", "a"]);
    expect(names(await db.workers.listActive(2.5))).toEqual(["c"]);
    await expect(db.workers.listActive(0)).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(db.workers.listByStatus("failed" as "idle")).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("pages neither skip nor repeat workers that registered at the same moment", async () => {
    const { db, sql } = await testBench();
    await Promise.all(
      Array.from({ length: 7 }, (_, index) => db.workers.register({ workerId: `w${index}` })),
    );
    await sql("update workers set registered_at = '2026-01-01'");
    const seen: string[] = [];
    let after: Awaited<ReturnType<typeof db.workers.list>>["next"];
    do {
      const { items, next } = await db.workers.list({}, { limit: 2, after });
      seen.push(...items.map(({ workerId }) => workerId));
      after = next;
    } while (after);
    expect(seen.toSorted()).toEqual(["w0", "w1", "w2", "w3", "w4", "w5", "w6"]);
  });
});

describe("stale workers", () => {
  test("their jobs are retried, or fail with no retry left; others are left alone", async () => {
    const { db, running, silence } = await testBench();
    for (const workerId of ["stale", "alive"]) await db.workers.register({ workerId, capacity: 3 });
    const retried = await running("stale", 2, { jobType: "a" });
    const [failed] = await running("stale", 1, { jobType: "b", maxRetries: 0 });
    const [kept] = await running("alive", 1);
    await silence("stale", 61);
    await silence("alive", 59);
    expect(await db.workers.removeStale(60)).toEqual({ removed: 1, jobsRequeued: 2 });
    await expect(db.workers.getByWorkerId("stale")).rejects.toMatchObject(notFound);
    expect(await db.jobs.get(retried[0]?.jobId ?? "")).toMatchObject({ status: "pending", retryCount: 1 });
    const error = "worker stale was silent for too long and has been removed";
    expect(await db.jobs.get(failed?.jobId ?? "")).toMatchObject({ status: "failed", error });
    expect(await db.jobs.attempts(failed?.jobId ?? "")).toMatchObject([{ outcome: "expired", error }]);
    expect(await db.jobs.get(kept?.jobId ?? "")).toMatchObject({ status: "running", workerId: "alive" });
    expect(await db.jobs.complete("stale", retried)).toEqual([{ outcome: "stale" }, { outcome: "stale" }]);
    expect(await db.jobs.getStats()).toMatchObject({ scheduled: 2, failed: 1, running: 1, pending: 0 });
  });

  test("are removed once, whoever removes them, while one of them comes back", async () => {
    const { db, connection, running, sql } = await testBench();
    const other = await Database.connect(connection);
    onTestFinished(() => other.close());
    const names = Array.from({ length: 50 }, (_, index) => `w${index}`);
    for (const workerId of names) {
      await db.workers.register({ workerId });
      await running(workerId, 1);
    }
    await sql("update workers set last_heartbeat = now() - interval '1 hour'");
    const [beat, ...removals] = await Promise.all([
      db.workers.heartbeat({ workerId: "w30" }).then(
        () => 1,
        () => 0,
      ),
      ...[db, other, db, other].map((server) => server.workers.removeStale(60)),
    ]);
    const sum = (key: "removed" | "jobsRequeued") =>
      removals.reduce((total, removal) => total + removal[key], 0);
    // A removal passes over a worker whose heartbeat is being written, so that one may stay.
    expect(sum("removed") + beat).toBe(50);
    expect(sum("jobsRequeued") + beat).toBe(50);
    expect(await db.workers.listAll()).toHaveLength(beat);
    expect(await db.jobs.getStats()).toMatchObject({ scheduled: 50 - beat, running: beat });
  });

  test("none", async () => {
    const { db } = await testBench();
    await db.workers.register({ workerId: "w" });
    expect(await db.workers.removeStale(60)).toEqual({ removed: 0, jobsRequeued: 0 });
  });
});

describe("cluster statistics", () => {
  test("completions are counted up to a number, and beyond it told by their pace", async () => {
    const { db, sql } = await testBench();
    const complete = (from: number, to: number) =>
      sql(`insert into job_finished (job_id, finished_at, status, job_type)
        select md5(random()::text || n)::uuid, now() - n * interval '5 ms', 'completed', 't' from generate_series(${from}, ${to}) n`);
    await complete(1, 4_000);
    expect(await db.workers.clusterStats()).toMatchObject({ completedLastMinute: 4_000 });
    // 200 a second for 40 seconds: 12,000 a minute.
    await complete(4_001, 8_000);
    const { completedLastMinute } = await db.workers.clusterStats();
    expect(completedLastMinute).toBeGreaterThan(8_000);
    expect(completedLastMinute).toBeLessThanOrEqual(12_000);
  });

  test("capacity counts idle and busy workers only", async () => {
    const { db, running, silence } = await testBench();
    for (const workerId of ["idle", "busy", "draining", "gone"])
      await db.workers.register({ workerId, capacity: 4 });
    await running("busy", 3);
    await running("draining", 2);
    await db.workers.drain("draining");
    await silence("gone", 31);
    await silence("idle", 11);
    expect(await db.workers.clusterStats()).toMatchObject({
      totalWorkers: 4,
      idleWorkers: 1,
      busyWorkers: 1,
      drainingWorkers: 1,
      offlineWorkers: 1,
      healthyWorkers: 2,
      degradedWorkers: 1,
      unhealthyWorkers: 1,
      totalCapacity: 8,
      usedCapacity: 3,
      availableCapacity: 5,
      load: 0.375,
      completedLastMinute: 0,
      averageDurationMs: null,
      jobs: { running: 5 },
      health: "unhealthy",
    });
  });

  test.each([
    [9, "healthy"],
    [10, "degraded"],
  ] as const)("a load of %d in 10 is %s", async (used, health) => {
    const { db, running } = await testBench();
    await db.workers.register({ workerId: "w", capacity: 10 });
    await running("w", used);
    expect(await db.workers.clusterStats()).toMatchObject({ load: used / 10, health });
  });

  test("throughput and duration are those of the last minute", async () => {
    const { db, running, sql } = await testBench();
    await db.workers.register({ workerId: "w", capacity: 4 });
    const held = await running("w", 4);
    await db.jobs.complete("w", held.slice(0, 3));
    // Attempts are append-only, but for this session.
    await sql("set session_replication_role = replica");
    const end = (jobId: string | undefined, ago: number, took: number) =>
      sql(
        `with f as (update job_finished set finished_at = now() - $2 * interval '1 s' where job_id = $1 returning *)
        update job_attempts a set ended_at = f.finished_at, started_at = f.finished_at - $3 * interval '1 s'
        from f where a.job_id = f.job_id`,
        [jobId, ago, took],
      );
    await end(held[0]?.jobId, 10, 1);
    await end(held[1]?.jobId, 50, 4);
    await end(held[2]?.jobId, 61, 100);
    const stats = await db.workers.clusterStats();
    expect(stats).toMatchObject({ completedLastMinute: 2, jobs: { completed: 3, running: 1 } });
    expect(stats.averageDurationMs).toBeCloseTo(2500);
  });
});
