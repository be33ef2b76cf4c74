import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { comparedSamples, selectSamples, selectValues } from "../../src/evaluations/compare/samples.ts";
import {
  type EvaluationFilter,
  type EvaluationPosition,
  evaluationFilter,
} from "../../src/evaluations/input.ts";
import { comparePairs } from "../../src/evaluations/inputs/compare-inputs.ts";
import { getMany } from "../../src/evaluations/lists/get-many.ts";
import { findPlace, listEvaluations } from "../../src/evaluations/lists/statements.ts";
import { addSearchIndex } from "../../src/evaluations/search/manage-indexes.ts";
import { planSearch } from "../../src/evaluations/search/search.ts";
import { testDatabase } from "../harness/database.ts";

// How lists and searches are read where they have a million evaluations in one benchmark, and 50,000 more in
// a hundred others.

const large = "00000000-0000-7000-8000-000000000000";
const small = "00000000-0000-7000-8000-000000000001";
const other = "00000000-0000-7000-8000-000000000002";
const rows = 1_000_000;

/**
 * Without what only slows it down: the log, the check of each reference, and indexes that grow row by row.
 */
async function fillQuickly(): Promise<void> {
  await client.query("set session_replication_role = replica; set maintenance_work_mem = '256MB'");
  await client.query("alter table evaluations set unlogged");
  const indexes = await client.query<{ name: string; definition: string; constraint: string | null }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition,
      (select pg_get_constraintdef(c.oid) from pg_constraint c where c.conindid = i.indexrelid) as constraint
    from pg_index i where i.indrelid = 'evaluations'::regclass`,
  );
  for (const { name, constraint } of indexes.rows)
    await client.query(constraint ? `alter table evaluations drop constraint ${name}` : `drop index ${name}`);
  await client.query(
    `insert into benchmarks (id, name, provider, model, dataset)
    select ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, 'b', 'p', 'm', 'd' from generate_series(0, 100) i`,
  );
  const insert = (id: string, from: string) =>
    client.query(
      `insert into evaluations
        (id, benchmark_id, created_at, score, error, content_hash, sample_id, provider, model, input, output, metadata)
      select
        md5(random()::text || i)::uuid, ${id}, '2026-01-01'::timestamptz + make_interval(secs => i), i * 7919::bigint % 1000 / 1000.0,
        case when i % 1000 = 0 then 'e' end, '\\x00000000000000000000000000000000', 's' || i, 'p', 'm',
        'word' || i % 1000, 'the answer', jsonb_build_object('n', i % 1000, 'half', i % 2)
      from ${from}`,
    );
  await insert(`'${large}'`, `generate_series(1, ${rows}) i`);
  await insert(
    "('00000000-0000-7000-8000-' || lpad(b::text, 12, '0'))::uuid",
    "generate_series(1, 100) b, generate_series(1, 500) i",
  );
  for (const { name, definition, constraint } of indexes.rows)
    await client.query(
      constraint ? `alter table evaluations add constraint ${name} ${constraint}` : definition,
    );
  // The plans below are those for figures that are right: a small sample of the rows tells some ranges wrong.
  await client.query("alter table evaluations alter score set statistics 1000");
  await client.query("vacuum analyze evaluations");
}

const { config, db, client } = await testDatabase();
beforeAll(async () => {
  await client.query(sessionSettings);
  await fillQuickly();
  const { host, port, user, database, password } = config;
  const connection = { host, port, user, database, password: password?.reveal() ?? "" };
  for (const kind of ["metadata", "text"] as const) await addSearchIndex(connection, kind);
});
afterAll(async () => {
  await db?.close();
});

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Node[];
}

function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** What PostgreSQL does, by default settings, to read a page, and what is on it. */
async function explain(filter: EvaluationFilter, after?: EvaluationPosition) {
  const parsed = evaluationFilter.parse(filter);
  const plan = await planSearch(db.executor, parsed, after?.walk ?? false);
  return { plan, nodes: await scansOf(listEvaluations(parsed, { limit: 51, from: after }, false, plan)) };
}

async function scansOf({ sql, values }: { sql: string; values: readonly unknown[] }): Promise<Node[]> {
  const answer = await client.query(`explain (analyze, format json) ${sql}`, [...values]);
  const [{ Plan }] = answer.rows[0]["QUERY PLAN"];
  return nodesOf(Plan).filter((node) => node["Node Type"].includes("Scan"));
}

/** Rows that were read in vain, for each that was not. */
function waste(node: Node): number {
  const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return removed / Math.max(node["Actual Rows"], 1);
}

const byTime = ["newest", "oldest"] as const;
const byScore = ["highest-score", "lowest-score"] as const;

const searches: [
  string,
  Omit<EvaluationFilter, "benchmarkId" | "orderBy">,
  readonly EvaluationFilter["orderBy"][],
  string,
][] = [
  ["all", {}, byTime, "idx_evaluations_benchmark"],
  ["all", {}, byScore, "idx_evaluations_score"],
  ["a range of scores", { minScore: 0.4, maxScore: 0.401 }, byScore, "idx_evaluations_score"],
  ["a low score at most", { maxScore: 0.001 }, byScore, "idx_evaluations_score"],
  ["a range of scores", { minScore: 0.4, maxScore: 0.401 }, byTime, "idx_evaluations_score"],
  ["half of the scores", { minScore: 0.5 }, byTime, "idx_evaluations_benchmark"],
  ["failures", { failedOnly: true }, byTime, "idx_evaluations_failed"],
  ["failures of an error", { errorContains: "e" }, byTime, "idx_evaluations_failed"],
  ["a sample", { sampleId: "s77" }, byTime, "evaluations_sample_key"],
  ["metadata of few", { metadata: { n: 7 } }, [...byTime, ...byScore], "idx_evaluations_metadata"],
  ["metadata of none", { metadata: { n: 5000 } }, byTime, "idx_evaluations_metadata"],
  ["metadata of many", { metadata: { half: 1 } }, byTime, "idx_evaluations_benchmark"],
  ["text of few", { text: "word7" }, [...byTime, ...byScore], "idx_evaluations_text"],
  ["a phrase of few", { text: '"word7 the"' }, byTime, "idx_evaluations_text"],
  ["text of none", { text: "absent" }, byTime, "idx_evaluations_text"],
  ["text of all", { text: "answer" }, byTime, "idx_evaluations_benchmark"],
  ["text of few, metadata of many", { text: "word7", metadata: { half: 1 } }, byTime, "idx_evaluations_text"],
  [
    "text of all, metadata of few",
    { text: "answer", metadata: { n: 7 } },
    byTime,
    "idx_evaluations_metadata",
  ],
];

describe.each(searches)("%s %j", (_, filter, orders, index) => {
  test.each(orders.map((orderBy) => ({ orderBy })))("$orderBy", async ({ orderBy }) => {
    for (const benchmarkId of [large, small]) {
      const query = { benchmarkId, ...filter, orderBy };
      const first = await db.evaluations.list(query, { limit: 50 });
      for (const after of [undefined, first.next]) {
        if (after === undefined && first.items.length === 0 && !filter.metadata && !filter.text) continue;
        const { nodes } = await explain(query, after);
        expect(nodes.map((node) => node["Node Type"])).not.toContain("Seq Scan");
        for (const node of nodes) expect(waste(node)).toBeLessThanOrEqual(1.2);
        // What is small may be read any way.
        if (benchmarkId === large) expect(nodes.map((node) => node["Index Name"])).toContain(index);
      }
    }
  });
});

test.each([
  { a: large, b: small },
  { a: small, b: large },
])("inputs are compared by no more rows than are asked for: $a with $b", async (pair) => {
  const nodes = (await scansOf(comparePairs([pair], 300))).filter((node) => node["Relation Name"]);
  expect(nodes).toHaveLength(2);
  for (const node of nodes) {
    expect(node["Index Name"]).toBe("evaluations_sample_key");
    expect(node["Actual Rows"] * node["Actual Loops"]).toBeLessThanOrEqual(300);
    expect(node["Rows Removed by Filter"] ?? 0).toBe(0);
  }
});

test("searches of few are quick and of many stay in the order of the list, through all pages", async () => {
  const few = { benchmarkId: large, metadata: { n: 7 } };
  const samples: unknown[] = [];
  let after: EvaluationPosition | undefined;
  do {
    const page = await db.evaluations.list(few, { limit: 300, after });
    samples.push(...page.items.map(({ sampleId }) => sampleId));
    after = page.next;
  } while (after);
  expect(new Set(samples).size).toBe(rows / 1000);
  const many = { benchmarkId: large, text: "answer", orderBy: "oldest" as const };
  const first = await db.evaluations.list(many, { limit: 2 });
  const second = await db.evaluations.list(many, { limit: 2, after: first.next });
  expect([...first.items, ...second.items].map(({ sampleId }) => sampleId)).toEqual(["s1", "s2", "s3", "s4"]);
});

test.each([
  { orderBy: "highest-value", minValue: 0 },
  { orderBy: "newest", minValue: 0 },
] as const)("by the value of a metric without an index no other benchmark is read: %j", async (how) => {
  const parsed = evaluationFilter.parse({ benchmarkId: small, metric: "latency_ms", ...how });
  const range = { limit: 51, from: { createdAt: "2026-01-02T00:00:00Z", score: null, id: small, value: 1 } };
  const nodes = (await scansOf(listEvaluations(parsed, range, false))).filter(
    (node) => node["Relation Name"],
  );
  expect(nodes.map((node) => node["Node Type"])).not.toContain("Seq Scan");
  for (const node of nodes)
    expect(node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)).toBeLessThan(600);
  const place = await scansOf(findPlace(small, small, "score"));
  expect(place).toMatchObject([{ "Index Name": "evaluations_pkey" }]);
});

test("a hundred evaluations are found by their ids, one by one", async () => {
  const all = await client.query<{ id: string }>("select id from evaluations limit 100");
  const ids = all.rows.map(({ id }) => id);
  for (const query of [getMany(ids, undefined, true), getMany(ids, large, false)]) {
    const nodes = (await scansOf(query)).filter((node) => node["Relation Name"]);
    expect(nodes).toMatchObject([{ "Index Name": "evaluations_pkey", "Actual Loops": 100 }]);
  }
});

test("values of compared samples are looked up by their ids, and small benchmarks alone are read", async () => {
  const side = { repetitions: 0, plannedSamples: 0, totalIterations: 0, isRepeated: false };
  const asked = comparedSamples.parse({ benchmarkIds: [small, other], state: "regressed" });
  const ids = Array.from({ length: 50 }, (_, index) => `s${index + 1}`);
  const values = selectValues(
    [
      { ...side, id: small },
      { ...side, id: large },
    ],
    asked,
    ids,
  );
  for (const node of (await scansOf(values)).filter((one) => one["Relation Name"])) {
    expect(node["Index Name"]).toBe("evaluations_sample_key");
    expect(waste(node)).toBe(0);
  }
  const nodes = await scansOf(
    selectSamples(
      [small, other].map((id) => ({ ...side, id })),
      asked,
      51,
      undefined,
    ),
  );
  expect(nodes.map((node) => node["Node Type"])).not.toContain("Seq Scan");
});
