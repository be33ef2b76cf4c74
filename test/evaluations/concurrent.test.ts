import { expect, test } from "vitest";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { type Random, seededRandom } from "../harness/random.ts";

const { db, client } = await testDatabase();

const newBenchmark = () => db.benchmarks.create(sample);
const deadlocks = async () => {
  await client.query("select pg_stat_clear_snapshot(), pg_sleep(0.1)");
  const { rows } = await client.query(
    "select deadlocks::int from pg_stat_database where datname = current_database()",
  );
  return rows[0].deadlocks as number;
};

/** Cuts of random sizes up to `most`. */
function* cuts<T>(random: Random, items: readonly T[], most: number): Generator<T[]> {
  for (let from = 0; from < items.length; ) {
    const size = 1 + random.below(most);
    yield items.slice(from, from + size);
    from += size;
  }
}

test("eight writers that send the same 2,000 rows in other cuts and orders store each once, without a deadlock", async () => {
  const random = seededRandom();
  const { id: benchmarkId } = await newBenchmark();
  const rows: NewEvaluation[] = Array.from({ length: 2_000 }, (_, index) => ({
    benchmarkId,
    sampleId: `sample ${index % 1_900}`,
    // The last hundred conflict with the first.
    input: `input ${index}`,
    ...(index % 10 === 0 ? { error: "failed" } : { output: "o" }),
  }));
  const totals = await Promise.all(
    Array.from({ length: 8 }, () => {
      const own = random.fork();
      return db.evaluations.createStream(toStream(cuts(own, own.shuffle(rows), 700)));
    }),
  );
  let inserted = 0;
  for (const { received, duplicates, conflicts, rejected, ...rest } of totals) {
    expect(received).toBe(2_000);
    expect(rest.inserted + duplicates + conflicts + rejected).toBe(received);
    expect(rejected).toBe(0);
    // One of each of the hundred pairs was there first; for everyone the other one conflicts.
    expect(conflicts).toBe(100);
    inserted += rest.inserted;
  }
  expect(inserted).toBe(1_900);
  const { rows: counted } = await client.query(
    "select count(*)::int as all, count(distinct sample_id)::int as samples, count(error)::int as failed from evaluations where benchmark_id = $1",
    [benchmarkId],
  );
  expect(counted[0]).toMatchObject({ all: 1_900, samples: 1_900 });
  const { completedIterations, failedIterations } = await db.benchmarks.get(benchmarkId);
  expect([completedIterations, failedIterations]).toEqual([1_900 - counted[0].failed, counted[0].failed]);
  expect(await deadlocks()).toBe(0);
});

test("the same rows by id instead of sample, and batches within transactions, store each once too", async () => {
  const random = seededRandom();
  const { id: benchmarkId } = await newBenchmark();
  const first = await db.evaluations.createMany(
    Array.from({ length: 300 }, () => ({ benchmarkId, input: "i", output: "o" })),
  );
  const ids = first.map((result) => ("id" in result ? result.id : ""));
  const { id: copyOf } = await newBenchmark();
  const rows = ids.map((id) => ({ id, benchmarkId: copyOf, input: "i", output: "o" }));
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, writer) => {
      const order = random.shuffle(rows);
      if (writer % 2 === 0) return db.evaluations.createMany(order);
      // Two batches in one transaction may wait for each other crosswise: then the transaction is run again.
      return db.transaction(async ({ evaluations }) => [
        ...(await evaluations.createMany(order.slice(0, 150))),
        ...(await evaluations.createMany(order.slice(150))),
      ]);
    }),
  );
  const created = outcomes.flat().filter(({ outcome }) => outcome === "created");
  expect(created).toHaveLength(300);
  expect(outcomes.flat().filter(({ outcome }) => outcome === "duplicate")).toHaveLength(1_500);
  expect(await db.benchmarks.get(copyOf)).toMatchObject({ completedIterations: 300 });
});

test("rows that are deleted while they are sent again are either duplicates or stored anew", async () => {
  const random = seededRandom();
  const { id: benchmarkId } = await newBenchmark();
  const rows = Array.from({ length: 50 }, (_, index) => ({
    benchmarkId,
    sampleId: `${index}`,
    input: "i",
    output: "o",
  }));
  let inserted = 0;
  let deleted = 0;
  const send = async () => {
    for (let round = 0; round < 15; round++) {
      const results = await db.evaluations.createMany(random.shuffle(rows));
      inserted += results.filter(({ outcome }) => outcome === "created").length;
      expect(results.every(({ outcome }) => outcome === "created" || outcome === "duplicate")).toBe(true);
    }
  };
  const remove = async () => {
    for (let round = 0; round < 60; round++) {
      const { items } = await db.evaluations.list({ benchmarkId }, { limit: 5 });
      for (const { id } of items) {
        await db.evaluations.delete(id, benchmarkId).then(
          () => deleted++,
          () => undefined,
        );
      }
    }
  };
  await Promise.all([send(), send(), remove(), remove()]);
  const { completedIterations } = await db.benchmarks.get(benchmarkId);
  expect(completedIterations).toBe(inserted - deleted);
  const { rows: counted } = await client.query(
    "select count(*)::int as n from evaluations where benchmark_id = $1",
    [benchmarkId],
  );
  expect(counted[0].n).toBe(completedIterations);
});

async function* toStream<T>(items: Iterable<T>): AsyncIterable<T> {
  for (const item of items) yield item;
}
