import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../src/cli/shared/client.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

const HOSTILE = "<img src=x>\u202e\u0007";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  using client = createClient({ address: service.address, deadline: 60 });
  const make = async (name: string, right: number, more: object = {}) => {
    const about = { name, provider: "acme", model: "m", dataset: "gsm8k", labels: { branch: "main" } };
    const { benchmark } = await client.benchmarks.createBenchmark({ ...about, ...more });
    const evaluations = Array.from({ length: 100 }, (_, n) => ({
      ...{ sampleId: `s${n}`, input: "i", output: "o", score: n < right ? 1 : 0, latencyMs: 100 + n - right },
    }));
    await client.benchmarks.batchCreateEvaluations({ benchmarkId: benchmark?.id ?? "", evaluations });
  };
  for (const [index, right] of [80, 82, 79, 55, 58].entries()) await make(`nightly ${index + 1}`, right);
  await make("trial", 10, { labels: { branch: "trial" }, model: "other" });
  await make(HOSTILE, 50, { dataset: HOSTILE });
});
afterAll(() => service.stop());

const onMain = ["--model", "m", "--provider", "acme", "--label", "branch=main"];

test("a table of the runs, with the first significant change", async () => {
  const { code, stdout, stderr } = await ltb.run("history", "gsm8k", ...onMain);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n");
  expect(lines[0]).toBe("gsm8k, 5 runs by score, higher is better");
  expect(lines.slice(2)).toMatchObject([
    expect.stringMatching(/^created \(UTC\) +benchmark +model +score +95 % CI +n +since before +p \(Holm\)/),
    expect.stringMatching(/ nightly 1 +acme\/m +0\.8 +0\.\d+ … 0\.\d+ +100 +- +- +- +-$/),
    expect.stringMatching(/ nightly 2 .* \+0\.02 +1 +\+0\.02 +1$/),
    expect.stringMatching(/ nightly 3 /),
    expect.stringMatching(/ nightly 4 .* -0\.24 .*worse than the run before, worse than the baseline$/),
    expect.stringMatching(/ nightly 5 .* \+0\.03 +1 +-0\.22 +0\.\d+$/),
    "",
    "The baseline is nightly 1, with 0.8.",
    "",
  ]);
});

test("of latency less is better, and a baseline is named as any benchmark", async () => {
  await ltb.json("baseline", "set", "latest:gsm8k,name=nightly 3");
  const page = await ltb.json("history", "gsm8k", "--metric", "latency_ms", ...onMain);
  expect(page).toMatchObject({
    lower_is_better: true,
    more: false,
    baseline: { benchmark_name: "nightly 3" },
  });
  const named = await ltb.json("history", "gsm8k", "--baseline", "latest:gsm8k,label.branch=main", ...onMain);
  expect(named.baseline.benchmark_name).toBe("nightly 5");
  expect(named.runs.map((run: { since_baseline: object | null }) => run.since_baseline === null)).toEqual([
    ...[false, false, false, false, true],
  ]);
  const { stdout } = await ltb.run("history", "gsm8k", "--metric", "latency_ms", "--limit", "3", ...onMain);
  expect(stdout).toContain("lower is better");
  expect(stdout).toMatch(/nightly 4 .*worse than the run before, worse than the baseline/);
  await ltb.json("baseline", "unset", "gsm8k");
});

test("the newest are shown, and it is told that there are older ones, and other models", async () => {
  const { stdout, stderr } = await ltb.run("history", "gsm8k", "--limit", "2");
  expect(stdout).toMatch(/nightly 5.*trial/s);
  expect(stdout).not.toContain("nightly 4");
  expect(stderr).toBe(
    "note: these are runs of 2 models; --provider and --model name one\n" +
      "note: there are older ones; --limit or --created-before shows them\n",
  );
  expect((await ltb.run("history", "gsm8k", "--limit", "1001")).code).toBe(2);
});

test("a run that does not differ from the one before is not called equal to it, and the only one says nothing", async () => {
  const last = await ltb.run("history", "gsm8k", ...onMain, "--limit", "1");
  expect(last.stdout).toContain("No change is significant, which does not say that the runs are equal.\n");
  const one = await ltb.run("history", "gsm8k", "--model", "other");
  expect(one.code).toBe(0);
  expect(one.stdout).not.toContain("No change");
});

test("a dataset or metric that nobody has is an error, with those that there are", async () => {
  const { code, stderr } = await ltb.run("history", "nosuch");
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("error: no benchmark is on nosuch; there are "),
  ]);
  expect((await ltb.run("history", "gsm8k", "--metric", "nosuch")).stderr).toContain(
    "has no values of nosuch",
  );
  const none = await ltb.run("history", "gsm8k", "--model", "nosuch");
  expect(none).toEqual({
    ...{ code: 0, stdout: "" },
    stderr: "no runs on gsm8k with values of score match\n",
  });
});

test("a page with a chart of the means over time, with all figures and nothing alive", async () => {
  const path = join(folder, "history.html");
  expect(await ltb.run("history", "gsm8k", ...onMain, "--html", path)).toMatchObject({ code: 0 });
  const text = await readFile(path, "utf8");
  expect(text).toContain("<title>History: gsm8k</title>");
  expect(text).toContain("nightly 4 is the first that is significantly worse than the run before");
  expect(text.match(/<svg[^>]*role="img"/g)).toHaveLength(2);
  // Five runs, drawn for wide and for narrow screens, and rows of their table and of that behind the chart.
  expect(text.match(/class="point"/g)).toHaveLength(10);
  expect(text.match(/<tr>/g)).toHaveLength(13);
  expect(/(fill|stroke)="#/.test(text)).toBe(false);
  await ltb.run("history", HOSTILE, "--html", path);
  const hostile = await readFile(path, "utf8");
  for (const alive of ["<img", "\u202e", "\u0007"]) expect(hostile).not.toContain(alive);
  // Nothing to draw is no failure.
  expect(await ltb.run("history", "gsm8k", "--model", "nosuch", "--html", path)).toMatchObject({ code: 0 });
});

test("repetitions become one value by the reducer that is named, which table, JSON and page say", async () => {
  using client = createClient({ address: service.address, deadline: 60 });
  for (const right of [2, 3]) {
    const about = { name: `run ${right}`, provider: "acme", model: "m", dataset: "repeated", repetitions: 4 };
    const { benchmark } = await client.benchmarks.createBenchmark(about);
    const evaluations = Array.from({ length: 40 }, (_, n) => ({
      ...{ sampleId: `s${n >> 2}`, repetition: n & 3, input: "i", output: "o" },
      score: (n & 3) < right ? 1 : 0,
    }));
    await client.benchmarks.batchCreateEvaluations({ benchmarkId: benchmark?.id ?? "", evaluations });
  }
  const page = join(folder, "reduced.html");
  const how = ["--reducer", "pass_hat_k", "--k", "2", "--min-count", "10"];
  const { stdout } = await ltb.run("history", "repeated", ...how, "--html", page);
  expect(stdout).toMatch(/ run 2 +acme\/m +0\.16667 .* 10 .* run 3 +acme\/m +0\.5 .* 10 /s);
  const words =
    "2 of 2 benchmarks have 4 repetitions of a sample, which counts once, by their pass_hat_k with k = 2.";
  expect(stdout).toContain(words);
  expect(await readFile(page, "utf8")).toContain(words);
  expect(await ltb.json("history", "repeated", ...how)).toMatchObject({
    ...{ reducer: "REDUCER_PASS_HAT_K", k: 2 },
    runs: [
      { count: 10, samples_unscored: 0, repetitions: { least: 4, most: 4 } },
      { mean: expect.closeTo(0.5, 12) },
    ],
  });
  expect((await ltb.run("history", "repeated", "--min-count", "11")).stdout).toBe("");
});
