import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { DatabaseConfig } from "../../src/config.ts";
import type { Database } from "../../src/storage.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { eventually } from "../harness/waiting.ts";
import { backend, run, smallPool } from "./support.ts";

const config = await createTestDatabase();
const client = await onlooker(config);

async function pool(options: Partial<DatabaseConfig>): Promise<Database> {
  const db = await smallPool(config, { poolSize: 4, ...options });
  onTestFinished(() => db.close());
  return db;
}

/** Connections of the pools, as the server sees them. */
async function open(): Promise<number> {
  const { rows } = await client.query(
    "select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  return rows[0].count;
}

const four = (db: Database) =>
  Promise.all(Array.from({ length: 4 }, () => run(db.executor, "select pg_sleep(0.1)")));

test("the connection used last is used next, however many there are", async () => {
  const db = await pool({});
  await four(db);
  expect(db.poolStats()).toEqual({ size: 4, used: 0, idle: 4, waiting: 0 });
  const first = await backend(db.executor);
  for (let n = 0; n < 20; n++) expect(await backend(db.executor)).toBe(first);
});

test("those that nobody needs are closed, one in use is not", async () => {
  const db = await pool({ idleTimeoutSeconds: 1 });
  await four(db);
  const used = await backend(db.executor);
  for (let n = 0; n < 8; n++) {
    await sleep(200);
    expect(await backend(db.executor)).toBe(used);
  }
  expect(db.poolStats().idle).toBe(1);
  await eventually(async () => (await open()) === 1);
  await eventually(async () => db.poolStats().idle === 0 && (await open()) === 0);
  await backend(db.executor);
});

test("one that has grown old is replaced after its use", async () => {
  const db = await pool({ maxLifetimeSeconds: 1 });
  const old = await backend(db.executor);
  expect(await backend(db.executor)).toBe(old);
  await sleep(1_100);
  await backend(db.executor);
  expect(await backend(db.executor)).not.toBe(old);
  await eventually(async () => (await open()) === 1);
});

test("one that is lost while it runs something is replaced, whatever that comes to", async () => {
  const db = await pool({ poolSize: 1 });
  const lost = await backend(db.executor);
  const work = db.executor.transaction(async (transaction) => {
    await client.query("select pg_terminate_backend($1)", [lost]);
    await run(transaction, "select 1").catch(() => undefined);
    // By then its end has been noticed.
    await sleep(100);
    throw new Error("the work's own");
  });
  await expect(work).rejects.toThrow();
  expect(await backend(db.executor)).not.toBe(lost);
  expect(db.poolStats()).toEqual({ size: 1, used: 0, idle: 1, waiting: 0 });
});

test("closing waits for what runs, and leaves none open", async () => {
  const db = await smallPool(config, { poolSize: 4 });
  await four(db);
  const query = run(db.executor, "select pg_sleep(0.3), 1 as one");
  await db.close();
  expect(await query).toMatchObject([{ one: 1 }]);
  await eventually(async () => (await open()) === 0);
});
