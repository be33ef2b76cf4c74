import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ImportError } from "../../src/import/import-error.ts";
import { output, rows } from "./promptfoo-fixture.ts";
import { readAll, readFaulty, scoresOf, temporary } from "./support.ts";

const json = (value: unknown) => JSON.stringify(value, null, 2);
const jsonl = (values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
const sum = (values: (number | undefined)[]) => values.reduce<number>((total, value = 0) => total + value, 0);

describe("an output file", () => {
  test("is a benchmark for each prompt with each provider, of one dataset", async () => {
    const read = await readAll(await temporary("output.json", json(output)));
    expect(
      read.map(({ benchmark: { key, name, provider, model, dataset } }) => [
        key,
        name,
        provider,
        model,
        dataset,
      ]),
    ).toEqual([
      [
        `promptfoo:${output.evalId}/0`,
        "Geography:openai:chat:gpt-4o-mini [prompt 1]",
        "openai",
        "gpt-4o-mini",
        "Geography",
      ],
      [
        `promptfoo:${output.evalId}/1`,
        "Geography:openai:chat:gpt-4o-mini [prompt 2]",
        "openai",
        "gpt-4o-mini",
        "Geography",
      ],
      [
        `promptfoo:${output.evalId}/2`,
        "Geography:haiku [prompt 1]",
        "anthropic",
        "claude-3-5-haiku-20241022",
        "Geography",
      ],
      [
        `promptfoo:${output.evalId}/3`,
        "Geography:haiku [prompt 2]",
        "anthropic",
        "claude-3-5-haiku-20241022",
        "Geography",
      ],
    ]);
    const { benchmark } = read[2] ?? {};
    expect(benchmark).toMatchObject({
      status: "completed",
      totalIterations: 3,
      plannedSamples: 3,
      startedAt: "2026-03-02T09:30:00.123Z",
      completedAt: "2026-03-02T09:30:11.623Z",
      labels: { source: "promptfoo", provider: "haiku" },
      results: { stats: output.results.stats },
    });
    expect(benchmark?.metadata).toMatchObject({
      evalId: output.evalId,
      prompt: "Answer in one word: {{question}}",
    });
    expect(Object.keys(benchmark?.metadata?.config ?? {})).toEqual(["description", "prompts", "providers"]);
  });

  test("its aggregates are those of the evaluations", async () => {
    const read = await readAll(await temporary("output.json", json(output)));
    for (const { benchmark, evaluations } of read) {
      const { metrics = {} } = benchmark;
      expect(sum(scoresOf(evaluations))).toBeCloseTo(Number(metrics.score), 12);
      expect(sum(evaluations.map(({ metrics }) => Number(metrics?.pass ?? 0)))).toBe(metrics.testPassCount);
      expect(sum(evaluations.map(({ metrics }) => Number(metrics?.exact ?? 0)))).toBe(
        metrics["namedScores.exact"],
      );
      expect(evaluations.filter(({ error }) => error).length).toBe(metrics.testErrorCount);
      expect(sum(evaluations.map(({ latencyMs }) => latencyMs))).toBe(metrics.totalLatencyMs);
      expect(sum(evaluations.map(({ inputTokens }) => inputTokens))).toBe(metrics["tokenUsage.prompt"]);
      expect(sum(evaluations.map(({ outputTokens }) => outputTokens))).toBe(metrics["tokenUsage.completion"]);
      expect(sum(evaluations.map(({ costUsd }) => costUsd))).toBeCloseTo(Number(metrics.cost), 12);
    }
    const everything = read.flatMap(({ evaluations }) => evaluations);
    const { successes, failures, errors } = output.results.stats;
    expect(everything).toHaveLength(successes + failures + errors);
    expect(sum(everything.map(({ metrics }) => Number(metrics?.pass ?? 0)))).toBe(successes);
  });

  test("rows in full: passed, failed, ended in an error, and an output that is no text", async () => {
    const read = await readAll(await temporary("output.json", json(output)));
    const [first, failed] = read[0]?.evaluations ?? [];
    expect(first).toEqual({
      sampleId: "0",
      repetition: 0,
      input: "Answer in one word: Capital of France?",
      output: "Paris",
      expected: "Paris",
      score: 1,
      metrics: { pass: 1, exact: 1 },
      latencyMs: 300,
      inputTokens: 20,
      outputTokens: 2,
      costUsd: 0.00001,
      metadata: {
        gradingResult: rows[0]?.gradingResult,
        id: rows[0]?.id,
        prompt: { label: "Answer in one word: {{question}}" },
        promptId: "prompt-hash-0",
        provider: { id: "openai:chat:gpt-4o-mini", label: "" },
        response: { tokenUsage: { total: 22, prompt: 20, completion: 2, cached: 0 }, cached: false },
        testCase: { assert: rows[0]?.testCase.assert, options: {}, metadata: {} },
        vars: { question: "Capital of France?", answer: "Paris" },
        metadata: { _promptfooFileMetadata: {} },
        failureReason: 0,
      },
    });
    // An assertion that failed is no failure of the sample.
    expect(failed).toMatchObject({ score: 0.5, metrics: { pass: 0, exact: 0 } });
    expect(failed?.error).toBeUndefined();
    const error = read[2]?.evaluations[1];
    expect(error).toMatchObject({
      sampleId: "1",
      error: "API call error: 529 overloaded_error",
      latencyMs: 5000,
    });
    expect([error?.score, error?.output, error?.metrics]).toEqual([undefined, undefined, undefined]);
    expect(read[1]?.evaluations.map(({ output }) => output)).toEqual(['{"city":"Paris"}', "", "Pacific"]);
  });

  test("a named score may be the score", async () => {
    const read = await readAll(await temporary("output.json", json(output)), { score: "exact" });
    expect(read.map(({ evaluations }) => scoresOf(evaluations))).toEqual([
      [1, 0, 1],
      [1, 0, 1],
      [1, 1],
      [1, 1, 1],
    ]);
    expect(read[2]?.evaluations[1]?.error).toBe("API call error: 529 overloaded_error");
  });
});

describe("other forms", () => {
  const scores = [
    [1, 0.5, 1],
    [1, 0, 0.75],
    [1, 1],
    [1, 1, 1],
  ];

  test("JSONL, with the same samples", async () => {
    const path = await temporary("output.jsonl", jsonl(rows));
    const read = await readAll(path);
    expect(read.map(({ evaluations }) => scoresOf(evaluations))).toEqual(scores);
    expect(read.map(({ benchmark }) => benchmark.dataset)).toEqual(Array(4).fill("output"));
    const whole = await readAll(await temporary("output.json", json(output)));
    expect(read.map(({ evaluations }) => evaluations)).toEqual(whole.map(({ evaluations }) => evaluations));
    const again = await readAll(path);
    expect(again.map(({ benchmark }) => benchmark.key)).toEqual(read.map(({ benchmark }) => benchmark.key));
  });

  test("what evaluate() returns", async () => {
    const { results } = output;
    const read = await readAll(await temporary("results.json", json(results)), { format: "promptfoo" });
    expect(read.map(({ evaluations }) => scoresOf(evaluations))).toEqual(scores);
    expect(read[0]?.benchmark).toMatchObject({ dataset: "results", startedAt: "2026-03-02T09:30:00.123Z" });
  });

  test("version 2: rows without numbers, the table behind them", async () => {
    const old = rows.map(({ promptIdx: _, testIdx: __, failureReason: ___, testCase: ____, ...row }) => row);
    const table = { head: { prompts: [], vars: [] }, body: rows.map(() => ({ outputs: "x".repeat(1000) })) };
    const { prompts: _____, ...results } = output.results;
    const text = json({
      results: { ...results, version: 2, results: old, table },
      config: {},
      shareableUrl: null,
    });
    const read = await readAll(await temporary("old.json", text));
    expect(read.map(({ evaluations }) => scoresOf(evaluations))).toEqual(scores);
    expect(read.map(({ evaluations }) => evaluations.map(({ sampleId }) => sampleId))).toEqual(
      Array(4).fill(["0", "1", "2"]),
    );
    // The reason of a failed assertion stood in the same field as errors.
    expect(read.map(({ evaluations }) => evaluations.filter(({ error }) => error).length)).toEqual([
      0, 0, 1, 0,
    ]);
    expect(read[0]?.benchmark).toMatchObject({ dataset: "old", totalIterations: 3 });
    expect(new Set(read.map(({ benchmark }) => benchmark.key)).size).toBe(4);
  });

  test.each([
    ["openai:gpt-4o", "openai", "gpt-4o"],
    ["openrouter:meta-llama/llama-3", "openrouter", "meta-llama/llama-3"],
    ["openai:chat:ft:gpt-3.5:me", "openai", "ft:gpt-3.5:me"],
    ["file://provider.py", "unknown", "file://provider.py"],
    ["https://example.com/v1", "unknown", "https://example.com/v1"],
    ["python:provider.py", "unknown", "python:provider.py"],
    ["echo", "unknown", "echo"],
  ])("provider %s", async (id, provider, model) => {
    const [read] = await readAll(await temporary("output.jsonl", jsonl([{ ...rows[0], provider: id }])));
    expect(read?.benchmark).toMatchObject({ provider, model });
  });
});

describe("what is wrong is named", () => {
  const replaced = (from: string, to: string) => {
    const text = json(output);
    expect(text).toContain(from);
    return text.replace(from, to);
  };

  test.each([
    [
      "a score that is a text",
      () => replaced('"score": 0.5,\n        "success"', '"score": "high",\n        "success"'),
      11,
      /record 4, line \d+, field score: expected a number/,
    ],
    [
      "a provider that is none",
      () => replaced('"id": "anthropic:messages:claude-3-5-haiku-20241022"', '"id": 7'),
      11,
      /record 2, line \d+, field provider.id/,
    ],
    ["no results", () => replaced('"results": [', '"other": ['), 0, /no results; expected at least one/],
    [
      "a time that is none",
      () => replaced("2026-03-02T09:30:00.123Z", "yesterday"),
      0,
      /field results.timestamp: expected a time/,
    ],
    [
      "a cut file",
      () => json(output).slice(0, json(output).indexOf('"promptIdx": 1')),
      1,
      /record 1, line \d+: the file ends here/,
    ],
  ])("%s", async (_, text, count, message) => {
    const { evaluations, message: found } = await readFaulty(await temporary("output.json", text()));
    expect(found).toMatch(/^output\.json/);
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(count);
  });

  test("too many columns", async () => {
    const many = Array.from({ length: 300 }, (_, promptIdx) => ({ ...rows[0], promptIdx }));
    expect((await readFaulty(await temporary("output.jsonl", jsonl(many)))).message).toMatch(
      /more than 256 prompts and providers/,
    );
  });

  test("anything in any field is read or refused in order", async () => {
    const fields = Object.keys(rows[0] ?? {});
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), fc.json(), async (field, value) => {
        const text = `${JSON.stringify(rows[0])}\n${JSON.stringify({ ...rows[1], [field]: JSON.parse(value) })}\n`;
        const path = await temporary("output.jsonl", text);
        try {
          for (const { evaluations } of await readAll(path))
            for (const { sampleId } of evaluations) expect(sampleId).toMatch(/^\d+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ImportError);
          expect(String(error)).toMatch(/output\.jsonl/);
        }
      }),
      { numRuns: 80 },
    );
  });
});
