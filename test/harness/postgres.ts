import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import { inject } from "vitest";
import { type DatabaseConfig, databaseConfig } from "../../src/config.ts";

/** object_in_use: another clone of the template is being made. */
const IN_USE = "55006";
const created: string[] = [];

/**
 * A migrated database of one's own. It is dropped after the test file, whatever is still connected to it.
 * `{ template: false }`: an empty one.
 */
export async function createTestDatabase({ template = true } = {}): Promise<DatabaseConfig> {
  const database = `ltb_test_${randomBytes(6).toString("hex")}`;
  await administer(async (client) => {
    const from = template ? ` TEMPLATE ${inject("template")} ${inject("cloning")}` : "";
    for (let attempt = 1; ; attempt++) {
      try {
        await client.query(`CREATE DATABASE ${database}${from}`);
        return;
      } catch (error) {
        if (!(error instanceof DatabaseError && error.code === IN_USE) || attempt === 100) throw error;
        await sleep(50 + Math.random() * 50);
      }
    }
  });
  created.push(database);
  return databaseConfig({ ...inject("postgres"), database, sslMode: "disable" });
}

/** The same database as a DATABASE_URL, for a process. */
export function urlOf({ host, port, user, password, database }: DatabaseConfig): string {
  const secret = encodeURIComponent(password?.reveal() ?? "");
  return `postgres://${user}:${secret}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
}

/** Called after each test file. */
export async function dropTestDatabases(): Promise<void> {
  if (created.length === 0) return;
  await administer(async (client) => {
    for (const database of created.splice(0)) await dropDatabase(client, database);
  });
}

/** PostgreSQL 12 has no WITH (FORCE) yet: whoever is connected is sent away, and is not let in again. */
async function dropDatabase(client: Client, database: string): Promise<void> {
  const { rows } = await client.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  if ((rows[0]?.major ?? 0) >= 13) {
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    return;
  }
  await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  // One that is just being let in is not found by the first look.
  for (let attempt = 1; ; attempt++) {
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
      database,
    ]);
    try {
      await client.query(`DROP DATABASE IF EXISTS ${database}`);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseError && error.code === IN_USE) || attempt === 100) throw error;
      await sleep(20);
    }
  }
}

/** Runs `work` as the superuser of the test server, outside of any test database. */
export async function administer<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...inject("postgres"), database: "postgres" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A connection of the test's own beside the pool, to look on and to interfere. */
export async function onlooker({ host, port, user, password, database }: DatabaseConfig): Promise<Client> {
  const client = new Client({ host, port, user, database, password: password?.reveal() });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
