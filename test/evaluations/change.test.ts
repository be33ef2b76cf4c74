import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

let benchmarkId: string;
const { db } = await testDatabase();
beforeAll(async () => {
  ({ id: benchmarkId } = await db.benchmarks.create(sample));
});

const counts = async () => {
  const { completedIterations, failedIterations } = await db.benchmarks.get(benchmarkId);
  return { completedIterations, failedIterations };
};
const original = (sampleId: string) => ({
  benchmarkId,
  sampleId,
  input: "i",
  output: "o",
  expected: "e",
  score: 0.5,
  metrics: { a: 1 },
  metadata: { kept: true },
});

describe("re-scoring", () => {
  test("changes the given fields alone and keeps identity and counts", async () => {
    const before = await db.evaluations.create(original("rescored"));
    const counted = await counts();
    const after = await db.evaluations.update(before.id, { score: 1, metrics: { b: true } }, benchmarkId);
    expect(after).toEqual({ ...before, score: 1, metrics: { b: true }, updatedAt: after.updatedAt });
    expect(after.updatedAt > before.updatedAt).toBe(true);
    expect(await db.evaluations.get(before.id)).toEqual(after);
    expect(await counts()).toEqual(counted);
    // Sent again as it was first, it is known.
    expect(await db.evaluations.createMany([original("rescored")])).toEqual([
      { outcome: "duplicate", id: before.id },
    ]);
    expect(await db.evaluations.get(before.id)).toEqual(after);
    // The re-scored content as a new evaluation is not what was sent first.
    const rescored = { ...original("rescored"), score: 1, metrics: { b: true } };
    expect(await db.evaluations.createMany([rescored])).toEqual([{ outcome: "conflict", id: before.id }]);
  });

  test("clears with null", async () => {
    const { id } = await db.evaluations.create(original("cleared"));
    const cleared = { score: null, expected: null, metadata: null };
    expect(await db.evaluations.update(id, cleared)).toMatchObject({ ...cleared, metrics: { a: 1 } });
  });

  test("moves the counts with the error, also when it is done many times at once", async () => {
    const { id } = await db.evaluations.create(original("moved"));
    const { completedIterations, failedIterations } = await counts();
    await db.evaluations.update(id, { error: "wrong after all" });
    const failed = { completedIterations: completedIterations - 1, failedIterations: failedIterations + 1 };
    expect(await counts()).toEqual(failed);
    await db.evaluations.update(id, { error: "still wrong" });
    expect(await counts()).toEqual(failed);
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => db.evaluations.update(id, { error: i % 2 ? "x" : null })),
    );
    await db.evaluations.update(id, { error: "" });
    expect(await counts()).toEqual({ completedIterations, failedIterations });
  });

  test("does not leave an evaluation with neither output nor error", async () => {
    const { id } = await db.evaluations.create({ benchmarkId, input: "i", error: "timeout" });
    await expect(db.evaluations.update(id, { error: null })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      violations: [{ field: "error" }],
    });
    expect(await db.evaluations.get(id)).toMatchObject({ error: "timeout" });
  });

  test.each([
    [{ score: Number.NaN }, "score"],
    [{ metrics: { a: Number.NaN } }, "metrics"],
    [{ expected: "\0" }, "expected"],
    [{ error: "x".repeat(65_537) }, "error"],
    [{ metadata: [] as never }, "metadata"],
  ])("%# is refused by its field", async (changes, field) => {
    const { id } = await db.evaluations.create({ benchmarkId, input: "i", output: "o" });
    await expect(db.evaluations.update(id, changes)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field }],
    });
  });
});

test("deleting takes the evaluation out of the counts, once", async () => {
  const ok = await db.evaluations.create(original("deleted"));
  const failed = await db.evaluations.create({ benchmarkId, input: "i", error: "e" });
  const { completedIterations, failedIterations } = await counts();
  await db.evaluations.delete(ok.id, benchmarkId);
  await db.evaluations.delete(failed.id);
  expect(await counts()).toEqual({
    completedIterations: completedIterations - 1,
    failedIterations: failedIterations - 1,
  });
  const again = await Promise.allSettled([
    db.evaluations.delete(ok.id),
    db.evaluations.delete(ok.id, benchmarkId),
  ]);
  for (const outcome of again)
    expect(outcome).toMatchObject({ reason: { code: Code.NotFound, reason: "NOT_FOUND" } });
  expect((await db.evaluations.create(original("deleted"))).id).not.toBe(ok.id);
});

describe("an evaluation asked for by a benchmark that is not its own does not exist:", () => {
  test.each([
    ["get", (id: string, of: string) => db.evaluations.get(id, of)],
    ["update", (id: string, of: string) => db.evaluations.update(id, { score: 1 }, of)],
    ["delete", (id: string, of: string) => db.evaluations.delete(id, of)],
  ])("%s", async (_, ask) => {
    const { id } = await db.evaluations.create({ benchmarkId, input: "i", output: "o" });
    await expect(ask(id, newId())).rejects.toMatchObject({
      code: Code.NotFound,
      metadata: { entity: "evaluation", id },
    });
    await expect(ask(newId(), benchmarkId)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(ask("7", benchmarkId)).rejects.toMatchObject({ violations: [{ field: "id" }] });
    await expect(ask(id, "7")).rejects.toMatchObject({ violations: [{ field: "benchmark_id" }] });
    expect(await db.evaluations.get(id.toUpperCase())).toMatchObject({ id });
  });
});
