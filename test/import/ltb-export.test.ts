import { expect, test } from "vitest";
import { readFaulty, readOne, temporary } from "./support.ts";

const jsonl = (...rows: unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");

const benchmark = {
  id: "0198c0de-0000-7000-8000-000000000001",
  name: "run",
  provider: "openai",
  model: "gpt-4o",
  dataset: "mmlu",
  status: "BENCHMARK_STATUS_COMPLETED",
  total_iterations: 2,
  completed_iterations: 1,
  failed_iterations: 1,
  results: { any: [1, null] },
  metrics: { accuracy: 0.5 },
  error: "",
  started_at: "2026-01-31T12:00:00.000001Z",
  labels: { team: "a" },
  metadata: { snake_case: { camelCase: 1 } },
  version: 3,
};
const evaluations = [
  {
    id: "0198c0de-0000-7000-8000-000000000002",
    benchmark_id: benchmark.id,
    sample_id: "s1",
    repetition: 1,
    provider: "openai",
    model: "gpt-4o",
    input: "in",
    output: "",
    metrics: { f1: 0.5, label: "x" },
    score: 1,
    latency_ms: 12.5,
    input_tokens: 1,
    output_tokens: 2,
    cost_usd: 0.01,
    metadata: { some_key: 1 },
    created_at: "2026-01-31T12:00:01Z",
  },
  { sample_id: "s2", provider: "azure", model: "gpt-4o", error: "boom" },
];

const camel = (object: object) =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );

test.each([
  ["snake_case", (object: object) => object],
  ["camelCase", camel],
])("what was exported comes back, in %s", async (_, spelled) => {
  const text = jsonl({ ltb_export: 1, benchmark: spelled(benchmark) }, ...evaluations.map(spelled));
  const read = await readOne(await temporary("export.jsonl", text));
  const { evaluations: _iterable, ...rest } = read.benchmark;
  expect(rest).toEqual({
    key: `ltb:${benchmark.id}`,
    name: "run",
    provider: "openai",
    model: "gpt-4o",
    dataset: "mmlu",
    totalIterations: 2,
    completedIterations: 1,
    failedIterations: 1,
    status: "completed",
    startedAt: "2026-01-31T12:00:00.000001Z",
    labels: { team: "a" },
    metadata: benchmark.metadata,
    metrics: { accuracy: 0.5 },
    results: { any: [1, null] },
  });
  expect(read.evaluations).toEqual([
    {
      id: "0198c0de-0000-7000-8000-000000000002",
      sampleId: "s1",
      repetition: 1,
      input: "in",
      output: "",
      metrics: { f1: 0.5, label: "x" },
      score: 1,
      latencyMs: 12.5,
      inputTokens: 1,
      outputTokens: 2,
      costUsd: 0.01,
      metadata: { some_key: 1 },
      createdAt: "2026-01-31T12:00:01Z",
    },
    { sampleId: "s2", repetition: 0, input: "", error: "boom", provider: "azure" },
  ]);
});

test("what has no sample id keeps its own id, and without both its position is its sample id", async () => {
  const text = jsonl(
    { ltb_export: 1, benchmark },
    { id: "0198c0de-0000-7000-8000-00000000000a" },
    { output: "b" },
  );
  const { evaluations: read } = await readOne(await temporary("export.jsonl", text));
  expect(read.map(({ id, sampleId }) => [id, sampleId])).toEqual([
    ["0198c0de-0000-7000-8000-00000000000a", ""],
    [undefined, "1"],
  ]);
});

test("what the service stored once is not cut by an estimate of its size", async () => {
  // 600 kB as JSON; as a Struct it would be estimated at more than the limit.
  const many = Array.from({ length: 90_000 }, (_, index) => index);
  const text = jsonl(
    { ltb_export: 1, benchmark: { ...benchmark, results: many } },
    { id: "1", metadata: { many } },
  );
  const { benchmark: read, evaluations: rows } = await readOne(await temporary("export.jsonl", text));
  expect(read.results).toEqual(many);
  expect(rows[0]?.metadata).toEqual({ many });
});

test.each([
  [jsonl({ ltb_export: 2, benchmark }), /line 1, field ltb_export: expected 1, found 2/],
  [jsonl({ ltb_export: 1 }), /line 1, field benchmark: expected an object, found nothing/],
  [
    jsonl({ ltb_export: 1, benchmark: { ...benchmark, model: 5 } }),
    /line 1, field benchmark.model: expected a text/,
  ],
  [
    jsonl({ ltb_export: 1, benchmark: { ...benchmark, started_at: "now" } }),
    /field benchmark.started_at: expected a time/,
  ],
  [
    jsonl({ ltb_export: 1, benchmark }, { sample_id: "a", score: "1" }),
    /line 2, field score: expected a number/,
  ],
  [
    jsonl({ ltb_export: 1, benchmark }, { sample_id: "a", repetition: -1 }),
    /line 2, field repetition: expected a whole number/,
  ],
])("%#: what is wrong is named", async (text, message) => {
  expect((await readFaulty(await temporary("export.jsonl", text))).message).toMatch(message);
});

test.each([
  ["an empty id", { id: "" }, /line 1, field benchmark.id: expected a text that is not empty, found ""$/],
  ["no name", { name: undefined }, /line 1, field benchmark.name: expected a text, found nothing$/],
])("%s of the benchmark is named, with what was expected", async (_, part, message) => {
  const header = { ltb_export: 1, benchmark: { ...benchmark, ...part } };
  await expect(readOne(await temporary("export.jsonl", jsonl(header)))).rejects.toThrow(message);
});

test("numbers of documents keep their digits, and others are doubles", async () => {
  const row = '{"sample_id":"a","score":0.10000000000000001,"metadata":{"seed":9007199254740993}}';
  const text = `${jsonl({ ltb_export: 1, benchmark })}\n${row}`;
  const { evaluations: read } = await readOne(await temporary("export.jsonl", text));
  expect(read[0]?.score).toBe(0.1);
  expect(JSON.stringify(read[0]?.metadata)).toBe('{"seed":9007199254740993}');
});
