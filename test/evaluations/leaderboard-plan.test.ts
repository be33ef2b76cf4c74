import { beforeAll, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { countUnscoredRuns, newestRuns, type Runs } from "../../src/evaluations/history/statements.ts";
import {
  leaderboardParts,
  type Ranked,
  rankedBenchmarks,
} from "../../src/evaluations/leaderboard/statements.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { unknownId } from "../harness/examples.ts";
import { fillDataset, rollups } from "./support.ts";

const BENCHMARKS = 10_000;
const time = "2020-01-01T00:00:00.000000Z";

const { db, client } = await testDatabase();
beforeAll(async () => {
  await fillDataset(client, "large", BENCHMARKS);
  await fillDataset(client, "small", 100);
});

/** The plan, all of it and what was run, and how many pages were looked at. */
async function explain({ sql, values }: { sql: string; values: readonly unknown[] }) {
  // As the service's own sessions are set.
  await client.query(sessionSettings);
  const text = `explain (analyze, buffers, format json) ${sql}`;
  const { rows } = await client.query(text, [...values]);
  const { Plan: plan } = rows[0]["QUERY PLAN"][0];
  return {
    all: JSON.stringify(plan),
    text: JSON.stringify(withoutIdle(plan)),
    pages: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
  };
}

interface Plan {
  "Actual Loops": number;
  "Actual Rows": number;
  "Rows Removed by Filter"?: number;
  Plans?: Plan[];
  [name: string]: unknown;
}

/** Leaves out nodes that were never run, and tables without rows: nothing here has repetitions. */
function withoutIdle({ Plans: plans = [], ...plan }: Plan): Plan {
  const isIdle = (node: Plan) =>
    node["Actual Loops"] === 0 ||
    (node["Node Type"] === "Seq Scan" && node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) === 0);
  return { ...plan, Plans: plans.filter((node) => !isIdle(node)).map(withoutIdle) } as Plan;
}

const parts = (dataset: string, filter: Partial<Ranked> = {}) =>
  explain(leaderboardParts({ dataset, metric: "score", ...filter }, { reducer: "mean", k: 0 }));

test.each<[string, Partial<Ranked>]>([
  ["nothing", {}],
  ["provider", { provider: "p1" }],
  ["labels", { labels: { team: "x" } }],
  ["status", { status: "pending" }],
  ["time", { createdAfter: time, createdBefore: time }],
  ["a metric of its own", { metric: "own" }],
])("no table is read as a whole, and never the evaluations; filtered by %s", async (_, filter) => {
  const { all, text } = await parts("large", filter);
  expect(text).not.toMatch(/Seq Scan|evaluations/);
  expect(all).toMatch(/metric_rollups/);
});

test("10,000 benchmarks are read from the index alone", async () => {
  const { text, pages } = await parts("large");
  expect(text).toMatch(/"Index Only Scan".{0,150}"idx_metric_rollups_dataset"/);
  // Of the table it would be thousands.
  expect(pages).toBeLessThan(1_000);
});

test("the benchmarks of others, their evaluations and their unfolded ones cost nothing", async () => {
  const before = await parts("small");
  const { rows } = await client.query<{ id: string }>(
    "select id from benchmarks where dataset = 'large' limit 1",
  );
  const [{ id } = { id: "" }] = rows;
  await rollups(client).delta(id, "score", [0.5, 0.6]);
  const after = await parts("small");
  // At most a few for each benchmark of its own.
  expect(before.pages).toBeLessThan(300);
  expect(after.pages).toBeLessThan(before.pages + 20);
});

test("the benchmarks of a page are found by their ids", async () => {
  const { rows } = await client.query<{ id: string }>("select id from benchmarks limit 50");
  const { text } = await explain(rankedBenchmarks(rows.map(({ id }) => id)));
  expect(text).toMatch(/"benchmarks_pkey"/);
  expect(text).not.toMatch(/Seq Scan/);
});

test.each<[string, Partial<Runs>, number]>([
  ["of all", {}, 1_200],
  ["of a provider", { provider: "p1" }, 1_200],
  ["of a metric that none has", { metric: "own" }, 100],
])("a page of a history, %s, reads little more than the runs on it", async (_, filter, most) => {
  const before = { createdAt: new Date().toISOString(), id: unknownId };
  const runs = { dataset: "large", metric: "score", minCount: 0, ...filter };
  for (const position of [undefined, before]) {
    const { pages } = await explain(newestRuns(runs, { reducer: "mean", k: 0 }, 51, position));
    expect(pages).toBeLessThan(most);
  }
});

test("of 10,000 runs without a value no more are read than are counted", async () => {
  const runs = { dataset: "large", metric: "own", minCount: 0 };
  const reduction = { reducer: "mean", k: 0 } as const;
  const { text, pages } = await explain(countUnscoredRuns(runs, reduction, undefined, undefined));
  expect(text).not.toMatch(/Seq Scan/);
  expect(pages).toBeLessThan(10 * limits.unscoredRuns);
});

test("all 10,000 are ranked, and the last page ends with the last rank", async () => {
  const first = await db.evaluations.leaderboard({ dataset: "large" });
  expect(first).toMatchObject({ total: BENCHMARKS, entries: { length: 50 } });
  const worst = await db.evaluations.leaderboard({ dataset: "large", lowerIsBetter: true }, { limit: 1 });
  const [last] = worst.entries;
  // Merits are rounded, up or down.
  const after = { merit: (last?.mean ?? 0) + 1e-6, hex: "" };
  const end = await db.evaluations.leaderboard({ dataset: "large" }, { limit: 1000, after });
  expect(end.next).toBeUndefined();
  expect(end.entries.at(-1)).toMatchObject({ rank: BENCHMARKS });
});
