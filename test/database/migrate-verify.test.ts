import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import {
  type MigrationConnection,
  MigrationError,
  migrateDown,
  migrateUp,
  migrationStatus,
  migrationsKnown,
  verifyMigrations,
} from "../../src/database/migrate/migrate.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { connected, emptyDatabase, ownMigrations, query, recorder } from "./migrate-support.ts";

async function migrated(): Promise<MigrationConnection> {
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
    await change(directory, "drop table", "drop table if exists");
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

describe("a database that an earlier release has migrated", () => {
  const former = `alter table schema_migrations drop column checksum, drop column objects`;

  test("gets checksums and the list of what there should be", async () => {
    const connection = await migrated();
    const recorded =
      "select name, checksum, cardinality(objects) as objects from schema_migrations order by name";
    const before = await query(connection, recorded);
    await query(connection, former);
    expect(
      (await migrationStatus(connection)).every(({ appliedAt, isChanged }) => appliedAt && !isChanged),
    ).toBe(true);
    expect((await verifyMigrations(connection)).faults).toEqual([]);
    expect(await migrateUp(connection)).toEqual({ applied: [] });
    expect(await query(connection, recorded)).toEqual(before);
    expect(before).toHaveLength((await migrationsKnown()).length);
    expect(before.at(-1)).toMatchObject({ checksum: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("is served all the same where the role may not change that", async () => {
    const connection = await migrated();
    await query(connection, former);
    const user = `${connection.database}_reader`;
    await query(
      connection,
      `create role ${user} login password 'x'; grant select on schema_migrations to ${user}`,
    );
    try {
      expect(await migrateUp({ ...connection, user, password: "x" })).toEqual({ applied: [] });
    } finally {
      await query(connection, `drop owned by ${user}; drop role ${user}`);
    }
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
      "update pg_index set indisvalid = false where indexrelid = 'users_email_key'::regclass",
      "unique index users_email_key",
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
      update pg_index set indisvalid = false where indexrelid = 'users_email_key'::regclass`,
    );
    const { faults, isComplete } = await verifyMigrations(connection);
    expect(isComplete).toBe(true);
    expect(faults.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "invalid index users_email_key",
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
    await migrateUp(connection, { upTo: names[2] });
    expect(await verifyMigrations(connection)).toMatchObject({
      faults: names.slice(3).map((name) => ({ kind: "pending", name })),
      isComplete: true,
    });
    await migrateUp(connection);
    await query(connection, "insert into schema_migrations (name) values ('29990101000000_future')");
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
  let connection: MigrationConnection;
  let names: string[];
  beforeAll(async () => {
    names = await migrationsKnown();
    connection = await migrated();
  });
  const rows = (text: string) => query(connection, text);

  test("goes no further than asked, and not at all to what was never applied", async () => {
    await expect(migrateDown(connection, { to: "20230101000000_never" })).rejects.toThrow(
      /"20230101000000_never": expected one of the applied migrations \(20240320000001_initial_schema … /,
    );
    await expect(migrateDown(connection, { to: "202403200000" })).rejects.toThrow("its leading digits");
    expect(await migrateDown(connection, { to: names.at(-1) })).toEqual({ reverted: [] });
    expect(await migrateDown(connection, { to: "20240320000003" })).toEqual({
      reverted: names.slice(3).reverse(),
    });
    await migrateUp(connection);
  });

  test("drops nothing that holds something unless it may", async () => {
    await rows(
      `insert into users (id, email, username, password_hash) values ('01890a5d-ac96-774b-bcce-b302099a8057', 'a@b', 'a', 'x');
      insert into api_keys (id, user_id, key_id, key_hash, name)
      values ('01890a5d-ac96-774b-bcce-b302099a8058', '01890a5d-ac96-774b-bcce-b302099a8057', 'k', sha256('x'), 'n');
      insert into login_attempts (key) values (decode(md5('x'), 'hex'))`,
    );
    const before = await rows("select * from schema_migrations order by name");
    const failing = migrateDown(connection, { to: "20240320000003_add_audit_logs" });
    await expect(failing).rejects.toThrow(
      "20240320000004_add_login_attempts would drop what is in table login_attempts, column api_keys.created_by",
    );
    await expect(failing).rejects.toThrow("--yes");
    expect(await rows("select * from schema_migrations order by name")).toEqual(before);
    expect(await rows("select count(*)::int as n from login_attempts")).toEqual([{ n: 1 }]);

    // A table that is dropped and made anew has lost its rows too.
    await migrateDown(connection, { to: "20240320000005" });
    const seal = `insert into audit_seals (sequence, sealed_at, cutoff, entries, kind, key_id, previous_mac, mac, content)
      values (1, now(), now(), 0, 'checkpoint', decode(repeat('00', 8), 'hex'), sha256(''), sha256(''), '')`;
    await rows(seal);
    await expect(migrateDown(connection)).rejects.toThrow("would drop what is in table audit_seals");

    expect(await migrateDown(connection, { to: "20240320000003", dropData: true })).toEqual({
      reverted: [names[4], names[3]],
    });
    expect(await rows("select to_regclass('login_attempts') as gone")).toEqual([{ gone: null }]);
    expect(await rows("select name from api_keys")).toEqual([{ name: "n" }]);
    expect(await migrateUp(connection)).toEqual({ applied: names.slice(3) });
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
