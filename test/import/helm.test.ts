import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { metricName } from "../../src/import/helm.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { data, mean, readAll, readFaulty, readOne, scoresOf } from "./support.ts";

type Stat = {
  name: { name: string; split: string; perturbation?: { name: string } };
  count: number;
  sum: number;
  sum_squared: number;
  mean?: number;
  variance?: number;
};

const runs = await readdir(`${data}helm`);
const hellaswag = runs.find((run) => run.startsWith("commonsense")) ?? "";

async function copyOf(run: string): Promise<string> {
  const folder = temporaryFolder();
  await cp(`${data}helm/${run}`, folder, { recursive: true });
  return folder;
}

async function edit<T>(path: string, change: (json: T) => unknown): Promise<void> {
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, "utf8")))));
}

describe.each(runs)("%s", (run) => {
  test("the means of stats.json come out of the evaluations' metrics", async () => {
    const { evaluations } = await readOne(`${data}helm/${run}`);
    const stats: Stat[] = JSON.parse(await readFile(`${data}helm/${run}/stats.json`, "utf8"));
    // Not those that HELM computes from sums over the run, nor worst cases over perturbations.
    const derived = ["perplexity", "bits_per_byte", "logprob_per_byte", "num_instances"];
    const direct = stats.filter(
      ({ name, count }) => count > 0 && !name.perturbation && !derived.includes(name.name),
    );
    expect(direct.length).toBeGreaterThan(20);
    for (const stat of direct) {
      const values = evaluations.flatMap(
        ({ metrics }) => metrics?.[`${stat.name.name}/${stat.name.split}`] ?? [],
      );
      expect(mean(values.map(Number)), metricName(stat)).toBeCloseTo(stat.mean ?? Number.NaN, 9);
      // Over trials, of which there is one.
      expect(stat.sum_squared / stat.count - (stat.sum / stat.count) ** 2).toBeCloseTo(
        stat.variance ?? Number.NaN,
        9,
      );
    }
  });

  test("as many samples were planned as HELM counted", async () => {
    const { benchmark, evaluations } = await readOne(`${data}helm/${run}`);
    expect(benchmark.plannedSamples).toBe(evaluations.length);
  });

  test("every published mean is a metric of the benchmark", async () => {
    const { benchmark } = await readOne(`${data}helm/${run}`);
    const stats: Stat[] = JSON.parse(await readFile(`${data}helm/${run}/stats.json`, "utf8"));
    const published = stats.filter(({ count }) => count > 0);
    expect(Object.keys(benchmark.metrics ?? {})).toHaveLength(published.length);
    for (const stat of published) expect(benchmark.metrics?.[metricName(stat)]).toBe(stat.mean);
    expect(benchmark.results).toEqual(stats);
  });
});

test("runs and their main metrics", async () => {
  const read = await Promise.all(runs.toSorted().map((run) => readOne(`${data}helm/${run}`)));
  expect(
    read.map(({ benchmark, evaluations }) => ({
      dataset: benchmark.dataset,
      model: `${benchmark.provider}|${benchmark.model}`,
      count: evaluations.length,
      score: Number(mean(scoresOf(evaluations)).toFixed(6)),
    })),
  ).toEqual([
    {
      dataset: "commonsense:dataset=hellaswag,method=multiple_choice_joint",
      model: "eleutherai|pythia-1b-v0",
      count: 10,
      score: 0.3,
    },
    {
      dataset: "mmlu:subject=philosophy,method=multiple_choice_joint",
      model: "openai|gpt2",
      count: 10,
      score: 0.1,
    },
    { dataset: "narrative_qa", model: "openai|gpt2", count: 5, score: 0.139394 },
  ]);
});

test("a request in full", async () => {
  const { evaluations } = await readOne(`${data}helm/${hellaswag}`);
  const { metadata, input, expected, metrics, ...rest } = evaluations[0] ?? {};
  expect(rest).toEqual({
    sampleId: "id44874",
    repetition: 0,
    output: " B",
    score: 0,
    latencyMs: 18749.841690063477,
    inputTokens: 718,
    outputTokens: 1,
    createdAt: "2025-07-05T15:39:58Z",
  });
  expect(input).toMatch(/^Personal Care and Style/);
  expect(expected).toMatch(/^Pick the color/);
  expect(metrics).toMatchObject({ "exact_match/valid": 0, "num_references/valid": 4 });
  expect(metadata).toMatchObject({
    instance: { id: "id44874", split: "valid" },
    request: { model_deployment: "huggingface/pythia-1b-v0" },
    stats: [{ name: { name: "training_co2_cost" }, count: 0 }, { name: { name: "training_energy_cost" } }],
  });
});

test("the score can be another metric", async () => {
  const { evaluations } = await readOne(`${data}helm/${hellaswag}`, { score: "num_prompt_tokens" });
  expect(mean(scoresOf(evaluations))).toBeCloseTo(631.4, 9);
});

test("statistics in another order find their requests", async () => {
  const folder = await copyOf(hellaswag);
  await edit<unknown[]>(join(folder, "per_instance_stats.json"), (stats) => stats.toReversed());
  const there = await readOne(`${data}helm/${hellaswag}`);
  expect((await readOne(folder)).evaluations).toEqual(there.evaluations);
});

test("perturbed instances, failed requests and several requests an instance", async () => {
  type State = { instance: { id: string; perturbation?: object }; result: object };
  const folder = await copyOf(hellaswag);
  await edit<{ request_states: State[] }>(
    join(folder, "scenario_state.json"),
    ({ request_states: [a, b, c] }) => {
      if (!a || !b || !c) throw new Error("expected three requests");
      a.instance = { ...a.instance, perturbation: { name: "typos", robustness: true, fairness: false } };
      b.result = { success: false, error: "rate limit" };
      return { request_states: [a, b, c, c] };
    },
  );
  const { evaluations } = await readOne(folder);
  expect(evaluations.map(({ sampleId }) => sampleId)).toEqual(["id44874:typos", "id47299", "id45277"]);
  // Its statistics are those of the unperturbed instance, which tell none of its own.
  expect(evaluations[0]?.metrics).toEqual({ "num_references/valid/typos": 4 });
  expect(evaluations[1]).toMatchObject({ error: "rate limit" });
  expect(evaluations[2]?.metadata?.requests).toHaveLength(2);
});

test("a run without statistics has its requests all the same", async () => {
  const folder = await copyOf(hellaswag);
  await rm(join(folder, "per_instance_stats.json"));
  await rm(join(folder, "stats.json"));
  await rm(join(folder, "scenario.json"));
  const { benchmark, evaluations } = await readOne(folder);
  expect(evaluations).toHaveLength(10);
  expect(scoresOf(evaluations)).toEqual([]);
  expect(benchmark).not.toHaveProperty("metrics");
});

describe("a folder of runs", () => {
  const mmlu = runs.find((run) => run.startsWith("mmlu")) ?? "";

  /** Runs of MMLU by subject beside a run of another kind, as HELM writes a suite. */
  async function suiteOf(subjects: readonly string[]): Promise<string> {
    const suite = temporaryFolder();
    await cp(`${data}helm/${hellaswag}`, join(suite, hellaswag), { recursive: true });
    await writeFile(join(suite, "logs.txt"), "no run");
    for (const subject of subjects) {
      const folder = join(suite, mmlu.replace("philosophy", subject));
      await cp(`${data}helm/${mmlu}`, folder, { recursive: true });
      await writeFile(
        join(folder, "run_spec.json"),
        (await readFile(join(folder, "run_spec.json"), "utf8")).replaceAll("philosophy", subject),
      );
    }
    return suite;
  }

  test("runs that differ in their subject only are one benchmark, whose samples name it", async () => {
    const suite = await suiteOf(["anatomy", "philosophy"]);
    const [other, whole, ...more] = await readAll(suite);
    expect(more).toEqual([]);
    expect(other?.benchmark.name).toMatch(/^commonsense:/);
    expect(whole?.benchmark).toMatchObject({
      name: "mmlu:method=multiple_choice_joint,model=openai_gpt2",
      dataset: "mmlu:method=multiple_choice_joint",
      ...{ provider: "openai", model: "gpt2", plannedSamples: 20 },
    });
    expect(whole?.evaluations).toHaveLength(20);
    const { evaluations } = await readOne(`${data}helm/${mmlu}`);
    expect(
      whole?.evaluations.map(({ sampleId, score, metadata }) => [sampleId, score, metadata?.subject]),
    ).toEqual(
      ["anatomy", "philosophy"].flatMap((subject) =>
        evaluations.map(({ sampleId, score }) => [`${subject}/${sampleId}`, score, subject]),
      ),
    );
    // The same runs have the same key, others have another.
    const keyOf = async (folder: string) => (await readAll(folder))[1]?.benchmark.key;
    expect(await keyOf(suite)).toBe(whole?.benchmark.key);
    expect(await keyOf(await suiteOf(["anatomy", "virology"]))).not.toBe(whole?.benchmark.key);
  });

  test("a single run names its subject, too, and keeps its name", async () => {
    const suite = await suiteOf(["philosophy"]);
    const [, only] = await readAll(suite);
    const { benchmark, evaluations } = await readOne(`${data}helm/${mmlu}`);
    expect(only?.benchmark).toMatchObject({ key: benchmark.key, name: benchmark.name });
    expect(evaluations.every(({ metadata }) => metadata?.subject === "philosophy")).toBe(true);
  });

  test("a run that cannot be read does not keep the others from being read", async () => {
    const suite = await suiteOf(["anatomy", "philosophy"]);
    await writeFile(join(suite, hellaswag, "run_spec.json"), "{");
    const { benchmarks, message } = await readFaulty(suite);
    expect(benchmarks).toHaveLength(1);
    expect(message).toMatch(/run_spec\.json/);
  });
});
