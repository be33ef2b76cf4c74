import { describe, expect, test } from "vitest";
import { migrateDown, migrateUp } from "../../src/database/migrate/migrate.ts";
import { connected, emptyDatabase, ownMigrations, query, recorder } from "./support.ts";

const FIRST = "20240101000000_first";
const SECOND = "20240102000000_second";
const INDEXES = "20240103000000_indexes";

describe("a table that somebody else reads for long", () => {
  test("holds up the migration, but nobody who comes after it", async () => {
    const connection = await emptyDatabase();
    const { directory, write } = await ownMigrations();
    await write(FIRST, "create table first (id integer); insert into first values (1);");
    await migrateUp(connection, { directory });
    await write(SECOND, "create table second (id integer);\nalter table first add note text;");

    const reader = await connected(connection);
    await reader.query("begin; select * from first");
    const { lines, logger } = recorder();
    const migrating = migrateUp(connection, { directory, logger, lockTimeoutMs: 60_000 });
    const other = await connected(connection);
    await expect
      .poll(() => lines)
      .toEqual([
        expect.stringMatching(/waits for a lock on a table.* oldest transaction is that of pid \d+/),
      ]);
    // Several tries later others are still served between them, each within the longest wait for one lock.
    await other.query("set statement_timeout to '15s'");
    for (let n = 0; n < 3; n++) expect((await other.query("select id from first")).rows).toEqual([{ id: 1 }]);
    // What the statements before the one that waits have done was taken back each time.
    expect((await other.query("select to_regclass('second') as second")).rows).toEqual([{ second: null }]);

    await reader.query("rollback");
    expect(await migrating).toEqual({ applied: [SECOND] });
    expect((await other.query("select * from first")).rows).toEqual([{ id: 1, note: null }]);
  });

  test("ends the migration where it reads for too long, with the name of who reads", async () => {
    const connection = await emptyDatabase();
    const { directory, write } = await ownMigrations();
    await write(FIRST, "create table first (id integer);");
    await migrateUp(connection, { directory });
    await write(SECOND, "alter table first add note text;");
    const reader = await connected({ ...connection, application_name: "a report" });
    await reader.query("begin; select * from first");
    await expect(migrateUp(connection, { directory, lockTimeoutMs: 100 })).rejects.toThrow(
      /second\.sql:1: .*lock timeout.*; tried for 0\.1 s\. The oldest transaction is that of pid \d+ \(a report, idle in transaction\)/,
    );
  });
});

describe("outside of a transaction", () => {
  async function withRows() {
    const connection = await emptyDatabase();
    const own = await ownMigrations();
    await own.write(FIRST, "create table first (id integer);");
    await migrateUp(connection, own);
    await query(connection, "insert into first values (1), (1)");
    return { connection, ...own };
  }
  const state = (connection: Awaited<ReturnType<typeof emptyDatabase>>) =>
    query(
      connection,
      "select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'first'::regclass order by 1",
    );

  test("indexes are made beside writers, one statement at a time", async () => {
    const { connection, directory, write } = await withRows();
    await write(
      INDEXES,
      "-- No Transaction\ncreate index concurrently first_id on first (id);\ncreate index concurrently first_id_desc on first (id desc);",
      "-- No Transaction\ndrop index concurrently first_id_desc;\ndrop index concurrently first_id;",
    );
    const writer = await connected(connection);
    // Its table is open for writing: a plain create index would wait for it, and everybody else for that.
    await writer.query("begin; insert into first values (2)");
    const { lines, logger } = recorder();
    const migrating = migrateUp(connection, { directory, logger });
    await expect
      .poll(() => lines)
      .toEqual([
        "creating the index first_id beside the work of others; it waits for transactions that are older",
      ]);
    await query(connection, "set statement_timeout to '15s'; insert into first values (3)");
    await writer.query("commit");
    expect(await migrating).toEqual({ applied: [INDEXES] });
    expect(await state(connection)).toEqual([
      { name: "first_id", valid: true },
      { name: "first_id_desc", valid: true },
    ]);
    expect(await migrateDown(connection, { directory })).toEqual({ reverted: [INDEXES] });
    expect(await state(connection)).toEqual([]);
  });

  test("what failed half-way goes on where it stopped, and an unfinished index is made anew", async () => {
    const { connection, directory, write } = await withRows();
    await write(
      INDEXES,
      "-- No Transaction\ncreate index concurrently first_id on first (id);\ncreate unique index concurrently first_key on first (id);\nanalyze first;",
    );
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      /indexes\.sql:3: could not create unique index "first_key"; Key \(id\)=\(1\) is duplicated/,
    );
    expect(await state(connection)).toEqual([
      { name: "first_id", valid: true },
      { name: "first_key", valid: false },
    ]);
    await query(connection, "delete from first where ctid = (select min(ctid::text)::tid from first)");
    const { lines, logger } = recorder();
    expect(await migrateUp(connection, { directory, logger })).toEqual({ applied: [INDEXES] });
    expect(lines).toEqual([
      "dropping the index first_key, which an earlier try has left unfinished",
      expect.stringMatching(/^creating the index first_key/),
      expect.stringMatching(/^migration 20240103000000_indexes applied/),
    ]);
    expect(await state(connection)).toEqual([
      { name: "first_id", valid: true },
      { name: "first_key", valid: true },
    ]);
  });

  test.each([
    "create table second (id integer)",
    "insert into first values (2)",
    "create index first_id on first (id)",
    "create index concurrently on first (id)",
  ])("%s is refused, since it could not run again", async (statement) => {
    const { connection, directory, write } = await withRows();
    await write(INDEXES, `-- No Transaction\n${statement};`);
    await expect(migrateUp(connection, { directory })).rejects.toThrow(
      /indexes\.sql:2: a migration with -- No Transaction may hold only create index concurrently/,
    );
    expect(await state(connection)).toEqual([]);
  });
});
