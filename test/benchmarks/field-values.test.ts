import { beforeAll, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { allStatements } from "../../src/database/statement/sql.ts";
import { foldRollups } from "../../src/evaluations/rollups/fold.ts";
import { testDatabase } from "../harness/database.ts";

const { db, client } = await testDatabase();

const created = { name: "b", provider: "p", model: "m" };

beforeAll(async () => {
  await client.query(sessionSettings);
  for (const [dataset, provider, labels] of [
    ["数据集", "acme", { team: "eval", 枝: "main" }],
    ["50% off_", "ACME", { team: "search" }],
    ["gsm8k", "acme", { team: "eval%" }],
    ["gsm8k", "zeta", {}],
  ] as const)
    await db.benchmarks.create({ ...created, dataset, provider, labels });
});

const valuesOf = async (...args: Parameters<typeof db.benchmarks.listFieldValues>) =>
  (await db.benchmarks.listFieldValues(...args)).values;

test("each value comes once, in order, and those alone that begin with the prefix, letter for letter", async () => {
  expect(await db.benchmarks.listFieldValues("dataset")).toEqual({
    values: ["50% off_", "gsm8k", "数据集"],
    more: false,
  });
  expect(await valuesOf("provider")).toEqual(["ACME", "acme", "zeta"]);
  expect(await valuesOf("provider", { prefix: "ac" })).toEqual(["acme"]);
  expect(await valuesOf("dataset", { prefix: "数" })).toEqual(["数据集"]);
  expect(await valuesOf("dataset", { prefix: "50% off_" })).toEqual(["50% off_"]);
  for (const prefix of ["%", "_", "g_m", "\\", "none"])
    expect(await valuesOf("dataset", { prefix })).toEqual([]);
  expect(await valuesOf("model", { prefix: "m" })).toEqual(["m"]);
  expect(await valuesOf("label_key")).toEqual(["team", "枝"]);
  expect(await valuesOf("label_value", { labelKey: "team" })).toEqual(["eval", "eval%", "search"]);
  expect(await valuesOf("label_value", { labelKey: "team", prefix: "eval%" })).toEqual(["eval%"]);
  expect(await valuesOf("label_value", { labelKey: "none" })).toEqual([]);
});

test("a list that is cut says so", async () => {
  expect(await db.benchmarks.listFieldValues("dataset", { limit: 2 })).toEqual({
    values: ["50% off_", "gsm8k"],
    more: true,
  });
  expect(await db.benchmarks.listFieldValues("dataset", { limit: 3 })).toMatchObject({ more: false });
  expect(await db.benchmarks.listFieldValues("label_key", { limit: 1 })).toEqual({
    values: ["team"],
    more: true,
  });
});

test("wrong questions are refused", async () => {
  const refused = async (field: string, ...args: Parameters<typeof db.benchmarks.listFieldValues>) =>
    expect(db.benchmarks.listFieldValues(...args)).rejects.toMatchObject({ violations: [{ field }] });
  await refused("field", "name" as never);
  await refused("label_key", "label_value");
  await refused("label_key", "provider", { labelKey: "team" });
  await refused("prefix", "provider", { prefix: "\0" });
  await refused("limit", "provider", { limit: 1001 });
  await expect(db.jobs.listFieldValues("x" as never)).rejects.toMatchObject({
    violations: [{ field: "field" }],
  });
});

test("types, limit keys and tags of jobs come from what there is of them", async () => {
  for (const [jobType, limitKey, requiredTags] of [
    ["eval", "openai/gpt-4", ["gpu"]],
    ["eval", undefined, []],
    ["оценка", "acme_%", ["gpu", "eu"]],
  ] as const)
    await db.jobs.create({ jobType, requiredTags: [...requiredTags], ...(limitKey && { limitKey }) });
  await db.jobs.setLimit({ limitKey: "rare", maxRunning: 1 });
  await db.workers.register({ workerId: "w", address: "a", capacity: 1, tags: ["cpu"], jobTypes: ["eval"] });
  expect(await db.jobs.listFieldValues("job_type")).toEqual({ values: ["eval", "оценка"], more: false });
  expect(await db.jobs.listFieldValues("limit_key")).toEqual({
    values: ["acme_%", "openai/gpt-4", "rare"],
    more: false,
  });
  expect(await db.jobs.listFieldValues("limit_key", { prefix: "acme_" })).toMatchObject({
    values: ["acme_%"],
  });
  expect(await db.jobs.listFieldValues("tag")).toEqual({ values: ["cpu", "eu", "gpu"], more: false });
});

test("datasets come by name, in pages, with their latest benchmark and their metrics", async () => {
  const { id } = await db.benchmarks.create({ ...created, name: "latest", dataset: "gsm8k" });
  await db.evaluations.create({ benchmarkId: id, input: "i", output: "o", score: 1, metrics: { own: 1 } });
  await foldRollups(db.executor);
  const first = await db.benchmarks.listDatasets({ limit: 2 });
  expect(first.items).toMatchObject([
    { dataset: "50% off_", benchmarkCount: 1, latestBenchmarkName: "b", metrics: [] },
    {
      ...{ dataset: "gsm8k", benchmarkCount: 3, latestBenchmarkId: id, latestBenchmarkName: "latest" },
      metrics: ["score", "own"],
    },
  ]);
  expect(first.items[1]?.latestCreatedAt).toMatch(/^\d{4}-.*Z$/);
  const second = await db.benchmarks.listDatasets({ limit: 2, after: first.next });
  expect(second).toMatchObject({ items: [{ dataset: "数据集" }], next: undefined });
});

interface Node {
  "Node Type": string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Relation Name"?: string;
  Plans?: Node[];
}

test("benchmarks by the ten thousand are passed over, right after they came in and later", async () => {
  await client.query("alter table benchmarks set (autovacuum_enabled = false)");
  await client.query(
    `insert into benchmarks (id, name, provider, model, dataset, labels)
    select md5(i::text)::uuid, 'b', 'p' || i % 7, 'm' || i % 100, 'd' || i % 2, '{"a": "b"}' from generate_series(1, 24000) i`,
  );
  const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
  const check = async () => {
    for (const [name, most, args] of [
      ["benchmark_field_values", 110, [{ field: "model" }, "none", 51]],
      ["benchmark_field_values", 10_000, [{ field: "label_key" }, "", 51]],
      ["benchmark_datasets", 20_100, ["", 51]],
      ["job_field_values", 100, ["job_type", "", 51]],
    ] as const) {
      const made = allStatements().get(name) as unknown as (...given: readonly unknown[]) => {
        sql: string;
        values: readonly unknown[];
      };
      const { sql, values } = made(...args);
      const answer = await client.query(`explain (analyze, format json) ${sql}`, [...values]);
      const nodes = nodesOf(answer.rows[0]["QUERY PLAN"][0].Plan).filter((node) => node["Relation Name"]);
      const big = nodes.filter((node) => node["Relation Name"] === "benchmarks");
      expect(big.map((node) => node["Node Type"])).not.toContain("Seq Scan");
      const read = nodes.reduce((sum, node) => sum + node["Actual Rows"] * node["Actual Loops"], 0);
      expect(read, name).toBeLessThanOrEqual(most);
    }
  };
  await check();
  await client.query("vacuum analyze benchmarks");
  await check();
  expect((await db.benchmarks.listDatasets()).items).toContainEqual(
    expect.objectContaining({ dataset: "d1", benchmarkCount: 10_000 }),
  );
  await client.query(
    "insert into benchmarks (id, name, provider, model, dataset) select md5('x' || i)::uuid, 'b', 'p', 'm', 'd1' from generate_series(1, 5) i",
  );
  expect((await db.benchmarks.listDatasets()).items).toContainEqual(
    expect.objectContaining({ dataset: "d1", benchmarkCount: 10_000 }),
  );
});
