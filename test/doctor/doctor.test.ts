import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Config, type DatabaseConfig, loadConfig } from "../../src/config.ts";
import { checks, type Diagnosis, examine } from "../../src/doctor/doctor.ts";
import { openTransactions } from "../../src/doctor/sessions.ts";
import { Database } from "../../src/storage.ts";
import { ltb } from "../cli/support.ts";
import { sample } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { administer, createTestDatabase, onlooker } from "../harness/postgres.ts";

const folder = temporaryFolder();
const connection = await createTestDatabase();
const client = await onlooker(connection);

interface Given {
  connection?: DatabaseConfig;
  settings?: Record<string, string>;
  servers?: number;
  backups?: string;
  replica?: DatabaseConfig;
}

async function diagnose(given: Given = {}): Promise<Diagnosis[]> {
  const database = given.connection ?? connection;
  const env = { LTB_AUDIT_KEY_FILE: join(folder, "audit.key"), ...given.settings };
  const config: Config = {
    ...loadConfig({ env, cwd: folder }),
    database: {
      kind: "external",
      connection: database,
      migration: undefined,
      replica: given.replica,
      listen: true,
    },
  };
  return examine({ connection: database, description: "the test's" }, config, {
    servers: given.servers ?? 1,
    backups: given.backups,
  });
}

/** What one check has found. */
async function found(check: string, given?: Given): Promise<Diagnosis[]> {
  return (await diagnose(given)).filter((one) => one.check === check);
}

test("every check looks, in order, and tells what to do where something is wrong", async () => {
  const diagnoses = await diagnose();
  expect([...new Set(diagnoses.map(({ check }) => check))]).toEqual(["connection", ...Object.keys(checks)]);
  for (const { level, message, advice } of diagnoses) {
    expect(message).not.toMatch(/could not be checked|undefined|NaN/);
    expect(advice !== undefined).toBe(level !== "ok");
  }
  const levels = Object.fromEntries(diagnoses.map(({ check, level }) => [check, level]));
  expect(levels).toMatchObject({
    connection: "ok",
    version: "ok",
    ssl: "ok",
    clock: "ok",
    schema: "ok",
    objects: "ok",
    connections: "ok",
    autovacuum: "ok",
    "transaction ids": "ok",
    replica: "ok",
    disk: "ok",
    backups: "ok",
    // Nobody made a key.
    "audit trail": "warn",
  });
  // The tests' PostgreSQL runs without fsync.
  expect(diagnoses).toContainEqual(expect.objectContaining({ check: "settings", level: "fail" }));
});

describe("tells of", () => {
  test("a database that cannot be reached, and stops there", async () => {
    const away = { ...connection, host: "127.0.0.1", port: 1 } as DatabaseConfig;
    expect(await diagnose({ connection: away })).toEqual([
      {
        check: "connection",
        level: "fail",
        message: expect.stringContaining("nothing listens at 127.0.0.1:1: start PostgreSQL there"),
      },
    ]);
  });

  test("settings that sessions begin with, which do not mislead the other checks", async () => {
    const odd = await createTestDatabase();
    const set = `alter database ${odd.database} set`;
    await administer((client) =>
      client.query(`${set} DateStyle = 'German, DMY'; ${set} extra_float_digits = -15`),
    );
    expect(await found("session settings", { connection: odd })).toEqual([
      {
        check: "session settings",
        level: "warn",
        message: expect.stringMatching(
          /DateStyle is German, DMY, not ISO, MDY, extra_float_digits is -15, not 1/,
        ),
        advice: expect.stringMatching(/^ALTER ROLE ".*" IN DATABASE ".*" SET DateStyle = 'ISO, MDY';/),
      },
    ]);
    expect(await found("clock", { connection: odd })).toMatchObject([{ level: "ok" }]);
  });

  test("an empty database", async () => {
    const empty = await createTestDatabase({ template: false });
    expect(await found("schema", { connection: empty })).toMatchObject([
      { level: "fail", advice: expect.stringContaining("ltb migrate up") },
    ]);
    expect(await found("audit trail", { connection: empty })).toMatchObject([
      { level: "warn", message: expect.stringContaining("could not be checked") },
    ]);
  });

  test("a schema of another release", async () => {
    await client.query("insert into schema_migrations values ('29990101000001_later', now(), '', '{}')");
    expect(await found("schema")).toMatchObject([
      { level: "fail", message: expect.stringContaining("29990101000001_later") },
    ]);
    await client.query("delete from schema_migrations where name = '29990101000001_later'");
    expect(await found("schema")).toMatchObject([{ level: "ok" }]);
  });

  test("a schema from before 0.1.0", async () => {
    const early = await createTestDatabase();
    const hand = await onlooker(early);
    await hand.query("update schema_migrations set checksum = '' where name like '%_initial_schema'");
    expect(await found("schema", { connection: early })).toMatchObject([
      {
        level: "fail",
        message: expect.stringContaining("from before 0.1.0"),
        advice: "Make a new database.",
      },
    ]);
    await hand.end();
  });

  test("an index that is missing, and one that is not valid", async () => {
    const other = await createTestDatabase();
    const hand = await onlooker(other);
    await hand.query("drop index idx_benchmarks_status");
    const missing = await found("objects", { connection: other });
    expect(missing).toMatchObject([
      { level: "warn", message: expect.stringContaining("idx_benchmarks_status") },
    ]);
    await hand.query(
      "update pg_index set indisvalid = false where indexrelid = 'idx_benchmarks_provider'::regclass",
    );
    const invalid = await found("objects", { connection: other });
    expect(invalid[0]?.message).toContain("idx_benchmarks_provider");
    await hand.query("drop table job_keys cascade");
    expect(await found("objects", { connection: other })).toMatchObject([
      { level: "fail", message: expect.stringContaining("job_keys") },
    ]);
    await hand.end();
  });

  test("a table without autovacuum", async () => {
    await client.query("alter table workers set (autovacuum_enabled = off)");
    expect(await found("autovacuum")).toMatchObject([
      { level: "warn", message: expect.stringContaining("workers") },
    ]);
    await client.query("alter table workers reset (autovacuum_enabled)");
  });

  test("more servers than there are connections for", async () => {
    expect(await found("connections", { servers: 100 })).toMatchObject([
      { level: "fail", message: expect.stringContaining("100 servers may take 2201 connections") },
    ]);
  });

  test("a transaction of another program", async () => {
    const other = await onlooker(connection);
    await other.query("begin");
    const { rows } = await other.query("select pg_backend_pid() as pid");
    const sessions = await openTransactions(client);
    expect(sessions.find(({ pid }) => pid === rows[0].pid)).toMatchObject({ state: "idle in transaction" });
    await other.end();
  });

  test("a transaction of another database that holds up watches", async () => {
    const other = await onlooker({ ...connection, database: "postgres" });
    await other.query("set application_name = 'etl'; begin; select txid_current()");
    const { rows } = await other.query("select pg_backend_pid() as pid");
    try {
      await client.query(
        "insert into job_events (created_at, job_ids) values (now() - interval '1 minute', '{}')",
      );
      // Other tests have transactions too, but short ones.
      await expect
        .poll(() => found("watches"))
        .toMatchObject([
          {
            level: "warn",
            message: expect.stringMatching(
              new RegExp(
                `have waited [\\d.]+ min .*: process ${rows[0].pid} holds them up \\(etl, database postgres, open for`,
              ),
            ),
          },
        ]);
    } finally {
      await other.end();
      await client.query("delete from job_events where job_ids = '{}'");
    }
    await expect.poll(() => found("watches")).toMatchObject([{ level: "ok" }]);
  });

  test("a slot that nobody reads", async () => {
    const name = `doctor_${connection.database}`;
    await client.query("select pg_create_physical_replication_slot($1, true)", [name]);
    try {
      const slots = await found("replication slots");
      expect(slots.find(({ message }) => message.includes(name))).toMatchObject({ level: "warn" });
    } finally {
      await client.query("select pg_drop_replication_slot($1)", [name]);
    }
  });

  test("a replica that is away, and one that is none", async () => {
    const away = { ...connection, host: "127.0.0.1", port: 1 } as DatabaseConfig;
    expect(await found("replica", { replica: away })).toMatchObject([
      { level: "warn", message: expect.stringContaining("cannot be reached") },
    ]);
    expect(await found("replica", { replica: connection })).toMatchObject([
      { level: "warn", message: expect.stringContaining("no streaming replica") },
    ]);
  });

  test("backups that are missing or old", async () => {
    const dir = await mkdtemp(join(folder, "backups-"));
    expect(await found("backups", { backups: dir })).toMatchObject([{ level: "fail" }]);
    await writeFile(join(dir, "llm_test_bench_20240320_020000.backup.tar"), "x");
    expect(await found("backups", { backups: dir })).toMatchObject([{ level: "ok" }]);
    expect(await found("backups", { backups: join(dir, "none") })).toMatchObject([
      { level: "warn", message: expect.stringContaining("could not be checked") },
    ]);
  });

  test("an audit trail whose end was cut off", async () => {
    const keyFile = join(folder, "sealed.key");
    const settings = { LTB_AUDIT_KEY_FILE: keyFile };
    const db = await Database.connect(connection, { auditKey: { keyFile, createKey: true } });
    await db.auditTrail.open();
    await db.benchmarks.create(sample);
    await db.auditTrail.seal();
    await db.close();
    expect(await found("audit trail", { settings })).toMatchObject([
      { level: "ok", message: expect.stringMatching(/seal 1/) },
    ]);
    const elsewhere = await createTestDatabase();
    const other = await Database.connect(elsewhere);
    await other.benchmarks.create(sample);
    await other.close();
    const [strange] = await found("audit trail", { settings, connection: elsewhere });
    expect(strange).toMatchObject({
      level: "fail",
      message: expect.stringMatching(/^nothing can be sealed: .*seal 1 of .*and none of this one, postgres:/),
    });
    await client.query(
      "set session_replication_role = replica; delete from audit_seals; reset session_replication_role",
    );
    expect(await found("audit trail", { settings })).toMatchObject([
      { level: "fail", message: expect.stringContaining("cut off") },
    ]);
  });
});

test("a role that may only read sees what it may, and nothing is written", async () => {
  const role = `doctor_${connection.database}`;
  await client.query(
    `create role ${role} login password 'p'; grant select on all tables in schema public to ${role}`,
  );
  const { database } = loadConfig({
    env: {
      DATABASE_HOST: connection.host,
      DATABASE_PORT: String(connection.port),
      DATABASE_NAME: connection.database,
      DATABASE_USER: role,
      DATABASE_PASSWORD: "p",
      DATABASE_SSL_MODE: "disable",
    },
    cwd: folder,
  });
  if (database.kind !== "external") throw new Error("expected the test's own");
  try {
    for (const { message } of await diagnose({ connection: database.connection }))
      expect(message).not.toContain("could not be checked");
  } finally {
    await client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test("the command prints a line a check, JSON on request, and its exit code tells", async () => {
  const settings = {
    DATABASE_HOST: connection.host,
    DATABASE_PORT: String(connection.port),
    DATABASE_NAME: connection.database,
    DATABASE_USER: connection.user,
    DATABASE_PASSWORD: connection.password?.reveal() ?? "",
    DATABASE_SSL_MODE: "disable",
  };
  // The tests' PostgreSQL runs with fsync off.
  const told = await ltb(["doctor", "--servers", "2", "--backups", folder], settings);
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(/^ok {4}version +PostgreSQL \d/m);
  expect(told.stdout).toMatch(/^fail {2}settings +fsync is off.*\n +ALTER SYSTEM SET fsync = on/m);
  const { code, stdout } = await ltb(["doctor", "--json"], settings);
  expect(code).toBe(1);
  const { ok, checks: all } = JSON.parse(stdout);
  expect(ok).toBe(false);
  expect(all).toContainEqual({
    check: "version",
    level: "ok",
    message: expect.stringContaining("PostgreSQL"),
  });
});
