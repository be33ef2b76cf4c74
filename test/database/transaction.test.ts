import { Code } from "@connectrpc/connect";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Executor } from "../../src/database/statement/executor.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { run } from "./support.ts";

const { db, client } = await testDatabase();
beforeAll(async () => {
  await client.query("create table accounts (id integer primary key, amount integer not null)");
});
beforeEach(async () => {
  await client.query("truncate accounts; insert into accounts values (1, 0), (2, 0)");
});

const amounts = async () =>
  (await client.query("select amount from accounts order by id")).rows.map((row) => row.amount);
const add = (tx: Executor, id: number) => run(tx, `update accounts set amount = amount + 1 where id = ${id}`);

test("what every repository wrote is committed together", async () => {
  const { id } = await db.transaction(async ({ benchmarks, evaluations }) => {
    const benchmark = await benchmarks.create(sample);
    await evaluations.create({ benchmarkId: benchmark.id, sampleId: "a", input: "i", output: "o" });
    // Nobody else sees it yet.
    const seen = await client.query("select from benchmarks where id = $1", [benchmark.id]);
    expect(seen.rowCount).toBe(0);
    return benchmark;
  });
  expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 1 });
});

test("what was written is undone when the work throws", async () => {
  let id = "";
  const work = db.transaction(async ({ benchmarks, evaluations }) => {
    ({ id } = await benchmarks.create(sample));
    await evaluations.create({ benchmarkId: id, input: "i", output: "o" });
    throw new RangeError("no");
  });
  await expect(work).rejects.toThrow(RangeError);
  await expect(db.benchmarks.get(id)).rejects.toMatchObject({ code: Code.NotFound });
});

test("a transaction within another is a part of it", async () => {
  const work = db.executor.transaction(async (outer) => {
    await outer.transaction((inner) => add(inner, 1));
    expect(await run(outer, "select amount from accounts where id = 1")).toEqual([{ amount: 1 }]);
    throw new Error("undo both");
  });
  await expect(work).rejects.toThrow("undo both");
  expect(await amounts()).toEqual([0, 0]);
});

describe("work is run again after", () => {
  test("a deadlock", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const crosswise = (first: number, second: number, mine: number) =>
      db.executor.transaction(async (tx) => {
        runs++;
        await add(tx, first);
        gates[mine]?.resolve();
        await gates[1 - mine]?.promise;
        await add(tx, second);
      });
    await Promise.all([crosswise(1, 2, 0), crosswise(2, 1, 1)]);
    expect(await amounts()).toEqual([2, 2]);
    expect(runs).toBeGreaterThan(2);
  });

  test("a serialization failure", async () => {
    let runs = 0;
    await db.executor.transaction(async (tx) => {
      runs++;
      await run(tx, "set transaction isolation level repeatable read");
      await run(tx, "select amount from accounts");
      if (runs === 1) await client.query("update accounts set amount = 10");
      await add(tx, 1);
    });
    expect(runs).toBe(2);
    expect(await amounts()).toEqual([11, 10]);
  });

  test("a serialization failure at the commit", async () => {
    let runs = 0;
    await db.executor.transaction(async (tx) => {
      runs++;
      await run(tx, "set transaction isolation level serializable");
      const [sum] = await run(tx, "select sum(amount) as sum from accounts");
      if (runs === 1) {
        await client.query("begin isolation level serializable");
        await client.query("select sum(amount) from accounts");
        await client.query("insert into accounts values (3, 5)");
        await client.query("commit");
      }
      await run(tx, `insert into accounts values (4, ${sum?.sum})`);
    });
    expect(runs).toBe(2);
    expect(await amounts()).toEqual([0, 0, 5, 5]);
  });

  test("failures without end: then it is given up as ABORTED, and nothing is written", async () => {
    let runs = 0;
    const work = db.executor.transaction(async (tx) => {
      runs++;
      await run(tx, "set transaction isolation level repeatable read");
      await run(tx, "select amount from accounts");
      await client.query("update accounts set amount = amount + 100 where id = 2");
      await add(tx, 2);
    });
    await expect(work).rejects.toMatchObject({ code: Code.Aborted, reason: "CONFLICT", retryAfterMs: 100 });
    expect(runs).toBe(limits.transactionAttempts);
    expect(await amounts()).toEqual([0, 100 * runs]);
  });
});

test("work that asks outside of its transaction is refused rather than left to wait for itself", async () => {
  const work = db.transaction(async () => db.benchmarks.count());
  await expect(work).rejects.toThrow();
  expect(await db.benchmarks.count()).toBeGreaterThanOrEqual(0);
});
