import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { exportChunks } from "../../src/evaluations/export.ts";
import { type EvaluationFilter, evaluationFilter, type NewEvaluation } from "../../src/evaluations/input.ts";
import type { EvaluationListOptions, EvaluationPage } from "../../src/evaluations/lists/list.ts";
import { listEvaluations, previewEvaluations } from "../../src/evaluations/lists/statements.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { jsonValueOf } from "../../src/validation.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db, client } = await testDatabase();

const newBenchmark = async () => (await db.benchmarks.create(sample)).id;

/** Every page of a list. */
async function pages(
  filter: EvaluationFilter,
  options: EvaluationListOptions = {},
): Promise<EvaluationPage[]> {
  const all: EvaluationPage[] = [];
  let after = options.after;
  do {
    const page = await db.evaluations.list(filter, { ...options, after });
    all.push(page);
    after = page.next;
  } while (after);
  return all;
}

const bytesOf = (page: EvaluationPage) => Buffer.byteLength(JSON.stringify(page.items));

describe("every filter in every order, in pages of every size", () => {
  let rows: (NewEvaluation & { id: string; createdAt: string })[];
  let benchmarkId: string;
  beforeAll(async () => {
    benchmarkId = await newBenchmark();
    rows = Array.from({ length: 40 }, (_, index) => ({
      id: newId(),
      benchmarkId,
      sampleId: `s${index % 10}`,
      repetition: Math.floor(index / 10),
      provider: index % 2 ? "odd" : "even",
      model: index % 3 ? "small" : "large",
      input: "i",
      output: "o",
      // Few scores and few times, so that most rows tie with others.
      score: index % 5 === 4 ? null : (index % 4) / 4,
      ...(index % 7 === 0 && { error: `failed: 50%_ of ${index}` }),
      ...(index % 3 > 0 && { latencyMs: index % 6 }),
      metrics: index % 2 ? { own: (index % 5) / 10, 長さ: index > 20 } : { own: "text" },
      createdAt: `2026-01-31T12:00:00.00000${index % 3}Z`,
    }));
    await db.evaluations.createMany(rows);
    // Another benchmark's rows belong to no page.
    const other = await newBenchmark();
    await db.evaluations.createMany(rows.map((row) => ({ ...row, id: newId(), benchmarkId: other })));
  });

  type Row = (typeof rows)[number];
  const filters: [Omit<EvaluationFilter, "benchmarkId">, (row: Row) => boolean][] = [
    [{}, () => true],
    [{ provider: "odd" }, ({ provider }) => provider === "odd"],
    [{ model: "large" }, ({ model }) => model === "large"],
    [{ minScore: 0.25 }, ({ score }) => typeof score === "number" && score >= 0.25],
    [{ maxScore: 0.25 }, ({ score }) => typeof score === "number" && score <= 0.25],
    [{ minScore: 0.5, maxScore: 0.5 }, ({ score }) => score === 0.5],
    [{ failedOnly: true }, ({ error }) => error !== undefined],
    [{ sampleId: "s3" }, ({ sampleId }) => sampleId === "s3"],
    [
      { provider: "odd", model: "small", minScore: 0, sampleId: "s1" },
      (row) =>
        row.provider === "odd" &&
        row.model === "small" &&
        typeof row.score === "number" &&
        row.sampleId === "s1",
    ],
    [{ minScore: 2 }, () => false],
    [{ errorContains: "50%_ of 1" }, ({ error }) => error?.includes("50%_ of 1") ?? false],
    [{ errorContains: "Failed" }, () => false],
    [{ minValue: 0.25, maxScore: 0.5 }, ({ score }) => [0.25, 0.5].includes(score ?? -1)],
    [{ metric: "own" }, () => true],
    [{ metric: "own", minValue: 0.1, maxValue: 0.3 }, (row) => within(metricOf(row, "own"), 0.1, 0.3)],
    [{ metric: "長さ", maxValue: 0 }, (row) => metricOf(row, "長さ") === 0],
    [{ metric: "latency_ms", minValue: 2 }, ({ latencyMs }) => (latencyMs ?? 0) >= 2],
    [{ metric: "none", minValue: 0 }, () => false],
  ];
  const within = (value: number | undefined, least: number, most: number) =>
    value !== undefined && value >= least && value <= most;
  function metricOf(row: Row, metric = "score"): number | undefined {
    if (metric === "latency_ms") return row.latencyMs ?? undefined;
    const value = metric === "score" ? row.score : jsonValueOf(row.metrics ?? {})[metric];
    return typeof value === "boolean" ? Number(value) : typeof value === "number" ? value : undefined;
  }
  const orders = [
    ...(["newest", "oldest", "highest-score", "lowest-score", "highest-value", "lowest-value"] as const),
  ];
  const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);

  test.each(filters.flatMap(([filter, matches]) => orders.map((orderBy) => ({ filter, matches, orderBy }))))(
    "$filter $orderBy",
    async ({ filter, matches, orderBy }) => {
      const query = { benchmarkId, ...filter, orderBy };
      const by = orderBy.endsWith("score") ? "score" : orderBy.endsWith("value") ? filter.metric : undefined;
      const isValued = by !== undefined || orderBy.endsWith("value");
      if ((filter.failedOnly || filter.errorContains) && isValued && (by ?? "score") === "score") {
        await expect(pages(query)).rejects.toMatchObject({ violations: [{ field: "order_by" }] });
        return;
      }
      const key = (row: Row) => (isValued ? metricOf(row, by) : row.createdAt);
      const sign = orderBy === "oldest" || orderBy.startsWith("lowest") ? 1 : -1;
      const expected = rows
        .filter((row) => matches(row) && key(row) !== undefined)
        .sort((a, b) => sign * (compare(key(a) ?? 0, key(b) ?? 0) || compare(a.id, b.id)))
        .map(({ id }) => id);
      for (const limit of [1, 3, expected.length || 1, 1000]) {
        const cut = await pages(query, { limit });
        expect(idsOf(...cut)).toEqual(expected);
        expect(cut).toHaveLength(Math.max(1, Math.ceil(expected.length / limit)));
        expect(cut.map(({ previous }) => previous !== undefined)).toEqual(cut.map((_, index) => index > 0));
        if (limit !== 3) continue;
        const before = await pagesBefore(query, { limit, after: cut.at(-1)?.previous });
        expect([...idsOf(...before), ...idsOf(...cut.slice(-1))]).toEqual(expected);
      }
      if (expected.length === 0) return;
      const place = Math.floor(expected.length / 3);
      for (const full of [false, true]) {
        const page = await db.evaluations.list(query, { limit: 4, full, aroundId: expected[place] ?? "" });
        const start = full ? place : Math.max(0, place - 1);
        expect(idsOf(page)).toEqual(expected.slice(start, start + 4));
        const before = page.previous ? await pagesBefore(query, { limit: 3, after: page.previous }) : [];
        const rest = page.next ? await pages(query, { limit: 3, after: page.next }) : [];
        expect(idsOf(...before, page, ...rest)).toEqual(expected);
      }
    },
  );

  const idsOf = (...some: EvaluationPage[]) => some.flatMap(({ items }) => items.map(({ id }) => id));

  /** Every page before a place, in the order of the list. */
  async function pagesBefore(query: EvaluationFilter, options: EvaluationListOptions) {
    const all: EvaluationPage[] = [];
    for (let { after } = options; after; after = all[0]?.previous) {
      const page = await db.evaluations.list(query, { ...options, after });
      if (all[0])
        expect(idsOf(await db.evaluations.list(query, { ...options, after: page.next }))).toEqual(
          idsOf(all[0]),
        );
      all.unshift(page);
    }
    return all;
  }

  test("a page around an evaluation is of one that is there, and has a value if it is ordered by that", async () => {
    const query = { benchmarkId, orderBy: "highest-score" as const };
    const around = (aroundId: string, filter: EvaluationFilter = query) =>
      db.evaluations.list(filter, { aroundId, limit: 5 });
    const unscored = rows.find(({ score }) => score === null)?.id ?? "";
    const refused = { violations: [{ field: "around_id" }] };
    await expect(around(unscored)).rejects.toMatchObject(refused);
    await expect(around("7")).rejects.toMatchObject(refused);
    const missing = { code: Code.NotFound, reason: "NOT_FOUND", metadata: { entity: "evaluation" } };
    await expect(around(newId())).rejects.toMatchObject(missing);
    await expect(around(unscored, { benchmarkId: await newBenchmark() })).rejects.toMatchObject(missing);
    // What the filter leaves out is where it would stand.
    const even = rows.find(({ provider }) => provider === "even")?.id ?? "";
    const odd = await around(even, { benchmarkId, provider: "odd" });
    expect(odd.items.map(({ provider }) => provider)).toEqual(odd.items.map(() => "odd"));
  });

  test("texts are only there where they are asked for", async () => {
    const [basic] = (await db.evaluations.list({ benchmarkId }, { limit: 1 })).items;
    expect(basic).toMatchObject({ input: null, output: null, expected: null, metadata: null });
    const [full] = (await db.evaluations.list({ benchmarkId }, { limit: 1, full: true })).items;
    expect(full).toMatchObject({ input: "i", output: "o" });
    expect(await db.evaluations.listByBenchmark(benchmarkId, 1)).toEqual([full]);
  });
});

describe("pages are bounded by their bytes:", () => {
  const mib = 1024 * 1024;
  const rest = { input: "i", output: "o" };
  const rows: [string, number, (index: number) => Omit<NewEvaluation, "benchmarkId">, boolean][] = [
    ["texts of 1 MiB", 8, (i) => ({ ...rest, input: "x".repeat(mib), sampleId: `${i}` }), true],
    ["texts beyond a page", 3, () => ({ input: "x".repeat(1.8 * mib), output: "y".repeat(1.8 * mib) }), true],
    [
      "metadata of 1 MB that compresses well",
      8,
      () => ({ ...rest, metadata: { a: "x".repeat(1_000_000) } }),
      true,
    ],
    [
      "metrics of 1 MB that compress well",
      8,
      () => ({ ...rest, metrics: { a: "x".repeat(1_000_000) } }),
      false,
    ],
    [
      "metadata of 60 kB that compresses into the row",
      200,
      () => ({ ...rest, metadata: { a: "x".repeat(60_000) } }),
      true,
    ],
    ["long errors", 100, () => ({ input: "i", error: "é".repeat(32_000) }), false],
  ];
  test.each(rows)("%s", async (_, count, row, full) => {
    const benchmarkId = await newBenchmark();
    for (let i = 0; i < count; i++) await db.evaluations.create({ benchmarkId, ...row(i) });
    const all = await pages({ benchmarkId }, { limit: 1000, full });
    expect(new Set(all.flatMap(({ items }) => items.map(({ id }) => id))).size).toBe(count);
    for (const page of all) {
      expect(page.items.length).toBeGreaterThan(0);
      // One row larger than a page comes alone.
      if (page.items.length > 1) expect(bytesOf(page)).toBeLessThan(limits.pageBytes * 1.1);
    }
  });
});

describe("an export", () => {
  test("holds everything once, oldest first, in chunks of bounded size, and goes on after any of them", async () => {
    const benchmarkId = await newBenchmark();
    const count = 2_345;
    for (let from = 0; from < count; from += 1000) {
      const some = Array.from({ length: Math.min(1000, count - from) }, (_, index) => ({
        benchmarkId,
        sampleId: `${from + index}`,
        input: "x".repeat((from + index) % 17 === 0 ? 200_000 : 10),
        output: "o",
      }));
      await db.evaluations.createMany(some);
    }
    const read = async (after: EvaluationPage["next"]) => {
      const chunks: EvaluationPage[] = [];
      for await (const chunk of exportChunks(
        db.evaluations,
        { benchmarkId, orderBy: "oldest" },
        { after, full: true },
      )) {
        expect(chunk.items.length).toBeLessThanOrEqual(limits.exportChunkRows);
        expect(bytesOf(chunk)).toBeLessThan(limits.pageBytes * 1.1);
        chunks.push(chunk);
      }
      return chunks;
    };
    const chunks = await read(undefined);
    const items = chunks.flatMap(({ items }) => items);
    expect(new Set(items.map(({ sampleId }) => sampleId)).size).toBe(count);
    expect(items).toHaveLength(count);
    const order = items.map(({ createdAt, id }) => `${createdAt} ${id}`);
    expect(order).toEqual(order.toSorted());
    const rest = await read(chunks[2]?.next);
    expect(rest.flatMap(({ items }) => items)).toEqual(chunks.slice(3).flatMap(({ items }) => items));
  });

  test("of an empty benchmark is empty, of a missing one NOT_FOUND", async () => {
    const read = (benchmarkId: string) =>
      Array.fromAsync(exportChunks(db.evaluations, { benchmarkId }, { after: undefined, full: true }));
    expect(await read(await newBenchmark())).toEqual([]);
    await expect(read(newId())).rejects.toMatchObject({ code: Code.NotFound });
  });
});

test.each([
  [{ benchmarkId: "7" }, "benchmark_id"],
  [{ minScore: Number.NaN }, "min_score"],
  [{ maxScore: Number.POSITIVE_INFINITY }, "max_score"],
  [{ orderBy: "random" as never }, "order_by"],
  [{ sampleId: "\0" }, "sample_id"],
  [{ metric: "" }, "metric"],
  [{ minValue: Number.NaN }, "min_value"],
  [{ metric: "own", maxValue: Number.NEGATIVE_INFINITY }, "max_value"],
  [{ errorContains: "" }, "error_contains"],
  [{ errorContains: "\ud800" }, "error_contains"],
])("a wrong filter is refused by its field: %j", async (filter, field) => {
  await expect(db.evaluations.list({ benchmarkId: newId(), ...filter })).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field }],
  });
});

test.each([0, -1, 1001, 1.5])("a page of %s is refused", async (limit) => {
  await expect(db.evaluations.list({ benchmarkId: newId() }, { limit })).rejects.toMatchObject({
    violations: [{ field: "limit" }],
  });
});

describe("previews", () => {
  const wide = "日本🙂é";

  test("are the first characters, whole, with the bytes of all of them; what is not there stays so", async () => {
    const benchmarkId = await newBenchmark();
    const long = wide.repeat(1000);
    await db.evaluations.createMany([
      { benchmarkId, input: long, output: "", metadata: { large: long }, createdAt: "2026-01-01T00:00:00Z" },
      { benchmarkId, input: "short", error: "e", expected: "x".repeat(7), createdAt: "2026-01-02T00:00:00Z" },
    ]);
    const list = async (previewChars: number) =>
      (await db.evaluations.list({ benchmarkId, orderBy: "oldest" }, { previewChars })).items;
    expect(await list(7)).toMatchObject([
      {
        input: `${wide}日本🙂`,
        inputBytes: 12_000,
        output: "",
        outputBytes: 0,
        expectedBytes: null,
        metadata: null,
      },
      { input: "short", inputBytes: 5, output: null, outputBytes: null, expected: "x".repeat(7), error: "e" },
    ]);
    expect((await list(1))[0]?.input).toBe("日");
    const [whole] = (await db.evaluations.list({ benchmarkId }, { full: true, previewChars: 1 })).items;
    expect(whole).toMatchObject({ input: "short" });
    expect(whole).not.toHaveProperty("inputBytes");
    await Promise.all(
      [0, 1001, 1.5].map((previewChars) =>
        expect(db.evaluations.list({ benchmarkId }, { previewChars })).rejects.toMatchObject({
          violations: [{ field: "preview_chars" }],
        }),
      ),
    );
  });

  test("of large texts read a few blocks of each", async () => {
    const benchmarkId = await newBenchmark();
    // Random letters are not compressed, and those of texts without pressure are: both are stored elsewhere.
    const random = Buffer.from(Array.from({ length: 300_000 }, () => 97 + Math.floor(Math.random() * 26)));
    const stored = Array.from({ length: 20 }, () => ({
      benchmarkId,
      input: `${random}`,
      output: `${random}`,
    }));
    await db.evaluations.createMany(stored);
    const parsed = evaluationFilter.parse({ benchmarkId });
    const blocksOf = async ({ sql, values }: { sql: string; values: readonly unknown[] }) => {
      const answer = await client.query(`explain (analyze, buffers, format json) ${sql}`, [...values]);
      const { Plan } = answer.rows[0]["QUERY PLAN"][0];
      return Plan["Shared Hit Blocks"] + Plan["Shared Read Blocks"];
    };
    const preview = await blocksOf(previewEvaluations(parsed, { limit: 51 }, 200));
    const brief = await blocksOf(listEvaluations(parsed, { limit: 51 }, false));
    expect(preview - brief).toBeLessThan(20 * 2 * 12);
  });

  test("of any number fit into a page", async () => {
    const benchmarkId = await newBenchmark();
    const text = "é".repeat(5000);
    const one = { benchmarkId, input: text, output: text, expected: text };
    await db.evaluations.createMany(Array.from({ length: 700 }, () => one));
    const all = await pages({ benchmarkId }, { limit: 1000, previewChars: 1000 });
    for (const page of all) expect(bytesOf(page)).toBeLessThanOrEqual(limits.pageBytes);
    expect(all.length).toBeLessThanOrEqual(4);
    expect(new Set(all.flatMap(({ items }) => items.map(({ id }) => id))).size).toBe(700);
  });
});

describe("many by their ids", () => {
  test("come in the order of the ids; those that are not there are named", async () => {
    const [benchmarkId, other] = [await newBenchmark(), await newBenchmark()];
    const stored = await db.evaluations.createMany(
      [1, 2, 3].map((input) => ({ benchmarkId, input: `input ${input}`, output: "o" })),
    );
    const ids = stored.map((result) => ("id" in result ? result.id : "")).reverse();
    const asked = [ids[0] ?? "", newId(), ids[1] ?? "", ids[2] ?? ""];
    const { items, ...rest } = await db.evaluations.getMany(asked, { previewChars: 5 });
    expect(items).toMatchObject(ids.map((id) => ({ id, input: "input", inputBytes: 7 })));
    expect(items[0]).not.toHaveProperty("foundIds");
    expect(rest).toEqual({ missingIds: [asked[1]], remainingIds: [] });
    const ofOther = await db.evaluations.getMany(ids, { benchmarkId: other });
    expect(ofOther).toEqual({ items: [], missingIds: ids, remainingIds: [] });
    expect((await db.evaluations.getMany(ids, { full: true, benchmarkId })).items).toMatchObject(
      [3, 2, 1].map((input) => ({ input: `input ${input}` })),
    );
  });

  test("end at about 3 MiB; the rest is told from what is missing, and each can be had alone", async () => {
    const benchmarkId = await newBenchmark();
    const large = "x".repeat(1_500_000);
    const ids: string[] = [];
    for (let index = 0; index < 4; index++)
      ids.push((await db.evaluations.create({ benchmarkId, input: large, output: "o" })).id);
    const missing = newId();
    const read = async (wanted: readonly string[]) => {
      const { items, ...rest } = await db.evaluations.getMany(wanted, { full: true });
      return { ids: items.map(({ id }) => id), ...rest };
    };
    expect(await read([...ids, missing])).toEqual({
      ...{ ids: ids.slice(0, 2), missingIds: [missing], remainingIds: ids.slice(2) },
    });
    const huge = await db.evaluations.create({ benchmarkId, input: large, output: "y".repeat(2_000_000) });
    expect(await read([huge.id, ids[0] ?? ""])).toMatchObject({ ids: [huge.id], remainingIds: [ids[0]] });
  });

  test.each([
    [[], "ids"],
    [Array.from({ length: 101 }, newId), "ids"],
    [["7"], "ids[0]"],
    [Array(2).fill("018f3c2e-0000-7000-8000-00000000000a"), "ids[1]"],
  ])("wrong ids are refused: %#", async (ids, field) => {
    await expect(db.evaluations.getMany(ids)).rejects.toMatchObject({ violations: [{ field }] });
  });
});
