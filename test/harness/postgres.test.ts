import { Client } from "pg";
import { afterAll, expect, test } from "vitest";
import type { DatabaseConfig } from "../../src/config.ts";
import { administer, createTestDatabase, dropTestDatabases } from "./postgres.ts";

const config = await createTestDatabase();

async function connect({ host, port, user, password, database }: DatabaseConfig): Promise<Client> {
  const client = new Client({ host, port, user, database, password: password?.reveal() });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

test("a test database has the migrated tables, an empty one has none", async () => {
  const tables = async (given: DatabaseConfig) => {
    const client = await connect(given);
    const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    await client.end();
    return rows.map(({ tablename }) => String(tablename));
  };
  expect(await tables(config)).toEqual(expect.arrayContaining(["benchmarks", "evaluations"]));
  expect(await tables(await createTestDatabase({ template: false }))).toEqual([]);
});

test("several are cloned at once, each on its own", async () => {
  const configs = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase()));
  expect(new Set(configs.map(({ database }) => database)).size).toBe(4);
});

afterAll(async () => {
  const client = await connect(config);
  await dropTestDatabases();
  await administer(async (admin) => {
    const { rows } = await admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [config.database]);
    expect(rows).toEqual([]);
  });
  await client.end().catch(() => undefined);
});
