import { describe, expect, inject, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import {
  findMismatch,
  migrateDown,
  migrateUp,
  migrationStatus,
  verifyMigrations,
} from "../../src/database/migrate/migrate.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { migrationsKnown, query } from "./support.ts";

const added = (name: string) =>
  `insert into schema_migrations (name, checksum, objects) values ('${name}', repeat('0', 64), '{}')`;

describe("a database of before 0.1.0 is refused and left as it is", () => {
  test.each([
    [
      "the first migration was edited since",
      "update schema_migrations set checksum = repeat('0', 64) where name = '20240320000001_initial_schema'",
      "20240320000001_initial_schema: not what this program has under that name",
    ],
    [
      "it has had ten migrations",
      `update schema_migrations set checksum = repeat('0', 64);
      ${added("20240320000004_add_login_attempts")}; ${added("20240320000010_add_benchmark_deletions")}`,
      "20240320000001_initial_schema, 20240320000002_add_indexes, 20240320000003_add_audit_logs: not what this program has",
    ],
    [
      "a migration has another name",
      "update schema_migrations set name = '20240320000002_more' where name = '20240320000002_add_indexes'",
      "20240320000002_more: not what this program has under that name",
    ],
    [
      "checksums were not kept",
      "alter table schema_migrations drop column checksum, drop column objects",
      "table schema_migrations lacks columns",
    ],
  ])("%s", async (_, change, what) => {
    const connection: Connection = {
      ...inject("postgres"),
      database: (await createTestDatabase()).database,
    };
    await query(connection, change);
    const ledger = "select * from schema_migrations order by name";
    const before = await query(connection, ledger);
    const ways = [
      () => migrateUp(connection),
      () => migrateDown(connection, { dropData: true }),
      () => verifyMigrations(connection),
    ];
    for (const way of ways) {
      await expect(way()).rejects.toThrow(what);
      await expect(way()).rejects.toThrow(
        "pre-release layout, from before 0.1.0, from which nothing is upgraded: make a new database",
      );
    }
    expect(await query(connection, ledger)).toEqual(before);
    expect(await query(connection, "select count(*)::int as n from jobs")).toEqual([{ n: 0 }]);
  });
});

test("a migration of a later release is not taken for one of before", async () => {
  const connection = { ...inject("postgres"), database: (await createTestDatabase()).database };
  expect(findMismatch(await migrationStatus(connection))).toBeUndefined();
  await query(connection, added("29990101000000_future"));
  expect(findMismatch(await migrationStatus(connection))).toMatchObject({
    kind: "later",
    names: ["29990101000000_future"],
  });
  expect((await migrationsKnown()).at(-1)).toBe("20240320000003_add_audit_logs");
});
