import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NewEvaluation, newEvaluation } from "../../src/evaluations/input.ts";
import { hashOf } from "../../src/evaluations/write.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";

let benchmarkId: string;
const { db, client } = await testDatabase();
beforeAll(async () => {
  benchmarkId = await newBenchmark();
});

async function newBenchmark(): Promise<string> {
  return (await db.benchmarks.create({ name: "n", provider: "openai", model: "gpt-4", dataset: "d" })).id;
}
const row = (sampleId: string, more: Partial<NewEvaluation> = {}): NewEvaluation => ({
  benchmarkId,
  sampleId,
  input: "2 + 2",
  output: "4",
  ...more,
});
const stored = async (id = benchmarkId) =>
  Number(
    (await client.query("select count(*) from evaluations where benchmark_id = $1", [id])).rows[0].count,
  );

describe("one evaluation", () => {
  test("comes back with everything it was given", async () => {
    const given = {
      ...row("everything"),
      id: newId(),
      repetition: 3,
      provider: "anthropic",
      model: "claude",
      expected: "four",
      metrics: { exact: true, bleu: 0.25, note: "text" },
      score: 0.5,
      error: "late",
      latencyMs: 12.5,
      inputTokens: 7,
      outputTokens: 0,
      costUsd: 0.000_001,
      metadata: { nested: [{ ü: null }] },
      createdAt: "2026-01-31T12:00:00.000001Z",
      createdBy: newId(),
    };
    expect(await db.evaluations.create(given)).toMatchObject(given);
  });

  test("takes provider and model from its benchmark, and is new each time without a sample id", async () => {
    const [first, second] = [row(""), row("")].map(({ sampleId: _, ...rest }) => db.evaluations.create(rest));
    expect(await first).toMatchObject({
      provider: "openai",
      model: "gpt-4",
      sampleId: null,
      score: null,
      metrics: {},
    });
    expect((await second)?.id).not.toBe((await first)?.id);
  });

  test("stored again is the same one, stored with other content is refused", async () => {
    const first = await db.evaluations.create(row("again", { score: 1 }));
    const again = row("again", { score: 1, id: newId(), createdAt: "2026-01-01T00:00:00Z" });
    expect(await db.evaluations.create(again)).toEqual(first);
    await expect(db.evaluations.create(row("again", { score: 0 }))).rejects.toMatchObject({
      code: Code.AlreadyExists,
      reason: "ALREADY_EXISTS",
      metadata: { entity: "evaluation", id: first.id },
    });
    expect((await db.evaluations.create(row("again", { repetition: 1, score: 0 }))).id).not.toBe(first.id);
  });

  test("of a benchmark that does not exist is NOT_FOUND", async () => {
    const missing = newId();
    await expect(db.evaluations.create(row("x", { benchmarkId: missing }))).rejects.toMatchObject({
      code: Code.NotFound,
      metadata: { entity: "benchmark", id: missing },
    });
  });
});

describe("a batch", () => {
  test("stores a failed sample as a row of its own", async () => {
    const id = await newBenchmark();
    const failed = { benchmarkId: id, sampleId: "f", input: "x", error: "timeout" };
    const [result] = await db.evaluations.createMany([failed]);
    expect(result).toMatchObject({ outcome: "created" });
    expect(
      (await db.evaluations.list({ benchmarkId: id, failedOnly: true }, { full: true })).items,
    ).toMatchObject([{ error: "timeout", output: null, score: null }]);
    expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 0, failedIterations: 1 });
  });

  test("tells duplicates and conflicts within itself and with what is stored", async () => {
    const before = await stored();
    const fixed = newId();
    const noSample = { benchmarkId, input: "i", output: "o", id: fixed };
    const first = await db.evaluations.createMany([
      row("b1"),
      row("b1"),
      row("b1", { score: 1 }),
      noSample,
      { ...noSample },
      { ...noSample, output: "other" },
    ]);
    const kinds = first.map(({ outcome }) => outcome);
    expect(kinds).toEqual(["created", "duplicate", "conflict", "created", "duplicate", "conflict"]);
    const ids = first.map((result) => "id" in result && result.id);
    expect(ids).toEqual([ids[0], ids[0], ids[0], fixed, fixed, fixed]);
    expect(await stored()).toBe(before + 2);
    const second = await db.evaluations.createMany([noSample, row("b1", { score: 1 }), row("b2")]);
    expect(second.map(({ outcome }) => outcome)).toEqual(["duplicate", "conflict", "created"]);
    expect(await stored()).toBe(before + 3);
  });

  test("compares what is repeated with what is stored, not with another item that was refused", async () => {
    await db.evaluations.create(row("stored"));
    const other = row("stored", { score: 1 });
    const results = await db.evaluations.createMany([other, other, row("stored")]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["conflict", "conflict", "duplicate"]);
  });

  test("says created of no more rows than it stored, where two samples share an id", async () => {
    const before = await stored();
    const id = newId();
    const results = await db.evaluations.createMany([row("shared 1", { id }), row("shared 2", { id })]);
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(["conflict", "created"]);
    expect(await stored()).toBe(before + 1);
  });

  test("an id that another sample has is a conflict", async () => {
    const { id } = await db.evaluations.create(row("has the id"));
    expect(await db.evaluations.createMany([row("wants the id", { id })])).toEqual([
      { outcome: "conflict", id },
    ]);
  });

  test("absent and null are the same content", async () => {
    await db.evaluations.create(row("nulls"));
    const nulls = { expected: null, score: null, error: null, latencyMs: null, metadata: null };
    expect(await db.evaluations.createMany([row("nulls", nulls)])).toMatchObject([{ outcome: "duplicate" }]);
  });

  test("has the hash that it had when it was stored, whatever the order of its keys", () => {
    const given = {
      ...row("s", { input: '木 "1"\n', output: "", expected: null, score: 0.1 }),
      benchmarkId: "01890A5D-ac96-774b-bcce-b302099a8057",
      metrics: { z: 1, a: { y: [{ c: null, b: 2 }], x: true }, "10": 1, "9": 2 },
      metadata: JSON.parse('{ "A": 0, "__proto__": 1 }'),
    };
    expect(hashOf(newEvaluation.parse(given))).toBe("61b7b7a75e8d9bcd261e8d8ed586d0ba");
    const turned = Object.fromEntries(Object.entries({ ...given, id: newId() }).reverse()) as typeof given;
    turned.metrics = { "9": 2, a: { x: true, y: [{ b: 2, c: null }] }, "10": 1, z: 1 };
    turned.metadata = JSON.parse('{ "__proto__": 1, "A": 0 }');
    expect(hashOf(newEvaluation.parse(turned))).toBe("61b7b7a75e8d9bcd261e8d8ed586d0ba");
    // Keys that are in order are not sorted, but for the one that assigning would lose, which comes first.
    const inOrder = { ...given, metrics: { a: 1 } };
    expect(hashOf(newEvaluation.parse(inOrder))).toBe("61353e8cde86c4fc8665bef8a83b1fef");
  });

  const wrong: [string, Partial<Record<keyof NewEvaluation, unknown>>, string][] = [
    ["benchmark_id", { benchmarkId: "7" }, "UUID"],
    ["benchmark_id", { benchmarkId: newId() }, "does not exist"],
    ["id", { id: "x" }, "UUID"],
    ["sample_id", { sampleId: "s".repeat(limits.nameLength + 1) }, "1 to 255"],
    ["sample_id", { sampleId: "a\0" }, "U+0000"],
    ["repetition", { repetition: -1 }, "0 to"],
    ["repetition", { repetition: 1, sampleId: undefined }, "sample_id"],
    ["provider", { provider: "p".repeat(limits.providerLength + 1) }, "1 to 100"],
    ["model", { model: "m".repeat(limits.nameLength + 1) }, "1 to 255"],
    ["input", { input: "é".repeat(limits.evaluationTextBytes / 2 + 1) }, "bytes"],
    ["input", { input: undefined }, "string"],
    ["output", { output: "x".repeat(limits.evaluationTextBytes + 1) }, "bytes"],
    ["output", { output: undefined }, "required"],
    ["expected", { expected: "\0" }, "U+0000"],
    ["metrics", { metrics: { a: Number.POSITIVE_INFINITY } }, "finite"],
    ["metrics", { metrics: [] }, "object"],
    ["score", { score: Number.NaN }, "finite"],
    ["error", { error: "e".repeat(limits.textBytes + 1) }, "65536"],
    ["latency_ms", { latencyMs: -0.1 }, "0 or more"],
    ["input_tokens", { inputTokens: 1.5 }, "whole"],
    ["output_tokens", { outputTokens: 2 ** 31 }, "2147483647"],
    ["cost_usd", { costUsd: Number.NEGATIVE_INFINITY }, ""],
    ["metadata", { metadata: { a: "x".repeat(limits.jsonBytes) } }, "bytes"],
    ["metadata", { metadata: { a: "\ud800" } }, "surrogate"],
    ["created_at", { createdAt: "2026-02-30T00:00:00Z" }, "ISO 8601"],
    ["created_by", { createdBy: "me" }, "UUID"],
  ];

  test("refuses items by the name of their field, and loses none of their neighbours", async () => {
    const id = await newBenchmark();
    const batch = wrong.flatMap(([, fault], index) => [
      row(`good ${index}`, { benchmarkId: id }),
      { ...row(`bad ${index}`, { benchmarkId: id }), ...fault } as NewEvaluation,
    ]);
    const results = await db.evaluations.createMany(batch);
    expect(results).toHaveLength(batch.length);
    for (const [index, [field, , reason]] of wrong.entries()) {
      expect(results[2 * index]).toMatchObject({ outcome: "created" });
      expect(results[2 * index + 1]).toMatchObject({
        outcome: "rejected",
        field,
        reason: expect.stringContaining(reason),
      });
    }
    expect(await stored(id)).toBe(wrong.length);
    expect(await db.benchmarks.get(id)).toMatchObject({
      completedIterations: wrong.length,
      failedIterations: 0,
    });
  });

  test.each([[0], [limits.batchItems + 1]])("of %i items is refused", async (count) => {
    await expect(
      db.evaluations.createMany(Array.from({ length: count }, () => row("x"))),
    ).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "evaluations" }],
    });
  });

  describe("of which the database refuses a row that validation let pass", () => {
    beforeAll(() => client.query("alter table evaluations add constraint odd check (input <> 'odd')"));
    afterAll(() => client.query("alter table evaluations drop constraint odd"));
    const batch = (id: string) =>
      Array.from({ length: 100 }, (_, index) =>
        row(`h${index}`, { benchmarkId: id, input: index % 33 === 7 ? "odd" : "even" }),
      );
    const expected = Array.from({ length: 100 }, (_, index) => (index % 33 === 7 ? "rejected" : "created"));

    test("stores the others", async () => {
      const id = await newBenchmark();
      const results = await db.evaluations.createMany(batch(id));
      expect(results.map(({ outcome }) => outcome)).toEqual(expected);
      expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 97 });
    });

    test("stores the others under a request id too", async () => {
      const id = await newBenchmark();
      const results = await db.evaluations.createMany(batch(id), { requestId: "halved" });
      expect(results.map(({ outcome }) => outcome)).toEqual(expected);
    });

    test("stores the others in a transaction too", async () => {
      const id = await newBenchmark();
      const results = await db.transaction(({ evaluations }) => evaluations.createMany(batch(id)));
      expect(results.map(({ outcome }) => outcome)).toEqual(expected);
    });
  });

  test("loses no neighbour when one of its benchmarks is deleted meanwhile", async () => {
    const [doomed, other] = [await newBenchmark(), await newBenchmark()];
    await client.query("begin");
    await client.query("delete from benchmarks where id = $1", [doomed]);
    const writing = db.evaluations.createMany([
      row("a", { benchmarkId: doomed }),
      row("a", { benchmarkId: other }),
    ]);
    const blocked =
      "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await expect.poll(async () => (await client.query(blocked)).rowCount).toBe(1);
    await client.query("commit");
    expect(await writing).toMatchObject([
      { outcome: "rejected", field: "benchmark_id" },
      { outcome: "created" },
    ]);
  });
});
