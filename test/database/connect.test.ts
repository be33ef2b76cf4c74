import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { type DatabaseConfig, loadConfig, Secret } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import { messageOf } from "../../src/thrown.ts";
import { sample } from "../harness/examples.ts";
import { administer, createTestDatabase } from "../harness/postgres.ts";
import { eventually, within } from "../harness/waiting.ts";
import { type Network, proxyTo, type TestProxy } from "./proxy.ts";
import { run } from "./support.ts";

const config = await createTestDatabase();

describe("a database that is starting is waited for", () => {
  test.each<Network>(["starting", "hangup"])("while the server's answer is %s", async (network) => {
    const proxy = await proxyTo(config, { network });
    setTimeout(() => {
      proxy.network = "open";
    }, 200);
    const db = await Database.connect(proxy.config);
    expect(proxy.accepted).toBeGreaterThan(1);
    expect(await db.healthCheck()).toBe(true);
    await db.close();
    await proxy.close();
  });

  test("while there is no server", async () => {
    const free = await proxyTo(config);
    await free.close();
    let proxy: TestProxy | undefined;
    setTimeout(async () => {
      proxy = await proxyTo(config, { port: free.config.port });
    }, 200);
    const db = await Database.connect(free.config);
    expect(await db.healthCheck()).toBe(true);
    await db.close();
    await proxy?.close();
  });

  test("but not for ever", async () => {
    const proxy = await proxyTo(config, { network: "starting" });
    await expect(Database.connect(proxy.config, { startupTimeoutMs: 200 })).rejects.toThrow("starting up");
    await proxy.close();
  });
});

describe("a start that waits for its database", () => {
  /** Starts a service for eight seconds at most, which tells every five what it waits for. */
  async function waitInVain(database: DatabaseConfig) {
    const lines: string[] = [];
    const log = createLogger("info", { write: (line) => lines.push(JSON.parse(line).msg) });
    const env = {
      LTB_STARTUP_TIMEOUT: "8",
      LTB_GRPC_ADDRESS: "127.0.0.1:0",
      LTB_HTTP_ADDRESS: "127.0.0.1:0",
    };
    const external = { kind: "external", connection: database, listen: true } as const;
    const settings = { ...external, migration: undefined, replica: undefined };
    const starting = serve({ ...loadConfig({ env, cwd: "/" }), database: settings }, { log });
    // Twice the time would be two bounds.
    const failure = await within(
      15_000,
      starting.catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({ reason: "DATABASE_UNAVAILABLE" });
    return { lines: lines.filter((line) => line.startsWith("waiting")), message: messageOf(failure) };
  }

  test("tells every few seconds what it waits for, for one bound over all steps", async () => {
    const gone = await proxyTo(config);
    await gone.close();
    const silent = await proxyTo(config, { network: "silent" });
    onTestFinished(() => silent.close());
    const { port } = gone.config;
    const [refused, unanswered, unknown] = await Promise.all([
      waitInVain({ ...config, host: "127.0.0.1", port }),
      waitInVain(silent.config),
      waitInVain({ ...config, host: "no-such-host.invalid", port }),
    ]);
    const nobody = `nothing listens at 127.0.0.1:${port}: start PostgreSQL there, or correct the address`;
    expect(refused.lines.length).toBeGreaterThan(1);
    expect(refused.lines[0]).toContain(
      `waiting for the database, for 8 s more (LTB_STARTUP_TIMEOUT): ${nobody}`,
    );
    expect(refused.message).toContain(nobody);
    expect(unanswered.lines[0]).toContain(`127.0.0.1:${silent.config.port} has not answered yet`);
    expect(unanswered.message).toContain(`no answer from 127.0.0.1:${silent.config.port}`);
    expect(unknown.lines[0]).toContain("the host no-such-host.invalid is not known: correct the address");
    expect(unknown.message).toContain("the host no-such-host.invalid is not known");
  });
});

describe("what will not get better by waiting fails at once, and says what to do", () => {
  test.each([
    ["a wrong password", { password: new Secret("wrong") }, "28P01", /refuses user "\w+".*DATABASE_PASSWORD/],
    ["no password", { password: new Secret("") }, undefined, /demands a password.*DATABASE_PASSWORD/],
    [
      "a missing database",
      { database: "no such" },
      "3D000",
      /there is no database "no such".*\(createdb -h 127.0.0.1 -p \d+ -U \w+ 'no such'\)/,
    ],
    ["an unknown user", { user: "nobody" }, "28P01", /createuser -h 127.0.0.1 -p \d+ -P nobody/],
  ])("%s", async (_, wrong, code, message) => {
    const proxy = await proxyTo(config);
    const error = await Database.connect({ ...proxy.config, ...wrong }).catch((thrown: unknown) => thrown);
    expect(messageOf(error)).toMatch(message);
    expect(messageOf(error)).not.toContain("\n");
    if (code !== undefined) expect(error).toMatchObject({ cause: { code } });
    // It is not tried again.
    expect(proxy.accepted).toBe(1);
    await proxy.close();
  });
});

describe("passwords", () => {
  const hard = "p@s/s#w%o:r?d &=+ '\"\\ ü %41";
  beforeAll(() =>
    administer(async (client) => {
      await client.query(`create role "us@er/:1" login password ${client.escapeLiteral(hard)}`);
      await client.query(`grant connect on database ${config.database} to "us@er/:1"`);
    }),
  );
  afterAll(() =>
    administer(async (client) => {
      await client.query(`revoke connect on database ${config.database} from "us@er/:1"`);
      await client.query('drop role "us@er/:1"');
    }),
  );

  test("with any character log in as an option", async () => {
    const db = await Database.connect({ ...config, user: "us@er/:1", password: hard });
    expect(await run(db.executor, "select current_user as me")).toEqual([{ me: "us@er/:1" }]);
    await db.close();
  });

  test("and percent-encoded in a connection string", async () => {
    const { host, port, database } = config;
    const who = `${encodeURIComponent("us@er/:1")}:${encodeURIComponent(hard)}`;
    const db = await Database.connect(
      `postgres://${who}@/${database}?host=${encodeURIComponent(host)}&port=${port}`,
    );
    expect(await run(db.executor, "select current_user as me")).toEqual([{ me: "us@er/:1" }]);
    await db.close();
  });
});

describe("a database that is away", () => {
  test("is unhealthy within about two seconds, and healthy again when it is back", async () => {
    const proxy = await proxyTo(config);
    const db = await Database.connect({ ...proxy.config, poolSize: 2 });
    expect(await db.healthCheck()).toBe(true);
    proxy.network = "silent";
    expect(await within(2_500, db.healthCheck())).toBe(false);
    await proxy.close();
    expect(await within(2_500, db.healthCheck())).toBe(false);
    const back = await proxyTo(config, { port: proxy.config.port });
    await eventually(() => db.healthCheck());
    await db.close();
    await back.close();
  });

  test("is told to callers as UNAVAILABLE, at once", async () => {
    const proxy = await proxyTo(config);
    const db = await Database.connect(proxy.config);
    await proxy.close();
    await sleep(20);
    const unavailable = { code: Code.Unavailable, retryAfterMs: 1_000 };
    await within(1_000, expect(db.benchmarks.count()).rejects.toMatchObject(unavailable));
    await db.close();
  });

  test("without a word does not hold a connection for ever once the call is over", async () => {
    const proxy = await proxyTo(config);
    const db = await Database.connect({ ...proxy.config, poolSize: 1 });
    await run(db.executor, "select 1");
    proxy.network = "silent";
    const { signal } = new AbortController();
    const call = withSignal({ signal: AbortSignal.any([signal, AbortSignal.timeout(100)]) }, () =>
      run(db.executor, "select 1"),
    );
    const failed = expect(call).rejects.toThrow();
    await sleep(200);
    proxy.network = "open";
    await failed;
    expect(await run(db.executor, "select 1 as one")).toEqual([{ one: 1 }]);
    await db.close();
    await proxy.close();
  });
});

test("the figures of the database", async () => {
  const db = await Database.connect(config);
  const before = await db.stats();
  const { id } = await db.benchmarks.create(sample);
  await db.evaluations.create({ benchmarkId: id, input: "i", output: "o" });
  const stats = await db.stats();
  expect(stats).toMatchObject({
    benchmarkCount: before.benchmarkCount + 1,
    evaluationCount: before.evaluationCount + 1,
    jobCount: 0,
    userCount: 0,
    serverVersion: expect.stringMatching(/^\d+(\.\d+)?$/),
    schemaVersion: "20240320000003_add_audit_logs",
  });
  expect(stats.databaseSizeMb).toBe(stats.databaseSizeBytes / 1024 / 1024);
  expect(stats.databaseSizeBytes).toBeGreaterThan(1_000_000);
  expect(db.poolStats()).toEqual({ size: 20, used: 0, idle: 1, waiting: 0 });
  await db.close();
});
