import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { testDatabase } from "../harness/database.ts";
import { unknownId } from "../harness/examples.ts";

const { db } = await testDatabase();

const created = { name: "b", provider: "p", model: "m" };

async function newBenchmark(dataset: string): Promise<string> {
  return (await db.benchmarks.create({ ...created, dataset })).id;
}

const none = { code: Code.NotFound, reason: "NOT_FOUND" };

test("a dataset has one baseline: the benchmark that was pinned last", async () => {
  const dataset = "数据集, label.a=b";
  const [first, second] = [await newBenchmark(dataset), await newBenchmark(dataset)];
  await expect(db.benchmarks.getBaseline(dataset)).rejects.toMatchObject(none);
  const set = await db.benchmarks.setBaseline(first, unknownId);
  expect(set).toEqual({
    dataset,
    benchmarkId: first,
    benchmarkName: "b",
    setBy: unknownId,
    setAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(await db.benchmarks.getBaseline(dataset)).toEqual(set);
  const after = await db.benchmarks.setBaseline(second);
  expect(after).toMatchObject({ dataset, benchmarkId: second, setBy: null });
  expect(await db.benchmarks.getBaseline(dataset)).toEqual(after);
});

test("a repetition changes nothing, not even who pinned it when", async () => {
  const id = await newBenchmark("repeated");
  const set = await db.benchmarks.setBaseline(id);
  expect(await db.benchmarks.setBaseline(id.toUpperCase(), unknownId)).toEqual(set);
  await db.benchmarks.unsetBaseline("repeated");
  await db.benchmarks.unsetBaseline("repeated");
  await expect(db.benchmarks.getBaseline("repeated")).rejects.toMatchObject(none);
  expect(await db.benchmarks.get(id)).toMatchObject({ id });
});

test("the deletion of the benchmark leaves the dataset without a baseline", async () => {
  const [first, second] = [await newBenchmark("deleted"), await newBenchmark("deleted")];
  await db.benchmarks.setBaseline(first);
  await db.benchmarks.delete(second);
  expect(await db.benchmarks.getBaseline("deleted")).toMatchObject({ benchmarkId: first });
  await db.benchmarks.delete(first);
  await expect(db.benchmarks.getBaseline("deleted")).rejects.toMatchObject(none);
  await expect(db.benchmarks.setBaseline(first)).rejects.toMatchObject(none);
});

test("of baselines that are set at once one stands, and the trail tells of each", async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, () => newBenchmark("at once")));
  await Promise.all(ids.map((id) => db.benchmarks.setBaseline(id)));
  const { benchmarkId } = await db.benchmarks.getBaseline("at once");
  expect(ids).toContain(benchmarkId);
  const { items } = await db.audit.list({ entityType: "baseline", entityId: "at once" });
  expect(items).toHaveLength(6);
});

test("baselines are listed by dataset, page by page", async () => {
  for (const dataset of ["list c", "list a", "list b"])
    await db.benchmarks.setBaseline(await newBenchmark(dataset));
  const found: string[] = [];
  let after: { dataset: string } | undefined;
  do {
    const { items, next } = await db.benchmarks.listBaselines({ limit: 2, after });
    found.push(...items.map(({ dataset }) => dataset));
    after = next;
  } while (after);
  expect(found.filter((dataset) => dataset.startsWith("list "))).toEqual(["list a", "list b", "list c"]);
});
