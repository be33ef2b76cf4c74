import { expect, test } from "vitest";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db, client } = await testDatabase();

async function benchmarkWith(name: string, rows: readonly Partial<NewEvaluation>[], repetitions = 0) {
  const { id: benchmarkId } = await db.benchmarks.create({ ...sample, dataset: "summed", name, repetitions });
  if (rows.length > 0)
    await db.evaluations.createMany(rows.map((row) => ({ benchmarkId, input: "i", output: "o", ...row })));
  return benchmarkId;
}

test("a list with summaries says of each benchmark what its summary says of it", async () => {
  const ids = [
    await benchmarkWith("plain", [
      { score: 0.5, costUsd: 0.25, inputTokens: 7, sampleId: "a" },
      { score: 1, costUsd: 0.5, latencyMs: 3 },
      { error: "e" },
    ]),
    await benchmarkWith(
      "repeated",
      [0, 1, 1, 1].map((score, i) => ({ score, sampleId: `${i % 2}`, repetition: Math.floor(i / 2) })),
    ),
    await benchmarkWith("declared", [{ score: 1, sampleId: "a" }], 3),
    await benchmarkWith("empty", []),
  ];
  for (const again of [false, true]) {
    if (again) await db.maintain();
    const { items } = await db.benchmarks.list({ dataset: "summed", orderBy: "oldest" }, { summaries: true });
    expect(items.map(({ id }) => id)).toEqual(ids);
    for (const { id, summary } of items) {
      const whole = await db.evaluations.summarize(id, ["score"], { exact: false });
      expect(summary).toEqual(whole);
    }
    expect(items[0]?.summary).toMatchObject({
      evaluationCount: 3,
      failedCount: 1,
      costUsd: 0.75,
      inputTokens: 7,
    });
    expect(items[1]?.summary).toMatchObject({ sampleCount: 2, metrics: [{ samples: 2, mean: 0.75 }] });
  }
  const { items } = await db.benchmarks.list({ dataset: "summed" });
  expect(items[0]).not.toHaveProperty("summary");
  await client.query(
    "insert into stale_rollups (benchmark_id, is_missing) values ($1, true) on conflict (benchmark_id) do update set is_missing = true",
    [ids[0]],
  );
  const { items: stale } = await db.benchmarks.list(
    { dataset: "summed", name: "plain" },
    { summaries: true },
  );
  expect(stale).toMatchObject([{ summary: null }]);
});

test("pages with summaries are of a hundred, and together hold all", async () => {
  await client.query(
    "insert into benchmarks (id, name, provider, model, dataset) select md5(i::text)::uuid, 'b', 'p', 'm', 'many' from generate_series(1, 130) i",
  );
  const first = await db.benchmarks.list({ dataset: "many" }, { summaries: true, limit: 1000 });
  expect(first.items).toHaveLength(limits.summarizedBenchmarks);
  const second = await db.benchmarks.list({ dataset: "many" }, { summaries: true, after: first.next });
  expect(second).toMatchObject({ next: undefined });
  expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(130);
});

test("a part of the name finds a benchmark, in any case and script, and stands for itself alone", async () => {
  for (const name of ["Nightly 100%_done", "Ночной Прогон", "毎晩"])
    await db.benchmarks.create({ ...sample, name });
  const found = async (nameContains: string) =>
    (await db.benchmarks.list({ nameContains, dataset: sample.dataset })).items.map(({ name }) => name);
  expect(await found("100%_D")).toEqual(["Nightly 100%_done"]);
  expect(await found("晩")).toEqual(["毎晩"]);
  expect(await found("Прогон")).toEqual(["Ночной Прогон"]);
  for (const none of ["0_done", "night%done"]) expect(await found(none)).toEqual([]);
  await expect(found("")).rejects.toMatchObject({ violations: [{ field: "name_contains" }] });
});
