import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  const boards = { strong: [1, 0.9, 1, 0.9], fair: [0.6, 0.5, 0.6, 0.5], trial: [1] };
  for (const [model, scores] of Object.entries(boards)) {
    const file = join(folder, `${model}.jsonl`);
    const rows = scores.map((score, i) =>
      JSON.stringify({ id: `s${i}`, input: "i", output: "o", score, latency_ms: 100 / score }),
    );
    await writeFile(file, rows.join("\n"));
    await ltb.json(
      "import",
      file,
      "--model",
      model,
      "--provider",
      "acme",
      "--name",
      `run of ${model}`,
      "--dataset",
      "gsm8k",
    );
  }
});
afterAll(() => service.stop());

test("a table of ranks, bands, means and intervals", async () => {
  const { code, stdout, stderr } = await ltb.run("leaderboard", "gsm8k");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n");
  expect(lines[0]).toBe("gsm8k, 3 ranked by score, highest first");
  expect(lines.slice(2)).toMatchObject([
    expect.stringMatching(/^rank +ranks +bands +benchmark +model +score +95 % CI +n$/),
    expect.stringMatching(/^ +1 +1–3 +- +run of trial +acme\/trial +1 +- +1$/),
    expect.stringMatching(/^ +2 +1–2 +1 +run of strong +acme\/strong +0.95 +0.8581 … 1 +4$/),
    expect.stringMatching(/^ +3 +2–3 +2 +run of fair +acme\/fair +0.55 +0.4581 … 0.6419 +4$/),
    "",
    expect.stringMatching(/^Benchmarks share a band where their 95 % intervals overlap/),
    expect.stringMatching(/ltb compare pairs samples/),
    "",
  ]);
});

test("a dataset or metric that nobody has is an error, with those that there are", async () => {
  expect(await ltb.run("leaderboard", "nosuch")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: no benchmark is on nosuch; there are gsm8k\n",
  });
  const { code, stderr } = await ltb.run("leaderboard", "gsm8k", "--metric", "nosuch", "--json");
  expect([code, JSON.parse(stderr).error]).toMatchObject([1, { code: "NOT_FOUND" }]);
  expect(stderr).toContain("has no values of nosuch; there are score, latency_ms");
  // Nor is it one where none has a value yet.
  const about = ["--provider", "p", "--model", "m", "--dataset", "planned", "--planned-samples", "1000"];
  await ltb.json("benchmark", "create", "planned", ...about);
  expect(await ltb.run("leaderboard", "planned")).toEqual({
    ...{ code: 0, stdout: "" },
    stderr:
      "no benchmarks on planned with values of score match\nnote: 1 matching benchmark has no value of score, so it is not ranked.\n",
  });
  expect(await ltb.json("leaderboard", "planned")).toMatchObject({ total_count: 0, unscored_count: 1 });
  const history = await ltb.run("history", "planned");
  expect([history.code, history.stderr]).toEqual([
    0,
    "no runs on planned with values of score match\nnote: 1 matching benchmark has no value of score, so it is not shown.\n",
  ]);
  expect(await ltb.json("history", "planned")).toMatchObject({ runs: [], unscored_count: 1 });
  // Nor where everything has failed; what there is, an older benchmark then tells.
  const failed = join(folder, "failed.jsonl");
  await writeFile(failed, JSON.stringify({ id: "s0", input: "i", output: "o", error: "e" }));
  const crash = (dataset: string) =>
    ltb.json("import", failed, "--name", "crashed", "--dataset", dataset, "--provider", "p", "--model", "m");
  await crash("crashes");
  const none = "1 matching benchmark has no value of score";
  expect(await ltb.run("leaderboard", "crashes")).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(none),
  });
  expect(await ltb.run("history", "crashes")).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(none),
  });
  const summary = await ltb.run("summary", "crashed", "--metric", "score");
  expect(summary).toMatchObject({ code: 0, stdout: expect.stringContaining("0 of 1 planned samples") });
  const of = { code: 1, stderr: expect.stringContaining("has no values of nosuch; there are score") };
  expect(await ltb.run("compare", "crashed", "run of fair", "--metric", "nosuch")).toMatchObject(of);
  await ltb.json("import", join(folder, "fair.jsonl"), "--dataset", "planned", "--name", "first");
  await crash("planned");
  expect(await ltb.run("leaderboard", "planned", "--metric", "nosuch")).toMatchObject(of);
  // Where only the other options leave nobody, that is no error.
  const all = " leaves out all benchmarks on gsm8k with values of score that match: 3\n";
  expect(await ltb.run("leaderboard", "gsm8k", "--min-count", "99")).toEqual({
    ...{ code: 0, stdout: "", stderr: `--min-count 99${all}` },
  });
  const both = ["--min-count", "5", "--min-coverage", "1"];
  expect((await ltb.run("leaderboard", "gsm8k", ...both)).stderr).toBe(
    `--min-coverage 1 or --min-count 5${all}`,
  );
  expect((await ltb.run("history", "gsm8k", "--min-count", "99")).stderr).toBe(
    "--min-count 99 leaves out all runs on gsm8k with values of score that match\n",
  );
});

test("options choose the metric, the order and who is ranked", async () => {
  const { stdout } = await ltb.run("leaderboard", "gsm8k", "--metric", "latency_ms", "--min-count", "2");
  expect(stdout).toMatch(
    /2 ranked by latency_ms, lowest .* 1 +1 +1 +run of strong .* 2 +2 +2 +run of fair /s,
  );
  const told = await ltb.run("leaderboard", "gsm8k", "--metric", "latency_ms", "--higher-is-better");
  expect(told.stdout).toMatch(/ranked by latency_ms, highest first.* run of fair .* run of strong /s);
  const none = await ltb.run(
    "leaderboard",
    "gsm8k",
    "--label",
    "team=x",
    "--label",
    "tier=1",
    "--provider",
    "acme",
  );
  expect(none).toEqual({
    code: 0,
    stdout: "",
    stderr: "no benchmarks on gsm8k with values of score match\n",
  });
});

test("JSON in full precision, cut at the limit", async () => {
  const found = await ltb.json("leaderboard", "gsm8k", "--limit", "2");
  expect(found).toMatchObject({
    dataset: "gsm8k",
    metric: "score",
    total_count: 3,
    pending_count: 0,
    more: true,
  });
  expect(found.entries).toMatchObject([
    { rank: 1, rank_low: 1, rank_high: 3, band: null, ci95_low: null, count: 1 },
    { rank: 2, model: "strong", stddev: expect.closeTo(0.0577350269, 10) },
  ]);
  expect((await ltb.run("leaderboard", "gsm8k", "--limit", "2")).stderr).toBe(
    "note: there are more; --limit 20 shows them\n",
  );
});

test.for([
  { args: ["leaderboard"], message: "missing required argument 'dataset'" },
  { args: ["leaderboard", "d", "--label", "team"], message: "Expected key=value" },
  { args: ["leaderboard", "d", "--status", "done"], message: "Allowed choices are" },
  { args: ["leaderboard", "d", "--created-after", "monday"], message: "Expected a time" },
])("wrong usage exits with 2: $args", async ({ args, message }) => {
  expect(await ltb.run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});

test("a benchmark with other inputs is named, on the terminal, in JSON and on the page", async () => {
  const page = join(folder, "inputs.html");
  for (const [name, change] of [
    ["first", {}],
    ["second", {}],
    ["reworded <b>", { input: "another" }],
  ] as const) {
    const file = join(folder, "inputs.jsonl");
    const rows = [0, 1, 2].map((i) =>
      JSON.stringify({ id: `s${i}`, input: "i", output: name, score: i % 2, ...(i > 0 && change) }),
    );
    await writeFile(file, rows.join("\n"));
    await ltb.json("import", file, "--model", "m", "--provider", "p", "--name", name, "--dataset", "asked");
  }
  const { stderr } = await ltb.run("leaderboard", "asked", "--html", page);
  expect(stderr).toMatch(
    /^warning: inputs or expected answers differ from those of (first|second): reworded <b> \(2 of 3 samples\)\. Their/m,
  );
  const { entries, inputs_reference_id } = await ltb.json("leaderboard", "asked");
  expect(
    entries.map((entry: Record<string, unknown>) => [entry.inputs_compared, entry.different_inputs]).sort(),
  ).toEqual([
    [3, 0],
    [3, 0],
    [3, 2],
  ]);
  expect(entries.map((entry: Record<string, unknown>) => entry.benchmark_id)).toContain(inputs_reference_id);
  const text = await readFile(page, "utf8");
  expect(text).toMatch(/Not the same questions.*reworded &lt;b&gt;.*>3<.*>2</s);
  // A history compares with its baseline, the first.
  const history = await ltb.run("history", "asked", "--html", page);
  expect(history.stderr).toContain(
    "warning: inputs or expected answers differ from those of first: reworded <b> (2 of 3 samples). Their",
  );
  const { runs, baseline, ...asked } = await ltb.json("history", "asked");
  expect(asked.inputs_reference_id).toBe(baseline.benchmark_id);
  expect(runs.map((run: Record<string, unknown>) => run.different_inputs)).toEqual([0, 0, 2]);
  expect(await readFile(page, "utf8")).toMatch(/Not the same questions.*reworded &lt;b&gt;.*>3<.*>2</s);
  const same = await ltb.run("leaderboard", "gsm8k");
  expect(same.stderr).toBe("");
  const byTwo = await ltb.run("leaderboard", "gsm8k", "--reducer", "pass_at_k", "--k", "2", "--html", page);
  expect(byTwo.stderr).toContain(
    "note: 3 matching benchmarks have no value of score by pass_at_k with k = 2, so they are not ranked.\n",
  );
  expect(await readFile(page, "utf8")).toContain("3 matching benchmarks have no value of score by pass_at_k");
});
