import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import { migrationsDirectory } from "../../src/database/migrate/files.ts";
import {
  MigrationError,
  migrateDown,
  migrateUp,
  migrationStatus,
  verifyMigrations,
} from "../../src/database/migrate/migrate.ts";
import { connected, emptyDatabase, migrationsKnown, ownMigrations, query, recorder } from "./support.ts";

const names = await migrationsKnown();
const fileOf = (name: string) => join(migrationsDirectory, `${name}.sql`);

const whole = { faults: [], additional: [], isComplete: true };

const psql = [
  join(process.env.TEST_POSTGRES_BIN ?? "", "psql"),
  ...globSync("/usr/lib/postgresql/*/bin/psql").sort().reverse(),
  ...["/usr/bin/psql", "/usr/local/bin/psql", "/opt/homebrew/bin/psql"],
].find((path) => existsSync(path));

/** Runs a file as `psql -f` does if it is told nothing else: over errors, and with exit code 0. */
async function runFile({ host, port, user, password, database }: Connection, file: string): Promise<string> {
  const way = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
  };
  const { stderr } = await promisify(execFile)(psql ?? "", ["-X", "-q", "-f", file], {
    env: { ...process.env, ...way },
  });
  return stderr;
}

/** Runs a migration as sqlx does: the whole file and its own record, in one transaction. */
async function runLikeSqlx(connection: Connection, name: string): Promise<void> {
  const client = await connected(connection);
  await client.query("create table if not exists _sqlx_migrations (version bigint primary key)");
  try {
    await client.query("begin");
    await client.query(await readFile(fileOf(name), "utf8"));
    await client.query("insert into _sqlx_migrations values ($1)", [Number.parseInt(name, 10)]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

const tablesOf = async (connection: Connection) =>
  (
    await query<{ name: string }>(
      connection,
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i') order by 1",
    )
  ).map(({ name }) => name);

const [first = "", second = "", third = ""] = names;

describe.skipIf(psql === undefined)("psql (skipped where it is not installed)", () => {
  test("builds from the files in any order of repeats, destroys nothing, and ltb goes on from there", async () => {
    const connection = await emptyDatabase();
    for (const name of [second, third]) {
      expect(await runFile(connection, fileOf(name))).toContain("does not exist");
      expect(await tablesOf(connection)).toEqual([]);
    }
    expect(await runFile(connection, fileOf(first))).toBe("");
    await query(connection, "insert into login_attempts (key) values (decode(md5('x'), 'hex'))");
    for (const name of [first, second, first, second, third, second, first, third])
      await runFile(connection, fileOf(name));

    const { lines, logger } = recorder();
    expect(await migrateUp(connection, { logger })).toEqual({ applied: [] });
    expect(lines).toEqual([
      `the database has what ${names.join(", ")} make, made by another program: recorded as applied`,
    ]);
    expect(await verifyMigrations(connection)).toEqual(whole);
    expect(await query(connection, "select count(*)::int as n from login_attempts")).toEqual([{ n: 1 }]);
    expect(await migrateDown(connection, { to: "0", dropData: true })).toEqual({
      reverted: names.toReversed(),
    });
    expect(await tablesOf(connection)).toEqual(["schema_migrations", "schema_migrations_pkey"]);
  });

  test("leaves nothing of a file that fails in the middle, of the downs neither", async () => {
    const connection = await emptyDatabase();
    const { directory } = await ownMigrations();
    const broken = join(directory, "broken.sql");
    const breakAt = async (path: string, place: RegExp) => {
      const text = await readFile(path, "utf8");
      expect(text).toMatch(place);
      await writeFile(broken, text.replace(place, "$&\nselect 1 / 0;\n"));
      expect(await runFile(connection, broken)).toContain("division by zero");
    };
    await breakAt(fileOf(first), /-- Job.* -+\n/);
    expect(await tablesOf(connection)).toEqual([]);
    await runFile(connection, fileOf(first));
    const before = await tablesOf(connection);
    await breakAt(join(migrationsDirectory, "down", `${first}.sql`), /drop table [^;]*;/);
    expect(await tablesOf(connection)).toEqual(before);
  });
});

describe("a database that other programs made", () => {
  test("such as sqlx, is taken over as far as it goes, and the rest is applied", async () => {
    const connection = await emptyDatabase();
    for (const name of [first, second]) await runLikeSqlx(connection, name);
    await expect(runLikeSqlx(connection, first)).rejects.toThrow("already exists");
    expect(await migrateUp(connection)).toEqual({ applied: names.slice(2) });
    expect(await verifyMigrations(connection)).toEqual(whole);
    expect(await migrateDown(connection, { to: first })).toEqual({ reverted: names.slice(1).reverse() });
    expect(await migrateUp(connection)).toEqual({ applied: names.slice(1) });
  });

  test.each([
    [
      "an object of them is another",
      "alter table jobs alter column release_count type bigint",
      /but column jobs\.release_count is missing or different/,
    ],
    ["one is missing", "drop index idx_jobs_created_at", /but index idx_jobs_created_at is missing/],
  ])("is refused as it is if %s", async (_, change, named) => {
    const connection = await emptyDatabase();
    for (const name of names) await runLikeSqlx(connection, name);
    await query(connection, change);
    const failing = migrateUp(connection);
    await expect(failing).rejects.toThrow(MigrationError);
    await expect(failing).rejects.toThrow(named);
    await expect(failing).rejects.toThrow("no record of how they came: put that right, or choose an empty");
    expect((await migrationStatus(connection)).map(({ appliedAt }) => appliedAt)).toEqual(
      names.map(() => null),
    );
  });

  test("may hold tables of others, but none by the names of ours", async () => {
    const connection = await emptyDatabase();
    await query(connection, "create table orders (id integer); create table users (name text)");
    await expect(migrateUp(connection)).rejects.toThrow(
      /^the database holds table users as if migrations had made it, but table api_keys.* are missing or different/,
    );
    await query(connection, "drop table users");
    expect(await migrateUp(connection)).toEqual({ applied: names });
  });
});

test("a file may be one transaction, and may not end it in the middle", async () => {
  const connection = await emptyDatabase();
  const { directory, write } = await ownMigrations();
  const name = "20240101000000_first";
  await write(name, "-- why\nBEGIN;\ncreate table first (id integer);\nselect 1 / 0;\nCOMMIT;");
  await expect(migrateUp(connection, { directory })).rejects.toThrow(
    /20240101000000_first\.sql:4: division by zero/,
  );
  expect(await tablesOf(connection)).toEqual(["schema_migrations", "schema_migrations_pkey"]);
  for (const text of [
    "create table first (id integer); commit; select 1;",
    "begin; rollback; commit;",
    "begin;",
  ]) {
    await write(name, text);
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      /20240101000000_first\.sql:1: a migration may begin and end its transaction only by begin as its first/,
    );
  }
});

/** Makes expressions again from the text that PostgreSQL writes of them, as a restore does. */
const REMAKE = `do $$
declare made record;
begin
  for made in
    select format('alter table %s drop constraint %I, add constraint %2$I %s', conrelid::regclass, conname,
      pg_get_constraintdef(oid)) as line
    from pg_constraint where connamespace = 'public'::regnamespace and contype = 'c'
    union all
    select format('drop index %s; %s', indexrelid::regclass, pg_get_indexdef(indexrelid)) from pg_index
    where indexrelid::regclass::text ~ '^idx_'
    union all
    select format('drop trigger %I on %s; %s', tgname, tgrelid::regclass, pg_get_triggerdef(oid)) from pg_trigger
    where not tgisinternal
    union all
    select format('alter table %s alter column %I set default %s', adrelid::regclass, attname,
      pg_get_expr(adbin, adrelid))
    from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum and attgenerated = ''
  loop
    execute made.line;
  end loop;
end $$`;

test("verify finds nothing after dumps and restores, but what does differ", async () => {
  const connection = await emptyDatabase();
  await migrateUp(connection);
  for (let time = 1; time <= 3; time++) {
    await query(connection, REMAKE);
    expect(await verifyMigrations(connection), `after ${time}`).toEqual(whole);
  }
  await query(
    connection,
    `alter table benchmarks drop constraint benchmarks_status_known, add constraint benchmarks_status_known
      check (status in ('pending', 'running', 'completed', 'failed', 'canceled'));
    alter table jobs drop constraint jobs_status_known, add constraint jobs_status_known check (true) not valid;
    drop index idx_evaluations_failed;
    create index idx_evaluations_failed on evaluations (benchmark_id, created_at desc, id desc) where error is null`,
  );
  const { faults } = await verifyMigrations(connection);
  expect(faults.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "different constraint benchmarks.benchmarks_status_known",
    "different constraint jobs.jobs_status_known",
    "different index idx_evaluations_failed",
  ]);
});
