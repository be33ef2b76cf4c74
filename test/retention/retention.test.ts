import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../src/config.ts";
import { Retention } from "../../src/retention/retention.ts";
import { Database } from "../../src/storage.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

const ages = { jobs: 30, evaluations: 60, audit: 90 };

const folder = temporaryFolder();
let servers: Database[];
let db: Database;
let told: object[] = [];
const connection = await createTestDatabase();
const client = await onlooker(connection);
beforeAll(async () => {
  const auditKey = { keyFile: join(folder, "audit.key"), createKey: true };
  servers = [];
  for (let i = 0; i < 3; i++)
    servers.push(await Database.connect({ ...connection, poolSize: 3 }, { auditKey }));
  const [first] = servers;
  if (!first) throw new Error("no server");
  db = first;
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

const retentionOf = (server: Database, days: Partial<typeof ages> = ages) => {
  told = [];
  return new Retention(
    server,
    { jobs: undefined, evaluations: undefined, audit: undefined, ...days },
    { ...silentLog, info: (details) => void told.push(details) },
  );
};

/** As if the minute were over. */
const nextTurn = () => client.query("delete from requests where method = 'retention'");

async function counted(retention: Retention): Promise<Record<string, unknown>> {
  const [family] = retention.families;
  const samples = [...((await family?.samples()) ?? [])];
  return Object.fromEntries(
    samples.map((sample) => [sample.labels?.kind, "value" in sample ? sample.value : undefined]),
  );
}

/** A job of each age that has ended, and one that waits. */
async function jobsOf(...days: number[]): Promise<string[]> {
  await db.workers.register({ workerId: "w", address: "", capacity: 10 });
  const ids: string[] = [];
  for (const age of days) {
    const { id } = await db.jobs.create({ jobType: "t" });
    const { leases } = await db.jobs.claim({ workerId: "w", jobTypes: ["t"] });
    await db.jobs.complete(
      "w",
      leases.map(({ epoch }) => ({ jobId: id, epoch })),
    );
    await client.query(
      "update job_finished set finished_at = finished_at - make_interval(days => $2) where job_id = $1",
      [id, age],
    );
    ids.push(id);
  }
  return ids;
}

test("nothing has an age unless it is set", () => {
  expect(retentionOf(db, {}).tasks).toEqual([]);
  expect(loadConfig({ env: {}, cwd: folder }).retention).toEqual({
    jobs: undefined,
    evaluations: undefined,
    audit: undefined,
  });
  const env = { LTB_RETENTION_JOBS_DAYS: "30", LTB_RETENTION_AUDIT_DAYS: "365" };
  expect(loadConfig({ env, cwd: folder }).retention).toEqual({
    jobs: 30,
    evaluations: undefined,
    audit: 365,
  });
  for (const wrong of ["0", "-1", "1.5", "never"])
    expect(() => loadConfig({ env: { LTB_RETENTION_EVALUATIONS_DAYS: wrong }, cwd: folder })).toThrow(
      ConfigError,
    );
});

test("jobs that ended longer ago are removed, logged, counted and recorded; others stay", async () => {
  await nextTurn();
  const [old = "", young = ""] = await jobsOf(31, 29);
  const waiting = await db.jobs.create({ jobType: "other" });
  const retention = retentionOf(db);
  expect(await counted(retention)).toEqual({ jobs: 0, evaluations: 0, audit: 0 });
  expect(await retention.run("jobs", 30)).toEqual({ jobs: 1 });
  await expect(db.jobs.get(old)).rejects.toThrow("does not exist");
  for (const id of [young, waiting.id]) expect(await db.jobs.get(id)).toMatchObject({ id });
  expect(told).toEqual([{ kind: "jobs", days: 30, removed: 1 }]);
  expect(await counted(retention)).toEqual({ jobs: 1, evaluations: 0, audit: 0 });
  const { items } = await db.audit.list({ entityType: "job", action: "cleanup" });
  expect(items).toMatchObject([{ actor: "retention", changes: { older_than_days: 30 } }]);
});

test("evaluations that were stored longer ago are removed, and their benchmark counts the others", async () => {
  await nextTurn();
  const { id } = await db.benchmarks.create(sample);
  const rows = ["old", "young", "imported"].map((sampleId) => ({
    ...{ benchmarkId: id, sampleId, input: "i", output: "o" },
    ...(sampleId === "imported" && { createdAt: "2020-01-01T00:00:00Z" }),
  }));
  await db.evaluations.createMany(rows);
  await client.query(
    "update evaluations set stored_at = stored_at - interval '61 days' where sample_id = 'old'",
  );
  const retention = retentionOf(db);
  expect(await retention.run("evaluations", 60)).toEqual({ evaluations: 1 });
  expect((await db.evaluations.list({ benchmarkId: id })).items).toMatchObject([
    { sampleId: "young" },
    { sampleId: "imported" },
  ]);
  expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 2 });
});

test("entries of the audit trail go with a checkpoint, and the trail still holds", async () => {
  await nextTurn();
  const retention = retentionOf(db);
  expect(await retention.run("audit", 90)).toEqual({ audit: 0 });
  expect(await db.auditTrail.verify()).not.toHaveProperty("firstBroken.reason");
  expect(told).toEqual([]);
});

test("of all servers one does it, once a minute", async () => {
  await nextTurn();
  await jobsOf(31, 31, 31);
  const runs = await Promise.all(
    servers.flatMap((server) => [retentionOf(server), retentionOf(server)].map((one) => one.run("jobs", 30))),
  );
  expect(runs.filter((run) => "jobs" in run)).toEqual([{ jobs: 3 }]);
  await jobsOf(31);
  expect(await retentionOf(db).run("jobs", 30)).toEqual({});
  await nextTurn();
  expect(await retentionOf(db).run("jobs", 30)).toEqual({ jobs: 1 });
});

test("a clock that is ahead of all that is stored removes nothing until something happens", async () => {
  const { client, db } = await testDatabase();
  await db.workers.register({ workerId: "w" });
  const { id } = await db.jobs.create({ jobType: "t" });
  await db.jobs.cancel(id);
  const back = (table: string, column: string) =>
    client.query(`update ${table} set ${column} = ${column} - interval '40 days'`);
  // The audit trail may not be changed.
  await client.query("set session_replication_role = replica");
  await back("audit_logs", "created_at");
  await back("jobs", "created_at");
  await back("job_finished", "finished_at");
  await back("workers", "last_heartbeat");
  await expect(retentionOf(db).run("jobs", 30)).rejects.toThrow("nothing has happened for 7 days");
  expect(await db.jobs.get(id)).toMatchObject({ id });
  await db.workers.heartbeat({ workerId: "w" });
  expect(await retentionOf(db).run("jobs", 30)).toEqual({ jobs: 1 });
});

test("one that fails leaves the others be", async () => {
  await nextTurn();
  const keyless = await Database.connect(await createTestDatabase());
  try {
    const tasks = retentionOf(keyless).tasks;
    const outcomes = await Promise.allSettled(tasks.map(({ run }) => run()));
    expect(tasks.map(({ name }) => name)).toEqual([
      "retention of jobs",
      "retention of evaluations",
      "retention of audit",
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  } finally {
    await keyless.close();
  }
});
