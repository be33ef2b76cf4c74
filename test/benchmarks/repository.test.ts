import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../harness/database.ts";

const { db } = await testDatabase();

const sample = { name: "GPT-4 Test", provider: "openai", model: "gpt-4", dataset: "mmlu" };
const evaluation = (benchmarkId: string, sampleId: string) => ({
  benchmarkId,
  sampleId,
  input: "2 + 2",
  output: "4",
});

test("a new benchmark is pending and has what it was given", async () => {
  const metadata = { seed: 1, nested: { list: [null, true, "ü"] } };
  const created = await db.benchmarks.create({
    ...sample,
    totalIterations: 100,
    labels: { team: "a" },
    metadata,
  });
  expect(created).toMatchObject({ ...sample, status: "pending", totalIterations: 100, version: 1, metadata });
  expect(created.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(await db.benchmarks.get(created.id)).toEqual(created);
});

describe("changes of status", () => {
  const allowed = [
    ["pending", "pending"],
    ["pending", "running"],
    ["pending", "completed"],
    ["pending", "failed"],
    ["pending", "cancelled"],
    ["running", "running"],
    ["running", "completed"],
    ["running", "failed"],
    ["running", "cancelled"],
    ["completed", "completed"],
  ] as const;
  const forbidden = [
    ["running", "pending"],
    ["completed", "running"],
    ["failed", "completed"],
    ["cancelled", "pending"],
  ] as const;

  async function inStatus(status: "pending" | "running" | "completed" | "failed" | "cancelled") {
    const { id } = await db.benchmarks.create(sample);
    return status === "pending" ? id : (await db.benchmarks.update(id, { status })).id;
  }

  test.each(allowed)("%s may become %s", async (from, to) => {
    const id = await inStatus(from);
    expect(await db.benchmarks.update(id, { status: to })).toMatchObject({ status: to });
  });

  test.each(forbidden)("%s may not become %s", async (from, to) => {
    const id = await inStatus(from);
    await expect(db.benchmarks.update(id, { status: to })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      reason: "FORBIDDEN_STATUS_CHANGE",
      message: expect.stringMatching(new RegExp(`${from}.*${to}`)),
    });
  });

  test("the times of a run are kept once, and given ones win", async () => {
    const id = await inStatus("running");
    const running = await db.benchmarks.get(id);
    expect(running.startedAt).not.toBeNull();
    const completedAt = "2024-03-20T10:00:00.123456Z";
    const done = await db.benchmarks.update(id, { status: "completed", completedAt });
    expect(done).toMatchObject({ startedAt: running.startedAt, completedAt });
  });
});

test("an update writes the given fields, clears with null and grows the version", async () => {
  const { id } = await db.benchmarks.create({ ...sample, description: "first" });
  const second = await db.benchmarks.update(id, {
    description: null,
    results: [1, { a: null }],
    error: "bad",
  });
  expect(second).toMatchObject({
    description: null,
    results: [1, { a: null }],
    error: "bad",
    version: 2,
    name: sample.name,
  });
  const third = await db.benchmarks.update(id, { error: null, results: null }, { expectedVersion: 2 });
  expect(third).toMatchObject({ error: null, results: null, version: 3 });
  await expect(db.benchmarks.update(id, { error: "x" }, { expectedVersion: 2 })).rejects.toMatchObject({
    code: Code.Aborted,
    reason: "VERSION_MISMATCH",
  });
});

test("evaluations count, and a count that is set replaces what was counted", async () => {
  const { id } = await db.benchmarks.create(sample);
  await db.evaluations.createMany([
    evaluation(id, "a"),
    evaluation(id, "b"),
    { benchmarkId: id, sampleId: "c", input: "x", error: "timeout" },
  ]);
  expect(await db.benchmarks.get(id)).toMatchObject({
    completedIterations: 2,
    failedIterations: 1,
    version: 1,
  });
  expect(await db.benchmarks.update(id, { completedIterations: 2 })).toMatchObject({
    completedIterations: 2,
    failedIterations: 1,
  });
  await db.evaluations.create(evaluation(id, "d"));
  expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 3, failedIterations: 1 });
});

test("a request id answers the first result again, and refuses another body", async () => {
  const request = { requestId: "once" };
  const [first, second] = await Promise.all([
    db.benchmarks.create(sample, request),
    db.benchmarks.create(sample, request),
  ]);
  expect(second?.id).toBe(first?.id);
  await expect(db.benchmarks.create({ ...sample, name: "other" }, request)).rejects.toMatchObject({
    code: Code.AlreadyExists,
    reason: "REQUEST_ID_REUSED",
  });
  expect((await db.benchmarks.create(sample, { ...request, actor: "someone else" })).id).not.toBe(first?.id);
});

test("deleting a benchmark deletes its evaluations", async () => {
  const { id } = await db.benchmarks.create(sample);
  await db.evaluations.createMany([evaluation(id, "a"), evaluation(id, "b")]);
  const kept = await db.benchmarks.create(sample);
  await db.evaluations.create(evaluation(kept.id, "a"));
  await db.benchmarks.delete(id);
  await expect(db.benchmarks.get(id)).rejects.toMatchObject({ code: Code.NotFound });
  await expect(db.evaluations.list({ benchmarkId: id })).rejects.toMatchObject({ code: Code.NotFound });
  expect((await db.evaluations.list({ benchmarkId: kept.id })).items).toHaveLength(1);
  await expect(db.benchmarks.delete(id)).rejects.toMatchObject({ code: Code.NotFound });
});

describe("lists", () => {
  test("pages in both orders hold every benchmark once", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.push((await db.benchmarks.create({ ...sample, provider: "pager" })).id);
    for (const orderBy of ["newest", "oldest"] as const) {
      const seen: string[] = [];
      let after: Awaited<ReturnType<typeof db.benchmarks.list>>["next"];
      do {
        const page = await db.benchmarks.list({ provider: "pager", orderBy }, { limit: 3, after });
        seen.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after);
      expect(seen).toEqual(orderBy === "oldest" ? ids : ids.toReversed());
    }
  });

  test("every filter narrows", async () => {
    const provider = "filtered";
    const a = await db.benchmarks.create({
      ...sample,
      provider,
      model: "m1",
      labels: { team: "a", tier: "1" },
    });
    const b = await db.benchmarks.create({ ...sample, provider, dataset: "gsm8k", labels: { team: "b" } });
    await db.benchmarks.update(b.id, { status: "running" });
    const ids = async (filter: Parameters<typeof db.benchmarks.list>[0]) =>
      (await db.benchmarks.list({ provider, ...filter })).items.map(({ id }) => id);
    expect(await ids({})).toEqual([b.id, a.id]);
    expect(await ids({ model: "m1" })).toEqual([a.id]);
    expect(await ids({ dataset: "gsm8k" })).toEqual([b.id]);
    expect(await ids({ status: "running" })).toEqual([b.id]);
    expect(await ids({ labels: { team: "a" } })).toEqual([a.id]);
    expect(await ids({ labels: { team: "a", tier: "2" } })).toEqual([]);
    expect(await ids({ createdAfter: b.createdAt })).toEqual([b.id]);
    expect(await ids({ createdBefore: b.createdAt })).toEqual([a.id]);
    expect(await db.benchmarks.listByProvider(provider, 1)).toMatchObject([{ id: b.id }]);
    expect(await db.benchmarks.countByStatus("running")).toBeGreaterThanOrEqual(1);
    expect(await db.benchmarks.count()).toBeGreaterThan(await db.benchmarks.countByStatus("running"));
  });

  test("large fields are left out unless asked for", async () => {
    const { id } = await db.benchmarks.create({ ...sample, provider: "wide", description: "long" });
    expect((await db.benchmarks.list({ provider: "wide" })).items).toMatchObject([{ id, description: null }]);
    expect((await db.benchmarks.list({ provider: "wide" }, { full: true })).items[0]?.description).toBe(
      "long",
    );
  });
});

test.each([
  [{ ...sample, name: "" }, "name"],
  [{ ...sample, name: "x".repeat(256) }, "name"],
  [{ ...sample, model: "a\0b" }, "model"],
  [{ ...sample, totalIterations: -1 }, "total_iterations"],
  [{ ...sample, metadata: { a: Number.NaN } }, "metadata"],
  [{ ...sample, id: "7" }, "id"],
])("wrong input %# is refused by the name of its field", async (input, field) => {
  await expect(db.benchmarks.create(input)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field }],
  });
});
