import { expect, test } from "vitest";
import type { BenchmarkChanges, NewBenchmark } from "../../src/benchmarks/input.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";

const { db } = await testDatabase();

const labels = Object.fromEntries(
  Array.from({ length: 64 }, (_, i) => [`${i}`.padStart(63, "k"), "é".repeat(255)]),
);
const large: [string, number, Partial<NewBenchmark>, BenchmarkChanges | undefined, boolean][] = [
  ["metrics of 1 MB that compress well", 8, {}, { metrics: { a: "x".repeat(1_000_000) } }, false],
  ["results of 1 MB that compress well", 8, {}, { results: ["x".repeat(1_000_000)] }, true],
  [
    "metadata of 60 kB that compress into the row",
    150,
    { metadata: { a: "x".repeat(60_000) } },
    undefined,
    true,
  ],
  ["the longest descriptions", 150, { description: "x".repeat(limits.textBytes) }, undefined, true],
  ["the longest errors", 150, {}, { error: "é".repeat(limits.textBytes / 2) }, false],
  ["as many labels as there may be", 150, { labels }, undefined, false],
];

test.each(large)(
  "a page ends before it grows too large for a message: %s",
  async (provider, count, given, changes, full) => {
    for (let i = 0; i < count; i++) {
      const { id } = await db.benchmarks.create({ name: "n", provider, model: "m", dataset: "d", ...given });
      if (changes) await db.benchmarks.update(id, changes);
    }
    const seen = new Set<string>();
    let after: Awaited<ReturnType<typeof db.benchmarks.list>>["next"];
    do {
      const page = await db.benchmarks.list({ provider }, { limit: 1000, after, full });
      expect(page.items.length).toBeGreaterThan(0);
      expect(Buffer.byteLength(JSON.stringify(page.items))).toBeLessThan(limits.pageBytes * 1.1);
      for (const { id } of page.items) seen.add(id);
      after = page.next;
    } while (after);
    expect(seen.size).toBe(count);
  },
);
