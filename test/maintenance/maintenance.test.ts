import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Database } from "../../src/database/database.ts";
import { limits } from "../../src/limits.ts";
import { maintain, startMaintenance } from "../../src/maintenance.ts";
import { onlooker } from "../database/support.ts";
import { createTestDatabase } from "../harness/postgres.ts";

const sample = { name: "n", provider: "p", model: "m", dataset: "d" };

let db: Database;
let client: Client;
beforeAll(async () => {
  const config = await createTestDatabase();
  db = await Database.connect(config);
  client = await onlooker(config);
});
afterAll(async () => {
  await client.end();
  await db.close();
});

const deltas = async () =>
  Number((await client.query("select count(*) from benchmark_count_deltas")).rows[0].count);
const counts = async (id: string) => {
  const { completedIterations, failedIterations } = await db.benchmarks.get(id);
  return [completedIterations, failedIterations];
};

function evaluations(benchmarkId: string, completed: number, failed: number) {
  const input = "i";
  return [
    ...Array.from({ length: completed }, () => ({ benchmarkId, input, output: "o" })),
    ...Array.from({ length: failed }, () => ({ benchmarkId, input, error: "e" })),
  ];
}

const upTo = (most: number) => Math.floor(Math.random() * (most + 1));

test("folding changes no count, and leaves nothing to fold", async () => {
  const { id } = await db.benchmarks.create(sample);
  for (let i = 1; i <= 5; i++) await db.evaluations.createMany(evaluations(id, i, 1));
  const before = await db.benchmarks.get(id);
  expect(before).toMatchObject({ completedIterations: 15, failedIterations: 5 });
  await maintain(db.executor);
  expect(await deltas()).toBe(0);
  expect(await db.benchmarks.get(id)).toEqual(before);
});

test("no count is lost while eight writers insert, one deletes and re-scores, and two maintainers fold", async () => {
  for (let round = 0; round < 6; round++) {
    const { id } = await db.benchmarks.create(sample);
    let completed = 0;
    let failed = 0;
    let writing = true;
    const writer = async () => {
      for (let batch = 0; batch < 12; batch++) {
        const [some, others] = [1 + upTo(4), upTo(2)];
        await db.evaluations.createMany(evaluations(id, some, others));
        completed += some;
        failed += others;
      }
    };
    const editor = async () => {
      for (let i = 0; i < 8; i++) {
        const evaluation = await db.evaluations.create({ benchmarkId: id, input: "i", output: "o" });
        await db.evaluations.update(evaluation.id, { error: "wrong after all" });
        if (i % 2 === 0) await db.evaluations.delete(evaluation.id, id);
        else failed++;
      }
    };
    const maintainer = async () => {
      while (writing) await maintain(db.executor);
    };
    const maintainers = [maintainer(), maintainer()];
    await Promise.all([...Array.from({ length: 8 }, writer), editor()]);
    writing = false;
    await Promise.all(maintainers);
    expect(await counts(id)).toEqual([completed, failed]);
    await maintain(db.executor);
    expect(await counts(id)).toEqual([completed, failed]);
    expect(await deltas()).toBe(0);
  }
});

test("a count that is set in between counts from there, whatever is folded meanwhile", async () => {
  for (let round = 0; round < 30; round++) {
    const { id } = await db.benchmarks.create(sample);
    let writing = true;
    const maintainer = async () => {
      while (writing) await maintain(db.executor);
    };
    const maintainers = [maintainer(), maintainer()];
    const write = (batches: number) =>
      Promise.all(Array.from({ length: batches }, () => db.evaluations.createMany(evaluations(id, 1, 1))));
    await write(upTo(8));
    // Nobody inserts while it is set, so the exact count is known: what was before is replaced, what comes after is added.
    await db.benchmarks.update(id, { completedIterations: 1_000 });
    const { failedIterations } = await db.benchmarks.get(id);
    const later = upTo(8);
    await write(later);
    writing = false;
    await Promise.all(maintainers);
    expect(await counts(id)).toEqual([1_000 + later, failedIterations + later]);
  }
});

test("setting a count while eight writers insert counts each batch either before or after it, never in part", async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await db.benchmarks.create(sample);
    const batches = Array.from({ length: 8 }, () => db.evaluations.createMany(evaluations(id, 100, 10)));
    const setting = db.benchmarks.update(id, { completedIterations: 0 });
    const folding = [maintain(db.executor), maintain(db.executor)];
    await Promise.all([...batches, setting, ...folding]);
    await maintain(db.executor);
    const [completed = -1, failed] = await counts(id);
    expect(completed % 100).toBe(0);
    expect(completed).toBeLessThanOrEqual(800);
    expect(failed).toBe(80);
  }
});

test("a benchmark that another holds does not keep the others from being folded", async () => {
  const [held, free] = [await db.benchmarks.create(sample), await db.benchmarks.create(sample)];
  await db.evaluations.createMany([...evaluations(held.id, 2, 0), ...evaluations(free.id, 3, 0)]);
  await client.query("begin");
  await client.query("select from benchmarks where id = $1 for update", [held.id]);
  await maintain(db.executor);
  const left = await client.query("select distinct benchmark_id from benchmark_count_deltas");
  expect(left.rows).toEqual([{ benchmark_id: held.id }]);
  await client.query("rollback");
  expect(await counts(held.id)).toEqual([2, 0]);
  expect(await counts(free.id)).toEqual([3, 0]);
});

test("counts at the edge of what they can hold neither fail to be read nor stop the folding of others", async () => {
  const { id } = await db.benchmarks.create(sample);
  const other = await db.benchmarks.create(sample);
  await db.benchmarks.update(id, { completedIterations: 2_147_483_647 });
  await db.evaluations.createMany([...evaluations(id, 2, 1), ...evaluations(other.id, 1, 0)]);
  expect(await counts(id)).toEqual([2_147_483_647, 1]);
  await maintain(db.executor);
  expect(await deltas()).toBe(0);
  expect(await counts(id)).toEqual([2_147_483_647, 1]);
  expect((await db.benchmarks.list({}, { limit: 2 })).items.map(({ id }) => id)).toEqual([other.id, id]);
});

test("deleting more than was counted by hand reads as zero, and later evaluations count", async () => {
  const { id } = await db.benchmarks.create(sample);
  const results = await db.evaluations.createMany(evaluations(id, 3, 0));
  await db.benchmarks.update(id, { completedIterations: 1 });
  for (const result of results) if ("id" in result) await db.evaluations.delete(result.id, id);
  expect(await counts(id)).toEqual([0, 0]);
  await maintain(db.executor);
  expect(await counts(id)).toEqual([0, 0]);
});

test("rounds do not pile up while the database does not answer, so stopping is quick", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const gate = Promise.withResolvers<never>();
  const one = vi.fn(() => gate.promise);
  const silent = { one } as unknown as Parameters<typeof startMaintenance>[0];
  const warn = vi.fn();
  const maintenance = startMaintenance(silent, { warn });
  for (let second = 0; second < 60; second++) {
    vi.advanceTimersByTime(limits.maintenanceIntervalMs);
    await sleep(0);
  }
  vi.useRealTimers();
  const stopped = maintenance.stop();
  gate.reject(new Error("away"));
  await stopped;
  expect(one).toHaveBeenCalledOnce();
  expect(warn).toHaveBeenCalledOnce();
});
