import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Client } from "pg";
import { beforeAll, describe, expect, inject, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import { addMigration, migrationsDirectory } from "../../src/database/migrate/files.ts";
import {
  MigrationError,
  migrateDown,
  migrateUp,
  migrationStatus,
} from "../../src/database/migrate/migrate.ts";
import { splitStatements } from "../../src/database/migrate/statements.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { emptyDatabase, latestApplied, query, recorder, writerInto } from "./support.ts";

const NAMES = [
  "20240320000001_initial_schema",
  "20240320000002_add_indexes",
  "20240320000003_add_audit_logs",
];

/** Everything that a migration can make, as PostgreSQL itself writes it down. */
const SCHEMA = `
  select 'column' as kind, attrelid::regclass::text as owner,
    row_number() over (partition by attrelid order by attnum) || ' ' || attname as name,
    format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || attidentity::text || attgenerated::text || ' '
      || coalesce(pg_get_expr(adbin, adrelid), '') as definition
  from pg_attribute join pg_class on pg_class.oid = attrelid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') and attnum > 0 and not attisdropped
  union all
  select 'table', '', oid::regclass::text, relkind::text || coalesce(reloptions::text, '') from pg_class
  where relnamespace = 'public'::regnamespace
  union all
  select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
  where connamespace = 'public'::regnamespace
  union all
  select 'index', indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
    join pg_class on pg_class.oid = indexrelid where relnamespace = 'public'::regnamespace
  union all
  select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all
  select 'function', '', oid::regprocedure::text, pg_get_functiondef(oid) from pg_proc
  where pronamespace = 'public'::regnamespace
  order by 1, 2, 3`;

describe("up", () => {
  test("applies everything once, and says so", async () => {
    const connection = await emptyDatabase();
    const { lines, logger } = recorder();
    expect(await latestApplied(connection)).toBeUndefined();
    expect(await migrateUp(connection, { logger })).toEqual({ applied: NAMES });
    expect(lines).toEqual(
      NAMES.map((name) => expect.stringMatching(new RegExp(`^migration ${name} applied in \\d+ ms$`))),
    );
    expect(await migrateUp(connection, { logger })).toEqual({ applied: [] });
    expect(lines).toHaveLength(NAMES.length);
    expect(await latestApplied(connection)).toBe(NAMES.at(-1));
  });

  test("servers that start together apply each migration once", async () => {
    const connection = await emptyDatabase();
    const results = await Promise.all([1, 2, 3, 4].map(() => migrateUp(connection)));
    expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 0, NAMES.length]);
    expect(await query(connection, "select name from schema_migrations order by name")).toEqual(
      NAMES.map((name) => ({ name })),
    );
  });

  test("waits for a migration under way, and not for ever", async () => {
    const connection = await emptyDatabase();
    const holder = new Client(connection);
    await holder.connect();
    try {
      await holder.query("select pg_advisory_lock(7036420324)");
      const { lines, logger } = recorder();
      await expect(migrateUp(connection, { logger, lockTimeoutMs: 300 })).rejects.toThrow(
        /another server is still migrating this database after 0.3 s/,
      );
      expect(lines).toEqual(["waiting for another server to finish migrating the database"]);

      const waiting = migrateUp(connection, { lockTimeoutMs: 10_000 });
      setTimeout(() => void holder.query("select pg_advisory_unlock_all()"), 400);
      expect((await waiting).applied).toEqual(NAMES);
    } finally {
      await holder.end();
    }
  });

  test("each down leaves the schema that the ups before it made, and up again the same", async () => {
    const stepwise = await emptyDatabase();
    const directory = temporaryFolder();
    const snapshots: object[][] = [];
    for (const name of NAMES) {
      await copyFile(join(migrationsDirectory, `${name}.sql`), join(directory, `${name}.sql`));
      await migrateUp(stepwise, { directory });
      snapshots.push(await query(stepwise, SCHEMA));
    }
    const connection = await emptyDatabase();
    await migrateUp(connection);
    expect(await query(connection, SCHEMA)).toEqual(snapshots.at(-1));
    for (const [index, name] of NAMES.entries().toArray().toReversed()) {
      expect(await migrateDown(connection)).toEqual({ reverted: [name] });
      if (index > 0) expect(await query(connection, SCHEMA)).toEqual(snapshots[index - 1]);
    }
    const left = await query<{ kind: string; owner: string; name: string }>(connection, SCHEMA);
    expect(left.filter((row) => !`${row.owner}${row.name}`.startsWith("schema_migrations"))).toEqual([]);
    await migrateUp(connection);
    expect(await query(connection, SCHEMA)).toEqual(snapshots.at(-1));
    expect(snapshots.map((rows) => rows.length > 200)).toEqual(NAMES.map(() => true));
  });

  test("takes a database name and a password that a URL would not carry", async () => {
    const { host, port } = inject("postgres");
    const connection = await emptyDatabase();
    const role = `odd:@/#%? ${connection.database}`;
    const password = `p@ss/#%:? '"\\`;
    const client = new Client(connection);
    await client.connect();
    try {
      const { escapeIdentifier, escapeLiteral } = client;
      await client.query(`create role ${escapeIdentifier(role)} login password ${escapeLiteral(password)}`);
      await client.query(`create schema authorization ${escapeIdentifier(role)}`);
      const odd = { host, port, user: role, password, database: connection.database };
      expect((await migrateUp(odd)).applied).toEqual(NAMES);
      // The schema named after the role comes first on its search_path.
      const ledgers = "select schemaname from pg_tables where tablename = 'schema_migrations'";
      expect(await query(connection, ledgers)).toEqual([{ schemaname: role }]);
      await client.query(`drop owned by ${escapeIdentifier(role)} cascade`);
      await client.query(`drop role ${escapeIdentifier(role)}`);
    } finally {
      await client.end();
    }
  });

  test("a role that may only read and write finds an up-to-date database and goes on", async () => {
    const connection = await emptyDatabase();
    await migrateUp(connection);
    const user = `${connection.database}_writer`;
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

describe("with migrations of one's own", () => {
  const directory = temporaryFolder();
  let connection: Connection;

  let write: ReturnType<typeof writerInto>;

  beforeAll(async () => {
    write = writerInto(directory);
    connection = await emptyDatabase();
    await write("20240101000000_first", "create table first (id integer);", "drop table first;");
  });

  test("a failing one leaves nothing behind, names file and line, and the next run goes on", async () => {
    const name = "20240102000000_second";
    const good = "create table half (id integer);\ninsert into half values (1);";
    await write(
      name,
      `${good}\n\n-- already there; no position is reported\ncreate table first (id integer);`,
    );
    const failing = migrateUp(connection, { directory });
    await expect(failing).rejects.toThrow(MigrationError);
    await expect(failing).rejects.toThrow(
      `${join(directory, name)}.sql:5: relation "first" already exists (in: create table first (id integer))`,
    );
    expect(
      await query(connection, "select to_regclass('first') as first, to_regclass('half') as half"),
    ).toEqual([{ first: "first", half: null }]);
    expect(await migrationStatus(connection, { directory })).toEqual([
      {
        name: "20240101000000_first",
        appliedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/),
        isKnown: true,
        isChanged: false,
      },
      { name, appliedAt: null, isKnown: true, isChanged: false },
    ]);

    await write(name, `${good}\nalter table half\n  add note text,\n  add size integr;`);
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      `${join(directory, name)}.sql:5: type "integr" does not exist`,
    );
    await write(name, good, "drop table half;");
    expect(await migrateUp(connection, { directory })).toEqual({ applied: [name] });
    expect(await query(connection, "select id from half")).toEqual([{ id: 1 }]);
  });

  test("times are UTC whatever the session's time zone is", async () => {
    const [state] = await migrationStatus(
      { ...connection, options: "-c timezone=Asia/Tokyo" },
      { directory },
    );
    const age = Date.now() - Date.parse(state?.appliedAt ?? "");
    expect(Math.abs(age)).toBeLessThan(60_000);
  });

  test("a role's short timeouts do not stop a migration", async () => {
    await write("20240103000000_slow", "select pg_sleep(0.3);");
    const impatient = { ...connection, options: "-c statement_timeout=100" };
    expect((await migrateUp(impatient, { directory })).applied).toEqual(["20240103000000_slow"]);
  });

  test("a locked table is not waited for longer than asked", async () => {
    await write("20240104000000_blocked", "alter table first add note text;");
    const holder = new Client(connection);
    await holder.connect();
    try {
      await holder.query("begin; lock table first in share mode");
      await expect(migrateUp(connection, { directory, lockTimeoutMs: 200 })).rejects.toThrow(
        /:1: .*lock timeout/,
      );
      await holder.query("rollback");
      expect((await migrateUp(connection, { directory })).applied).toEqual(["20240104000000_blocked"]);
    } finally {
      await holder.end();
    }
  });

  test("a database of a newer release is refused and left as it is, naming both versions and the way out", async () => {
    await query(
      connection,
      "insert into schema_migrations values ('29990101000000_future', now(), '', '{}')",
    );
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      "the database is newer than this program: it is at 29990101000000_future, this program knows migrations up to 20240104000000_blocked " +
        "(unknown: 29990101000000_future). Run the release that migrated it, or a later one; or take it back with that release first: " +
        "ltb migrate down --to 20240104000000_blocked",
    );
    await expect(migrateDown(connection, { directory })).rejects.toThrow(
      "this program has no 29990101000000_future",
    );
    expect(await latestApplied(connection)).toBe("29990101000000_future");
    expect((await migrationStatus(connection, { directory })).at(-1)).toMatchObject({
      name: "29990101000000_future",
      isKnown: false,
    });
    await query(connection, "delete from schema_migrations where name = '29990101000000_future'");
  });

  test("a name without a time is refused", async () => {
    const path = join(directory, "5_short.sql");
    await writeFile(path, "");
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      /5_short\.sql: expected a name like 20240320000001_initial_schema\.sql/,
    );
    await rm(path);
  });

  test("a migration without a file that undoes it stays", async () => {
    await rm(join(directory, "down", "20240104000000_blocked.sql"));
    await expect(migrateDown(connection, { directory, dropData: true })).rejects.toThrow(
      /the down part of migration 20240104000000_blocked cannot be read/,
    );
    expect(await latestApplied(connection)).toBe("20240104000000_blocked");
  });
});

describe("add", () => {
  const directory = temporaryFolder();

  test("writes files that follow each other and run as they are", async () => {
    const first = await addMigration("zebra", directory);
    const second = await addMigration("add_v2_of_it", directory);
    expect(first.up).toMatch(/[/\\]\d{14}_zebra\.sql$/);
    expect(first.down).toBe(join(directory, "down", basename(first.up)));
    expect(Math.abs(Date.now() - timeOf(first.up))).toBeLessThan(60_000);
    expect(await Promise.all([second.up, second.down].map((path) => readFile(path, "utf8")))).toEqual([
      "begin;\n\ncommit;\n",
      "begin;\n\ncommit;\n",
    ]);
    expect((await readdir(directory)).map((file) => file.slice(15))).toEqual([
      "zebra.sql",
      "add_v2_of_it.sql",
      "",
    ]);
    const connection = await emptyDatabase();
    expect((await migrateUp(connection, { directory })).applied).toHaveLength(2);
    expect((await migrateDown(connection, { directory, to: "0" })).reverted).toHaveLength(2);
  });

  test("comes after a migration from the future", async () => {
    await copyFile(join(migrationsDirectory, `${NAMES[0]}.sql`), join(directory, "29991231235959_last.sql"));
    expect((await addMigration("later", directory)).up).toMatch(/30000101000000_later\.sql$/);
  });

  test("never writes into an installed package", async () => {
    const inside = join(directory, "node_modules", "a-package");
    await mkdir(inside, { recursive: true });
    await expect(addMigration("later", join(inside, "migrations"))).rejects.toThrow(
      "belongs to an installed package, which npm replaces as a whole: call the command in a folder of your own",
    );
    expect(await readdir(inside)).toEqual([]);
  });

  test.each([
    "",
    "Upper",
    "with space",
    "../escape",
    "trailing_",
    "_leading",
    "a__b",
    "9_first",
    "ümlaut",
    "x".repeat(201),
  ])("refuses the name %j", async (name) => {
    const before = await readdir(directory);
    await expect(addMigration(name, directory)).rejects.toThrow(MigrationError);
    expect(await readdir(directory)).toEqual(before);
  });

  function timeOf(path: string): number {
    const [, date, time] = /(\d{8})(\d{6})_/.exec(path) ?? [];
    return Date.parse(`${date?.replace(/(....)(..)/, "$1-$2-")}T${time?.replace(/(..)(..)/, "$1:$2:")}Z`);
  }
});

test.each([
  ["select 1; select 2;", ["select 1", "select 2"]],
  ["select 1", ["select 1"]],
  ["-- a; b\nselect 1; /* ; */ select /* ; */ 2;", ["select 1", "select /* ; */ 2"]],
  ["select ';', ';'';', e'\\';', \";\"; x;", ["select ';', ';'';', e'\\';', \";\"", "x"]],
  ["do $$ begin; end $$; do $a$ $$; $b$; $a$;", ["do $$ begin; end $$", "do $a$ $$; $b$; $a$"]],
  ["select some'\\'; x;", ["select some'\\'", "x"]],
  [" ; -- nothing\n;", []],
])("statements of %j", (file, texts) => {
  const found = splitStatements(file);
  expect(found.map(({ text }) => text)).toEqual(texts);
  for (const { text, start } of found) expect(file.startsWith(text, start)).toBe(true);
});
