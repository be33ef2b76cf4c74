import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import type { LeaderboardInput, LeaderboardPage } from "../../src/evaluations/leaderboard/leaderboard.ts";
import { mergeParts } from "../../src/evaluations/leaderboard/parts.ts";
import { rankContenders } from "../../src/evaluations/leaderboard/ranking.ts";
import { idBytes, partFigures, planFigures } from "../../src/evaluations/leaderboard/statements.ts";
import { newId } from "../../src/ids.ts";
import { testDatabase } from "../harness/database.ts";
import { rollups, scored } from "./support.ts";

let stored: ReturnType<typeof rollups>;
const { db, client } = await testDatabase();
beforeAll(async () => {
  stored = rollups(client);
});

const newBenchmark = (dataset: string, more: Parameters<typeof scored>[3] = {}) =>
  scored(db, dataset, [], more);
const ids = ({ entries }: LeaderboardPage) => entries.map(({ benchmarkId }) => benchmarkId);

async function entryOf(dataset: string, id: string, input: Partial<LeaderboardInput> = {}) {
  const { entries } = await db.evaluations.leaderboard({ dataset, ...input });
  const found = entries.find(({ benchmarkId }) => benchmarkId === id);
  if (!found) throw new Error(`${id} is not on the leaderboard`);
  return found;
}

test("a dataset or metric that nobody has is an empty leaderboard", async () => {
  const nothing = {
    entries: [],
    inputsReferenceId: null,
    total: 0,
    pending: 0,
    unscored: 0,
    belowMinimum: 0,
    lowerIsBetter: false,
    reducer: "mean",
    k: 0,
    missing: "exclude",
    rangeLow: 0,
    rangeHigh: 1,
    next: undefined,
  };
  expect(await db.evaluations.leaderboard({ dataset: "nobody" })).toEqual(nothing);
  await newBenchmark("empty");
  // Those that match are counted, whatever they lack.
  expect(await db.evaluations.leaderboard({ dataset: "empty" })).toEqual({ ...nothing, unscored: 1 });
  await scored(db, "empty", [1, 0]);
  const bleu = await db.evaluations.leaderboard({ dataset: "empty", metric: "bleu" });
  expect(bleu).toEqual({ ...nothing, unscored: 2 });
  const few = await db.evaluations.leaderboard({ dataset: "empty", minCount: 3 });
  expect(few).toMatchObject({ total: 0, unscored: 1 });
  const byTwo = await db.evaluations.leaderboard({ dataset: "empty", reducer: "pass_at_k", k: 2 });
  expect(byTwo).toMatchObject({ total: 0, unscored: 2 });
});

test("hundreds of thousands of benchmarks are ranked in slices, between which others are answered", async () => {
  const count = 300_000;
  const rowsOf = (size: number, figures: (n: number) => readonly number[]) => {
    const bytes = Buffer.alloc(count * size);
    for (let n = 0; n < count; n++) {
      bytes.writeUInt32BE(n, n * size);
      for (const [place, figure] of figures(n).entries())
        bytes.writeDoubleBE(figure, n * size + idBytes + place * 8);
    }
    return bytes;
  };
  const partBytes = idBytes + 8 * partFigures.length;
  const parts = rowsOf(partBytes, (n) => [100, 0, n % 100, 10, 0, 1]);
  // Every third has tried more samples than have a value.
  const plans = rowsOf(idBytes + 8 * planFigures.length, (n) => [0, 0, 0, 100 + Number(n % 3 === 0), 0]);
  // One of them has a delta, which takes a look at the ids of all.
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const [base, deltas] = [parts, parts.subarray(0, partBytes)].map((bytes) => bytes.toString("base64"));
  const { contenders } = await mergeParts(
    {
      ...{ base: base ?? "", deltas: deltas ?? "", plans: plans.toString("base64"), tried: "" },
      ...{ groups: "", reduced: "", missing: "" },
    },
    { reducer: "mean", k: 0 },
  );
  const merged = turns;
  const range = { low: 0, high: 1 };
  const options = { metric: "score", lowerIsBetter: false, range, limit: 3_001 };
  const placed = await rankContenders(
    contenders.map((one) => ({ ...one, open: 0 })),
    options,
  );
  const ranked = turns;
  const open = contenders.map((one) => ({ ...one, open: one.coverage.missing }));
  expect((await rankContenders(open, options)).at(-1)?.rank).toBeGreaterThan(2_000);
  expect(turns - ranked).toBeGreaterThan(3);
  clearInterval(timer);
  expect(Math.min(merged, ranked - merged)).toBeGreaterThan(3);
  expect(contenders).toHaveLength(count);
  expect(placed.at(-1)).toMatchObject({ rank: 3_001, mean: 0.98 });
});

test("the figures are those of the summary, as soon as the evaluations are stored and after they are folded", async () => {
  const id = await scored(db, "figures", [0.25, 0.5, 1, 0.125], { name: "N", provider: "P", model: "M" });
  const [score] = (await db.evaluations.summarize(id, ["score"])).metrics;
  const expected = {
    rank: 1,
    rankLow: 1,
    rankHigh: 1,
    band: 1,
    bandLast: 1,
    rankedLow: expect.closeTo(score?.ci95Low ?? 0, 10),
    rankedHigh: expect.closeTo(score?.ci95High ?? 0, 10),
    benchmarkId: id,
    benchmarkName: "N",
    provider: "P",
    model: "M",
    status: "pending",
    count: 4,
    mean: 0.46875,
    stddev: expect.closeTo(score?.stddev ?? 0, 12),
    stderr: expect.closeTo(score?.stderr ?? 0, 12),
    ci95Low: expect.closeTo(score?.ci95Low ?? 0, 10),
    ci95High: expect.closeTo(score?.ci95High ?? 0, 10),
    intervalMethod: "student_t",
    createdAt: (await db.benchmarks.get(id)).createdAt,
    samplesUnscored: 0,
    repetitions: null,
    coverage: score?.coverage,
    filledWith: null,
    bounds: null,
    inputsCompared: null,
    differentInputs: null,
  };
  expect(await entryOf("figures", id)).toEqual(expected);
  await db.maintain();
  expect(await entryOf("figures", id)).toEqual(expected);
});

test("the highest mean is first, or the lowest; ties share a rank and go by id", async () => {
  const twins = [await scored(db, "order", [0.5, 0.7]), await scored(db, "order", [0.7, 0.5])].sort();
  const best = await scored(db, "order", [0.9, 0.95]);
  const worst = await scored(db, "order", [0.1, 0.3]);
  const page = await db.evaluations.leaderboard({ dataset: "order" });
  expect(ids(page)).toEqual([best, ...twins, worst]);
  expect(page.entries.map(({ rank }) => rank)).toEqual([1, 2, 2, 4]);
  const lowest = await db.evaluations.leaderboard({ dataset: "order", lowerIsBetter: true });
  expect(ids(lowest)).toEqual([worst, ...twins, best]);
  expect(lowest.entries.map(({ rank }) => rank)).toEqual([1, 2, 2, 4]);
  expect(lowest.entries[0]).toMatchObject({ mean: 0.2 });
});

test("of latency, tokens and cost the lowest is first unless told otherwise", async () => {
  const rows = async (latencyMs: number) => {
    const benchmarkId = await newBenchmark("fast");
    const row = {
      benchmarkId,
      input: "i",
      output: "o",
      latencyMs,
      inputTokens: latencyMs,
      costUsd: latencyMs,
    };
    await db.evaluations.createMany([row, { ...row, latencyMs: latencyMs + 1 }]);
    return benchmarkId;
  };
  const [slow, fast] = [await rows(900), await rows(100)];
  for (const metric of ["latency_ms", "input_tokens", "cost_usd"]) {
    const page = await db.evaluations.leaderboard({ dataset: "fast", metric });
    expect(ids(page)).toEqual([fast, slow]);
    expect(page.lowerIsBetter).toBe(true);
    const told = await db.evaluations.leaderboard({ dataset: "fast", metric, lowerIsBetter: false });
    expect(ids(told)).toEqual([slow, fast]);
  }
});

test("means that differ by the order of their sum share a rank", async () => {
  const forth = Array.from({ length: 300 }, (_, i) => (i % 10) / 10 + 0.1);
  const a = await scored(db, "noise", forth);
  const b = await scored(db, "noise", forth.toSorted());
  expect((await entryOf("noise", a)).rank).toBe(1);
  expect((await entryOf("noise", b)).rank).toBe(1);
});

describe("ranks that the intervals leave open", () => {
  test("are told apart only where the intervals do not overlap, in either direction", async () => {
    const spread = (mean: number) => Array.from({ length: 20 }, (_, i) => mean + (i % 2 ? 1 : -1));
    const means = [100, 99.5, 90, 50];
    const [a, b, c, d] = await Promise.all(
      means.map(async (mean) => {
        const id = await newBenchmark("spread");
        await stored.base(id, "own", spread(mean));
        return id;
      }),
    );
    const placings = async (lowerIsBetter: boolean) => {
      const { entries } = await db.evaluations.leaderboard({
        dataset: "spread",
        metric: "own",
        lowerIsBetter,
      });
      return entries.map(({ benchmarkId, rank, rankLow, rankHigh, band }) => [
        benchmarkId,
        rank,
        `${rankLow}-${rankHigh}`,
        band,
      ]);
    };
    expect(await placings(false)).toEqual([
      [a, 1, "1-2", 1],
      [b, 2, "1-2", 1],
      [c, 3, "3-3", 2],
      [d, 4, "4-4", 3],
    ]);
    expect(await placings(true)).toEqual([
      [d, 1, "1-1", 1],
      [c, 2, "2-2", 2],
      [b, 3, "3-4", 3],
      [a, 4, "3-4", 3],
    ]);
  });

  test("are all where there is only one value, which takes no band", async () => {
    const one = await scored(db, "one", [0.5]);
    await scored(db, "one", [0.9, 0.91, 0.92]);
    await scored(db, "one", [0.1, 0.11, 0.12]);
    const ranked = { band: null, rankedLow: null, rankedHigh: null };
    const none = { stddev: null, stderr: null, ci95Low: null, ci95High: null, ...ranked };
    expect(await entryOf("one", one)).toMatchObject({ ...none, rank: 2, rankLow: 1, rankHigh: 3, count: 1 });
    expect((await db.evaluations.leaderboard({ dataset: "one" })).entries.at(-1)).toMatchObject({
      rankLow: 2,
      band: 2,
    });
  });

  test("three right answers of three are not significantly better than 900 of 1000", async () => {
    const [few, many] = [await newBenchmark("perfect"), await newBenchmark("perfect")];
    await stored.base(few, "score", [1, 1, 1]);
    await stored.base(
      many,
      "score",
      Array.from({ length: 1000 }, (_, i) => Number(i >= 100)),
    );
    expect(await entryOf("perfect", few)).toMatchObject({
      rank: 1,
      rankHigh: 2,
      band: 1,
      stderr: 0,
      ci95High: 1,
    });
    expect((await entryOf("perfect", few)).ci95Low).toBeCloseTo(0.4385, 4);
    expect(await entryOf("perfect", many)).toMatchObject({ rank: 2, rankLow: 1, band: 1 });
  });

  test("are all where all values are the same and no share", async () => {
    const id = await newBenchmark("constant");
    await stored.base(id, "output_tokens", [1, 1, 1]);
    const same = { count: 3, mean: 1, stderr: 0, ci95Low: null, ci95High: null, band: null };
    expect(await entryOf("constant", id, { metric: "output_tokens" })).toMatchObject(same);
  });
});

describe("filters", () => {
  const dataset = "filters";
  let a: string;
  let b: string;
  let c: string;
  beforeAll(async () => {
    a = await scored(db, dataset, [0.9, 0.8], { provider: "p1", labels: { team: "x", tier: "1" } });
    b = await scored(db, dataset, [0.7, 0.6, 0.5], { provider: "p2", labels: { team: "x" } });
    c = await scored(db, dataset, [0.3, 0.2], { provider: "p2" });
    await scored(db, "other", [1, 1]);
    await db.benchmarks.update(b, { status: "running" });
    await client.query("update benchmarks set created_at = '2020-01-01T00:00:00Z' where id = $1", [c]);
  });
  const board = async (filter: Partial<LeaderboardInput>) => {
    const page = await db.evaluations.leaderboard({ dataset, ...filter });
    expect(page.total).toBe(page.entries.length);
    expect(page.entries.map(({ rank }) => rank)).toEqual(page.entries.map((_, index) => index + 1));
    expect(page.entries.every(({ rankHigh }) => rankHigh <= page.total)).toBe(true);
    return ids(page);
  };

  test.each<[string, Partial<LeaderboardInput>, () => string[]]>([
    ["nothing", {}, () => [a, b, c]],
    ["provider", { provider: "p2" }, () => [b, c]],
    ["labels", { labels: { team: "x" } }, () => [a, b]],
    ["two labels", { labels: { team: "x", tier: "1" } }, () => [a]],
    ["status", { status: "running" }, () => [b]],
    ["the oldest time, inclusive", { createdBefore: "2020-01-01T00:00:00.000001Z" }, () => [c]],
    ["the newest time, exclusive", { createdBefore: "2020-01-01T00:00:00Z" }, () => []],
    ["created after", { createdAfter: "2020-01-01T00:00:00Z" }, () => [a, b, c]],
    ["created later", { createdAfter: "2020-01-01T00:00:00.000001Z" }, () => [a, b]],
    ["fewest values", { minCount: 3 }, () => [b]],
    ["all of them", { provider: "p2", labels: { team: "x" }, status: "running", minCount: 1 }, () => [b]],
    ["what nobody has", { provider: "p3" }, () => []],
  ])("by %s", async (_, filter, expected) => {
    expect(await board(filter)).toEqual(expected());
    await db.maintain();
    expect(await board(filter)).toEqual(expected());
  });
});

describe("pages", () => {
  test.each([false, true])(
    "make up the whole, with ranks that go on (lower is better: %s)",
    async (lowerIsBetter) => {
      const dataset = `pages ${lowerIsBetter}`;
      for (let i = 0; i < 23; i++)
        await stored.base(await newBenchmark(dataset), "score", [i % 5, i % 5, (i % 5) + 1]);
      const whole = await db.evaluations.leaderboard({ dataset, lowerIsBetter });
      expect(whole).toMatchObject({ total: 23, next: undefined });
      // Four or five share each mean.
      expect(whole.entries[6]).toMatchObject({ rank: lowerIsBetter ? 6 : 5 });
      const pages: LeaderboardPage["entries"][] = [];
      for (let after: LeaderboardPage["next"]; ; ) {
        const page = await db.evaluations.leaderboard({ dataset, lowerIsBetter }, { limit: 4, after });
        expect(page.total).toBe(23);
        pages.push(page.entries);
        // As it travels in a token.
        after = page.next && JSON.parse(JSON.stringify(page.next));
        if (!after) break;
      }
      expect(pages.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 3]);
      expect(pages.flat()).toEqual(whole.entries);
    },
  );

  test("go on from where they were when others come or go", async () => {
    const first = await scored(db, "moving", [0.9, 0.8]);
    const second = await scored(db, "moving", [0.7, 0.6]);
    const third = await scored(db, "moving", [0.5, 0.4]);
    const { next } = await db.evaluations.leaderboard({ dataset: "moving" }, { limit: 1 });
    await db.benchmarks.delete(first);
    await scored(db, "moving", [1, 1]);
    const rest = await db.evaluations.leaderboard({ dataset: "moving" }, { limit: 5, after: next });
    expect(ids(rest)).toEqual([second, third]);
    expect(rest.entries.map(({ rank }) => rank)).toEqual([2, 3]);
  });
});

describe("base and deltas", () => {
  test("count together in any state: none folded, some, all, and some taken away", async () => {
    const values = [0.1, 0.9, 0.4, 0.6, 0.2];
    const states: [string, (id: string) => Promise<unknown>][] = [
      ["base", (id) => stored.base(id, "own", values)],
      ["deltas", (id) => Promise.all(values.map((value) => stored.delta(id, "own", [value])))],
      [
        "both",
        async (id) => {
          await stored.base(id, "own", values.slice(0, 2));
          await stored.delta(id, "own", values.slice(2));
        },
      ],
      [
        "taken away",
        async (id) => {
          await stored.base(id, "own", [...values, 7, 8]);
          await stored.delta(id, "own", [7], -1);
          await stored.delta(id, "own", [8], -1);
        },
      ],
    ];
    for (const [name, store] of states) await store(await newBenchmark("states", { name }));
    const { entries } = await db.evaluations.leaderboard({ dataset: "states", metric: "own" });
    expect(entries.map(({ benchmarkName }) => benchmarkName).sort()).toEqual(
      states.map(([name]) => name).sort(),
    );
    for (const { count, mean, stddev, rank } of entries) {
      expect([rank, count]).toEqual([1, 5]);
      expect(mean).toBeCloseTo(0.44, 12);
      expect(stddev).toBeCloseTo(0.320936130718, 10);
    }
  });

  test("a benchmark whose values were all taken away is no longer ranked", async () => {
    const id = await newBenchmark("emptied");
    await stored.base(id, "own", [1, 2]);
    await stored.delta(id, "own", [1, 2], -1);
    expect(await db.evaluations.leaderboard({ dataset: "emptied", metric: "own" })).toMatchObject({
      total: 0,
    });
  });

  test("re-scoring and deleting an evaluation move the benchmark at once", async () => {
    const id = await scored(db, "changed", [0.2, 0.4, 0.9]);
    const { items } = await db.evaluations.list({ benchmarkId: id, orderBy: "highest-score" });
    await db.evaluations.update(items[0]?.id ?? "", { score: 0.6 });
    expect(await entryOf("changed", id)).toMatchObject({ count: 3, mean: expect.closeTo(0.4, 12) });
    await db.evaluations.delete(items[2]?.id ?? "");
    expect(await entryOf("changed", id)).toMatchObject({ count: 2, mean: expect.closeTo(0.5, 12) });
    await db.maintain();
    expect(await entryOf("changed", id)).toMatchObject({ count: 2, mean: expect.closeTo(0.5, 12) });
  });

  test("a benchmark without a base is left out and counted, as far as it matches", async () => {
    const ready = await newBenchmark("pending", { provider: "p1" });
    const waiting = await newBenchmark("pending", { provider: "p2" });
    await newBenchmark("pending", { provider: "p1" });
    await stored.base(ready, "own", [1, 2]);
    await stored.base(waiting, "own", [3, 4]);
    await stored.delta(waiting, "own", [3, 4]);
    await client.query(
      "insert into stale_rollups (benchmark_id, is_missing) values ($1, true), ($2, false)",
      [waiting, ready],
    );
    const of = (filter: object) =>
      db.evaluations.leaderboard({ dataset: "pending", metric: "own", ...filter });
    const page = await of({});
    expect([ids(page), page.total, page.pending, page.unscored]).toEqual([[ready], 1, 1, 1]);
    expect(await of({ provider: "p1" })).toMatchObject({ total: 1, pending: 0, unscored: 1 });
    expect(await of({ provider: "p2" })).toMatchObject({ total: 0, pending: 1, unscored: 0 });
    expect(await of({ dataset: "pending 2" })).toMatchObject({ pending: 0 });
  });

  test("a metric that a benchmark has no rollup of, since it has too many, is not ranked by its latest deltas", async () => {
    const id = await newBenchmark("names");
    await stored.delta(id, "kept", [1, 2]);
    await stored.delta(id, "left out", [1, 2]);
    await stored.delta(id, "metrics.failed", [1, 0]);
    await client.query(
      "insert into stale_rollups (benchmark_id, is_missing, names, names_left_out) values ($1, false, '{kept}', 1)",
      [id],
    );
    expect(await db.evaluations.leaderboard({ dataset: "names", metric: "kept" })).toMatchObject({
      total: 1,
    });
    expect(await db.evaluations.leaderboard({ dataset: "names", metric: "metrics.failed" })).toMatchObject({
      total: 1,
    });
    expect(await db.evaluations.leaderboard({ dataset: "names", metric: "left out" })).toMatchObject({
      total: 0,
    });
  });
});

test("a deleted benchmark is gone at once, with what it left unfolded", async () => {
  const stays = await scored(db, "deleted", [0.5, 0.6]);
  const goes = await scored(db, "deleted", [0.9, 0.8]);
  await db.benchmarks.delete(goes);
  await stored.delta(goes, "score", [1, 1]);
  expect(await db.evaluations.leaderboard({ dataset: "deleted" })).toMatchObject({
    entries: [{ benchmarkId: stays, rank: 1, rankHigh: 1 }],
    total: 1,
    pending: 0,
  });
});

test("evaluations that are being stored by many at once are never counted in part, twice or not at all", async () => {
  const dataset = "concurrent";
  const benchmarks = await Promise.all(Array.from({ length: 3 }, () => newBenchmark(dataset)));
  const batch = (benchmarkId: string) =>
    Array.from({ length: 10 }, (_, i) => ({ benchmarkId, input: "i", output: "o", score: i / 10 }));
  let isDone = false;
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let i = 0; i < 10; i++) await db.evaluations.createMany(batch(benchmarks[writer % 3] ?? ""));
  });
  const folding = (async () => {
    while (!isDone) await db.maintain();
  })();
  const reading = (async () => {
    let before = 0;
    while (!isDone) {
      const { entries } = await db.evaluations.leaderboard({ dataset });
      let sum = 0;
      for (const { count, mean } of entries) {
        expect(count % 10).toBe(0);
        expect(mean).toBeCloseTo(0.45, 12);
        sum += count;
      }
      expect(sum).toBeGreaterThanOrEqual(before);
      before = sum;
    }
  })();
  await Promise.all(writers).finally(() => {
    isDone = true;
  });
  await Promise.all([folding, reading]);
  const { entries } = await db.evaluations.leaderboard({ dataset });
  expect(entries.map(({ count }) => count)).toEqual([200, 200, 200]);
});

test("in a transaction it sees what the transaction wrote", async () => {
  await db.transaction(async ({ benchmarks, evaluations }) => {
    const { id } = await benchmarks.create({ name: "n", provider: "p", model: "m", dataset: "mine" });
    await evaluations.create({ benchmarkId: id, input: "i", output: "o", score: 1 });
    expect(await evaluations.leaderboard({ dataset: "mine" })).toMatchObject({ total: 1 });
  });
});

test.each<[object, string]>([
  [{ dataset: "" }, "dataset"],
  [{ dataset: "d".repeat(256) }, "dataset"],
  [{ metric: "" }, "metric"],
  [{ minCount: -1 }, "min_count"],
  [{ status: "done" }, "status"],
  [{ createdAfter: "yesterday" }, "created_after"],
  [{ labels: { "": "x" } }, "labels"],
  [{ model: "m" }, "model"],
])("%o is refused with the name of the field", async (input, field) => {
  const asked = db.evaluations.leaderboard({ dataset: "d", ...input } as LeaderboardInput);
  await expect(asked).rejects.toMatchObject({ code: Code.InvalidArgument, violations: [{ field }] });
});

test.each([0, 1001, 1.5])("a limit of %d is refused", async (limit) => {
  await expect(db.evaluations.leaderboard({ dataset: "d" }, { limit })).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field: "limit" }],
  });
});

test("a position of a benchmark that is gone is as good as any", async () => {
  await scored(db, "position", [0.5, 0.6]);
  const after = { merit: 0.9, hex: newId().replaceAll("-", "") };
  expect(await db.evaluations.leaderboard({ dataset: "position" }, { after })).toMatchObject({
    entries: [{ rank: 1 }],
  });
  const end = { merit: -1, hex: "" };
  expect(await db.evaluations.leaderboard({ dataset: "position" }, { after: end })).toMatchObject({
    entries: [],
    total: 1,
  });
});

describe("repetitions", () => {
  const samples = { a: [1, 1, 0], b: [0, 0, 0], c: [1, 1, 1], d: [0.5, 1] };
  const repeated = async (dataset: string) => {
    const id = await newBenchmark(dataset, { repetitions: 3 });
    await db.evaluations.createMany(
      Object.entries(samples).flatMap(([sampleId, scores]) =>
        scores.map((score, repetition) => ({
          ...{ benchmarkId: id, sampleId, repetition, score, input: "i", output: "o" },
        })),
      ),
    );
    return id;
  };
  const reductions = [
    { reducer: "mean" },
    { reducer: "median" },
    { reducer: "mode" },
    { reducer: "max" },
    { reducer: "at_least_k", k: 2 },
    { reducer: "pass_at_k", k: 3 },
    { reducer: "pass_hat_k", k: 2 },
  ] as const;

  test("each sample counts once: the figures are those of the summary, with marks and folded", async () => {
    const id = await repeated("repeated");
    const alone = await scored(db, "repeated", [0.5, 0.75]);
    const check = async (counts = { samplesLacking: 1, samplesBeyond: 0 }) => {
      for (const how of reductions) {
        const [score] = (await db.evaluations.summarize(id, ["score"], how)).metrics;
        expect(score?.repetitions).toMatchObject(counts);
        const page = await db.evaluations.leaderboard({ dataset: "repeated", ...how });
        expect(page).toMatchObject({ ...how, pending: 0 });
        const entry = page.entries.find(({ benchmarkId }) => benchmarkId === id);
        expect(entry, how.reducer).toMatchObject({
          count: score?.samples,
          mean: expect.closeTo(score?.mean ?? -1, 12),
          stderr: expect.closeTo(score?.stderr ?? -1, 12),
          ci95Low: expect.closeTo(score?.ci95Low ?? -1, 10),
          samplesUnscored: score?.samplesUnscored,
          repetitions: { least: 2, most: 3, agreement: 0.5, ...counts },
        });
        // One without repetitions has no k of them.
        expect(page.entries.some(({ benchmarkId }) => benchmarkId === alone)).toBe(!("k" in how));
      }
    };
    await check();
    await db.maintain();
    await check();
    // What was declared may change at any time, and what failed counts too.
    await db.benchmarks.update(id, { repetitions: 2 });
    await check({ samplesLacking: 0, samplesBeyond: 3 });
    const crashed = { sampleId: "d", repetition: 7, input: "i", output: null, error: "crashed" };
    const { id: evaluationId } = await db.evaluations.create({ benchmarkId: id, ...crashed });
    await check({ samplesLacking: 0, samplesBeyond: 4 });
    await db.maintain();
    await check({ samplesLacking: 0, samplesBeyond: 4 });
    await db.evaluations.delete(evaluationId);
    await check({ samplesLacking: 0, samplesBeyond: 3 });
    await db.benchmarks.update(id, { repetitions: 0 });
    await check({ samplesLacking: 1, samplesBeyond: 3 });
  });

  test("one whose samples are still to be gathered is there at once, or left out for now if it has many, or too many changed", async () => {
    const id = await newBenchmark("unknown");
    await db.evaluations.createMany(
      [0, 1].map((repetition) => ({
        ...{ benchmarkId: id, sampleId: "s", repetition, score: repetition, input: "i", output: "o" },
      })),
    );
    const board = () => db.evaluations.leaderboard({ dataset: "unknown" });
    const alone = { total: 1, pending: 0, entries: [{ count: 1, mean: 0.5 }] };
    expect(await board()).toMatchObject(alone);
    const asMedian = await db.evaluations.leaderboard({ dataset: "unknown", reducer: "median" });
    expect(asMedian).toMatchObject(alone);
    await stored.delta(id, "metrics.failed", Array(20_000).fill(0));
    expect(await board()).toMatchObject({ total: 0, pending: 1 });
    await db.maintain();
    expect(await board()).toMatchObject(alone);
    // As while it is being deleted.
    await client.query("insert into stale_rollups (benchmark_id, is_missing) values ($1, true)", [id]);
    expect(await board()).toMatchObject({ total: 0, pending: 1 });
    await client.query("delete from stale_rollups where benchmark_id = $1", [id]);
    await client.query(
      `insert into touched_samples (benchmark_id, samples)
      select $1, array_agg('s' || n) from generate_series(1, 20001) n`,
      [id],
    );
    expect(await board()).toMatchObject({ total: 0, pending: 1 });
  });
});
