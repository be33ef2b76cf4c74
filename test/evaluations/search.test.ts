import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import { exportChunks } from "../../src/evaluations/export.ts";
import type { EvaluationFilter, NewEvaluation } from "../../src/evaluations/input.ts";
import type { SearchKind } from "../../src/evaluations/search/indexes.ts";
import {
  addSearchIndex,
  dropSearchIndex,
  listSearchIndexes,
} from "../../src/evaluations/search/manage-indexes.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import type { JsonObject } from "../../src/validation.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

const mutable = limits as { -readonly [Name in keyof typeof limits]: number };
const { searchMatches, unindexedSearchRows } = limits;

let connection: Connection;
const { config, db } = await testDatabase();
beforeAll(async () => {
  const { host, port, user, password, database } = config;
  connection = { host, port, user, database, password: password?.reveal() ?? "" };
});

const newBenchmark = async () => (await db.benchmarks.create(sample)).id;

async function store(rows: (Partial<NewEvaluation> & { sampleId: string })[]): Promise<string> {
  const [benchmarkId, other] = [await newBenchmark(), await newBenchmark()];
  const evaluations = rows.map((row) => ({ input: "", output: "", ...row, benchmarkId }));
  await db.evaluations.createMany(evaluations);
  // What another benchmark holds is never found.
  await db.evaluations.createMany(evaluations.map((row) => ({ ...row, benchmarkId: other })));
  return benchmarkId;
}

async function find(filter: EvaluationFilter, limit = 1000): Promise<string[]> {
  const samples: string[] = [];
  let after: Awaited<ReturnType<typeof db.evaluations.list>>["next"];
  do {
    const page = await db.evaluations.list(filter, { limit, after });
    samples.push(
      ...page.items.map(({ sampleId, benchmarkId }) => {
        expect(benchmarkId).toBe(filter.benchmarkId);
        return sampleId ?? "";
      }),
    );
    after = page.next;
  } while (after);
  return samples;
}

const sorted = async (filter: EvaluationFilter) => (await find(filter)).sort();

/**
 * How metadata and text are searched: in the order of the list, by the indexes, and with what is found cut
 * off in between.
 */
const ways: [string, SearchKind[], number][] = [
  ["by the indexes", ["metadata", "text"], searchMatches],
  ["in the order of the list, with the indexes", ["metadata", "text"], 0],
  ["without the index of metadata", ["text"], searchMatches],
];

describe.each(ways)("%s:", (_, kinds, most) => {
  beforeAll(async () => {
    for (const { kind, state } of await listSearchIndexes(connection)) {
      if (kinds.includes(kind)) await addSearchIndex(connection, kind);
      else if (state !== "missing") await dropSearchIndex(connection, kind);
    }
    mutable.searchMatches = most;
  });
  afterAll(() => {
    mutable.searchMatches = searchMatches;
  });

  describe("metadata", () => {
    const documents: Record<string, JsonObject | null> = {
      none: null,
      empty: {},
      plain: { split: "test", n: 1 },
      other: { split: "train", n: 1.5 },
      nested: { run: { seed: 1, tags: ["a", "b"] }, split: "test" },
      deep: { run: { seed: 1, tags: [] }, n: null },
      list: { list: [1, { a: "x" }, [2]] },
      odd: { "": "empty key", "a\"b'c\\": "ü 🎉", flag: true },
      text: { n: "1", flag: "true" },
    };
    let benchmarkId: string;
    beforeAll(async () => {
      benchmarkId = await store(
        Object.entries(documents).map(([sampleId, metadata]) => ({ sampleId, metadata })),
      );
    });

    const all = Object.keys(documents).sort();
    test.each<[JsonObject, string[]]>([
      [{}, all],
      [{ split: "test" }, ["nested", "plain"]],
      [{ split: "test", n: 1 }, ["plain"]],
      [{ n: 1 }, ["plain"]],
      [{ n: 1.5 }, ["other"]],
      [{ n: "1" }, ["text"]],
      [{ n: null }, ["deep"]],
      [{ flag: true }, ["odd"]],
      [{ run: { seed: 1 } }, ["deep", "nested"]],
      [{ run: { seed: 1, tags: ["b"] } }, ["nested"]],
      [{ run: { tags: ["b", "a", "a"] } }, ["nested"]],
      [{ run: { tags: ["c"] } }, []],
      [{ run: { tags: "a" } }, []],
      [{ run: { seed: 1, tags: [] } }, ["deep", "nested"]],
      [{ seed: 1 }, []],
      [{ list: [{ a: "x" }] }, ["list"]],
      [{ list: [[2]] }, ["list"]],
      [{ list: [2] }, []],
      [{ "": "empty key" }, ["odd"]],
      [{ "a\"b'c\\": "ü 🎉" }, ["odd"]],
      [{ absent: 1 }, []],
    ])("%j", async (metadata, expected) => {
      expect(await sorted({ benchmarkId, metadata })).toEqual(expected);
    });

    test("at the limit of its size", async () => {
      const metadata = { big: Array.from({ length: 1_000 }, (_, i) => i % 7) };
      expect(await sorted({ benchmarkId, metadata })).toEqual([]);
    });
  });

  describe("text", () => {
    const texts: Record<string, [string, string | null]> = {
      plain: ["What is the capital of France?", "Paris"],
      shout: ["PARIS, and nothing else", "no"],
      quoted: ['He said "good night" and left', "good old night"],
      german: ["Größe und Straße", "naïve café"],
      russian: ["Привет, мир", "да"],
      japanese: ["東京 タワー", "高い"],
      failed: ["this one timed out", null],
      split: ["left", "right"],
      code: ["if (a < b) { return 'x'; } <b>bold</b>", "https://example.org/path?q=1"],
      long: [`${"x ".repeat(24_990)}needle ${"y ".repeat(500)}`, "late needles"],
      empty: ["", ""],
    };
    let benchmarkId: string;
    beforeAll(async () => {
      benchmarkId = await store(
        Object.entries(texts).map(([sampleId, [input, output]]) => ({
          sampleId,
          input,
          output,
          ...(output === null && { error: "e" }),
        })),
      );
    });

    test.each<[string, string[]]>([
      ["paris", ["plain", "shout"]],
      ["capital paris", ["plain"]],
      ["capit", []],
      ["good night", ["quoted"]],
      ['"good night"', ["quoted"]],
      ['"night good"', []],
      ['"left right"', ["split"]],
      ["größe", ["german"]],
      ["STRASSE", []],
      ["café", ["german"]],
      ["cafe", []],
      ["привет", ["russian"]],
      ["東京", ["japanese"]],
      ["paris -capital", ["shout"]],
      ["capital or привет", ["plain", "russian"]],
      ["timed", ["failed"]],
      ["it's", []],
      ["' or 1=1 --", []],
      ["a & ! | ( :* x <-> b", ["code"]],
      ['"unclosed', []],
      ["bold", ["code"]],
      ["<b>", ["code"]],
      ["example.org", ["code"]],
      ["①", []],
      ["needle", ["long"]],
      ["100%", []],
    ])("%s", async (text, expected) => {
      expect(await sorted({ benchmarkId, text })).toEqual(expected);
    });

    test("the id of another benchmark in a text does not lead there", async () => {
      const [first, second] = [await newBenchmark(), await newBenchmark()];
      const input = `see benchmark ${second} for this`;
      await db.evaluations.create({ benchmarkId: first, input, output: "o" });
      expect(await find({ benchmarkId: second, text: "this" })).toEqual([]);
      expect(await find({ benchmarkId: second, text: "-nothing" })).toEqual([]);
      expect(await find({ benchmarkId: first, text: second })).toHaveLength(1);
    });
  });

  test("pages of a search with every other filter and in every order hold all that matches, once", async () => {
    const rows = Array.from({ length: 120 }, (_, i) => ({
      sampleId: `${i}`,
      provider: i % 2 ? "odd" : "even",
      metadata: { third: i % 3 === 0 },
      input: i % 5 ? "word" : "other",
      score: i % 4 === 3 ? null : (i % 4) / 4,
      createdAt: `2026-01-31T12:00:00.00000${i % 3}Z`,
      ...(i % 7 === 0 && { error: "e" }),
    }));
    const benchmarkId = await store(rows);
    const filters: [Partial<EvaluationFilter>, (row: (typeof rows)[number]) => unknown][] = [
      [{ metadata: { third: true } }, ({ metadata }) => metadata.third],
      [{ text: "word" }, ({ input }) => input === "word"],
      [{ text: "word", metadata: { third: false } }, (row) => row.input === "word" && !row.metadata.third],
      [
        { text: "word", provider: "odd", minScore: 0.25 },
        (row) => row.input === "word" && row.provider === "odd" && (row.score ?? 0) >= 0.25,
      ],
      [{ metadata: { third: true }, sampleId: "9" }, ({ sampleId }) => sampleId === "9"],
      [{ metadata: { third: false }, failedOnly: true }, (row) => row.error && !row.metadata.third],
    ];
    for (const [filter, match] of filters) {
      for (const orderBy of ["newest", "oldest", "highest-score", "lowest-score"] as const) {
        const byScore = orderBy.endsWith("score");
        if (filter.failedOnly && byScore) continue;
        const expected = rows.filter((row) => match(row) && (!byScore || row.score !== null));
        const whole = await find({ benchmarkId, ...filter, orderBy });
        expect(whole.toSorted()).toEqual(expected.map(({ sampleId }) => sampleId).sort());
        for (const limit of [1, 7])
          expect(await find({ benchmarkId, ...filter, orderBy }, limit)).toEqual(whole);
      }
      const exported: string[] = [];
      const chunks = exportChunks(
        db.evaluations,
        { benchmarkId, ...filter, orderBy: "oldest" },
        { after: undefined, full: true },
      );
      for await (const { items } of chunks) exported.push(...items.map(({ sampleId }) => sampleId ?? ""));
      expect(exported).toEqual(await find({ benchmarkId, ...filter, orderBy: "oldest" }));
    }
  });

  test("of a missing benchmark is NOT_FOUND", async () => {
    const filter = { benchmarkId: newId(), text: "x", metadata: { a: 1 } };
    await expect(find(filter)).rejects.toMatchObject({ code: Code.NotFound });
  });
});

describe("without its index", () => {
  beforeAll(async () => {
    for (const kind of ["metadata", "text"] as const) await dropSearchIndex(connection, kind);
  });
  afterAll(() => {
    mutable.unindexedSearchRows = unindexedSearchRows;
  });

  test("text is refused, with what to do", async () => {
    const benchmarkId = await store([{ sampleId: "a", input: "word" }]);
    await expect(find({ benchmarkId, text: "word" })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      reason: "INDEX_MISSING",
      message: expect.stringContaining("ltb migrate index add text"),
      metadata: { index: "text" },
    });
  });

  test("a position that claims a walk opens nothing", async () => {
    const benchmarkId = await store([{ sampleId: "a", input: "word", metadata: { a: 1 } }]);
    const after = { createdAt: "9999-01-01T00:00:00.000000Z", score: null, id: newId(), walk: true };
    mutable.unindexedSearchRows = 0;
    for (const filter of [{ text: "word" }, { metadata: { a: 1 } }])
      await expect(db.evaluations.list({ benchmarkId, ...filter }, { after })).rejects.toMatchObject({
        reason: "INDEX_MISSING",
      });
    mutable.unindexedSearchRows = unindexedSearchRows;
  });

  test("metadata are found in a small benchmark, and refused in a large one", async () => {
    const rows = Array.from({ length: 3 }, (_, i) => ({ sampleId: `${i}`, metadata: { a: 1 } }));
    const benchmarkId = await store(rows);
    mutable.unindexedSearchRows = 3;
    expect(await sorted({ benchmarkId, metadata: { a: 1 } })).toEqual(["0", "1", "2"]);
    mutable.unindexedSearchRows = 2;
    await expect(find({ benchmarkId, metadata: { a: 1 } })).rejects.toMatchObject({
      reason: "INDEX_MISSING",
      message: expect.stringContaining("ltb migrate index add metadata"),
    });
    expect(await sorted({ benchmarkId, metadata: {} })).toEqual(["0", "1", "2"]);
  });
});

test.each([
  [{ metadata: { a: {} } }, "metadata"],
  [{ metadata: { a: [], b: { c: [{}] } } }, "metadata"],
  [{ metadata: { a: "x".repeat(limits.searchBytes) } }, "metadata"],
  [{ metadata: [] as never }, "metadata"],
  [{ metadata: { a: "\0" } }, "metadata"],
  [{ metadata: { a: Number.NaN } }, "metadata"],
  [{ text: "" }, "text"],
  [{ text: "  " }, "text"],
  [{ text: "?!" }, "text"],
  [{ text: "a\0" }, "text"],
  [{ text: "\ud800a" }, "text"],
  [{ text: "x".repeat(limits.searchTextLength + 1) }, "text"],
])("a wrong search is refused by its field: %#", async (filter, field) => {
  await expect(db.evaluations.list({ benchmarkId: newId(), ...filter })).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field }],
  });
});

describe("the indexes", () => {
  const states = async () => (await listSearchIndexes(connection)).map(({ kind, state }) => [kind, state]);

  test("are added and dropped once, and listed with their size", async () => {
    expect(await addSearchIndex(connection, "metadata")).toBe(true);
    expect(await addSearchIndex(connection, "metadata")).toBe(false);
    expect(await listSearchIndexes(connection)).toEqual([
      { kind: "metadata", name: "idx_evaluations_metadata", state: "ready", bytes: expect.any(Number) },
      { kind: "text", name: "idx_evaluations_text", state: "missing", bytes: 0 },
    ]);
    expect(await dropSearchIndex(connection, "metadata")).toBe(true);
    expect(await dropSearchIndex(connection, "metadata")).toBe(false);
    expect(await states()).toEqual([
      ["metadata", "missing"],
      ["text", "missing"],
    ]);
  });

  test("leave nothing behind when a build gets no lock, and say why", async () => {
    const benchmarkId = await newBenchmark();
    const writer = await onlooker(config);
    await writer.query("begin");
    await writer.query(
      `insert into evaluations (id, benchmark_id, content_hash, provider, model, input, output)
      values ($1, $2, decode(md5('x'), 'hex'), 'p', 'm', 'i', 'o')`,
      [newId(), benchmarkId],
    );
    const options = { lockTimeoutMs: 200 };
    await expect(addSearchIndex(connection, "text", options)).rejects.toThrow(/has been open for so long/);
    await writer.query("rollback");
    await writer.end();
    expect((await states())[1]?.[1]).not.toBe("ready");
    expect(await addSearchIndex(connection, "text")).toBe(true);
    await dropSearchIndex(connection, "text");
  });

  test("that a failed build left invalid are not used, and made anew", async () => {
    const client = await onlooker(config);
    // As a build that was killed leaves it.
    await addSearchIndex(connection, "text");
    await client.query(
      "update pg_index set indisvalid = false where indexrelid = 'idx_evaluations_text'::regclass",
    );
    expect(await states()).toContainEqual(["text", "unfinished"]);
    const benchmarkId = await store([{ sampleId: "a", input: "word" }]);
    await expect(find({ benchmarkId, text: "word" })).rejects.toMatchObject({ reason: "INDEX_MISSING" });
    expect(await addSearchIndex(connection, "text")).toBe(true);
    expect(await find({ benchmarkId, text: "word" })).toEqual(["a"]);
    await client.end();
  });

  test("are built by one at a time", async () => {
    const builder = await onlooker(config);
    await builder.query("select pg_advisory_lock(7036420325)");
    await expect(addSearchIndex(connection, "metadata")).rejects.toThrow(/being built/);
    await expect(dropSearchIndex(connection, "text")).rejects.toThrow(/being built/);
    await builder.end();
  });

  test("say what to do on a database without a schema", async () => {
    const { database } = await createTestDatabase({ template: false });
    await expect(addSearchIndex({ ...connection, database }, "text")).rejects.toThrow(/ltb migrate up/);
    expect((await listSearchIndexes({ ...connection, database })).map(({ state }) => state)).toEqual([
      "missing",
      "missing",
    ]);
  });

  test("take the largest and oddest texts", async () => {
    await addSearchIndex(connection, "text");
    await addSearchIndex(connection, "metadata");
    const benchmarkId = await newBenchmark();
    const many = (word: (index: number) => string, length: number) => {
      let text = "";
      for (let i = 0; text.length < length; i++) text += word(i);
      return text;
    };
    const inputs = [
      // Different words of one letter each, which take four bytes; words with hyphens, kept whole and in
      // parts; addresses.
      many((i) => `${String.fromCodePoint(0x20000 + (i % 42_000))} `, 500_000),
      many(
        (i) => `${String.fromCodePoint(0x20000 + (i % 42_000), 0x20000 + ((i * 7) % 42_000))}-x${i} `,
        400_000,
      ),
      many((i) => `a${i}-b${i} `, 1_900_000),
      many((i) => `h${i}.example.org/${i}/${i + 1} `, 1_900_000),
      "x".repeat(2_000_000),
    ];
    for (const text of inputs) {
      const { id } = await db.evaluations.create({
        benchmarkId,
        input: text,
        output: text.slice(0, 1_500_000),
      });
      expect(id).toBeDefined();
    }
    const metadata = { list: Array.from({ length: 20_000 }, (_, i) => `value ${i}`) };
    await db.evaluations.create({ benchmarkId, sampleId: "m", input: "", output: "", metadata });
    expect(await find({ benchmarkId, metadata: { list: ["value 19999"] } })).toEqual(["m"]);
  });
});
