import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import {
  MigrationError,
  migrateDown,
  migrateUp,
  migrationStatus,
  verifyMigrations,
} from "../../src/database/migrate/migrate.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { connected, emptyDatabase, migrationsKnown, ownMigrations, query, recorder } from "./support.ts";

async function migrated(): Promise<Connection> {
  return { ...inject("postgres"), database: (await createTestDatabase()).database };
}

describe("a migration's file", () => {
  const NAME = "20240101000000_first";
  const change = async (directory: string, from: string | RegExp, to: string) => {
    const path = join(directory, `${NAME}.sql`);
    const text = await readFile(path, "utf8");
    expect(text).toMatch(from);
    await writeFile(path, text.replaceAll(from, to));
  };

  test("may not be changed once it was applied", async () => {
    const connection = await emptyDatabase();
    const { directory, write } = await ownMigrations();
    await write(NAME, "create table first (id integer); -- of\n", "drop table first;");
    await migrateUp(connection, { directory });

    // Comments, white space and how it is undone are not what was applied.
    await change(directory, "-- of", "/* what it is for */");
    await change(directory, "\n", "\r\n");
    await change(directory, "create table", "create\n\n  table");
    await change(join(directory, "down"), "drop table", "drop table if exists");
    expect(await migrateUp(connection, { directory })).toEqual({ applied: [] });
    expect((await verifyMigrations(connection, { directory })).faults).toEqual([]);

    await change(directory, "integer", "bigint");
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      `${NAME} is not what was applied to this database`,
    );
    expect(await migrationStatus(connection, { directory })).toMatchObject([{ name: NAME, isChanged: true }]);
    expect((await verifyMigrations(connection, { directory })).faults).toEqual([
      { kind: "changed", name: NAME },
      {
        kind: "different",
        name: "column first.id",
        expected: expect.stringMatching(/^bigint/),
        found: expect.stringMatching(/^integer/),
      },
    ]);
  });

  test("differs by what it says, strings included", async () => {
    const connection = await emptyDatabase();
    const { directory, write } = await ownMigrations();
    await write(NAME, "create table first (note text default 'a  b');");
    await migrateUp(connection, { directory });
    await change(directory, "a  b", "a b");
    await expect(migrateUp(connection, { directory })).rejects.toThrow("is not what was applied");
  });
});

describe("a schema that is not as it was made", () => {
  test.each([
    ["drop table login_attempts", "table login_attempts"],
    ["alter table jobs drop column progress", "column jobs.progress"],
    ["alter table jobs drop constraint jobs_status_known", "constraint jobs.jobs_status_known"],
    ["drop index idx_jobs_status_priority", "unique index idx_jobs_status_priority"],
    ["drop trigger audit_logs_append_only on audit_logs", "trigger audit_logs.audit_logs_append_only"],
    ["drop function refuse_audit_change() cascade", "function refuse_audit_change()"],
    [
      "update pg_index set indisvalid = false where indexrelid = 'users_email_lower'::regclass",
      "unique index users_email_lower",
    ],
  ])("%s: nothing is served on it", async (damage, object) => {
    const connection = await migrated();
    await query(connection, damage);
    const version = (await migrationsKnown()).at(-1);
    const failing = migrateUp(connection);
    await expect(failing).rejects.toThrow(MigrationError);
    await expect(failing).rejects.toThrow(
      `the schema of the database is broken: at ${version} it should have`,
    );
    await expect(failing).rejects.toThrow(object);
    await expect(failing).rejects.toThrow("ltb migrate verify");
  });

  test("verify tells what is missing, and of a missing table nothing but the table", async () => {
    const connection = await migrated();
    await query(
      connection,
      `drop table login_attempts; alter table jobs drop column progress;
      update pg_index set indisvalid = false where indexrelid = 'users_email_lower'::regclass`,
    );
    const { faults, isComplete } = await verifyMigrations(connection);
    expect(isComplete).toBe(true);
    expect(faults.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "invalid index users_email_lower",
      "missing table login_attempts",
      "missing column jobs.progress",
      "missing constraint jobs.jobs_progress_is_share",
      "missing index idx_login_attempts_last_attempt",
      "missing unique index login_attempts_pkey",
    ]);
  });

  test("an index that only makes things fast may be missing; that is said", async () => {
    const connection = await migrated();
    await query(connection, "drop index idx_jobs_created_at");
    const { lines, logger } = recorder();
    expect(await migrateUp(connection, { logger })).toEqual({ applied: [] });
    expect(lines).toEqual([expect.stringMatching(/^the database lacks index idx_jobs_created_at/)]);
    expect((await verifyMigrations(connection)).faults).toEqual([
      {
        kind: "missing",
        name: "index idx_jobs_created_at",
        expected: expect.stringMatching(/^CREATE INDEX idx_jobs_created_at ON jobs USING btree/),
      },
    ]);
  });

  test("verify tells what differs and what is there beside, and leaves nothing behind", async () => {
    const connection = await migrated();
    const schemas =
      "select array_agg(nspname order by nspname) as names from pg_namespace where nspname !~ '^pg_'";
    const before = await query(connection, schemas);
    await query(
      connection,
      `alter table jobs alter column priority drop not null; alter table jobs set (fillfactor = 100);
      alter table jobs disable trigger all; drop index idx_jobs_created_at; create index idx_jobs_created_at on jobs (created_at);
      alter table audit_logs disable trigger audit_logs_append_only;
      create table notes (id integer); create index mine on jobs (started_at)`,
    );
    const { faults, additional } = await verifyMigrations(connection);
    expect(faults.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      "different column jobs.priority",
      "different index idx_jobs_created_at",
      "different table jobs",
      "different trigger audit_logs.audit_logs_append_only",
      "different trigger jobs.jobs_adopt",
      "different trigger jobs.jobs_fill",
      "different trigger jobs.jobs_fill_ended",
      "different trigger jobs.jobs_fill_running",
      "different trigger jobs.jobs_keep_place",
      "different trigger jobs.jobs_keep_rows",
    ]);
    expect(additional).toEqual(["column notes.id", "index mine", "table notes"]);
    expect(await query(connection, schemas)).toEqual(before);
    // Nothing of that keeps the service from working.
    expect(await migrateUp(connection)).toEqual({ applied: [] });
  });

  test("verify of a database that is behind, ahead or empty", async () => {
    const names = await migrationsKnown();
    const connection = await emptyDatabase();
    expect((await verifyMigrations(connection)).faults).toEqual(
      names.map((name) => ({ kind: "pending", name })),
    );
    await migrateUp(connection, { upTo: names[1] });
    expect(await verifyMigrations(connection)).toMatchObject({
      faults: names.slice(2).map((name) => ({ kind: "pending", name })),
      isComplete: true,
    });
    await migrateUp(connection);
    await query(
      connection,
      "insert into schema_migrations values ('29990101000000_future', now(), '', '{}')",
    );
    expect(await verifyMigrations(connection)).toMatchObject({
      faults: [{ kind: "unknown", name: "29990101000000_future" }],
      isComplete: false,
    });
  });

  test("a role that may not make a schema compares names", async () => {
    const connection = await migrated();
    const user = `${connection.database}_reader`;
    await query(
      connection,
      `create role ${user} login password 'x'; grant select on schema_migrations to ${user}; drop index idx_jobs_created_at`,
    );
    try {
      expect(await verifyMigrations({ ...connection, user, password: "x" })).toEqual({
        faults: [{ kind: "missing", name: "index idx_jobs_created_at" }],
        additional: [],
        isComplete: false,
      });
    } finally {
      await query(connection, `drop owned by ${user}; drop role ${user}`);
    }
  });
});

describe("down", () => {
  let connection: Connection;
  let names: string[];
  beforeAll(async () => {
    names = await migrationsKnown();
    connection = await migrated();
  });

  test("goes no further than asked, and not at all to what was never applied", async () => {
    await expect(migrateDown(connection, { to: "20230101000000_never" })).rejects.toThrow(
      /"20230101000000_never": expected one of the applied migrations \(20240320000001_initial_schema … /,
    );
    await expect(migrateDown(connection, { to: "202403200000" })).rejects.toThrow("its leading digits");
    expect(await migrateDown(connection, { to: names.at(-1) })).toEqual({ reverted: [] });
    expect(await migrateDown(connection, { to: "20240320000001" })).toEqual({
      reverted: names.slice(1).reverse(),
    });
    await migrateUp(connection);
  });

  test("drops nothing that holds something unless it may", async () => {
    const own = await emptyDatabase();
    const { directory, write } = await ownMigrations();
    const remaking = "drop table notes; create table notes (id integer);";
    await write("20240101000000_first", "create table pages (id integer); create table notes (id integer);");
    await write("20240102000000_remade", remaking, remaking);
    await write(
      "20240103000000_more",
      "create table tags (id integer); alter table pages add column title text, add column size integer;",
      "drop table tags; alter table pages drop column size, drop column title;",
    );
    await migrateUp(own, { directory });
    await query(own, "insert into pages values (1, 'a', 1); insert into tags values (1)");
    const before = await query(own, "select * from schema_migrations order by name");
    const failing = migrateDown(own, { directory, to: "20240101000000" });
    await expect(failing).rejects.toThrow(
      "20240102000000_remade would drop what is in table tags, column pages.title, column pages.size: make a backup",
    );
    await expect(failing).rejects.toThrow("--yes");
    expect(await query(own, "select * from schema_migrations order by name")).toEqual(before);
    expect(await query(own, "select id from tags")).toEqual([{ id: 1 }]);

    expect(await migrateDown(own, { directory, dropData: true })).toEqual({
      reverted: ["20240103000000_more"],
    });
    expect(await query(own, "select to_regclass('tags') as gone")).toEqual([{ gone: null }]);
    expect(await query(own, "select * from pages")).toEqual([{ id: 1 }]);

    // A table that is dropped and made anew has lost its rows too.
    await query(own, "insert into notes values (1)");
    await expect(migrateDown(own, { directory })).rejects.toThrow("would drop what is in table notes");
    expect(await migrateUp(own, { directory })).toEqual({ applied: ["20240103000000_more"] });
  });

  test("waits for another that migrates", async () => {
    const holder = await connected(connection);
    await holder.query("select pg_advisory_lock(7036420324)");
    await expect(migrateDown(connection, { lockTimeoutMs: 200 })).rejects.toThrow("still migrating");
  });

  test("undoes everything to 0", async () => {
    expect(await migrateDown(connection, { to: "0", dropData: true })).toEqual({
      reverted: names.toReversed(),
    });
    expect(await migrateDown(connection)).toEqual({ reverted: [] });
  });
});
