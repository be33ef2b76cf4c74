import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { data, readAll, readFaulty, readOne, scoresOf, temporary } from "./support.ts";

const stamp = "2026-01-21T03-44-18.458309";
const samplesName = `samples_math_perturbed_full_${stamp}.jsonl`;
const resultsName = `results_${stamp}.json`;
const model = "RylanSchaeffer/mem_Qwen3-93M_minerva_math_rep_0_sbst_1.0000_epch_1_ot_1";

describe("samples with their results", () => {
  test("the run is described by the results beside it", async () => {
    const { benchmark, evaluations } = await readOne(`${data}lm_eval/${samplesName}`);
    const { metadata, evaluations: _, ...rest } = benchmark;
    expect(rest).toEqual({
      key: "lm-eval:1768964383.8593218/math_perturbed_full/none",
      name: `math_perturbed_full:${model}`,
      provider: "hf",
      model,
      dataset: "math_perturbed_full",
      totalIterations: 5000,
      plannedSamples: 5000,
      status: "completed",
      startedAt: "2026-01-21T02:59:43.859322Z",
      completedAt: "2026-01-21T03:44:21.591401Z",
      labels: { source: "lm-eval", filter: "none" },
      metrics: { "exact_match,none": 0, "exact_match_stderr,none": 0 },
      results: { alias: "math_perturbed_full", "exact_match,none": 0, "exact_match_stderr,none": 0 },
    });
    expect(metadata).toMatchObject({ git_hash: "1f84a09f", versions: { math_perturbed_full: 1 } });
    expect(Object.keys(metadata?.configs ?? {})).toEqual(["math_perturbed_full"]);
    expect(evaluations).toHaveLength(10);
    expect(scoresOf(evaluations)).toEqual(Array(10).fill(0));
  });

  test("a sample in full", async () => {
    const { evaluations } = await readOne(`${data}lm_eval/${samplesName}`);
    const lines = (await readFile(`${data}lm_eval/${samplesName}`, "utf8")).trim().split("\n");
    const { doc_id, target, filter, filtered_resps, exact_match, ...rest } = JSON.parse(lines[9] ?? "");
    expect(evaluations[9]).toEqual({
      sampleId: "9",
      repetition: 0,
      input: rest.arguments.gen_args_0.arg_0,
      output: filtered_resps[0],
      expected: "-\\frac{1}{12}",
      score: exact_match,
      metrics: { exact_match },
      metadata: { task: "math_perturbed_full", ...rest },
    });
  });

  test("the results file gives a benchmark a task, with the samples that are there", async () => {
    const read = await readAll(`${data}lm_eval/${resultsName}`);
    expect(
      read.map(({ benchmark, evaluations }) => [
        benchmark.dataset,
        benchmark.metrics?.["exact_match,none"],
        evaluations.length,
      ]),
    ).toEqual([
      ["math_perturbed_full", 0, 10],
      ["math_rephrased_full", 0.0004, 0],
    ]);
    const { benchmark } = await readOne(`${data}lm_eval/${samplesName}`);
    expect(read[0]?.benchmark.key).toBe(benchmark.key);
  });
});

describe("each file alone", () => {
  test("samples", async () => {
    const path = await temporary(samplesName, await readFile(`${data}lm_eval/${samplesName}`));
    const { benchmark, evaluations } = await readOne(path, { model: "m" });
    expect(benchmark).toMatchObject({ provider: "unknown", model: "m", dataset: "math_perturbed_full" });
    expect(evaluations).toHaveLength(10);
  });

  test("results", async () => {
    const path = await temporary(resultsName, await readFile(`${data}lm_eval/${resultsName}`));
    const read = await readAll(path);
    expect(read.map(({ evaluations }) => evaluations.length)).toEqual([0, 0]);
    expect(read[1]?.benchmark).toMatchObject({
      metrics: { "exact_match,none": 0.0004, "exact_match_stderr,none": 0.0002828144211304471 },
    });
  });

  test("samples under another name", async () => {
    const path = await temporary("mine.jsonl", await readFile(`${data}lm_eval/${samplesName}`));
    await cp(`${data}lm_eval/${resultsName}`, join(dirname(path), resultsName));
    const { benchmark } = await readOne(path);
    expect(benchmark).toMatchObject({ dataset: "mine", model: "unknown" });
  });
});

test("several filters are several benchmarks with the same sample ids, in whatever order", async () => {
  const line = (doc_id: number, filter: string, acc: unknown, text = "x") =>
    JSON.stringify({
      doc_id,
      filter,
      filtered_resps: [text],
      resps: [[text]],
      arguments: [["q", {}]],
      metrics: ["acc", "f1"],
      acc,
      f1: 0.5,
    });
  const path = await temporary(
    "samples_gsm8k_2026-01-01T00-00-00.jsonl",
    [
      line(0, "strict", true),
      line(0, "flexible", 1),
      line(1, "strict", false),
      line(1, "flexible", null),
    ].join("\n"),
  );
  const read = await readAll(path);
  expect(
    read.map(({ benchmark, evaluations }) => [
      benchmark.name,
      evaluations.map(({ sampleId, score, error }) => [sampleId, score ?? error]),
    ]),
  ).toEqual([
    [
      "gsm8k[strict]",
      [
        ["0", 1],
        ["1", 0],
      ],
    ],
    [
      "gsm8k[flexible]",
      [
        ["0", 1],
        ["1", "metric acc: null, not a number"],
      ],
    ],
  ]);
  expect(new Set(read.map(({ benchmark }) => benchmark.key)).size).toBe(2);
  const f1 = await readAll(path, { score: "f1" });
  expect(f1[0]?.evaluations[0]).toMatchObject({ score: 0.5, metrics: { acc: 1, f1: 0.5 }, input: "q" });
});

test("the score is the first metric that is a number of any sample", async () => {
  const lines = [null, 1].map((acc, doc_id) =>
    JSON.stringify({
      doc_id,
      filtered_resps: ["x"],
      metrics: ["note", "acc", "f1"],
      note: "n",
      acc,
      f1: 0.5,
    }),
  );
  const { evaluations } = await readOne(await temporary("samples.jsonl", lines.join("\n")), {
    format: "lm-eval",
  });
  expect(evaluations.map(({ score, error }) => score ?? error)).toEqual([
    "metric acc: null, not a number",
    1,
  ]);
});

describe("the model", () => {
  const modelOf = async (about: object) => {
    const results = { results: { t: { "acc,none": 1 } }, configs: { t: {} }, versions: { t: 1 }, ...about };
    const { provider, model } = (await readOne(await temporary(resultsName, JSON.stringify(results))))
      .benchmark;
    return [provider, model];
  };

  test.each([
    [{ model: "hf", model_args: "pretrained=a/b,peft=c/d" }, ["hf", "c/d"]],
    [{ model: "vllm", model_args: { tokenizer: "t", pretrained: "a/b" } }, ["vllm", "a/b"]],
    [{ model: "gguf", model_args: "base_url=http://localhost:1" }, ["unknown", "gguf"]],
    [{ model: "MyModel", model_args: null }, ["unknown", "MyModel"]],
  ])("of %j", async (config, expected) => {
    // For a model that has no name in its arguments lm-eval draws one when it saves results.
    const saved = { model_source: config.model_args ? config.model : "CUSTOM", model_name: "6v8uqx97" };
    expect(await modelOf({ config })).toEqual(expected);
    expect(await modelOf({ config, ...saved })).toEqual(expected);
  });
});

test("multiple choice: log-likelihoods stay readable, metrics are found without a list of them", async () => {
  const sample = {
    doc_id: 3,
    doc: { q: 1 },
    target: 2,
    arguments: { gen_args_0: { arg_0: "Q:", arg_1: " a" }, gen_args_1: { arg_0: "Q:", arg_1: " b" } },
    filtered_resps: [
      ["-1.5", "False"],
      ["-0.5", "True"],
    ],
    acc: 1,
    acc_norm: 0,
  };
  const { evaluations } = await readOne(await temporary("samples.jsonl", JSON.stringify(sample)));
  expect(evaluations[0]).toMatchObject({
    sampleId: "3",
    input: "Q:",
    output: '[["-1.5","False"],["-0.5","True"]]',
    expected: "2",
    score: 1,
    metrics: { acc: 1, acc_norm: 0 },
  });
});

describe("MMLU", () => {
  const questions = { mmlu_anatomy: [1, 0, 1], mmlu_astronomy: [0, 1], mmlu_virology: [1] };

  /** The files of a run of MMLU as lm-eval writes them: groups have results, tasks have samples. */
  async function folderOf(groupsOf: Record<string, string[]>, average: Record<string, number>) {
    const tasks = Object.keys(questions);
    const of = (value: unknown) => Object.fromEntries(tasks.map((task) => [task, value]));
    const results = {
      results: {
        ...Object.fromEntries(Object.keys(groupsOf).map((name) => [name, { alias: name, ...average }])),
        ...of({ alias: " - subject", "acc,none": 0.5, "acc_stderr,none": 0.1 }),
      },
      group_subtasks: groupsOf,
      configs: of({ dataset_path: "cais/mmlu" }),
      versions: of(1),
      "n-samples": Object.fromEntries(
        Object.entries(questions).map(([task, { length }]) => [
          task,
          { original: length, effective: length },
        ]),
      ),
      model_source: "hf",
      model_name: "gpt2",
    };
    const path = await temporary(resultsName, JSON.stringify(results));
    for (const [task, answers] of Object.entries(questions)) {
      const lines = answers.map((acc, doc_id) =>
        JSON.stringify({
          ...{
            doc_id,
            doc: { question: "Q", subject: task.slice(5), choices: ["x", "y"], answer: 0 },
            target: "0",
          },
          arguments: { gen_args_0: { arg_0: "Q", arg_1: " A" } },
          ...{
            resps: [[["-1", "False"]]],
            filtered_resps: [["-1", "False"]],
            filter: "none",
            metrics: ["acc"],
            acc,
          },
        }),
      );
      await writeFile(join(dirname(path), `samples_${task}_${stamp}.jsonl`), lines.join("\n"));
    }
    return path;
  }
  const nested = {
    mmlu: ["mmlu_stem", "mmlu_other"],
    mmlu_stem: ["mmlu_anatomy", "mmlu_astronomy"],
    mmlu_other: ["mmlu_virology"],
    ...Object.fromEntries(Object.keys(questions).map((task) => [task, []])),
  };

  test("the tasks of a group with an average are one benchmark, whose samples name their task", async () => {
    const path = await folderOf(nested, { "acc,none": 0.6667, "acc_stderr,none": 0.2 });
    const { benchmark, evaluations } = await readOne(path);
    expect(benchmark).toMatchObject({
      ...{ key: `lm-eval:${stamp}/gpt2/mmlu/none`, name: "mmlu:gpt2", dataset: "mmlu", model: "gpt2" },
      ...{
        provider: "hf",
        totalIterations: 6,
        plannedSamples: 6,
        metrics: { "acc,none": 0.6667, "acc_stderr,none": 0.2 },
      },
    });
    expect(benchmark.results).toHaveProperty("mmlu_anatomy");
    expect(evaluations.map(({ sampleId, score, metadata }) => [sampleId, score, metadata?.task])).toEqual(
      Object.entries(questions).flatMap(([task, scores]) =>
        scores.map((score, index) => [`${task}/${index}`, score, task]),
      ),
    );
    expect(evaluations[0]?.metadata).toMatchObject({ doc: { subject: "anatomy" } });
    // Read again it is the same, and so it is imported once.
    expect(await readOne(path)).toMatchObject({ evaluations });
    expect((await readOne(path, { name: "n", dataset: "d" })).benchmark).toMatchObject({
      name: "n",
      dataset: "d",
    });
  });

  test("a group without an average, and one without samples, are as many benchmarks as tasks", async () => {
    const names = async (path: string) => (await readAll(path)).map(({ benchmark }) => benchmark.dataset);
    const tasks = Object.keys(questions);
    expect(await names(await folderOf(nested, {}))).toEqual(tasks);
    const path = await folderOf(nested, { "acc,none": 0.5 });
    await Promise.all(tasks.map((task) => rm(join(dirname(path), `samples_${task}_${stamp}.jsonl`))));
    expect(await names(path)).toEqual(tasks);
    // A group within itself has an end.
    expect(await names(await folderOf({ a: ["b"], b: ["a"] }, { "acc,none": 0.5 }))).toEqual(tasks);
  });

  test("what cannot be read of one task does not keep the others from being read", async () => {
    const path = await folderOf(nested, { "acc,none": 0.5 });
    await writeFile(join(dirname(path), `samples_mmlu_astronomy_${stamp}.jsonl`), "{");
    const { evaluations, message } = await readFaulty(path);
    expect(evaluations.map(({ sampleId }) => sampleId)).toEqual([
      ...["mmlu_anatomy/0", "mmlu_anatomy/1", "mmlu_anatomy/2", "mmlu_virology/0"],
    ]);
    expect(message).toMatch(/samples_mmlu_astronomy/);
  });
});
