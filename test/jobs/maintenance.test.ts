import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import type { DatabaseConfig } from "../../src/config.ts";
import { sql } from "../../src/database/statement/sql.ts";
import { QueueMaintenance } from "../../src/jobs/upkeep/maintenance.ts";
import { limits } from "../../src/limits.ts";
import { startMaintenance } from "../../src/maintenance.ts";
import { Database } from "../../src/storage.ts";
import { startOwnPostgres } from "../faults/postgres.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { eventually, within } from "../harness/waiting.ts";

/** A server as far as the queue is concerned: a database with its maintenance running. */
async function startServer(config: DatabaseConfig): Promise<{ db: Database; stop: () => Promise<void> }> {
  const db = await Database.connect(config);
  const maintenance = startMaintenance(db.maintenanceTasks, silentLog);
  const stop = async () => {
    await maintenance.stop();
    await db.close();
  };
  return { db, stop };
}

/** Creates jobs and leases them to a worker. */
async function lease(
  db: Database,
  jobType: string,
  count: number,
  { leaseMs = 1_000, timeoutSeconds = 300 } = {},
) {
  await db.workers.register({ workerId: jobType, jobTypes: [jobType], capacity: 1_000 });
  await db.jobs.createMany(Array.from({ length: count }, () => ({ jobType, timeoutSeconds })));
  const { leases } = await db.jobs.claim({ workerId: jobType, maxJobs: count, leaseMs });
  expect(leases).toHaveLength(count);
  return leases;
}

describe("while the database is there", () => {
  let config: DatabaseConfig;
  let client: Client;
  let servers: { db: Database; stop: () => Promise<void> }[] = [];
  let a: Database;
  let b: Database;
  const look = () => client.query("select");
  beforeAll(async () => {
    config = await createTestDatabase();
    client = await onlooker(config);
    servers = [await startServer(config), await startServer(config)];
    [a, b] = servers.map(({ db }) => db) as [Database, Database];
  });
  afterEach(() => client.query("delete from job_leases"));
  afterAll(async () => {
    await Promise.all(servers.map(({ stop }) => stop()));
    await client.end();
  });

  test("a lease that runs out is ended within a second, once, by either of two servers", async () => {
    const leases = await lease(a, "expire", 50);
    const ended = eventually(async () => (await b.jobs.getStats({ jobType: "expire" })).running === 0);
    await within(1_000 + 1_000, ended, look);
    const { rows } = await client.query(
      "select min(extract(epoch from ended_at - started_at))::float8 as shortest from job_attempts where worker_id = 'expire'",
    );
    expect(rows[0].shortest).toBeGreaterThanOrEqual(1);
    await sleep(2 * limits.queueMaintenanceMs);
    for (const { id } of leases) {
      expect(await a.jobs.get(id)).toMatchObject({ status: "pending", retryCount: 1, workerId: null });
      expect(await a.jobs.attempts(id)).toMatchObject([{ epoch: 1, outcome: "expired", workerId: "expire" }]);
    }
    const worker = await a.workers.getByWorkerId("expire");
    expect(worker).toMatchObject({ currentTasks: 0 });
  });

  test("a lease that is renewed does not run out, and does once it no longer is", async () => {
    const leaseMs = 2_000;
    const [held] = await lease(a, "renew", 1, { leaseMs });
    for (let n = 0; n < 6; n++) {
      await sleep(400);
      const leases = [{ jobId: held?.id ?? "", epoch: 1 }];
      await (n % 2 ? a : b).workers.heartbeat({ workerId: "renew", leases, leaseMs });
    }
    expect(await a.jobs.get(held?.id ?? "")).toMatchObject({ status: "running" });
    await eventually(async () => (await a.jobs.get(held?.id ?? "")).status === "pending");
  });

  test("an attempt ends at its timeout, however long its lease", async () => {
    const [held] = await lease(a, "timeout", 1, { leaseMs: 60_000, timeoutSeconds: 1 });
    const id = held?.id ?? "";
    const ended = eventually(async () => (await b.jobs.get(id)).status !== "running");
    await within(2_000, ended, look);
    expect(await b.jobs.get(id)).toMatchObject({
      status: "pending",
      error: "the attempt ran past its timeout",
    });
    expect(await b.jobs.attempts(id)).toMatchObject([{ outcome: "timed_out" }]);
  });

  test("a job gets into line within a second of its time, and a waiting claim gets it", async () => {
    await a.workers.register({ workerId: "due", jobTypes: ["due"] });
    const { rows } = await client.query(
      "select to_char(now() at time zone 'utc' + interval '1 s', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as at",
    );
    const { id } = await a.jobs.create({ jobType: "due", runAt: String(rows[0].at) });
    const started = performance.now();
    const { leases } = await within(2_500, b.jobs.claim({ workerId: "due", waitMs: 5_000 }), look);
    expect(leases.map((claimed) => claimed.id)).toEqual([id]);
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  test("a pause ends by itself within half a second of its time, and a waiting claim gets its jobs", async () => {
    await a.workers.register({ workerId: "rested", jobTypes: ["rested"] });
    const { id } = await a.jobs.create({ jobType: "rested" });
    const started = performance.now();
    await a.jobs.pause({ jobType: "rested", durationMs: 1_000 });
    await a.jobs.pause({ limitKey: "others", durationMs: 3_600_000 });
    const { leases } = await within(2_500, b.jobs.claim({ workerId: "rested", waitMs: 5_000 }), look);
    expect(leases.map((claimed) => claimed.id)).toEqual([id]);
    expect(performance.now() - started).toBeGreaterThan(900);
    expect((await a.jobs.listPauses()).items).toMatchObject([{ limitKey: "others" }]);
    const { rows } = await client.query(
      "select entity_id, actor, changes from audit_logs where action = 'resume' and entity_type = 'job_type'",
    );
    expect(rows).toEqual([
      { entity_id: "rested", actor: "service", changes: { before: { job_type: "rested" } } },
    ]);
  });

  test("a lease of a worker in use is left for the next round and then ended", async () => {
    await lease(a, "locked", 3);
    await client.query("begin");
    await client.query("select from worker_slots where worker_id = 'locked' for update");
    await sleep(1_700);
    expect(await a.jobs.getStats({ jobType: "locked" })).toMatchObject({ running: 3 });
    await client.query("commit");
    const ended = eventually(async () => (await a.jobs.getStats({ jobType: "locked" })).running === 0);
    await within(1_000, ended, look);
  });

  test("statistics are folded and stay exact while two servers fold", async () => {
    const type = { jobType: "fold" };
    await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        for (let i = 0; i < 50; i++) await (n % 2 ? a : b).jobs.create(type);
      }),
    );
    await a.jobs.cancelMany(type);
    expect(await b.jobs.getStats(type)).toMatchObject({ cancelled: 400, total: 400 });
    await eventually(async () => {
      const { rows } = await client.query("select count(*) from job_stat_deltas");
      return Number(rows[0].count) < 100;
    });
    expect(await b.jobs.getStats(type)).toMatchObject({ cancelled: 400, total: 400 });
  });

  test("killed connections cost no lease its end", async () => {
    await lease(a, "killed", 20);
    const killing = setInterval(() => {
      void client.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
    }, 100);
    await sleep(1_500);
    clearInterval(killing);
    const stats = () => a.jobs.getStats({ jobType: "killed" }).catch(() => undefined);
    await eventually(async () => (await stats())?.running === 0);
  });
});

describe("after an outage", () => {
  test("of the database, live leases get one more term from every server, also from one that has just started", async () => {
    const postgres = await startOwnPostgres();
    const servers = [await startServer(postgres.config), await startServer(postgres.config)];
    onTestFinished(async () => {
      await Promise.all(servers.map(({ stop }) => stop()));
      await postgres.end();
    });
    const [{ db } = { db: undefined }] = servers;
    if (!db) throw new Error("no server");
    const held = await lease(db, "held", 20, { leaseMs: 1_500 });
    const lost = await lease(db, "lost", 5, { leaseMs: 1_500 });
    await postgres.crash();
    await sleep(1_500);
    await postgres.start();
    // A third server comes up just now, to which everything looks long overdue.
    servers.push(await startServer(postgres.config));
    const working = async () => (await db.jobs.getStats({ jobType: "held" }).catch(() => undefined))?.running;
    await eventually(async () => (await working()) !== undefined);
    await sleep(1_000);
    expect(await working()).toBe(20);
    // Workers that are there come back in time and deliver; leases of after the outage end as always.
    const done = await db.jobs.complete(
      "held",
      held.map(({ id, epoch }) => ({ jobId: id, epoch })),
    );
    expect(done.every(({ outcome }) => outcome === "ok")).toBe(true);
    await lease(db, "later", 5);
    const ended = eventually(async () => (await db.jobs.getStats({ jobType: "later" })).running === 0);
    await within(2_500, ended, () => db.healthCheck());
    expect(await db.jobs.getStats({ jobType: "lost" })).toMatchObject({ running: 5 });
    expect(lost).toHaveLength(5);
    // What `maintain` is asked for by hand it does at once.
    await db.maintain();
    expect(await db.jobs.getStats({ jobType: "lost" })).toMatchObject({ running: 0 });
  });

  test("a round in which nothing is due asks the database once", async () => {
    const db = await Database.connect(await createTestDatabase());
    onTestFinished(() => db.close());
    const maintenance = new QueueMaintenance(db.executor, db.queue, { termMs: 0 });
    await lease(db, "held", 1, { leaseMs: 60_000 });
    await db.jobs.create({ jobType: "later", delayMs: 60_000 });
    await db.jobs.pause({ jobType: "held", durationMs: 60_000 });
    const [one, any] = [vi.spyOn(db.executor, "one"), vi.spyOn(db.executor, "any")];
    const asked = async () => {
      one.mockClear();
      any.mockClear();
      await maintenance.watchOver();
      return one.mock.calls.length + any.mock.calls.length;
    };
    expect(await asked()).toBe(1);
    await db.executor.any(endAll());
    expect(await asked()).toBe(2);
    expect(await db.jobs.getStats({ jobType: "held" })).toMatchObject({ running: 0 });
  });

  test("the term ends, and with it the leases that nobody renewed", async () => {
    const db = await Database.connect(await createTestDatabase());
    onTestFinished(() => db.close());
    await lease(db, "before", 3);
    await db.executor.any(endAll());
    const running = async (maintenance: QueueMaintenance) => {
      await maintenance.watchOver();
      return (await db.jobs.getStats({ jobType: "before" })).running;
    };
    const long = new QueueMaintenance(db.executor, db.queue, { termMs: 60_000 });
    for (let round = 0; round < 3; round++) expect(await running(long)).toBe(3);
    const short = new QueueMaintenance(db.executor, db.queue, { termMs: 300 });
    await eventually(async () => (await running(short)) === 0);
  });

  test("the silence of workers counts only from its end", async () => {
    const db = await Database.connect(await createTestDatabase());
    onTestFinished(() => db.close());
    const maintenance = new QueueMaintenance(db.executor, db.queue, { termMs: 1_500 });
    await maintenance.watchOver();
    for (const workerId of ["back", "gone"]) await db.workers.register({ workerId });
    await lease(db, "holder", 2, { leaseMs: 60_000 });
    // Rounds fail while the database is away; who asks then may be the first to reach it again.
    await sleep(limits.outageMs + 200);
    expect(await db.workers.removeStale(1)).toEqual({ removed: 0, jobsRequeued: 0 });
    await maintenance.watchOver();
    expect(await db.workers.removeStale(1)).toEqual({ removed: 0, jobsRequeued: 0 });
    // A round of a busy machine that comes too late begins the term anew.
    const removed = await eventually(async () => {
      await maintenance.watchOver();
      await db.workers.heartbeat({ workerId: "back" });
      const counts = await db.workers.removeStale(1);
      return counts.removed > 0 && counts;
    });
    expect(removed).toEqual({ removed: 2, jobsRequeued: 2 });
    expect((await db.workers.listAll()).map(({ workerId }) => workerId)).toEqual(["back"]);
  });

  test("so does a jump of the database's clock, as after a suspension, in which our own stands still", async () => {
    const db = await Database.connect(await createTestDatabase());
    onTestFinished(() => db.close());
    const maintenance = new QueueMaintenance(db.executor, db.queue, { termMs: 1_000 });
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    await maintenance.watchOver();
    await lease(db, "suspended", 3);
    await sleep(limits.outageMs + 200);
    await db.executor.any(endAll());
    await maintenance.watchOver();
    expect(await db.jobs.getStats({ jobType: "suspended" })).toMatchObject({ running: 3 });
    expect(db.queue.outages.latest).toMatchObject({ termMs: 1_000 });
    await eventually(async () => {
      await maintenance.watchOver();
      return (await db.jobs.getStats({ jobType: "suspended" })).running === 0;
    });
  });

  test("a server that hears nothing for a while holds back; others do not", async () => {
    const config = await createTestDatabase();
    const db = await Database.connect(config);
    onTestFinished(() => db.close());
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const [cut, well] = [db.maintenanceTasks[0], db.maintenanceTasks[0]];
    await Promise.all([cut?.run(), well?.run()]);
    await lease(db, "cut", 3, { leaseMs: 60_000 });
    for (let waited = 0; waited < limits.outageMs; waited += 250) {
      vi.advanceTimersByTime(250);
      await well?.run();
    }
    vi.advanceTimersByTime(250);
    await db.executor.any(endAll());
    await cut?.run();
    expect(await db.jobs.getStats({ jobType: "cut" })).toMatchObject({ running: 3 });
    await well?.run();
    expect(await db.jobs.getStats({ jobType: "cut" })).toMatchObject({ running: 0 });
    // What is leased after the outage is as always.
    await lease(db, "after", 3);
    await db.executor.any(endAll());
    await cut?.run();
    expect(await db.jobs.getStats({ jobType: "after" })).toMatchObject({ running: 0 });
  });
});

const endAll = () =>
  sql.type(z.object({}))`update job_leases set expires_at = clock_timestamp() - interval '1 millisecond'`;
