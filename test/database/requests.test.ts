import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const reused = {
  code: Code.AlreadyExists,
  reason: "REQUEST_ID_REUSED",
  violations: [{ field: "request_id" }],
};

const { db, client } = await testDatabase();

describe("a request id", () => {
  test("makes one of many that come at once", async () => {
    const before = await db.benchmarks.count();
    const calls = Array.from({ length: 15 }, () => db.benchmarks.create(sample, { requestId: "at once" }));
    const ids = new Set((await Promise.all(calls)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    expect(await db.benchmarks.count()).toBe(before + 1);
  });

  test("with another body is refused, at once too", async () => {
    const calls = Array.from({ length: 10 }, (_, index) =>
      db.benchmarks.create({ ...sample, name: `name ${index}` }, { requestId: "bodies" }),
    );
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject(reused);
  });

  test("is free again where the first attempt failed", async () => {
    const { id } = await db.benchmarks.create(sample);
    const request = { requestId: "failed" };
    await expect(db.benchmarks.create({ ...sample, id }, request)).rejects.toMatchObject({
      code: Code.AlreadyExists,
    });
    expect((await db.benchmarks.create(sample, request)).id).not.toBe(id);
  });

  test("belongs to one actor and one method", async () => {
    const request = { requestId: "mine" };
    const first = await db.benchmarks.create(sample, { ...request, actor: "a" });
    const second = await db.benchmarks.create(sample, { ...request, actor: "b" });
    expect(second.id).not.toBe(first.id);
    const evaluation = { benchmarkId: first.id, input: "i", output: "o" };
    await db.evaluations.create(evaluation, { ...request, actor: "a" });
    await db.evaluations.createMany([evaluation], { ...request, actor: "a" });
  });

  test("tells bodies apart by every field, and not by the order of keys", async () => {
    const request = { requestId: "order" };
    const metadata = JSON.parse('{"a": 1, "b": {"x": [1, 2], "y": null}}');
    const { id } = await db.benchmarks.create({ ...sample, metadata }, request);
    const turned = JSON.parse('{"b": {"y": null, "x": [1, 2]}, "a": 1}');
    expect((await db.benchmarks.create({ ...sample, metadata: turned }, request)).id).toBe(id);
    for (const other of [
      '{"a": 1, "b": {"x": [2, 1], "y": null}}',
      '{"a": 1, "b": {"x": [1, 2]}}',
      '{"a": "1"}',
    ]) {
      const changed = { ...sample, metadata: JSON.parse(other) };
      await expect(db.benchmarks.create(changed, request)).rejects.toMatchObject(reused);
    }
  });

  test("tells contents apart by keys that objects have a meaning for", async () => {
    const request = { requestId: "proto" };
    await db.benchmarks.create({ ...sample, metadata: JSON.parse('{"__proto__": {"a": 1}}') }, request);
    const other = { ...sample, metadata: JSON.parse('{"__proto__": {"a": 2}}') };
    await expect(db.benchmarks.create(other, request)).rejects.toMatchObject(reused);
  });

  test("answers the first results of a batch again, and what became of an entity since", async () => {
    const { id } = await db.benchmarks.create(sample, { requestId: "entity" });
    await db.benchmarks.update(id, { name: "renamed" });
    expect(await db.benchmarks.create(sample, { requestId: "entity" })).toMatchObject({
      id,
      name: "renamed",
    });
    const batch = [
      { benchmarkId: id, input: "i", output: "o" },
      { benchmarkId: id, input: "i" },
    ];
    const first = await db.evaluations.createMany(batch, { requestId: "batch" });
    expect(first).toMatchObject([{ outcome: "created" }, { outcome: "rejected", field: "output" }]);
    expect(await db.evaluations.createMany(batch, { requestId: "batch" })).toEqual(first);
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 1 });
  });

  test("is remembered for 24 hours", async () => {
    const request = { requestId: "a day" };
    const { id } = await db.benchmarks.create(sample, request);
    const age = (hours: string) =>
      client.query("update requests set created_at = now() - $1::interval where request_id = 'a day'", [
        hours,
      ]);
    await age("23 hours 59 minutes");
    await db.maintain();
    expect((await db.benchmarks.create(sample, request)).id).toBe(id);
    await age("24 hours 1 second");
    await db.maintain();
    expect((await db.benchmarks.create({ ...sample, name: "other" }, request)).id).not.toBe(id);
  });

  test.each([
    ["", "1 to 128"],
    ["x".repeat(129), "1 to 128"],
    ["a\0", "U+0000"],
  ])("%# is refused", async (requestId, why) => {
    await expect(db.benchmarks.create(sample, { requestId })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "request_id", description: expect.stringContaining(why) }],
    });
  });
});
