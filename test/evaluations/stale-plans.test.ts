import { beforeAll, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { comparedSamples, selectSamples, selectValues } from "../../src/evaluations/compare/samples.ts";
import {
  exampleSides,
  type Pairing,
  pairBounds,
  pairFigures,
  pairSamples,
} from "../../src/evaluations/compare/statements.ts";
import { pairSlices } from "../../src/evaluations/slices/pair-statements.ts";
import { fillEvaluations } from "../bench/evaluations/fill.ts";
import { testDatabase } from "../harness/database.ts";

// How rows are compared that have just come in, of which the statistics of PostgreSQL know nothing: it
// expects one row of each benchmark.

const { client } = await testDatabase();
const rows = 60;
const sides: string[] = [];

beforeAll(async () => {
  await client.query(`${sessionSettings}; alter table evaluations set (autovacuum_enabled = false)`);
  await fillEvaluations(client, { rows: 5000, shift: 0 });
  await client.query("analyze evaluations");
  for (const shift of [0, 1])
    sides.push(await fillEvaluations(client, { rows, shift, repetitions: 3, name: "new" }));
});

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Plan Rows": number;
  "Actual Loops": number;
  "Rows Removed by Join Filter"?: number;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

test.each([
  { isRepeated: true, reducer: "mean", k: 0 },
  { isRepeated: true, reducer: "median", k: 0 },
  { isRepeated: true, reducer: "mode", k: 0 },
  { isRepeated: true, reducer: "pass_at_k", k: 2 },
  { isRepeated: false, reducer: "mean", k: 0 },
] as const)(
  "no side is read, nor passed over, for each row of the other: %j",
  async ({ isRepeated, ...reduction }) => {
    const [baseline = "", candidate = ""] = sides;
    const like = exampleSides(isRepeated);
    const plain: Pairing = {
      ...{ baseline: { ...like.baseline, id: baseline }, candidate: { ...like.candidate, id: candidate } },
      ...{ metric: "score", reduction },
    };
    const both = [plain.baseline, plain.candidate];
    const compared = comparedSamples.parse({ benchmarkIds: sides, state: "regressed", ...reduction });
    for (const query of [
      selectSamples(both, compared, 51, undefined),
      selectValues(both, compared, ["s1", "s2"]),
    ])
      await expectOnePass(query);
    for (const pairing of [
      plain,
      { ...plain, allowDifferentInputs: true },
      { ...plain, filledWith: { candidate: 0 } },
    ])
      for (const query of [
        pairFigures(pairing, 0, 5000, pairing.filledWith !== undefined),
        pairSamples(pairing, true, 0, 50),
        pairSlices(pairing, "model", 0),
        pairBounds(pairing, 0, 1),
      ])
        await expectOnePass(query);
  },
);

async function expectOnePass(query: { sql: string; values: readonly unknown[] }): Promise<void> {
  const answer = await client.query(`explain (analyze, format json) ${query.sql}`, [...query.values]);
  const nodes = nodesOf(answer.rows[0]["QUERY PLAN"][0].Plan);
  const reads = nodes.filter((node) => node["Relation Name"] === "evaluations");
  expect(Math.min(...reads.map((node) => node["Plan Rows"]))).toBeLessThan(rows / 10);
  expect(reads.map((node) => node["Actual Loops"])).toEqual(reads.map(() => 1));
  const passedOver = nodes.map((node) => node["Rows Removed by Join Filter"] ?? 0);
  expect(Math.max(...passedOver)).toBe(0);
}
