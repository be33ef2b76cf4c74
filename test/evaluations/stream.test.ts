import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { writeStream } from "../../src/evaluations/stream.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";

let benchmarkId: string;
const { db, client } = await testDatabase();
beforeAll(async () => {
  ({ id: benchmarkId } = await db.benchmarks.create(sample));
});

const row = (sampleId: string, more: Partial<NewEvaluation> = {}): NewEvaluation => ({
  benchmarkId,
  sampleId,
  input: "i",
  output: "o",
  ...more,
});
async function* chunks(rows: readonly NewEvaluation[], size: number): AsyncIterable<NewEvaluation[]> {
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
}
const counted = async () => (await db.benchmarks.get(benchmarkId)).completedIterations;

test("totals add up, and issues tell the place in the whole stream", async () => {
  await db.evaluations.createMany([row("conflict", { input: "stored" }), row("same")]);
  const before = await counted();
  const rows = Array.from({ length: 3_500 }, (_, index) => {
    if (index % 50 === 7) return row("conflict", { input: `${index}` });
    if (index % 50 === 9) return row("bad", { score: Number.NaN });
    if (index % 50 === 11) return row("same");
    return row(`t${index}`);
  });
  const { issues, ...totals } = await db.evaluations.createStream(chunks(rows, 333));
  expect(totals).toEqual({
    received: 3_500,
    inserted: 3_500 - 3 * 70,
    duplicates: 70,
    conflicts: 70,
    rejected: 70,
  });
  expect(issues).toHaveLength(limits.streamIssues);
  expect(issues[0]).toMatchObject({ index: 7, sampleId: "conflict", result: { outcome: "conflict" } });
  expect(issues[1]).toMatchObject({
    index: 9,
    sampleId: "bad",
    result: { outcome: "rejected", field: "score" },
  });
  const places = issues.map(({ index }) => index);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places.at(-1)).toBe(2_459);
  expect(await counted()).toBe(before + totals.inserted);
});

test("sent again after it was cut, nothing is stored twice", async () => {
  const rows = Array.from({ length: 2_500 }, (_, index) => row(`cut ${index}`));
  const before = await counted();
  async function* cut() {
    yield rows.slice(0, 2_100);
    throw new Error("the line is dead");
  }
  await expect(db.evaluations.createStream(cut())).rejects.toThrow("the line is dead");
  const kept = (await counted()) - before;
  expect(kept).toBeGreaterThanOrEqual(2_000);
  const totals = await db.evaluations.createStream(chunks(rows, 100));
  expect(totals).toMatchObject({ received: 2_500, inserted: 2_500 - kept, duplicates: kept, issues: [] });
});

test("an empty stream, and empty messages, are nothing", async () => {
  const nothing = { received: 0, inserted: 0, duplicates: 0, conflicts: 0, rejected: 0, issues: [] };
  expect(await db.evaluations.createStream(chunks([], 1))).toEqual(nothing);
  async function* empty() {
    yield [];
    yield [];
  }
  expect(await db.evaluations.createStream(empty())).toEqual(nothing);
});

test("the source is read no further ahead than what is in hand while the database does not take it", async () => {
  let read = 0;
  async function* source() {
    for (let i = 0; i < 200; i++) {
      read += 100;
      yield Array.from({ length: 100 }, (_, j) => row(`held ${i}/${j}`));
    }
  }
  await client.query("begin; lock table evaluations in access exclusive mode");
  const streaming = db.evaluations.createStream(source());
  await eventually(() => read >= limits.streamBatchRows);
  await sleep(300);
  const ahead = read;
  await client.query("rollback");
  expect(await streaming).toMatchObject({ received: 20_000, inserted: 20_000 });
  // Those being written, and one batch more that waits for its turn.
  expect(ahead).toBeLessThanOrEqual((limits.streamWrites + 1) * limits.streamBatchRows + 100);
});

describe("a batch", () => {
  async function batchesOf(rows: readonly NewEvaluation[]): Promise<number[]> {
    const sizes: number[] = [];
    await writeStream(chunks(rows, 3), async (batch) => {
      sizes.push(batch.length);
      return batch.map(() => ({ outcome: "created", id: "" }));
    });
    return sizes;
  }

  test("has at most so many rows", async () => {
    expect(await batchesOf(Array.from({ length: 2_400 }, (_, i) => row(`${i}`)))).toEqual([
      1_000, 1_000, 400,
    ]);
  });

  test.each([
    ["texts", { input: "x".repeat(1_000_000) }],
    ["metadata", { metadata: { a: "x".repeat(1_000_000) } }],
    ["metrics", { metrics: { a: "x".repeat(1_000_000) } }],
  ])("has at most so many bytes of %s", async (_, large) => {
    const sizes = await batchesOf(Array.from({ length: 30 }, (_, i) => row(`${i}`, large)));
    expect(Math.max(...sizes) * 1_000_000).toBeLessThan(2 * limits.streamBatchBytes);
  });
});

test("a failure of the database ends the stream with it, and what was committed stays", async () => {
  const before = await counted();
  let pulled = 0;
  let closed = false;
  async function* source() {
    try {
      for (let i = 0; i < 50; i++) {
        pulled++;
        yield Array.from({ length: 1_000 }, (_, j) => row(`failing ${i}/${j}`));
        if (i === 2) await client.query("alter table evaluations rename to gone");
      }
    } finally {
      closed = true;
    }
  }
  await expect(db.evaluations.createStream(source())).rejects.toThrow();
  await client.query("alter table gone rename to evaluations");
  expect(closed).toBe(true);
  expect(pulled).toBeLessThan(50);
  expect((await counted()) - before).toBeGreaterThan(0);
});
