import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { fuzzy, graded, jsonl, match } from "../import/openai-evals-fixture.ts";
import { output } from "../import/promptfoo-fixture.ts";
import { data } from "../import/support.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
});
afterAll(() => service.stop());

interface Summary {
  evaluation_count: number;
  failed_count: number;
  input_tokens: number;
  cost_usd: number;
  metrics: { name: string; count: number; mean: number; sum: number }[];
}

async function summaryOf(id: string) {
  const summary: Summary = await ltb.json("summary", id, "--exact");
  const of = (metric: string) => summary.metrics.find(({ name }) => name === metric);
  return { ...summary, of };
}

test("promptfoo: its aggregates are those of the summary, and again stores nothing twice", async () => {
  const path = join(folder, "output.json");
  await writeFile(path, JSON.stringify(output));
  const { benchmarks } = await ltb.json("import", path);
  expect(benchmarks.map(({ inserted }: { inserted: number }) => inserted)).toEqual([3, 3, 3, 3]);
  // One that only passed or failed, and one with an error; the rest is read alike.
  for (const column of [0, 2]) {
    const { id } = benchmarks[column];
    const summary = await summaryOf(id);
    const published = output.results.prompts[column]?.metrics;
    expect(summary.of("score")?.sum).toBeCloseTo(published?.score ?? Number.NaN, 12);
    expect(summary.of("pass")?.sum).toBe(published?.testPassCount);
    expect(summary.of("pass")?.count).toBe((published?.testPassCount ?? 0) + (published?.testFailCount ?? 0));
    expect(summary.of("exact")?.sum).toBe(published?.namedScores.exact);
    expect(summary.failed_count).toBe(published?.testErrorCount);
    expect(summary.of("latency_ms")?.sum).toBe(published?.totalLatencyMs);
    expect(summary.input_tokens).toBe(published?.tokenUsage.prompt);
    expect(summary.cost_usd).toBeCloseTo(published?.cost ?? Number.NaN, 12);
  }
  const again = await ltb.json("import", path);
  expect(again.benchmarks).toMatchObject(
    benchmarks.map(({ id }: { id: string }) => ({ id, created: false, inserted: 0, duplicates: 3 })),
  );
  // The columns ran the same tests with other prompts: they are paired where that is wanted.
  const sides = [benchmarks[0].id, benchmarks[3].id];
  const { comparisons } = await ltb.json("compare", ...sides, "--allow-different-inputs");
  expect(comparisons).toMatchObject([{ n_paired: 3, wins: 1, ties: 2, different_inputs: 3 }]);
  expect(await ltb.json("compare", ...sides)).toMatchObject({ comparisons: [{ different_inputs: 3 }] });
});

test("OpenAI evals: the report is the summary, packed or not", async () => {
  const path = join(folder, "match.jsonl");
  await writeFile(path, jsonl(match));
  const [first] = (await ltb.json("import", path)).benchmarks;
  expect((await summaryOf(first.id)).of("score")?.mean).toBeCloseTo(0.6666666666666666, 12);
  await writeFile(`${path}.gz`, gzipSync(jsonl(match)));
  expect((await ltb.json("import", `${path}.gz`, "--format", "openai-evals")).benchmarks).toMatchObject([
    { id: first.id, created: false, inserted: 0, duplicates: 3 },
  ]);
});

test("MMLU by subject, from the folder of HELM's runs", async () => {
  const run = (await readdir(`${data}helm`)).find((name) => name.startsWith("mmlu")) ?? "";
  const suite = join(folder, "runs");
  for (const subject of ["philosophy", "virology"]) {
    const copy = join(suite, run.replace("philosophy", subject));
    await cp(`${data}helm/${run}`, copy, { recursive: true });
    const spec = await readFile(join(copy, "run_spec.json"), "utf8");
    await writeFile(join(copy, "run_spec.json"), spec.replaceAll("philosophy", subject));
  }
  const [{ id }] = (await ltb.json("import", suite)).benchmarks;
  const { slices, metrics } = await ltb.json("summary", id, "--group-by", "subject", "--metric", "score");
  expect(slices[0]).toMatchObject({
    slices: [
      { value: "philosophy", samples: 10 },
      { value: "virology", samples: 10 },
    ],
    macro_slices: 2,
  });
  expect(slices[0].macro_mean).toBeCloseTo(metrics[0].mean, 12);
  expect((await ltb.json("import", suite)).benchmarks).toMatchObject([{ id, inserted: 0, duplicates: 20 }]);
});

test.each([
  ["fuzzy", fuzzy, { score: 0.5, f1_score: 0.375 }],
  ["graded", graded, { score: 2.5 }],
])("OpenAI evals: %s", async (name, log, published) => {
  const path = join(folder, `${name}.jsonl`);
  await writeFile(path, jsonl(log).replaceAll("230501120000ABCDEFGH", `run-${name}`));
  const [{ id }] = (await ltb.json("import", path)).benchmarks;
  const summary = await summaryOf(id);
  for (const [metric, mean] of Object.entries(published))
    expect(summary.of(metric)?.mean).toBeCloseTo(mean, 12);
  expect([summary.evaluation_count, summary.failed_count]).toEqual([3, 1]);
});

test("categories are counted in the summary, in its JSON and in its page", async () => {
  const path = join(folder, "categories.json");
  const scores = (verdict: string) => ({ a: { value: 1 }, verdict: { value: verdict } });
  const log = {
    ...{ status: "success", stats: {} },
    eval: { eval_id: "c", task: "categories", model: "p/m", created: "2026-01-01T00:00:00Z" },
    samples: ["safe", "refused", "safe"].map((verdict, n) => ({
      ...{ id: `s${n}`, epoch: 1, input: "q", target: "t", output: { completion: "o" } },
      scores: scores(verdict),
    })),
  };
  await writeFile(path, JSON.stringify(log));
  const imported = await ltb.json("import", path, "--score", "a");
  const [{ id }] = imported.benchmarks;
  const page = join(folder, "categories.html");
  const { stdout } = await ltb.run("summary", id, "--html", page);
  expect(stdout).toMatch(
    /metric +category +n +share\nverdict +safe +2 +66\.7 %\nverdict +refused +1 +33\.3 %/,
  );
  expect(await ltb.json("summary", id)).toMatchObject({
    categories: [
      {
        ...{ name: "verdict", count: 3 },
        values: [
          { value: "safe", count: 2 },
          { value: "refused", count: 1 },
        ],
      },
    ],
    ...{ categories_left_out: 0, categories_read: 3 },
  });
  expect((await ltb.json("summary", id, "--metric", "a")).categories).toEqual([]);
  const { stdout: verdict } = await ltb.run("summary", id, "--metric", "verdict");
  expect(verdict).toContain("66.7 %");
  expect(verdict).not.toContain("stddev");
  expect(await readFile(page, "utf8")).toMatch(/refused<\/td>/);
});

test("Inspect with more epochs of some samples than its config says: no gate passes", async () => {
  const folder = temporaryFolder();
  const log = JSON.parse(await readFile(`${data}inspect_epochs/epochs.json`, "utf8"));
  const { samples } = log;
  log.eval.config.epochs = 1;
  const store = async (name: string, isWanted: (sample: { id: string; epoch: number }) => boolean) => {
    log.eval.eval_id = name;
    log.samples = samples.filter(isWanted);
    const path = join(folder, `${name}.json`);
    await writeFile(path, JSON.stringify(log));
    return (await ltb.json("import", path, "--dataset", "retries")).benchmarks[0].id;
  };
  const once = await store("once", ({ epoch }) => epoch === 1);
  const retried = await store("retried", ({ id, epoch }) => epoch === 1 || (id === "0" && epoch === 2));
  const { code, stderr } = await ltb.run("compare", once, retried, "--fail-on-regression");
  expect([code, stderr]).toEqual([3, expect.stringContaining("have more repetitions of some samples")]);
  expect((await ltb.run("compare", once, retried, "--json")).stdout).toContain('"samples_beyond":1');
});

test("Inspect with epochs: each of its reducers gives the figures of its header", async () => {
  const path = `${data}inspect_epochs/epochs.json`;
  const { benchmarks } = await ltb.json("import", path);
  const [{ id }] = benchmarks;
  const { results } = JSON.parse(await readFile(path, "utf8"));
  expect(results.scores).toHaveLength(7);
  for (const { reducer: name, metrics } of results.scores) {
    const [, reducer = "", k] = /^(.*?)(?:_(\d+))?$/.exec(name) ?? [];
    const asked =
      k === undefined ? [reducer] : [reducer === "pass_k" ? "pass_hat_k" : `${reducer}_k`, "--k", k];
    const summary = await ltb.json("summary", id, "--metric", "score", "--reducer", ...asked);
    const [score] = summary.metrics;
    expect(score.mean, name).toBeCloseTo(metrics.accuracy.value, 12);
    expect(score.stderr, name).toBeCloseTo(metrics.stderr.value, 12);
    expect(score).toMatchObject({ count: 32, samples: 8 });
    expect(summary).toMatchObject({ sample_count: 8, repetitions: 4 });
  }
  const { stdout: shown } = await ltb.run(
    "summary",
    id,
    "--metric",
    "score",
    "--reducer",
    "pass_at_k",
    "--k",
    "2",
  );
  expect(shown).toContain("each of which counts once, by the pass_at_k with k = 2 of its repetitions");
  expect(shown).toMatch(/^score +8 +0\.64/m);
  expect(shown).toMatch(/score +8 +0 +32 +4 +0 +25 %/);
  const page = join(folder, "epochs.html");
  await ltb.run("summary", id, "--html", page);
  expect(await readFile(page, "utf8")).toContain("counts once, by the mean of its repetitions");
  const { stderr } = await ltb.run("summary", id, "--reducer", "pass_at_k");
  expect(stderr).toContain("k: is required for the reducer pass_at_k");
  // A run whose first sample never succeeds.
  const worse = JSON.parse(await readFile(path, "utf8"));
  worse.eval.eval_id = "worse";
  for (const sample of worse.samples) if (sample.id === "0") sample.scores.fixed.value = "I";
  const other = join(folder, "worse.json");
  await writeFile(other, JSON.stringify(worse));
  const [{ id: candidate }] = (await ltb.json("import", other)).benchmarks;
  const compare = ["compare", id, candidate, "--reducer", "pass_hat_k", "--k", "4"];
  const { comparisons } = await ltb.json(...compare);
  expect(comparisons).toMatchObject([
    {
      ...{ n_paired: 8, baseline_mean: 0.125, candidate_mean: 0, losses: 1, ties: 7, baseline_unpaired: 0 },
      test: "COMPARISON_TEST_MCNEMAR_EXACT",
      baseline_repetitions: { least: 4, most: 4, samples_lacking: 0, samples_beyond: 0, agreement: 0.25 },
      candidate_repetitions: { least: 4, most: 4, samples_lacking: 0, samples_beyond: 0, agreement: 0.25 },
    },
  ]);
  const board = ["leaderboard", "epochs", "--reducer", "pass_at_k", "--k", "2"];
  const { entries } = await ltb.json(...board);
  expect(entries[0]).toMatchObject({ benchmark_id: id, count: 8, repetitions: { least: 4, most: 4 } });
  expect(entries[0].mean).toBeCloseTo(0.6458333333333333, 12);
  const ranked = join(folder, "ranked.html");
  const { stdout: table } = await ltb.run(...board, "--html", ranked);
  const words =
    "2 of 2 benchmarks have 4 repetitions of a sample, which counts once, by their pass_at_k with k = 2.";
  expect(table).toContain(words);
  expect(await readFile(ranked, "utf8")).toContain(words);
  const report = join(folder, "compared.html");
  const { stdout: compared } = await ltb.run(...compare, "--html", report);
  const said = "Each sample counts once, by the pass_hat_k with k = 4 of its 4 repetitions";
  expect(compared).toContain(said);
  expect(await readFile(report, "utf8")).toContain(said);
});
