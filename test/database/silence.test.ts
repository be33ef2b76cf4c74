import { Code } from "@connectrpc/connect";
import { Client } from "pg";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { currentStatementMs, onBehalfOf, withoutScope, withSignal } from "../../src/call-scope.ts";
import { findConnection, withClient } from "../../src/database/connection/connect.ts";
import { SilenceWatch } from "../../src/database/connection/silence.ts";
import { Patience } from "../../src/database/statement/patience.ts";
import { limits } from "../../src/limits.ts";
import { startMaintenance } from "../../src/maintenance.ts";
import { MaintenanceStats } from "../../src/metrics/maintenance.ts";
import { startOwnPostgres } from "../faults/postgres.ts";
import { testDatabase } from "../harness/database.ts";
import { silentLog } from "../harness/log.ts";
import { elapsed, eventually } from "../harness/waiting.ts";
import { proxyTo, type TestProxy } from "./proxy.ts";
import { backend, run } from "./support.ts";

// Transactions are open for seconds here, and no change of a PostgreSQL is seen before older ones have ended.
const postgres = await startOwnPostgres();
afterAll(() => postgres.end());
const { config, db, client, connect } = await testDatabase({}, postgres.config);
const unavailable = { code: Code.Unavailable, reason: "DATABASE_UNAVAILABLE" };
const forAnHour = { signal: AbortSignal.timeout(3_600_000) };

async function proxied(): Promise<TestProxy> {
  const proxy = await proxyTo(config);
  onTestFinished(() => proxy.close());
  return proxy;
}

const sleeping = (server: typeof db, seconds: number) => run(server.executor, `select pg_sleep(${seconds})`);

describe("connections that fall silent while new ones pass", () => {
  test("fail what waits for them, and everything goes on: shared writes, long calls, maintenance", async () => {
    const proxy = await proxied();
    const server = await connect({ ...proxy.config, poolSize: 6 });
    const stats = new MaintenanceStats();
    const [task] = server.maintenanceTasks;
    if (!task) throw new Error("no task");
    const maintenance = startMaintenance([task], silentLog, stats);
    onTestFinished(() => maintenance.stop());
    await Promise.all(Array.from({ length: 6 }, () => sleeping(server, 0.2)));
    proxy.silence();
    const creating = Array.from({ length: 8 }, () => server.jobs.create({ jobType: "silent" }));
    const reading = withSignal(forAnHour, () => server.benchmarks.list({}));
    const outcomes = Promise.allSettled<unknown>([...creating, reading]);
    const took = await elapsed(() => outcomes);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: unavailable });
    expect(took).toBeLessThan(limits.leaseMs);
    // The idle connections fell silent too, and nobody waits for each of them.
    const again = Array.from({ length: 8 }, () => server.jobs.create({ jobType: "heard" }));
    expect(await elapsed(() => Promise.all(again))).toBeLessThan(limits.silenceCheckMs);
    const rounds = stats.of(task.name);
    await eventually(() => rounds.failures === 1 && rounds.succeededAt > 0);
    const { count } = rounds.seconds;
    await eventually(() => rounds.seconds.count > count + 2);
    expect(rounds.failures).toBe(1);
  });

  test("let a server stop", async () => {
    const proxy = await proxied();
    const server = await connect(proxy.config);
    await run(server.executor, "select 1");
    proxy.silence();
    expect(await elapsed(() => server.close())).toBeLessThan(2 * limits.cancelGraceMs);
  });
});

describe("a statement without an answer", () => {
  const options = { checkMs: 50, graceMs: 50, unreachableMs: 500 };

  async function watched(proxy: TestProxy): Promise<Client> {
    const connection = await findConnection(proxy.config);
    const one = new Client(connection);
    one.on("error", () => undefined);
    await one.connect();
    new SilenceWatch({ ...connection, connectionTimeoutMillis: 200 }, options).add(one);
    onTestFinished(() => one.end());
    return one;
  }

  test("runs on while PostgreSQL works on it, waits for a lock, or sends rows slowly", async () => {
    const one = await watched(await proxied());
    await client.query("begin; select pg_advisory_xact_lock(7)");
    const waiting = one.query("select pg_advisory_lock(7)");
    await client.query("select pg_sleep(0.8)");
    await client.query("commit");
    await waiting;
    expect((await one.query("select 1 as one from pg_sleep(1)")).rows).toEqual([{ one: 1 }]);
    const rows = await one.query("select i, pg_sleep(0.02) from generate_series(1, 50) i");
    expect(rows.rowCount).toBe(50);
  });

  test("fails where PostgreSQL knows nothing of it", async () => {
    const proxy = await proxied();
    const one = await watched(proxy);
    proxy.silence();
    await expect(one.query("select 1")).rejects.toThrow("Connection terminated");
  });

  test("fails where nobody can be asked any more", async () => {
    const proxy = await proxied();
    const one = await watched(proxy);
    proxy.network = "silent";
    await expect(one.query("select 1")).rejects.toThrow("Connection terminated");
  });
});

describe("every statement has an end", () => {
  test("at its time, and the connection serves on", async () => {
    const server = await connect({ poolSize: 1 });
    const before = await backend(server.executor);
    const query = withSignal({ ...forAnHour, statementMs: 100 }, () => sleeping(server, 600));
    await expect(query).rejects.toMatchObject(unavailable);
    expect(await backend(server.executor)).toBe(before);
  });

  test("sooner where others wait behind it", () => {
    expect(currentStatementMs()).toBe(limits.statementMs);
    expect(withoutScope(currentStatementMs)).toBe(limits.sharedStatementMs);
    expect(onBehalfOf([], () => withSignal(forAnHour, currentStatementMs))).toBe(limits.sharedStatementMs);
  });
});

test("a server whose shared writes hang is not ready, though its database answers", async () => {
  await client.query("begin; lock table jobs in access exclusive mode");
  const creating = db.jobs.create({ jobType: "hanging" });
  await eventually(async () => !(await db.healthCheck()));
  await run(db.executor, "select 1");
  await client.query("commit");
  await creating;
  expect(await db.healthCheck()).toBe(true);
});

test("a start goes on where the end of its first connection is not answered", async () => {
  const proxy = await proxied();
  proxy.network = "endless";
  const connection = await findConnection(proxy.config, new Patience(60_000));
  await withClient(connection, async (one) => {
    expect((await one.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
});
