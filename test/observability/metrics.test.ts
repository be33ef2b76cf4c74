import { beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../src/limits.ts";
import { startMaintenance } from "../../src/maintenance.ts";
import { Exposition } from "../../src/metrics/exposition.ts";
import type { Family } from "../../src/metrics/family.ts";
import { MaintenanceStats } from "../../src/metrics/maintenance.ts";
import { Database } from "../../src/storage.ts";
import { proxyTo } from "../database/proxy.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { queue } from "../jobs/support.ts";
import { type Parsed, parseExposition, poll } from "./exposition.ts";

const q = queue();
beforeEach(() => q.reset());

const read = async (families: readonly Family[]) =>
  parseExposition((await new Exposition(families).read()).text);
/** What the metrics tell now; each time read anew. */
const metrics = (db: Database = q.db) => read(db.families);

/** How much a counter grew. */
const grew = (from: Parsed, to: Parsed, name: string, labels?: Record<string, string>) =>
  (to.value(name, labels) ?? Number.NaN) - (from.value(name, labels) ?? Number.NaN);

describe("what is done to jobs", () => {
  test("counts what is created, claimed and ended, by outcome", async () => {
    await q.worker("w");
    const before = await metrics();
    await q.db.jobs.create({ jobType: "t" });
    await q.db.jobs.createMany([{ jobType: "t" }, { jobType: "t" }, { jobType: "t", maxRetries: 0 }]);
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 4 });
    const [first, second, third, last] = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
    if (!first || !second || !third || !last) throw new Error("not all were claimed");
    await q.db.jobs.complete("w", [first, { jobId: unknownId, epoch: 1 }, { ...second, epoch: 7 }]);
    await q.db.jobs.fail("w", [
      { ...second, error: "e", retryable: true },
      { ...last, error: "e", retryable: true },
    ]);
    await q.db.jobs.release("w", [third]);
    const after = await metrics();
    expect(grew(before, after, "ltb_jobs_created_total")).toBe(4);
    expect(grew(before, after, "ltb_jobs_claimed_total")).toBe(4);
    expect(grew(before, after, "ltb_job_claim_latency_seconds_count")).toBe(4);
    expect(grew(before, after, "ltb_job_claim_latency_seconds_sum")).toBeGreaterThan(0);
    const completions = { ok: 1, not_found: 1, stale: 1, cancelled: 0, rejected: 0 };
    for (const [outcome, count] of Object.entries(completions))
      expect(grew(before, after, "ltb_job_completions_total", { outcome }), outcome).toBe(count);
    expect(grew(before, after, "ltb_job_failures_total", { outcome: "ok" })).toBe(2);
    expect(grew(before, after, "ltb_job_releases_total", { outcome: "ok" })).toBe(1);
    // The other has no retry.
    expect(grew(before, after, "ltb_job_retries_total", { cause: "failure" })).toBe(1);
    expect(grew(before, after, "ltb_job_retries_total", { cause: "expiry" })).toBe(0);
  });

  test("counts leases that run out, and retries after that", async () => {
    await q.worker("w");
    const before = await metrics();
    await q.db.jobs.createMany([{ jobType: "t" }, { jobType: "t", maxRetries: 0 }]);
    await q.db.jobs.claim({ workerId: "w", maxJobs: 2 });
    await q.expire();
    await q.maintain();
    const after = await metrics();
    expect(grew(before, after, "ltb_job_lease_expiries_total")).toBe(2);
    expect(grew(before, after, "ltb_job_retries_total", { cause: "expiry" })).toBe(1);
  });

  test("the wait of a scheduled job begins when its time has come", async () => {
    await q.worker("w");
    await q.db.jobs.create({ jobType: "t", runAt: new Date(Date.now() + 60_000).toISOString() });
    await q.client.query("update jobs set created_at = now() - interval '1 day'");
    await q.makeDue();
    await q.maintain();
    const before = await metrics();
    expect((await q.db.jobs.claim({ workerId: "w", maxJobs: 1 })).leases).toHaveLength(1);
    const waited = grew(before, await metrics(), "ltb_job_claim_latency_seconds_sum");
    expect(waited).toBeLessThan(3_600);
  });

  test("tells how many claims wait", async () => {
    await q.worker("w");
    expect((await metrics()).value("ltb_claims_waiting")).toBe(0);
    const claim = q.db.jobs.claim({ workerId: "w", maxJobs: 1, waitMs: 20_000 });
    await poll(async () => (await metrics()).value("ltb_claims_waiting")).toBe(1);
    await q.db.jobs.create({ jobType: "t" });
    await claim;
    expect((await metrics()).value("ltb_claims_waiting")).toBe(0);
  });
});

describe("evaluations", () => {
  test("are counted by outcome, one by one, in batches and streamed", async () => {
    const { id } = await q.db.benchmarks.create(sample);
    const before = await metrics();
    const row = (sampleId: string, output = "o") => ({ benchmarkId: id, sampleId, input: "i", output });
    await q.db.evaluations.create(row("1"));
    await q.db.evaluations.createMany([
      row("1"),
      row("1", "another"),
      row("2"),
      { ...row("3"), score: Infinity },
    ]);
    await q.db.evaluations.createStream(
      (async function* () {
        yield [row("4"), row("2")];
      })(),
    );
    const after = await metrics();
    const counts = { created: 3, duplicate: 2, conflict: 1, rejected: 1 };
    for (const [outcome, count] of Object.entries(counts))
      expect(grew(before, after, "ltb_evaluations_written_total", { outcome }), outcome).toBe(count);
  });

  test("of a transaction are counted once it is committed, and not where it is undone", async () => {
    const { id } = await q.db.benchmarks.create(sample);
    const before = await metrics();
    const write = (fails: boolean) =>
      q.db.transaction(async ({ evaluations }) => {
        await evaluations.createMany([{ benchmarkId: id, input: "i", output: "o" }]);
        if (fails) throw new Error("undone");
      });
    await expect(write(true)).rejects.toThrow("undone");
    await write(false);
    expect(grew(before, await metrics(), "ltb_evaluations_written_total", { outcome: "created" })).toBe(1);
  });
});

describe("what the database holds", () => {
  test("jobs by status and type, the age of the oldest, and workers", async () => {
    await q.worker("w");
    await q.worker("drained", { draining: true });
    await q.db.jobs.createMany([
      { jobType: "a" },
      { jobType: "a" },
      { jobType: "b", runAt: new Date(Date.now() + 60_000).toISOString() },
    ]);
    await q.client.query("update jobs set created_at = now() - interval '1 hour' where job_type = 'a'");
    await q.db.jobs.claim({ workerId: "w", maxJobs: 1 });
    const now = await metrics();
    expect(now.value("ltb_jobs", { job_type: "a", status: "pending" })).toBe(1);
    expect(now.value("ltb_jobs", { job_type: "a", status: "running" })).toBe(1);
    expect(now.value("ltb_jobs", { job_type: "b", status: "scheduled" })).toBe(1);
    expect(now.value("ltb_job_oldest_pending_age_seconds", { job_type: "a" })).toBeGreaterThan(3_599);
    expect(now.value("ltb_job_oldest_pending_age_seconds", { job_type: "b" })).toBe(0);
    expect(now.value("ltb_workers", { status: "busy" })).toBe(1);
    expect(now.value("ltb_workers", { status: "draining" })).toBe(1);
    expect(now.value("ltb_database_size_bytes")).toBeGreaterThan(1_000_000);
  });

  test("hostile names of job types stay labels", async () => {
    const names = ['"} 1\nltb_jobs{job_type="x', "back\\slash\\n", "ünïcode 🚀", "{}", " "];
    for (const jobType of names) await q.db.jobs.create({ jobType }).catch(() => undefined);
    const { rows } = await q.client.query<{ name: string }>("select distinct job_type as name from jobs");
    expect(rows.length).toBeGreaterThan(2);
    const now = await metrics();
    for (const { name } of rows)
      expect(now.value("ltb_jobs", { job_type: name, status: "pending" }), name).toBe(1);
  });

  test("many job types make few series: the others are told together", async () => {
    const many = limits.metricsJobTypes + 30;
    const jobs = Array.from({ length: many }, (_, type) => ({ jobType: `type ${type}` }));
    await q.db.jobs.createMany([...jobs, ...jobs.slice(0, 3), { jobType: "other" }]);
    await q.client.query("update jobs set created_at = now() - interval '1 hour' where job_type = 'other'");
    const now = await metrics();
    const pending = now.series.filter(
      ({ name, labels }) => name === "ltb_jobs" && labels.status === "pending",
    );
    expect(pending.length).toBeLessThanOrEqual(limits.metricsJobTypes + 1);
    expect(pending.reduce((sum, { value }) => sum + value, 0)).toBe(many + 4);
    // Those with most to do have their own.
    for (const type of [0, 1, 2])
      expect(now.value("ltb_jobs", { job_type: `type ${type}`, status: "pending" })).toBe(2);
    expect(now.value("ltb_jobs", { job_type: "other", status: "pending" })).toBeGreaterThanOrEqual(30);
    expect(now.value("ltb_job_oldest_pending_age_seconds", { job_type: "other" })).toBeGreaterThan(3_599);
  });

  test("the lag of the seals", async () => {
    expect((await metrics()).value("ltb_audit_seal_lag_seconds")).toBe(0);
    await q.client.query(
      "insert into audit_unsealed (entry_kind, entry_ids, created_at) values ('audit_log', '{}', now() - interval '1 hour')",
    );
    expect((await metrics()).value("ltb_audit_seal_lag_seconds")).toBeGreaterThan(3_599);
    await q.client.query("delete from audit_unsealed");
  });

  test("the lag of watches behind a transaction that stays open", async () => {
    const holder = await onlooker(q.config);
    await holder.query("begin; select txid_current()");
    try {
      await q.client.query(
        "insert into job_events (created_at, job_ids) values (now() - interval '1 hour', '{}')",
      );
      const now = await metrics();
      expect(now.value("ltb_watch_lag_seconds", { entity: "job" })).toBeGreaterThan(3_599);
      // Transactions of other databases on the server hold events back, too, if not for long.
      expect(now.value("ltb_watch_lag_seconds", { entity: "benchmark" })).toBeLessThan(600);
    } finally {
      await holder.end();
      await q.client.query("delete from job_events where job_ids = '{}'");
    }
  });

  test("is read once, however many ask in short", async () => {
    const families = q.db.families;
    const runs = async () =>
      (await metrics()).value("ltb_db_statement_duration_seconds_count", { statement: "metrics_queue" });
    const before = (await runs()) ?? 0;
    await Promise.all(Array.from({ length: 20 }, () => read(families)));
    // One for those, one for the look itself.
    expect(((await runs()) ?? 0) - before).toBe(2);
  });
});

test("a database that is out of reach holds up nobody who reads metrics", async () => {
  const proxy = await proxyTo(await createTestDatabase());
  const db = await Database.connect({ ...proxy.config, poolSize: 1 });
  try {
    expect((await metrics(db)).value("ltb_database_size_bytes")).toBeGreaterThan(0);
    proxy.network = "silent";
    const away = await metrics(db);
    expect(away.value("ltb_database_size_bytes")).toBeUndefined();
    expect(away.series.filter(({ name }) => name === "ltb_jobs")).toEqual([]);
    expect(away.value("ltb_db_pool_size")).toBe(1);
    expect(away.value("ltb_jobs_created_total")).toBe(0);
  } finally {
    await proxy.close();
    await db.close();
  }
});

test("statements by name, the pool, and what waits for it", async () => {
  const db = await Database.connect({ ...q.config, poolSize: 2 });
  try {
    await db.jobs.getStats();
    await db.transaction(async ({ jobs }) => jobs.getStats());
    await expect(db.jobs.get(unknownId)).rejects.toThrow();
    const now = await metrics(db);
    const statement = "job_stats";
    expect(now.value("ltb_db_statement_duration_seconds_count", { statement })).toBe(2);
    expect(now.value("ltb_db_statement_duration_seconds_sum", { statement })).toBeGreaterThan(0);
    expect(now.value("ltb_db_statement_duration_seconds_count", { statement: "commit" })).toBe(1);
    expect(now.value("ltb_db_pool_wait_seconds_count")).toBeGreaterThanOrEqual(3);
    expect(now.value("ltb_db_pool_size")).toBe(2);
    expect(now.value("ltb_db_pool_connections", { state: "idle" })).toBeGreaterThanOrEqual(0);
    expect(now.value("ltb_db_pool_waiting")).toBe(0);
    expect(now.value("ltb_db_replica_lag_seconds")).toBeUndefined();
  } finally {
    await db.close();
  }
});

test("maintenance by task: rounds, failures and when it last worked", async () => {
  const stats = new MaintenanceStats();
  let fails = false;
  const task = "a task";
  const run = async () => {
    if (fails) throw new Error("failed");
  };
  const startedAt = Date.now() / 1000;
  const { stop } = startMaintenance([{ name: task, everyMs: 5, run }], silentLog, stats);
  const value = async (name: string) => (await read(stats.families())).value(name, { task });
  await poll(() => value("ltb_maintenance_runs_total")).toBeGreaterThan(1);
  expect(await value("ltb_maintenance_failures_total")).toBe(0);
  expect(await value("ltb_maintenance_last_success_timestamp_seconds")).toBeGreaterThanOrEqual(startedAt);
  fails = true;
  await poll(() => value("ltb_maintenance_failures_total")).toBeGreaterThan(1);
  await stop();
  const rounds = await value("ltb_maintenance_runs_total");
  expect(await value("ltb_maintenance_duration_seconds_count")).toBe(rounds);
});
