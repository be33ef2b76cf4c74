import { afterAll, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { sql } from "../../src/database/statement/sql.ts";
import * as library from "../../src/index.ts";
import { testDatabase } from "../harness/database.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { createTestDatabase } from "../harness/postgres.ts";

const { Database, DatabaseConfig, ServiceError } = library;
const { config, client } = await testDatabase();
const db = await Database.connect(config);
afterAll(() => db.close());

/** Every failure is one, whatever else it has to be. */
async function failure(work: Promise<unknown>): Promise<library.ServiceError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ServiceError);
  return thrown as library.ServiceError;
}

describe("the configuration", () => {
  const given = {
    DATABASE_HOST: "db",
    DATABASE_PORT: "5433",
    DATABASE_NAME: "n",
    DATABASE_USER: "u",
    DATABASE_PASSWORD: "p@ss/word",
    DATABASE_POOL_SIZE: "7",
    DATABASE_SSL_MODE: "require",
  };

  test("comes from the environment or a builder alike", () => {
    const built = DatabaseConfig.builder()
      .host("db")
      .port(5433)
      .database("n")
      .username("u")
      .password("p@ss/word")
      .poolSize(7)
      .connectTimeout(10)
      .idleTimeout(600)
      .maxLifetime(1800)
      .sslMode("require")
      .build();
    const read = DatabaseConfig.fromEnv(given);
    expect(read).toMatchObject({ host: "db", port: 5433, user: "u", poolSize: 7, sslMode: "require" });
    expect(read.password?.reveal()).toBe("p@ss/word");
    expect(built).toEqual(read);
    expect(DatabaseConfig.fromEnv({})).toEqual(library.databaseConfig({}));
    const url = "postgres://u:p@h:1/d?application_name=mine";
    expect(DatabaseConfig.fromEnv({ DATABASE_URL: url })).toEqual(library.databaseConfig(url));
  });

  test("names each wrong setting as it was given", () => {
    const wrong = { DATABASE_PORT: "0", DATABASE_POOL_SIZE: "many", DATABASE_PASSWORD_FILE: "/nowhere" };
    const read = () => DatabaseConfig.fromEnv(wrong);
    expect(read).toThrow(ServiceError);
    expect(read).toThrow(expect.objectContaining({ reason: "INVALID_ARGUMENT" }));
    for (const name of Object.keys(wrong)) expect(read).toThrow(name);
    expect(() => DatabaseConfig.builder().port(0).build()).toThrow(
      expect.objectContaining({ violations: [{ field: "port", description: expect.any(String) }] }),
    );
    expect(() => library.databaseConfig("mysql://x")).toThrow(ServiceError);
  });
});

describe("times", () => {
  test("are dates in what is given and in what is answered", async () => {
    const at = new Date("2026-01-31T12:00:00.123Z");
    const benchmark = await db.benchmarks.create(sample);
    expectTypeOf(benchmark.createdAt).toEqualTypeOf<Date>();
    expectTypeOf(benchmark.completedAt).toEqualTypeOf<Date | null>();
    expect(benchmark.createdAt).toBeInstanceOf(Date);
    expect(benchmark.completedAt).toBeNull();
    const { completedAt } = await db.benchmarks.update(benchmark.id, {
      status: "completed",
      completedAt: at,
    });
    expect(completedAt).toEqual(at);
    const evaluation = await db.evaluations.create({
      ...{ benchmarkId: benchmark.id, input: "i", output: "2026-01-31T12:00:00.000000Z", createdAt: at },
      metadata: { createdAt: "2026-01-31T12:00:00.000000Z" },
    });
    expect(evaluation).toMatchObject({ createdAt: at, output: "2026-01-31T12:00:00.000000Z" });
    expect(evaluation.metadata).toEqual({ createdAt: "2026-01-31T12:00:00.000000Z" });
    const runAt = new Date(Date.now() + 60_000);
    const job = await db.jobs.create({ jobType: "later", runAt, payload: { runAt: "later" } });
    expect(job).toMatchObject({ runAt, payload: { runAt: "later" } });
    expect(await db.jobs.create({ jobType: "later", runAt: runAt.toISOString() })).toMatchObject({ runAt });
    const user = await db.users.create({ email: "a@x.y", username: "a" });
    const expiresAt = new Date(Date.now() + 60_000);
    const { apiKey } = await db.users.createApiKey({ userId: user.id, name: "k", expiresAt });
    expect(apiKey).toMatchObject({ expiresAt, lastUsed: null, createdAt: expect.any(Date) });
    expect(await db.workers.register({ workerId: "w" })).toMatchObject({ lastHeartbeat: expect.any(Date) });
    const after = await db.benchmarks.list({ createdAfter: benchmark.createdAt });
    expect(after.items.map(({ id }) => id)).toContain(benchmark.id);
    expect((await db.benchmarks.list({ createdBefore: at })).items).toEqual([]);
    const [entry] = await db.audit.listByEntity("user", user.id, 1);
    expect(entry?.createdAt).toBeInstanceOf(Date);
  });

  test("that are none are refused", async () => {
    const error = await failure(db.jobs.create({ jobType: "t", runAt: new Date(Number.NaN) }));
    expect(error).toMatchObject({
      violations: [{ field: "runAt" }],
      message: expect.stringMatching(/^runAt: must be/),
    });
  });

  test("keep their microseconds from page to page", async () => {
    const { id: benchmarkId } = await db.benchmarks.create(sample);
    const times = [1, 2, 3, 4, 5].map((micro) => `2026-01-31T12:00:00.00000${micro}Z`);
    const given = times.map((createdAt, n) => ({
      benchmarkId,
      sampleId: `${n}`,
      input: "i",
      output: "o",
      createdAt,
    }));
    await db.evaluations.createStream(
      (async function* () {
        yield given.slice(0, 2);
        yield given.slice(2);
      })(),
    );
    const seen: (string | null)[] = [];
    let after: library.EvaluationPage["next"];
    do {
      const page = await db.evaluations.list({ benchmarkId, orderBy: "oldest" }, { limit: 1, after });
      seen.push(...page.items.map(({ sampleId }) => sampleId));
      after = page.next;
    } while (after);
    expect(seen).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("are dates in watches, which end as one likes", async () => {
    const { id } = await db.benchmarks.create(sample);
    for await (const { benchmark, cursor } of db.benchmarks.watch({ ids: [id] })) {
      expect(cursor).toEqual(expect.any(String));
      if (benchmark === undefined) continue;
      expect(benchmark.createdAt).toBeInstanceOf(Date);
      break;
    }
    const watch = db.jobs.watch({}, { after: "nonsense" });
    expect(await failure(watch.next())).toMatchObject({ reason: "INVALID_CURSOR" });
  });
});

describe("a failure", () => {
  test("names fields as they are given", async () => {
    const { id: benchmarkId } = await db.benchmarks.create(sample);
    const evaluation = { benchmarkId, input: "i", output: "o", latencyMs: -1 };
    expect(await failure(db.evaluations.create(evaluation))).toMatchObject({
      violations: [{ field: "latencyMs" }],
      message: "latencyMs: must be 0 or more",
    });
    const many = [{ jobType: "t", maxRetries: -1 }];
    expect(await failure(db.jobs.createMany(many))).toMatchObject({
      violations: [{ field: "jobs[0].maxRetries" }],
    });
    const strange = { ...sample, totalIteration: 1 } as library.NewBenchmark;
    expect(await failure(db.benchmarks.create(strange))).toMatchObject({
      violations: [{ field: "totalIteration", description: "is not a known field" }],
    });
  });

  test.each([
    ["undefined", undefined],
    ["a text", "x"],
    ["a list", []],
  ])("says that the input must be an object where it is %s", async (_, input) => {
    const wrong = input as unknown as library.NewBenchmark;
    expect(await failure(db.benchmarks.create(wrong))).toMatchObject({
      violations: [{ field: "", description: "must be an object" }],
      message: "the input must be an object",
    });
    expect(await failure(db.jobs.createMany([wrong as unknown as library.NewJob]))).toMatchObject({
      message: "jobs[0]: must be an object",
    });
  });

  test.each<[object, string]>([
    [{ orderBy: "best" }, "orderBy: must be one of newest, oldest"],
    [{ labels: { ["k".repeat(64)]: "v" } }, "labels: a key must have 1 to 63 characters, has 64"],
    [{ labels: [] }, "labels: must be an object"],
    [{ labels: { k: 1 } }, "labels.k: must be a string"],
    [{ status: "done" }, "status: must be one of pending, running, completed, failed, cancelled"],
    [{ createdBy: "x" }, "createdBy: must be a UUID, for example 01890a5d-ac96-774b-bcce-b302099a8057"],
  ])("says what was expected instead of %j", async (filter, message) => {
    expect(await failure(db.benchmarks.list(filter))).toMatchObject({ message });
  });

  test("says that there is no connection, and why", async () => {
    const options = { startupTimeoutMs: 1 };
    const ways: [Partial<library.DatabaseOptions>, RegExp, boolean][] = [
      [{ host: "127.0.0.1", port: 1 }, /127\.0\.0\.1:1/, true],
      [{ database: "nowhere" }, /database "nowhere"/, false],
      [{ user: "nobody_here" }, /nobody_here/, false],
      [{ host: "host.invalid" }, /host\.invalid/, true],
    ];
    for (const [change, message, mayHelp] of ways) {
      const error = await failure(Database.connect({ ...config, ...change }, options));
      expect(error).toMatchObject({
        reason: "DATABASE_UNAVAILABLE",
        message: expect.stringMatching(message),
      });
      expect(library.isConnectionError(error)).toBe(true);
      expect(error.retryAfterMs !== undefined).toBe(mayHelp);
    }
    expect(await failure(Database.connect({ port: 0 }))).toMatchObject({ reason: "INVALID_ARGUMENT" });
  });

  test("says why nothing is migrated", async () => {
    const other = await Database.connect(await createTestDatabase());
    await other.executor.any(sql.type(z.object({}))`update schema_migrations set checksum = 'x'`);
    expect(await failure(other.migrate())).toMatchObject({ reason: "MIGRATION_FAILED" });
    await other.close();
  });

  test("is one after the end too", async () => {
    const other = await Database.connect(config);
    await other.workers.register({ workerId: "waiting" });
    const claiming = failure(other.jobs.claim({ workerId: "waiting", jobTypes: ["none"], waitMs: 30_000 }));
    const watch = other.jobs.watch();
    await watch.next();
    const watching = failure(watch.next());
    await Promise.all([other.close(), other.close()]);
    const ended = { reason: "SHUTTING_DOWN" };
    expect(await claiming).toMatchObject(ended);
    expect(await watching).toMatchObject(ended);
    const none = sql.type(z.object({}))`select`;
    const calls = [
      () => other.benchmarks.get(unknownId),
      () => other.jobs.create({ jobType: "t" }),
      () => other.jobs.watch().next(),
      () => other.stats(),
      () => other.migrate(),
      () => other.maintain(),
      () => other.executor.any(none),
      () => other.executor.transaction((db) => db.any(none)),
      () => other.transaction(({ users }) => users.count()),
      () => other.readFromReplica(({ users }) => users.count()),
    ];
    for (const call of calls) expect(await failure((async () => call())())).toMatchObject(ended);
    expect(await other.healthCheck()).toBe(false);
    await other.close();
  });

  test("that is not ours leaves a transaction as it is", async () => {
    const error = new RangeError("mine");
    const work = db.transaction(async ({ benchmarks }) => {
      await benchmarks.create(sample);
      throw error;
    });
    await expect(work).rejects.toBe(error);
    await expect(db.executor.transaction(() => Promise.reject(error))).rejects.toBe(error);
  });

  test("of a statement within a transaction is a ServiceError there too", async () => {
    const seen = await db.transaction(async ({ users }) => failure(users.get(unknownId)));
    expect(seen.reason).toBe("NOT_FOUND");
  });

  test("by a deadlock makes a transaction run again", async () => {
    const [a, b] = [await db.benchmarks.create(sample), await db.benchmarks.create(sample)];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const crosswise = (first: string, second: string, mine: number) =>
      db.transaction(async ({ benchmarks }) => {
        runs++;
        await benchmarks.update(first, { status: "running" });
        gates[mine]?.resolve();
        await gates[1 - mine]?.promise;
        await benchmarks.update(second, { totalIterations: mine });
      });
    await Promise.all([crosswise(a.id, b.id, 0), crosswise(b.id, a.id, 1)]);
    expect(runs).toBe(3);
  });
});

// The specification's complete workflow, in our idiom.
test("a benchmark is made, evaluated and completed", async () => {
  const benchmark = await db.benchmarks.create({ ...sample, totalIterations: 100, createdBy: null });
  for (let n = 0; n < 10; n++) {
    await db.evaluations.create({
      ...{ benchmarkId: benchmark.id, provider: "openai", model: "gpt-4", createdBy: null, metadata: null },
      ...{
        input: `Question ${n}`,
        output: `Answer ${n}`,
        expected: null,
        metrics: { accuracy: 0.95 },
        score: 0.95,
      },
    });
  }
  await db.benchmarks.update(benchmark.id, { status: "completed", completedIterations: 100 });
  expect((await db.benchmarks.listByStatus("completed", 20)).map(({ id }) => id)).toContain(benchmark.id);
  const { rows } = await client.query("select status from benchmarks where id = $1", [benchmark.id]);
  expect(rows).toEqual([{ status: "completed" }]);
});
