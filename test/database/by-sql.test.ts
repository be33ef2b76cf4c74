import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { laneIdOf } from "../../src/jobs/limits/lanes.ts";
import { testDatabase } from "../harness/database.ts";
import { onlooker } from "../harness/postgres.ts";
import { disagreements } from "../jobs/support.ts";

// Other programs write with the columns of the specification alone, and know nothing of those of ours.

const { client, config, db } = await testDatabase();
const other = await onlooker(config);
beforeAll(() => db.workers.register({ workerId: "w", capacity: 100 }));
afterAll(() => other.end());

type Row = Record<string, unknown>;

async function insert(table: string, row: Row, more = ""): Promise<string> {
  const whole: Row = { id: randomUUID(), ...row };
  const names = Object.keys(whole);
  await client.query(
    `insert into ${table} (${names}) values (${names.map((_, at) => `$${at + 1}`)}) ${more}`,
    Object.values(whole),
  );
  return String(whole.id);
}

const job = (row: Row = {}) =>
  insert("jobs", {
    job_type: "benchmark",
    payload: { model: "gpt-4" },
    priority: 10,
    status: "pending",
    result: null,
    error: null,
    retry_count: 0,
    max_retries: 3,
    timeout_seconds: 600,
    assigned_worker_id: null,
    started_at: null,
    completed_at: null,
    created_at: new Date(),
    updated_at: new Date(),
    ...row,
  });

const benchmark = (row: Row = {}) =>
  insert("benchmarks", {
    name: "GPT-4 Test",
    description: null,
    provider: "openai",
    model: "gpt-4",
    dataset: "mmlu",
    status: "pending",
    total_iterations: 100,
    completed_iterations: 0,
    failed_iterations: 0,
    results: null,
    metrics: null,
    error: null,
    started_at: null,
    completed_at: null,
    created_at: new Date(),
    updated_at: new Date(),
    created_by: null,
    ...row,
  });

const evaluation = (benchmarkId: string, row: Row = {}, more = "") =>
  insert(
    "evaluations",
    {
      benchmark_id: benchmarkId,
      provider: "openai",
      model: "gpt-4",
      input: "Question",
      output: "Answer",
      expected: null,
      metrics: { accuracy: 0.5 },
      score: 0.5,
      metadata: null,
      created_at: new Date(),
      created_by: null,
      ...row,
    },
    more,
  );

describe("a job", () => {
  afterEach(async () => {
    expect(await disagreements(client)).toEqual([]);
  });

  test("is claimed, completed and counted", async () => {
    const jobType = "claimed";
    const watch = db.jobs.watch({ jobType });
    const { value: begun } = await watch.next();
    expect(begun.job).toBeUndefined();
    const low = await job({ job_type: jobType, priority: 1 });
    const high = await job({ job_type: jobType, priority: 2, error: "from before" });
    const seen = new Set<string | undefined>();
    while (seen.size < 2) seen.add((await watch.next()).value.job?.id ?? [...seen][0]);
    await watch.return(undefined as never);
    expect(seen).toEqual(new Set([low, high]));

    expect(await db.jobs.getStats({ jobType })).toMatchObject({ pending: 2, total: 2 });
    const { leases } = await db.jobs.claim({
      workerId: "w",
      maxJobs: 10,
      jobTypes: [jobType],
      waitMs: 10_000,
    });
    expect(leases.map(({ id }) => id)).toEqual([high, low]);
    expect(leases[0]).toMatchObject({ payload: { model: "gpt-4" }, maxRetries: 3, timeoutSeconds: 600 });
    const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch, result: { ok: true } }));
    expect(await db.jobs.complete("w", ends)).toMatchObject([{ outcome: "ok" }, { outcome: "ok" }]);
    expect(await db.jobs.getStats({ jobType })).toMatchObject({ pending: 0, completed: 2, total: 2 });
  });

  test("shares a lane with those that the service makes for the same", async () => {
    const limitKey = 'k"ä\\\n\u2028';
    for (const requiredTags of [[], ["a", "gpu", "ü"]]) {
      const key = { jobType: 'lane "é"\t', requiredTags, limitKey };
      const id = await job({
        job_type: key.jobType,
        required_tags: [...requiredTags, ...requiredTags].reverse(),
        limit_key: limitKey,
      });
      const { rows } = await client.query("select lane_id from jobs where id = $1", [id]);
      expect(rows).toEqual([{ lane_id: laneIdOf(key) }]);
      await db.jobs.create(key);
      const lanes = await client.query("select required_tags, retired_at from job_lanes where id = $1", [
        laneIdOf(key),
      ]);
      expect(lanes.rows).toEqual([{ required_tags: requiredTags, retired_at: null }]);
    }
  });

  test("waits for its time, and keeps its unique key", async () => {
    const jobType = "later";
    const runAt = new Date(Date.now() + 3_600_000);
    const id = await job({ job_type: jobType, run_at: runAt, unique_key: "once" });
    expect(await db.jobs.getStats({ jobType })).toMatchObject({ scheduled: 1, pending: 0 });
    await expect(db.jobs.create({ jobType, uniqueKey: "once" })).rejects.toMatchObject({
      reason: "UNIQUE_KEY_TAKEN",
      metadata: { id },
    });
    await db.jobs.cancel(id);
    await expect(db.jobs.create({ jobType, uniqueKey: "once" })).resolves.toBeDefined();
  });

  test.each(["completed", "failed", "cancelled"] as const)(
    "that has %s is listed, retried or removed",
    async (status) => {
      const jobType = `was ${status}`;
      const ended = { started_at: new Date(), completed_at: new Date(Date.now() - 5_000) };
      const worker = await db.workers.getByWorkerId("w");
      const id = await job({ job_type: jobType, status, assigned_worker_id: worker.id, ...ended });
      expect((await db.jobs.list({ status, jobType })).items).toMatchObject([{ id, workerId: "w" }]);
      expect(await db.jobs.getStats({ jobType })).toMatchObject({ [status]: 1, total: 1 });
      if (status !== "completed") {
        await db.jobs.retry(id);
        expect(await db.jobs.getStats({ jobType })).toMatchObject({ [status]: 0, pending: 1 });
      }
      await db.jobs.delete(id);
      expect(await db.jobs.getStats({ jobType })).toMatchObject({ total: 0 });
    },
  );

  test("that runs has lost its worker, and comes back", async () => {
    const jobType = "running";
    const worker = await db.workers.getByWorkerId("w");
    const running = { job_type: jobType, status: "running", started_at: new Date() };
    const id = await job({ ...running, assigned_worker_id: worker.id });
    await job({ ...running, assigned_worker_id: randomUUID(), max_retries: 0 });
    expect(await db.jobs.getStats({ jobType })).toMatchObject({ running: 2, total: 2 });
    await db.maintain();
    expect(await db.jobs.getStats({ jobType })).toMatchObject({ scheduled: 1, failed: 1, total: 2 });
    expect(await db.jobs.get(id)).toMatchObject({ status: "pending", retryCount: 1 });
    expect((await db.workers.getByWorkerId("w")).currentTasks).toBe(worker.currentTasks);
  });

  test("is moved by the service alone", async () => {
    const id = await job({ job_type: "kept" });
    for (const change of [
      "status = 'cancelled', completed_at = now()",
      "priority = 11",
      "job_type = 'other'",
    ])
      await expect(client.query(`update jobs set ${change} where id = $1`, [id])).rejects.toThrow(
        "not changed by SQL",
      );
    await client.query("update jobs set metadata = '{}', status = status where id = $1", [id]);
    expect(await db.jobs.cancel(id)).toMatchObject({ status: "cancelled", metadata: {} });
  });

  test("that has ended or runs gets the times and the worker that it lacks", async () => {
    const jobType = "without times";
    for (const status of ["completed", "failed", "cancelled"] as const) {
      const id = await job({ job_type: jobType, status });
      expect(await db.jobs.get(id)).toMatchObject({ status, completedAt: expect.any(String) });
    }
    const id = await job({ job_type: jobType, status: "running", max_retries: 0 });
    expect(await db.jobs.get(id)).toMatchObject({ status: "running", startedAt: expect.any(String) });
    await db.maintain();
    expect(await db.jobs.getStats({ jobType })).toMatchObject({ completed: 1, failed: 2, cancelled: 1 });
  });

  test("is deleted by the service alone", async () => {
    const id = await job({ job_type: "deleted" });
    const deletion = "delete from jobs where job_type = 'deleted'";
    await expect(client.query(deletion)).rejects.toMatchObject({
      message: expect.stringContaining("jobs are not deleted by SQL"),
      hint: expect.stringContaining("DeleteJob, CleanupJobs"),
    });
    await db.jobs.delete(id);
    expect(await db.jobs.getStats({ jobType: "deleted" })).toMatchObject({ total: 0 });
  });

  test("is there once where the same row comes again", async () => {
    const row = { id: randomUUID(), job_type: "again", payload: {}, priority: 0, status: "pending" };
    for (let time = 0; time < 2; time++) await insert("jobs", row, "on conflict (id) do nothing");
    expect(await db.jobs.getStats({ jobType: "again" })).toMatchObject({ pending: 1, total: 1 });
  });
});

test("the pending jobs come in the order of claims, from an index", async () => {
  const types = ["p1", "p2", "p3"];
  const { rows: made } = await client.query<{ id: string }>(
    `insert into jobs (id, job_type, payload, priority, status)
    select md5('pending' || n)::uuid, ('{p1,p2,p3}'::text[])[n % 3 + 1], '{}', 1000 + n % 7, 'pending'
    from generate_series(1, 3000) n returning id`,
  );
  await client.query("analyze job_ready, job_lanes, jobs");
  const asked = `select id from jobs where status = 'pending' and run_at is null order by priority desc, sequence limit 50`;
  const expected = (await client.query(asked)).rows;
  expect((await client.query("select id from pending_jobs(50)")).rows).toEqual(expected);
  expect((await client.query("select id from pending_jobs(7)")).rows).toEqual(expected.slice(0, 7));
  const { rows } = await client.query<Record<string, string>>("explain select * from pending_jobs(50)");
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("idx_jobs_status_priority");
  expect(plan).not.toMatch(/Seq Scan on (jobs|job_ready)/);
  expect(made).toHaveLength(3000);
  for (const jobType of types) await db.jobs.cancelMany({ jobType });
});

describe("a benchmark", () => {
  test.each([
    ["running", { startedAt: expect.any(String), completedAt: null }],
    ["completed", { completedAt: expect.any(String) }],
    ["failed", { completedAt: expect.any(String) }],
    ["cancelled", { completedAt: expect.any(String) }],
  ])("that is set to %s gets its time and a version, and is watched", async (status, times) => {
    const id = await benchmark();
    expect(await db.benchmarks.get(id)).toMatchObject({ version: 1, status: "pending", startedAt: null });
    const watch = db.benchmarks.watch({ ids: [id] });
    while ((await watch.next()).value.benchmark === undefined);
    await client.query(`update benchmarks set status = '${status}' where id = $1`, [id]);
    const changed = await db.benchmarks.get(id);
    expect(changed).toMatchObject({ status, version: 2, ...times });
    expect(changed.updatedAt > changed.createdAt).toBe(true);
    let seen: string | undefined;
    while (seen !== status) seen = (await watch.next()).value.benchmark?.status;
    await watch.return(undefined as never);
    expect(await db.benchmarks.get(await benchmark({ status }))).toMatchObject({
      status,
      version: 1,
      ...times,
    });
  });

  test("with evaluations has its counts from them, and goes with them", async () => {
    const id = await benchmark();
    await evaluation(id);
    await expect(
      client.query("update benchmarks set completed_iterations = 3 where id = $1", [id]),
    ).rejects.toMatchObject({
      message: expect.stringContaining("completed_iterations and failed_iterations"),
      hint: "Use UpdateBenchmark.",
    });
    await client.query(
      "update benchmarks set completed_iterations = completed_iterations, name = 'n' where id = $1",
      [id],
    );
    await db.maintain();
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 1, name: "n" });
    await db.benchmarks.update(id, { completedIterations: 3 });
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 3 });
    await client.query("delete from benchmarks where id = $1", [id]);
    await db.maintain();
    expect((await client.query("select from evaluations where benchmark_id = $1", [id])).rowCount).toBe(0);
  });

  test("keeps a time that is given, and its counts keep its version", async () => {
    const id = await benchmark();
    const at = new Date("2026-01-31T12:00:00Z");
    await client.query("update benchmarks set status = 'completed', completed_at = $2 where id = $1", [
      id,
      at,
    ]);
    await client.query("update benchmarks set completed_iterations = 100 where id = $1", [id]);
    expect(await db.benchmarks.get(id)).toMatchObject({
      completedAt: "2026-01-31T12:00:00.000000Z",
      completedIterations: 100,
      version: 2,
    });
  });
});

describe("an evaluation", () => {
  test("is counted and summarized at once, and after upkeep", async () => {
    const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "by-sql" });
    await db.evaluations.create({ benchmarkId: id, sampleId: "ours", input: "i", output: "o", score: 1 });
    const watch = db.benchmarks.watch({ ids: [id] });
    while ((await watch.next()).value.benchmark === undefined);
    await evaluation(id);
    await evaluation(id, { score: 0, metrics: {} });
    await client.query("begin");
    for (let n = 0; n < 10; n++) await evaluation(id, { score: 0.75 });
    await client.query("commit");
    let seen = 0;
    while (seen < 13) seen = (await watch.next()).value.benchmark?.completedIterations ?? seen;
    await watch.return(undefined as never);
    for (let round = 0; round < 2; round++) {
      expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 13, failedIterations: 0 });
      const summary = await db.evaluations.summarize(id);
      expect(summary).toMatchObject({ evaluationCount: 13, failedCount: 0 });
      const score = summary.metrics.find(({ name }) => name === "score");
      expect(score).toMatchObject({ count: 13, sum: 9, min: 0, max: 1 });
      expect(summary.metrics.find(({ name }) => name === "accuracy")).toMatchObject({ count: 11, sum: 5.5 });
      await db.maintain();
    }
    const stale = await client.query("select from stale_rollups where benchmark_id = $1 and is_missing", [
      id,
    ]);
    expect(stale.rowCount).toBe(0);
    const { entries } = await db.evaluations.leaderboard({ dataset: "by-sql", metric: "score" });
    expect(entries).toMatchObject([{ benchmarkId: id, count: 13 }]);
  });

  test("leaves its counts as it goes", async () => {
    const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "d" });
    const first = await evaluation(id, { score: 0 });
    await evaluation(id, { error: "timeout", output: null, score: null, metrics: {} });
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 1, failedIterations: 1 });
    await db.evaluations.delete(first, id);
    await db.maintain();
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 0, failedIterations: 1 });
    expect(await db.evaluations.summarize(id)).toMatchObject({ evaluationCount: 1, failedCount: 1 });
  });

  test("is scored again and deleted by the service alone", async () => {
    const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "d" });
    const one = await evaluation(id);
    for (const text of [
      "delete from evaluations where benchmark_id = $1",
      "update evaluations set score = 1 where benchmark_id = $1",
      "update evaluations set metrics = '{}' where benchmark_id = $1",
    ])
      await expect(client.query(text, [id]), text).rejects.toMatchObject({
        message: expect.stringContaining("evaluations are not deleted or scored again by SQL"),
        hint: expect.stringContaining("CleanupEvaluations"),
      });
    await client.query("update evaluations set metadata = '{}' where benchmark_id = $1", [id]);
    expect(await db.evaluations.update(one, { score: 1 })).toMatchObject({ score: 1, metadata: {} });
    await db.evaluations.delete(one, id);
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 0 });
  });

  test("whose metric is no double is refused, and one that the service would not count is not counted", async () => {
    const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "d" });
    for (const value of ["1e400", "-1e400", "1e-400"])
      await expect(evaluation(id, { metrics: `{"fine": 1, "a": ${value}}` }), value).rejects.toThrow(
        "metrics.a of an evaluation must be 0, or from 1e-307 to 1e308 in magnitude",
      );
    await evaluation(id, { metrics: '{"a": 1e300, "b": "1e400", "c": 0, "d": -1e-300}' });
    for (let round = 0; round < 2; round++) {
      const { metrics } = await db.evaluations.summarize(id);
      expect(metrics.map(({ name }) => name).sort()).toEqual(["c", "d", "score"]);
      await db.maintain();
    }
  });

  test("is counted once where the same row comes again, and conflicts with its sample from elsewhere", async () => {
    const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "d" });
    const row = { id: randomUUID(), sample_id: "s" };
    const keys = ["id, benchmark_id", "benchmark_id, sample_id, repetition"];
    for (const more of ["", ...keys.map((key) => `(${key})`)])
      for (let time = 0; time < 2; time++) await evaluation(id, row, `on conflict ${more} do nothing`);
    const [byId, bySample] = keys.map((key) => `on conflict (${key})`);
    await evaluation(
      id,
      { ...row, metadata: { b: 1 } },
      `${byId} do update set metadata = excluded.metadata`,
    );
    await expect(evaluation(id, row, `${bySample} do update set score = 1`)).rejects.toThrow(
      "not deleted or scored",
    );
    await expect(evaluation(id, row, "on conflict (id) do nothing")).rejects.toMatchObject({ code: "42P10" });
    for (const [other, clause] of [
      [{ ...row, sample_id: "t" }, bySample],
      [{ sample_id: "s" }, byId],
    ] as const)
      await expect(evaluation(id, other, `${clause} do nothing`)).rejects.toMatchObject({ code: "23505" });
    expect((await db.evaluations.get(row.id)).metadata).toEqual({ b: 1 });
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 1 });
    const again = { benchmarkId: id, sampleId: "s", input: "Question", output: "Answer", score: 0.5 };
    expect(await db.evaluations.createMany([again])).toEqual([{ outcome: "conflict", id: row.id }]);
  });

  test("that two programs write at once is in the figures of both", async () => {
    const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "d" });
    await client.query("begin");
    await evaluation(id, { score: 1 });
    // The second waits for the first, whose mark of the benchmark it has to see.
    const waiting = other.query(
      `insert into evaluations (id, benchmark_id, provider, model, input, output, metrics, score)
      values (gen_random_uuid(), $1, 'p', 'm', 'i', 'o', '{}', 0)`.replace(
        "gen_random_uuid()",
        `'${randomUUID()}'`,
      ),
      [id],
    );
    await client.query("commit");
    await waiting;
    await db.maintain();
    expect(await db.evaluations.summarize(id)).toMatchObject({ evaluationCount: 2 });
  });
});

test("what may be null in the specification is filled in where a program writes null", async () => {
  const times = { created_at: null, updated_at: null };
  const worker = { worker_id: "nulls", address: "localhost:1", status: "idle", capacity: 4 };
  const user = { email: "nulls@example.org", username: "nulls", password_hash: "x", role: "user" };
  const none = { current_tasks: null, completed_tasks: null, failed_tasks: null, tags: null };
  const counts = { total_iterations: null, completed_iterations: null, failed_iterations: null };
  const benchmarkId = await benchmark({ ...times, ...counts });
  for (const [table, id] of Object.entries({
    benchmarks: benchmarkId,
    evaluations: await evaluation(benchmarkId, { created_at: null }),
    jobs: await job({ ...times, retry_count: null, max_retries: null, timeout_seconds: null }),
    workers: await insert("workers", {
      ...{ ...worker, ...none, metadata: null },
      ...{ last_heartbeat: null, registered_at: null, updated_at: null },
    }),
    users: await insert("users", { ...user, ...times, active: null, email_verified: null, metadata: null }),
    audit_logs: await insert("audit_logs", { action: "x", entity_type: "y", created_at: null }),
  })) {
    const time = table === "workers" ? "last_heartbeat" : "created_at";
    const { rowCount } = await client.query(
      `select from ${table} where id = $1 and ${time} > now() - interval '1 hour'`,
      [id],
    );
    expect(rowCount, table).toBe(1);
  }
  expect(await db.benchmarks.get(benchmarkId)).toMatchObject({ completedIterations: 1, totalIterations: 0 });
  expect(await db.users.getByEmail(user.email)).toMatchObject({ active: true, emailVerified: false });
  expect(await db.workers.getByWorkerId("nulls")).toMatchObject({ capacity: 4, tags: [] });
});

test("no row is looked for by reading those before it, which would take longer and longer", async () => {
  const { id } = await db.benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "d" });
  await other.query("begin");
  for (const text of [
    `insert into evaluations (id, benchmark_id, provider, model, input, output, metrics, score)
     select md5('many' || n)::uuid, '${id}', 'p', 'm', 'i', 'o', '{}', 0 from generate_series(1, 300) n`,
    `insert into jobs (id, job_type, payload, priority, status)
     select md5('many' || n)::uuid, 'many', '{}', 0, 'pending' from generate_series(1, 300) n`,
    `insert into audit_logs (id, action, entity_type) select md5('many' || n)::uuid, 'x', 'y' from generate_series(1, 300) n`,
  ])
    await other.query(text);
  const { rows } = await other.query(
    `select relname, seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables
    where seq_tup_read + idx_tup_fetch > 10 * 300 order by 1`,
  );
  await other.query("rollback");
  expect(rows).toEqual([]);
});

test("a worker can claim", async () => {
  const id = await insert("workers", {
    worker_id: "by hand",
    address: "localhost:50052",
    status: "idle",
    capacity: 4,
    current_tasks: 0,
    completed_tasks: 0,
    failed_tasks: 0,
    tags: ["benchmark"],
    metadata: null,
    last_heartbeat: new Date(),
    registered_at: new Date(),
    updated_at: new Date(),
  });
  expect(await db.workers.get(id)).toMatchObject({ workerId: "by hand", capacity: 4, createdBy: null });
  const { id: jobId } = await db.jobs.create({ jobType: "by hand" });
  const { leases } = await db.jobs.claim({ workerId: "by hand", jobTypes: ["by hand"], waitMs: 10_000 });
  expect(leases.map((lease) => lease.id)).toEqual([jobId]);
});

test("a user is inserted or left, and a deleted one's names are free", async () => {
  const user = {
    email: "user@example.com",
    username: "user1",
    password_hash: "x",
    role: "user",
    active: true,
  };
  await insert("users", { ...user, email_verified: false, metadata: null, last_login: null });
  await insert("users", user, "on conflict (email) do nothing");
  await insert("users", user, "on conflict (username) do update set role = 'viewer'").catch(() => undefined);
  await insert(
    "users",
    { ...user, email: "other@example.com" },
    "on conflict (username) do update set role = 'viewer'",
  );
  const { id, role } = await db.users.getByEmail("User@Example.com");
  expect(role).toBe("viewer");
  await expect(db.users.create({ email: "USER@example.com", username: "b" })).rejects.toMatchObject({
    reason: "ALREADY_EXISTS",
    metadata: { field: "email" },
  });
  await db.users.delete(id);
  await insert("users", user);
  await db.users.delete((await db.users.getByEmail(user.email)).id);
  await db.users.create({ email: user.email, username: user.username });
});

test("an audit log is listed as another program's, waits for its seal once, and is not changed", async () => {
  const row = {
    id: randomUUID(),
    user_id: null,
    action: "create",
    entity_type: "benchmark",
    entity_id: randomUUID(),
    changes: { status: "created" },
    ip_address: "192.168.1.1",
    user_agent: "Mozilla/5.0",
    created_at: new Date(),
  };
  for (let time = 0; time < 2; time++) await insert("audit_logs", row, "on conflict (id) do nothing");
  expect(await db.audit.get(row.id)).toMatchObject({ external: true, sealed: false, action: "create" });
  const { rowCount } = await client.query("select from audit_unsealed where $1 = any (entry_ids)", [row.id]);
  expect(rowCount).toBe(1);
  await expect(client.query("update audit_logs set action = 'x'")).rejects.toThrow("append-only");
});
