import { Client } from "pg";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import {
  type MigrationConnection,
  migrateUp,
  migrationsKnown,
  verifyMigrations,
} from "../../src/database/migrate/migrate.ts";
import { Database } from "../../src/storage.ts";
import { emptyDatabase } from "./migrate-support.ts";
import {
  benchmarkId,
  evaluationId,
  pendingJobId,
  rows,
  runningJobId,
  userId,
  workerId,
} from "./upgrade/rows.ts";

type Content = Record<string, Record<string, unknown>[]>;

const versions = (await migrationsKnown()).slice(0, -1);

/** What a migration throws away on purpose: nothing had ever been written to this table before. */
const dropped: Record<string, string> = { audit_seals: "20240320000005_seal_audit_entries" };

/** The tables of before there were rollups, of which each has rows. */
const early = rows.map(([table]) => table).filter((table) => !/^(metric|stale|benchmark)_/.test(table));

async function connect(connection: MigrationConnection): Promise<Client> {
  const client = new Client(connection);
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function tableNames(client: Client): Promise<string[]> {
  const { rows: found } = await client.query<{ name: string }>(
    `select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_migrations' order by 1`,
  );
  return found.map(({ name }) => name);
}

/** Puts in every row whose table is there by then, with those of its columns that are. */
async function fill(client: Client): Promise<void> {
  const tables = await tableNames(client);
  for (const [table, row] of rows) {
    if (!tables.includes(table)) continue;
    const { rows: found } = await client.query<{ name: string; required: boolean }>(
      `select attname as name, attnotnull and not atthasdef and attidentity = '' as required from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
      [table],
    );
    // A later migration asks for more than the row has.
    if (found.some(({ name, required }) => required && !(name in row))) continue;
    const columns = found
      .filter(({ name }) => name in row)
      .map(({ name }) => client.escapeIdentifier(name))
      .join(", ");
    await client.query(
      `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
      [JSON.stringify(row)],
    );
  }
}

async function contentOf(client: Client): Promise<Content> {
  const content: Content = {};
  for (const table of await tableNames(client)) {
    const { rows: found } = await client.query<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from ${table} t order by to_jsonb(t)::text`,
    );
    content[table] = found.map(({ row }) => row);
  }
  return content;
}

/** Rows of before that are no longer there, by the columns that both have. */
function lost(before: Content, after: Content): string[] {
  return Object.entries(before).flatMap(([table, was]) => {
    const is = after[table];
    if (is === undefined) return was.map((row) => `${table}: ${JSON.stringify(row)}`);
    const kept = Object.keys(was[0] ?? {}).filter((column) => column in (is[0] ?? {}));
    const text = (row: Record<string, unknown>) => JSON.stringify(kept.map((column) => row[column]));
    const present = new Set(is.map(text));
    return was.filter((row) => !present.has(text(row))).map((row) => `${table}: ${text(row)}`);
  });
}

/** The service's work on what an earlier release has left. */
async function work(connection: MigrationConnection): Promise<void> {
  const db = await Database.connect({ ...connection, sslMode: "disable", poolSize: 4 });
  try {
    expect(await db.benchmarks.get(benchmarkId)).toMatchObject({
      name: "GPT-4 on MMLU",
      completedIterations: 2,
      failedIterations: 1,
      labels: { team: "search" },
    });
    expect(await db.evaluations.get(evaluationId)).toMatchObject({
      sampleId: "s-1",
      score: 1,
      inputTokens: 7,
    });
    expect((await db.evaluations.listByBenchmark(benchmarkId, 10)).length).toBe(3);
    // Sent again, it is known.
    const again = { benchmarkId, sampleId: "s-3", input: "i", output: "o", metrics: { accuracy: 1 } };
    expect(await db.evaluations.createMany([again, again])).toMatchObject([
      { outcome: "created" },
      { outcome: "duplicate" },
    ]);
    expect(await db.users.getByEmail("ada@EXAMPLE.org")).toMatchObject({ id: userId, role: "admin" });
    expect((await db.users.listApiKeys(userId)).items).toHaveLength(1);
    expect(await db.jobs.attempts(runningJobId)).toMatchObject([{ workerId, outcome: null }]);

    await db.workers.updateHeartbeat(workerId);
    const { leases } = await db.jobs.claim({ workerId });
    expect(leases.map(({ id }) => id)).toEqual([pendingJobId]);
    expect(
      await db.jobs.complete(workerId, [
        { jobId: pendingJobId, epoch: 1 },
        { jobId: runningJobId, epoch: 1 },
      ]),
    ).toEqual([{ outcome: "ok" }, { outcome: "ok" }]);
    const next = await db.jobs.create({ jobType: "benchmark", requiredTags: ["gpu"], uniqueKey: "nightly" });
    expect((await db.jobs.claim({ workerId })).leases.map(({ id }) => id)).toEqual([next.id]);
    expect(await db.jobs.countByStatus("completed")).toBe(3);
    await db.maintain();
    await db.maintain();
    expect((await db.benchmarks.get(benchmarkId)).completedIterations).toBe(3);
    const { metrics } = await db.evaluations.summarize(benchmarkId);
    expect(metrics.find(({ name }) => name === "accuracy")).toMatchObject({
      count: 3,
      mean: expect.closeTo(2 / 3),
    });
  } finally {
    await db.close();
  }
}

describe.each(versions)("from %s", (version) => {
  test("nothing is lost, and the service goes on with it", async () => {
    const connection = await emptyDatabase();
    await migrateUp(connection, { upTo: version });
    const client = await connect(connection);
    await fill(client);
    const before = await contentOf(client);
    // Tables of migrations to come get their rows with upgrade/rows.ts.
    expect(
      Object.keys(before).filter((table) => early.includes(table) && before[table]?.length === 0),
    ).toEqual([]);

    await migrateUp(connection);
    const after = await contentOf(client);
    const expected = Object.entries(before).filter(([table]) => version >= (dropped[table] ?? ""));
    expect(lost(Object.fromEntries(expected), after)).toEqual([]);
    expect((await verifyMigrations(connection)).faults).toEqual([]);
    await work(connection);
  });
});

test("every version but the newest is one to come from", () => {
  expect(versions.length).toBeGreaterThan(6);
  expect(inject("template")).not.toBe("");
});
