import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sql } from "../../src/database/statement/sql.ts";
import { toConnectError } from "../../src/rpc/call/errors.ts";
import { testDatabase } from "../harness/database.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";
import { backend, run, smallPool } from "./support.ts";

const { config, db, client } = await testDatabase({ poolSize: 1 });

describe("the same backend serves on after", () => {
  const failures: [string, () => Promise<unknown>, object][] = [
    [
      "an entity that does not exist",
      () => db.benchmarks.get(unknownId),
      { code: Code.NotFound, reason: "NOT_FOUND" },
    ],
    [
      "one that exists already",
      async () => {
        const { id } = await db.benchmarks.create(sample);
        await db.benchmarks.create({ ...sample, id });
      },
      { code: Code.AlreadyExists, reason: "ALREADY_EXISTS" },
    ],
    [
      "a unique key that is taken",
      async () => {
        const { id } = await db.benchmarks.create(sample);
        const copy =
          "insert into benchmarks (id, name, provider, model, dataset) select id, name, provider, model, dataset";
        await run(db.executor, `${copy} from benchmarks where id = '${id}'`);
      },
      { code: Code.AlreadyExists, reason: "ALREADY_EXISTS", metadata: { constraint: "benchmarks_pkey" } },
    ],
    [
      "values that a CHECK refuses",
      async () => {
        const { id } = await db.benchmarks.create(sample);
        await db.benchmarks.update(id, { status: "running" });
        await db.benchmarks.update(id, { startedAt: null });
      },
      {
        code: Code.InvalidArgument,
        reason: "CONSTRAINT_VIOLATION",
        metadata: { constraint: "benchmarks_running_has_start" },
      },
    ],
    ["a value out of range", () => run(db.executor, "select 'x'::integer"), { code: Code.InvalidArgument }],
    [
      "a transaction that its work gave up",
      () =>
        db.transaction(async (tx) => {
          await tx.benchmarks.create(sample);
          throw new Error("given up");
        }),
      { message: "given up" },
    ],
    [
      "a transaction that a statement aborted",
      () => db.executor.transaction(async (tx) => run(tx, "select 1 / 0")),
      { code: Code.InvalidArgument },
    ],
    [
      "a row that is not as its statement says",
      () => db.executor.one(sql.type(z.object({ one: z.string() }))`select 1 as one`),
      { name: "ZodError" },
    ],
    ["no row where one must be", () => db.executor.one(sql.type(z.object({}))`select where false`), {}],
    [
      "two rows where one must be",
      () => db.executor.one(sql.type(z.object({}))`select from generate_series(1, 2)`),
      {},
    ],
    ["SQL that does not parse", () => run(db.executor, "selec 1"), { code: "42601" }],
  ];

  test.each(failures)("%s", async (_, fail, expected) => {
    const before = await backend(db.executor);
    await expect(fail()).rejects.toMatchObject(expected);
    expect(await backend(db.executor)).toBe(before);
    expect(db.poolStats()).toMatchObject({ size: 1, waiting: 0 });
  });
});

describe("a backend that is lost", () => {
  const unavailable = { code: Code.Unavailable, reason: "DATABASE_UNAVAILABLE", retryAfterMs: 1_000 };

  test("during a query fails that query alone, as UNAVAILABLE that may be tried again", async () => {
    const before = await backend(db.executor);
    const query = run(db.executor, "select pg_sleep(30)");
    const failed = expect(query).rejects.toMatchObject(unavailable);
    await client.query("select pg_terminate_backend($1)", [before]);
    await failed;
    const after = await backend(db.executor);
    expect(after).not.toBe(before);
    expect(await backend(db.executor)).toBe(after);
  });

  test("within a transaction undoes it", async () => {
    const before = await db.benchmarks.count();
    const work = db.transaction(async (tx) => {
      await tx.benchmarks.create(sample);
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      await tx.benchmarks.create(sample);
    });
    await expect(work).rejects.toMatchObject(unavailable);
    expect(await db.benchmarks.count()).toBe(before);
  });

  test("while idle is noticed before anyone gets it", async () => {
    const before = await backend(db.executor);
    await client.query("select pg_terminate_backend($1)", [before]);
    await eventually(() => db.poolStats().idle === 0);
    expect(await backend(db.executor)).not.toBe(before);
  });

  test("costs each of many calls at most one failure", async () => {
    const four = await smallPool(config, { poolSize: 4 });
    const query = () => run(four.executor, "select pg_sleep(0.5)");
    const calls = Array.from({ length: 12 }, () => query().catch((error: unknown) => error));
    await eventually(() => four.poolStats().used === 4);
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(0.5)%' and pid <> pg_backend_pid()",
    );
    const outcomes = await Promise.all(calls);
    const failures = outcomes.filter((outcome) => !Array.isArray(outcome));
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(4);
    for (const failure of failures) expect(failure).toMatchObject(unavailable);
    await four.close();
  });

  test("is told over the wire with a RetryInfo", async () => {
    const query = run(db.executor, "select pg_terminate_backend(pg_backend_pid())");
    const error = await query.catch((thrown: unknown) => thrown);
    const { details } = toConnectError(error, { requestId: "r" } as Parameters<typeof toConnectError>[1]);
    const names = details.map((detail) => ("desc" in detail ? detail.desc.typeName : ""));
    expect(names).toContain("google.rpc.RetryInfo");
    expect(await run(db.executor, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});
