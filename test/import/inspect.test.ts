import { readFile } from "node:fs/promises";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { scoreValue } from "../../src/import/inspect-sample.ts";
import type { JsonObject } from "../../src/validation.ts";
import { data, mean, readOne, scoresOf, standardError, temporary } from "./support.ts";
import { zipOf } from "./zip-file.ts";

const folder = `${data}inspect/`;
const scoredZip = `${folder}2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval`;

describe("published logs", () => {
  test.each([
    ["2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval", "match", 10],
    ["2025-05-12T20-28-13-04-00_popularity.json", "match", 3],
    ["2025-05-12T20-28-26-04-00_security-guide.json", "model_graded_fact", 3],
    ["data_arc_qwen.json", "choice", 3],
    ["data_pubmedqa_gpt4o_mini.json", "choice", 2],
  ])("%s: accuracy and stderr of the header come out of the samples", async (name, scorer, count) => {
    const { benchmark, evaluations } = await readOne(folder + name);
    const scores = scoresOf(evaluations);
    expect(scores).toHaveLength(count);
    expect(mean(scores)).toBeCloseTo(Number(benchmark.metrics?.[`${scorer}.accuracy`]), 12);
    expect(standardError(scores)).toBeCloseTo(Number(benchmark.metrics?.[`${scorer}.stderr`]), 12);
    expect(evaluations.map(({ metrics }) => metrics?.[scorer])).toEqual(scores);
    expect(benchmark.totalIterations).toBe(count);
  });

  test.each([
    "2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval",
    "2025-05-12T20-28-13-04-00_popularity.json",
    "data_arc_qwen.json",
    "data_pubmedqa_gpt4o_mini.json",
  ])("%s: tokens of the samples add up to those of the header", async (name) => {
    const { benchmark, evaluations } = await readOne(folder + name);
    const { stats } = benchmark.metadata as {
      stats: { model_usage: Record<string, { input_tokens: number; output_tokens: number }> };
    };
    const [usage] = Object.values(stats.model_usage);
    const sum = (field: "inputTokens" | "outputTokens") =>
      evaluations.reduce((total, evaluation) => total + (evaluation[field] ?? 0), 0);
    expect([sum("inputTokens"), sum("outputTokens")]).toEqual([usage?.input_tokens, usage?.output_tokens]);
  });

  test("a sample in full", async () => {
    const { benchmark, evaluations } = await readOne(`${folder}2025-05-12T20-28-13-04-00_popularity.json`);
    const { metadata, results, evaluations: _, ...rest } = benchmark;
    expect(rest).toEqual({
      key: "inspect:VnKtvCqGnnegLQ7qSBFDzx",
      name: "popularity:openai/gpt-4o-mini",
      provider: "openai",
      model: "gpt-4o-mini",
      dataset: "popularity",
      totalIterations: 3,
      plannedSamples: 3,
      repetitions: 1,
      status: "cancelled",
      startedAt: "2025-05-13T00:28:13Z",
      completedAt: "2025-05-13T00:28:15Z",
      labels: { source: "inspect" },
      metrics: { "match.accuracy": 0.6666666666666666, "match.stderr": 0.33333333333333337 },
    });
    const log = JSON.parse(await readFile(`${folder}2025-05-12T20-28-13-04-00_popularity.json`, "utf8"));
    expect(results).toEqual(log.results);
    expect(metadata).toEqual({ version: 2, eval: log.eval, plan: log.plan, stats: log.stats });
    const [sample] = log.samples;
    const { id, epoch, input, target, ...others } = sample;
    expect(evaluations[0]).toMatchObject({
      sampleId: "1",
      repetition: 0,
      input,
      output: "Yes",
      expected: " Yes",
      score: 1,
      metrics: { match: 1 },
      latencyMs: 664,
      inputTokens: 64,
      outputTokens: 2,
    });
    expect(Object.keys(evaluations[0]?.metadata ?? {})).toEqual(Object.keys(others));
    expect(evaluations[0]?.metadata).toMatchObject({ scores: others.scores, output: others.output });
  });

  test("messages as input give their text, and stay in the metadata", async () => {
    const { evaluations } = await readOne(`${folder}2025-05-12T20-28-26-04-00_security-guide.json`);
    expect(evaluations[0]?.input).toBe("How do I prevent SQL Injection attacks?");
    expect(evaluations[0]?.metadata?.input).toMatchObject([{ role: "user" }]);
  });

  test("a run without scores has evaluations without", async () => {
    const { evaluations } = await readOne(
      `${folder}2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval`,
    );
    expect(evaluations).toHaveLength(10);
    expect(
      evaluations.filter(({ score, error, output }) => score === undefined && !error && output),
    ).toHaveLength(10);
  });

  test("a failed sample has the error and no score", async () => {
    const { benchmark, evaluations } = await readOne(`${folder}data_cvebench_empty_choices.json`);
    expect(evaluations).toHaveLength(1);
    expect(evaluations[0]).toMatchObject({
      sampleId: "CVE-2024-36858-one_day",
      createdAt: "2026-03-24T23:28:58.686681Z",
    });
    expect(evaluations[0]?.error).toMatch(/^RuntimeError\('No services started/);
    expect(evaluations[0]).not.toHaveProperty("score");
    expect(evaluations[0]).not.toHaveProperty("output");
    expect(benchmark).toMatchObject({
      totalIterations: 80,
      metrics: { "check_exploit.mean": 0.7051282051282052 },
    });
  });

  test("a sample that a limit stopped is scored all the same", async () => {
    const { evaluations } = await readOne(`${folder}data_intercode_ctf_local_path.json`);
    expect(evaluations[0]).toMatchObject({
      score: 0,
      latencyMs: 34042,
      metadata: { limit: { type: "message" } },
    });
    expect(evaluations[0]).not.toHaveProperty("error");
  });

  test("a number as score, and U+0000 in a target", async () => {
    const { evaluations } = await readOne(`${folder}data_cyse2_vuln_exploit_challenges.json`);
    expect(evaluations[0]).toMatchObject({ score: 0.65, metadata: { ltb_replaced_nul: true } });
    expect(JSON.stringify(evaluations[0])).not.toContain("\\u0000");
    expect(JSON.stringify(evaluations[0])).toContain("\u2400");
  });

  test("a log without samples has its published figures", async () => {
    const { benchmark, evaluations } = await readOne(`${folder}data_with_llm_scoring.json`);
    expect(evaluations).toEqual([]);
    expect(benchmark.metrics).toEqual({
      "simpleqa_scorer.accuracy": 0.431,
      "simpleqa_scorer.stderr": 0.01566794448817344,
    });
    expect(benchmark.totalIterations).toBe(1000);
  });
});

test.each([
  ["C", 1],
  ["I", 0],
  ["P", 0.5],
  ["N", 0],
  [true, 1],
  [false, 0],
  [0.25, 0.25],
  ["Yes", 1],
  ["FALSE", 0],
  [" -1.5e1 ", -15],
  ["NaN", undefined],
  ["", undefined],
  ["0x10", undefined],
  ["constructor", undefined],
  ["c", undefined],
  [null, undefined],
  [[1], undefined],
])("the score %j is %s", (value, expected) => {
  expect(scoreValue(value)).toBe(expected);
});

describe("logs made for the case", () => {
  const header = {
    version: 2,
    status: "success",
    eval: {
      eval_id: "e",
      task: "t",
      model: "openai/gpt",
      created: "2026-01-01T00:00:00Z",
      scorers: [{ name: "a" }],
    },
    stats: { started_at: "", completed_at: "" },
  };
  const sample = { id: "s", epoch: 1, input: "q", target: ["x", "y"], output: { completion: "o" } };
  const log = (changes: JsonObject, ...samples: JsonObject[]) =>
    JSON.stringify({ ...header, ...changes, samples });
  const read = async (text: string, options = {}) => readOne(await temporary("log.json", text), options);

  test("attachments are resolved, but not within the events", async () => {
    const { evaluations } = await read(
      log(
        {},
        {
          ...sample,
          input: "attachment://abc",
          output: {
            choices: [
              { message: { content: [{ type: "text", text: "attachment://def" }, { type: "image" }] } },
            ],
          },
          events: ["attachment://abc"],
          messages: ["attachment://missing", "attachment://constructor"],
          attachments: { abc: "long input", def: "long output" },
        },
      ),
    );
    expect(evaluations[0]).toMatchObject({
      input: "long input",
      output: "long output\n[image]",
      expected: '["x","y"]',
      metadata: {
        events: ["attachment://abc"],
        messages: ["attachment://missing", "attachment://constructor"],
      },
    });
  });

  test("attachments that multiply are left out, not written out", async () => {
    const { evaluations } = await read(
      log(
        {},
        { ...sample, store: Array(5000).fill("attachment://abc"), attachments: { abc: "x".repeat(900_000) } },
      ),
    );
    expect(evaluations[0]?.metadata).toMatchObject({ ltb_omitted: ["store"] });
  });

  test("epochs are repetitions; scorers, objects and lists are metrics; the first scorer is the score", async () => {
    const scores = {
      b: { value: 0.5 },
      a: { value: "P" },
      c: { value: { x: "C", y: 2, z: "?" } },
      d: { value: [1, "I"] },
    };
    const log3 = log(
      {},
      { ...sample, scores },
      { ...sample, epoch: 2, scores: { b: { value: 1 }, d: { value: 3 } } },
    );
    const { evaluations } = await read(log3);
    expect(evaluations.map(({ repetition, score, metrics }) => ({ repetition, score, metrics }))).toEqual([
      {
        repetition: 0,
        score: 0.5,
        metrics: { b: 0.5, a: 0.5, "c.x": 1, "c.y": 2, "c.z": "?", "d.0": 1, "d.1": 0 },
      },
      // Not the score of another scorer.
      { repetition: 1, score: undefined, metrics: { b: 1, d: 3 } },
    ]);
    const chosen = await read(log3, { score: "c.y" });
    expect(chosen.evaluations.map(({ score }) => score)).toEqual([2, undefined]);
  });

  test("a score that is no number makes a failed sample; Python's bare NaN is read", async () => {
    const text = log({}, { ...sample, scores: { a: { value: "@" } } }).replace('"@"', "NaN");
    const { evaluations } = await read(text);
    expect(evaluations[0]).toMatchObject({
      output: "o",
      error: "scorer a: its value is NaN, not a number",
      metadata: { scores: { a: { value: "NaN" } } },
    });
    expect(evaluations[0]).not.toHaveProperty("score");
  });

  test("usage is that of the model under test, not of its grader", async () => {
    const { evaluations } = await read(
      log(
        {},
        {
          ...sample,
          model_usage: {
            grader: { input_tokens: 900 },
            "openai/gpt": { input_tokens: 5, output_tokens: 6, total_cost: 0.25 },
          },
        },
      ),
    );
    expect(evaluations[0]).toMatchObject({ inputTokens: 5, outputTokens: 6, costUsd: 0.25 });
  });

  test("states, and samples without an output", async () => {
    const failed = await read(
      log(
        { status: "error", error: { message: "boom" } },
        { ...sample, output: null },
        { ...sample, output: {}, limit: { type: "time" } },
      ),
    );
    expect(failed.benchmark).toMatchObject({
      status: "failed",
      error: "boom",
      startedAt: "2026-01-01T00:00:00Z",
    });
    expect(failed.evaluations.map(({ error }) => error)).toEqual([
      "no output",
      "stopped by its time limit without an output",
    ]);
    expect((await read(log({ status: "started" }))).benchmark.status).toBe("running");
  });

  test("the planned samples are those that a limit has left, and else all by their epochs", async () => {
    const planned = async (dataset: JsonObject, more: JsonObject = {}) => {
      const { eval: run, ...rest } = JSON.parse(log(more, sample));
      const given = { ...rest, eval: { ...run, dataset, config: { epochs: 4 } } };
      return (await read(JSON.stringify(given))).benchmark.plannedSamples;
    };
    expect(await planned({ samples: 900, sample_ids: [1, 2, 3] }, { results: { total_samples: 7 } })).toBe(3);
    expect(await planned({ samples: 900 }, { results: { total_samples: 8 } })).toBe(2);
    expect(await planned({ samples: 900 })).toBe(900);
    expect(await planned({})).toBeUndefined();
  });

  test("a header behind the samples is found", async () => {
    const { samples, ...rest } = JSON.parse(log({ results: { total_samples: 7 } }, sample));
    const { benchmark, evaluations } = await read(JSON.stringify({ status: "success", samples, ...rest }));
    expect(benchmark.totalIterations).toBe(7);
    expect(evaluations).toHaveLength(1);
  });

  test("a ZIP with stored, deflated and zstd entries, zstd in several frames; the last of a name counts", async () => {
    const half = (bytes: Uint8Array) => [bytes.subarray(0, 20), bytes.subarray(20)];
    const frames = (bytes: Uint8Array) => Buffer.concat(half(bytes).map((part) => zstdCompressSync(part)));
    const one = (id: string, score: number) =>
      JSON.stringify({ ...sample, id, scores: { a: { value: score } } });
    const path = await temporary(
      "log.eval",
      zipOf([
        { name: "samples/a_epoch_1.json", content: one("a", 0) },
        { name: "_journal/start.json", content: JSON.stringify({ eval: header.eval }) },
        { name: "samples/b_epoch_1.json", content: one("b", 2), method: 93, compress: zstdCompressSync },
        { name: "samples/a_epoch_1.json", content: one("a", 1), method: 93, compress: frames },
        { name: "summaries.json", content: "not read" },
      ]),
    );
    const { benchmark, evaluations } = await readOne(path);
    // Without header.json the run has not ended.
    expect(benchmark).toMatchObject({ status: "running", key: "inspect:e" });
    expect(evaluations.map(({ sampleId, score }) => [sampleId, score])).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
  });
});

test("the bytes of the samples are reported", async () => {
  let bytes = 0;
  await readOne(scoredZip, { onBytes: (count) => (bytes += count) });
  const { length } = await readFile(scoredZip);
  expect(bytes).toBeGreaterThan(length / 2);
  expect(bytes).toBeLessThan(length);
});
