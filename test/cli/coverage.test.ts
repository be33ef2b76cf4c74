import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { leftOutNote } from "../../src/cli/shared/slices.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  const right = Array.from({ length: 40 }, (_, i) => ({ score: Number(i % 5 > 0) }));
  // It fails in the hard half, and one of its answers came with an error.
  const crashed = Array.from({ length: 40 }, (_, i) => {
    if (i === 0) return { score: 1, error: "late" };
    return i < 20 ? { score: 1 } : { error: "out of memory" };
  });
  for (const [name, rows] of Object.entries({ whole: right, crashed })) {
    const lines = rows.map((row, i) =>
      JSON.stringify({ id: `s${i}`, input: "i", output: "o", document: i % 4, ...row }),
    );
    await writeFile(join(folder, `${name}.jsonl`), lines.join("\n"));
    const about = ["--name", name, "--dataset", "gsm8k", "--provider", "acme", "--model", name];
    await ltb.json("import", join(folder, `${name}.jsonl`), ...about);
  }
  await ltb.json("benchmark", "update", "crashed", "--planned-samples", "50");
});
afterAll(() => service.stop());

const words =
  "20 of 50 planned samples have a value (40 %): 20 failed, 10 were not tried; " +
  "1 of those with a value has an error too";

async function page(...args: string[]): Promise<string> {
  const file = join(folder, "page.html");
  const { code, stderr } = await ltb.run(...args, "--html", file);
  expect([code, stderr]).toEqual([0, expect.stringContaining("wrote")]);
  return readFile(file, "utf8");
}

test("a summary says what is missing, in words, JSON and on its page; one with all says nothing", async () => {
  const { stdout } = await ltb.run("summary", "crashed");
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(`score: ${words}.`);
  expect((await ltb.run("summary", "whole")).stdout).not.toMatch(/samples have a value|missing/);
  const { metrics } = await ltb.json("summary", "crashed", "--metric", "score");
  expect(metrics[0]).toMatchObject({
    missing: "MISSING_EXCLUDE",
    mean: 1,
    filled_with: null,
    coverage: {
      planned: 50,
      tried: 40,
      scored: 20,
      failed: 20,
      unscored: 0,
      scored_with_error: 1,
      missing: 30,
    },
  });
  const text = await page("summary", "crashed");
  expect(text).toContain("<h2>What is missing</h2>");
  expect(text).toContain(`score: ${words}.`);
  expect(await page("summary", "whole")).not.toContain("What is missing");
});

test("a summary of no values at all says how many samples lack one, if any were planned or tried", async () => {
  const about = ["--dataset", "none", "--provider", "acme", "--model", "m"];
  await ltb.json("benchmark", "create", "waiting", ...about, "--total", "1000");
  const { code, stdout } = await ltb.run("summary", "waiting");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^0 evaluations, 0 with an error$/m);
  expect(stdout).toMatch(/^score: 0 of 1000 planned samples have a value: none was tried\.$/m);
  expect((await ltb.json("summary", "waiting")).metrics).toMatchObject([
    { name: "score", count: 0, coverage: { planned: 1000, tried: 0, missing: 1000 } },
  ]);
  const shown = await page("summary", "waiting");
  expect(shown).toContain("0 of 1000 planned samples have a value: none was tried");
  expect(shown).not.toContain("How the values are spread");
  const path = join(folder, "broken.jsonl");
  await writeFile(path, JSON.stringify({ sample_id: "s", input: "i", error: "e" }));
  await ltb.json("import", path, ...about);
  expect((await ltb.run("summary", "broken")).stdout).toMatch(
    /^score: 0 of 1 planned samples have a value: 1 failed\.$/m,
  );
  await ltb.json("benchmark", "create", "unplanned", ...about);
  expect((await ltb.run("summary", "unplanned")).stdout).not.toContain("score");
});

test("of repetitions a summary says of how many samples each figure is, and which have too few", async () => {
  const path = join(folder, "repeated.jsonl");
  const rows = Array.from({ length: 20 }, (_, i) =>
    [0, 1].map((repetition) => {
      const row = { sample_id: `s${i}`, repetition, input: "i", output: "o" };
      return JSON.stringify(i === 0 ? { ...row, error: "e" } : { ...row, score: repetition });
    }),
  );
  await writeFile(path, rows.flat().join("\n"));
  await ltb.json("import", path);
  await ltb.json("benchmark", "update", "repeated", "--repetitions", "2");
  const shown = async (...reducer: string[]) => (await ltb.run("summary", "repeated", ...reducer)).stdout;
  const mean = await shown();
  expect(mean).toMatch(/^score +19 +0\.5 /m);
  expect(mean).toContain(
    "score: 19 of 20 planned samples have a value (95 %): 1 failed; 1 sample lacks some of its repetitions",
  );
  expect(mean).toContain("each of which counts once, by the mean of its repetitions");
  expect(mean).toMatch(/^metric +samples +without a value +values .*\nscore +19 +1 +38 +2 /m);
  for (const reducer of ["at_least_k", "pass_at_k", "pass_hat_k"])
    expect(await shown("--reducer", reducer, "--k", "6"), reducer).toContain(
      "score: 0 of 20 planned samples have a value: 1 failed, 19 have fewer than k = 6 values;",
    );
});

test("repetitions that crashed count as the worst, bound the mean, and keep a benchmark from leading", async () => {
  const store = async (name: string, scoreOf: (i: number, repetition: number) => object) => {
    const rows = Array.from({ length: 150 }, (_, i) => {
      const [sample, repetition] = [Math.floor(i / 5), i % 5];
      const ids = { sample_id: `s${sample}`, repetition, input: "i", output: "o" };
      return JSON.stringify({ ...ids, ...scoreOf(sample, repetition) });
    });
    await writeFile(join(folder, `${name}.jsonl`), rows.join("\n"));
    const about = ["--name", name, "--dataset", "crashing", "--provider", "acme", "--model", name];
    await ltb.json("import", join(folder, `${name}.jsonl`), ...about);
    await ltb.json("benchmark", "update", name, "--repetitions", "5");
  };
  await store("steady", (i) => ({ score: Number(i % 5 > 0) }));
  // 42 of 150 are right, and the others crashed.
  await store("shaky", (i, repetition) =>
    repetition < (i < 12 ? 2 : 1) ? { score: 1 } : { error: "out of memory" },
  );
  const score = ["--metric", "score"];
  const plain = await ltb.run("summary", "shaky", ...score);
  expect(plain.stdout).toMatch(/^score +30 +1 /m);
  expect(plain.stdout).toContain("30 samples lack some of their repetitions.");
  const worst = await ltb.run("summary", "shaky", ...score, "--missing", "as_worst");
  expect(worst.stdout).toMatch(/^score +30 +0\.28 /m);
  expect(worst.stdout).toContain("score: each missing sample and repetition counts as 0, the worst");
  const [filled] = (await ltb.json("summary", "shaky", ...score, "--missing", "as_worst")).metrics;
  expect(filled).toMatchObject({ mean: expect.closeTo(0.28, 12), filled_with: 0, samples: 30, p50: null });
  const bounds = await ltb.run("summary", "shaky", ...score, "--missing", "bounds");
  const between = "score: the mean over all samples is between 0.28 and 1, whatever the missing values are";
  expect(bounds.stdout).toContain(between);
  expect(await page("summary", "shaky", ...score, "--missing", "bounds")).toContain(between);
  const board = async (...more: string[]) => ltb.run("leaderboard", "crashing", ...more);
  // The samples of a benchmark that turns out to have repetitions are gathered first.
  await eventually(async () => (await ltb.json("leaderboard", "crashing")).pending_count === 0);
  const ranked = await board();
  expect(ranked.stdout.replaceAll(/\s+/g, " ")).toMatch(/ steady acme\/steady 0\.8 .* shaky acme\/shaky 1 /);
  const rule = "Those that lack values stand behind every complete one whose interval overlaps";
  expect(ranked.stdout).toContain(rule);
  expect((await board("--missing", "as_worst")).stdout).toMatch(/ shaky .* 0\.28 /);
  expect((await board("--missing", "bounds")).stdout).toMatch(/ shaky .* 0\.28 … 1$/m);
  const shown = await page("leaderboard", "crashing");
  expect(shown).toContain(rule);
  expect(shown).toContain("Dotted lines go as far as the mean may be, whatever is missing");
  const compared = await ltb.json("compare", "steady", "shaky", "--missing", "as_worst");
  expect(compared.comparisons[0]).toMatchObject({ candidate_mean: expect.closeTo(0.28, 12) });
  const { runs } = await ltb.json("history", "crashing");
  expect(runs[1]).toMatchObject({
    ...{ mean: 1, least_mean: expect.closeTo(0.28, 12), greatest_mean: 1 },
    since_previous: { first_significant: false, first_unsettled: true },
  });
  expect((await page("history", "crashing")).match(/class="reach"/g)).toHaveLength(2);
});

test("a summary counts what is missing as the worst, or bounds the mean by it", async () => {
  const worst = await ltb.run("summary", "crashed", "--metric", "score", "--missing", "as_worst");
  // Every figure is of the same samples: the mean lies between the least and the greatest value.
  expect(worst.stdout).toMatch(/^score +50 +0\.4 .* … 0\.\d+ +0 +- +- +- +- +1$/m);
  expect(worst.stdout.replaceAll(/\s+/g, " ")).toContain(
    "each missing sample and repetition counts as 0, the worst",
  );
  const [filled] = (await ltb.json("summary", "crashed", "--metric", "score", "--missing", "as_worst"))
    .metrics;
  expect(filled).toMatchObject({ count: 20, samples: 50, min: 0, p50: null, p99: null, max: 1 });
  expect(filled.coverage).toMatchObject({ scored: 20, missing: 30 });
  const noBar = "Missing samples and repetitions count in these, and are in no bar.";
  expect(await page("summary", "crashed", "--metric", "score", "--missing", "as_worst")).toContain(noBar);
  expect(await page("summary", "crashed")).not.toContain(noBar);
  const bounds = await ltb.run("summary", "crashed", "--metric", "score", "--missing", "bounds");
  expect(bounds.stdout.replaceAll(/\s+/g, " ")).toContain(
    "score: the mean over all samples is between 0.4 and 1, whatever the missing values are (with 95 % intervals: ",
  );
  const wide = ["--missing", "bounds", "--range", "-1:2"];
  const { metrics } = await ltb.json("summary", "crashed", "--metric", "score", ...wide);
  expect(metrics[0].bounds).toMatchObject({ low: (20 - 30) / 50, high: (20 + 60) / 50 });
  const outside = await ltb.run(
    "summary",
    "crashed",
    "--metric",
    "score",
    "--missing",
    "bounds",
    "--range",
    "0:0.5",
  );
  expect([outside.code, outside.stderr]).toEqual([1, expect.stringMatching(/range_high/)]);
  for (const range of ["1", ":", "a:b", "0:1:2"])
    expect((await ltb.run("summary", "crashed", "--range", range)).code).toBe(2);
});

test("a leaderboard says what entries lack, puts them behind, and leaves them out when told", async () => {
  const { stdout } = await ltb.run("leaderboard", "gsm8k");
  expect(stdout).toMatch(/^ +1 +1–2 +1 +whole .* 40\n +2 +1–2 +1 +crashed +acme\/crashed +1 .* 20 of 50$/m);
  const text = stdout.replaceAll(/\s+/g, " ");
  expect(text).toContain("Those that lack values stand behind every complete one");
  expect(text).toContain(`crashed: ${words}.`);
  const { entries, ...board } = await ltb.json("leaderboard", "gsm8k");
  expect(board).toMatchObject({ missing: "MISSING_EXCLUDE", range_low: 0, range_high: 1 });
  expect(entries[1].coverage).toMatchObject({ planned: 50, tried: 40, scored: 20, missing: 30 });
  const most = await ltb.json("leaderboard", "gsm8k", "--min-coverage", "0.5");
  expect(most.entries).toMatchObject([{ benchmark_name: "whole" }]);
  expect((await ltb.run("leaderboard", "gsm8k", "--min-coverage", "2")).code).toBe(2);
  const some = await ltb.run("leaderboard", "gsm8k", "--min-coverage", "0.5");
  expect(some.stderr).toMatch(
    /^note: \d+ benchmarks? with values (is|are) left out by --min-coverage 0\.5$/m,
  );
  expect(most.below_minimum_count).toBeGreaterThan(0);
  const least = await page("leaderboard", "gsm8k", "--min-coverage", "0.5");
  expect(least).toContain("Those below --min-coverage 0.5 are not ranked.");
  expect(least).toMatch(/with values (is|are) left out by --min-coverage 0\.5\./);
  expect(await page("leaderboard", "gsm8k")).not.toContain("are not ranked");
  const worst = await ltb.run("leaderboard", "gsm8k", "--missing", "as_worst");
  expect(worst.stdout.replaceAll(/\s+/g, " ")).toMatch(
    /crashed 0\.4 \S+ … \S+ 50 Each missing sample and repetition counts as 0, /,
  );
  const bounds = await ltb.run("leaderboard", "gsm8k", "--missing", "bounds");
  expect(bounds.stdout).toMatch(/ mean may be\n.* 0\.8 … 0\.8\n.* 0\.4 … 1\n/);
  const html = await page("leaderboard", "gsm8k", "--missing", "bounds");
  for (const part of ["<h2>What is missing</h2>", `crashed: ${words}.`, "20 of 50", "0.4 … 1"])
    expect(html).toContain(part);
});

test("bands are of the intervals that are drawn: as wide as the mean may be, also with an end that is not known", async () => {
  const { entries } = await ltb.json("leaderboard", "gsm8k");
  expect(entries).toMatchObject([
    { band: 1, ranked_low: entries[0].ci95_low, ranked_high: entries[0].ci95_high },
    { band: 1, ranked_low: expect.closeTo(0.4, 12), ranked_high: 1, ci95_low: expect.closeTo(0.839, 3) },
  ]);
  const reach = "which go as far as a mean may be where samples have no value";
  const dotted = /class="reach"/g;
  const { stdout } = await ltb.run("leaderboard", "gsm8k");
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(reach);
  const open = await page("leaderboard", "gsm8k");
  for (const part of [
    reach,
    "Dotted lines go as far as the mean may be",
    "no interval, with its dotted line,",
  ])
    expect(open).toContain(part);
  // One, on the drawings for wide and for narrow screens.
  expect(open.match(dotted)).toHaveLength(2);
  const filled = await page("leaderboard", "gsm8k", "--missing", "as_worst");
  expect(filled).not.toMatch(/[Dd]otted|as far as/);
  expect(filled.match(dotted)).toBeNull();
});

test("where nobody knows how far a mean may be, a leaderboard asks for the range", async () => {
  const rows = { least: Array(40).fill(3), most: [...Array(39).fill(8), "failed"] };
  for (const [name, values] of Object.entries(rows)) {
    const lines = values.map((value, i) =>
      JSON.stringify({
        ...{ id: `s${i}`, input: "i", output: "o" },
        ...(value === "failed" ? { error: value } : { score: value + (i % 2) }),
      }),
    );
    await writeFile(join(folder, `${name}.jsonl`), lines.join("\n"));
    const about = ["--name", name, "--dataset", "tens", "--provider", "acme", "--model", name];
    await ltb.json("import", join(folder, `${name}.jsonl`), ...about);
  }
  const asks =
    "The least and the greatest value that score can have are not known, so nothing bounds the means of those that lack values: --range tells it, as in --range 0:10.";
  const { stdout } = await ltb.run("leaderboard", "tens");
  expect(stdout).toMatch(/^ +1 .* least .*\n +2 .* most .* 39 of 40$/m);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(asks);
  const { entries } = await ltb.json("leaderboard", "tens");
  expect(entries[1]).toMatchObject({ ranked_low: null, ranked_high: null, band: 1 });
  const html = await page("leaderboard", "tens");
  expect(html).toContain(asks);
  expect(html.match(/class="reach"/g)).toHaveLength(2);
  expect((await ltb.run("leaderboard", "tens", "--range", "0:")).stdout.replaceAll(/\s+/g, " ")).toContain(
    "The greatest value that score can have is not known",
  );
  expect((await ltb.run("history", "tens")).stdout.replaceAll(/\s+/g, " ")).toContain(asks);
  expect((await ltb.run("history", "tens", "--range", "0:10")).stdout).not.toContain("not known");
  const told = await ltb.run("leaderboard", "tens", "--range", "0:10");
  expect(told.stdout).toMatch(/^ +1 .* most .* 39 of 40\n +2 .* least /m);
  expect(told.stdout).not.toContain("not known");
});

test("a history says what runs lack, and calls no run better that only lacks what was hard", async () => {
  const { stdout, stderr } = await ltb.run("history", "gsm8k");
  expect(stderr).toContain("note: these are runs of 2 models");
  const mark =
    "better than the run before and better than the baseline, though what is missing or failed may make it so";
  expect(stdout).toMatch(/ whole .* 40 +- +- +- +-$/m);
  const line = stdout.split("\n").find((one) => one.includes(" crashed "));
  expect(line).toMatch(/ 20 of 50 +\+0\.2 /);
  expect(line?.endsWith(mark)).toBe(true);
  const text = stdout.replaceAll(/\s+/g, " ");
  const rule = "A run is called better or worse than another if it is so whatever values what is missing";
  expect(text).toContain(rule);
  expect(text).toContain(`crashed: ${words}.`);
  const { runs } = await ltb.json("history", "gsm8k");
  expect(runs[1]).toMatchObject({
    coverage: { planned: 50, tried: 40, scored: 20, missing: 30 },
    since_previous: { first_significant: false, first_unsettled: true },
    since_baseline: { first_significant: false, first_unsettled: true },
  });
  const html = await page("history", "gsm8k");
  // As far as the mean may be, on the drawings for wide and narrow screens, under a shape that is not filled.
  expect(html.match(/class="reach"/g)).toHaveLength(2);
  expect(html.match(/class="good open"/g)).toHaveLength(2);
  const reach = "Dotted lines, and the fainter ground of a baseline, go as far as a mean may be";
  expect(html).toContain(reach);
  const complete = await page("history", "gsm8k", "--model", "whole");
  expect(complete).not.toMatch(/Dotted|class="reach"/);
  for (const part of ["<h2>What is missing</h2>", rule, `crashed: ${words}.`, ">20 of 50<", `${mark}.`])
    expect(html).toContain(part);
  // The baseline is told of, too, where it is none of the runs shown.
  const last = await ltb.run("history", "gsm8k", "--model", "whole", "--baseline", "crashed");
  expect(last.stdout.replaceAll(/\s+/g, " ")).toContain(`crashed: ${words}.`);
});

test("no interval ends beyond what a value can be, whatever it is of", async () => {
  const rows = Array.from({ length: 20 }, (_, i) =>
    [0, 1, 2, 3, 4].map((repetition) => ({
      ...{ sample_id: `s${i}`, repetition, input: "i", output: "o", part: i % 2 },
      ...(i === 0 && repetition === 4 ? { error: "e" } : { score: Number(i % 7 > 0 || repetition < 2) }),
      latency_ms: i === 0 ? 5000 : 1,
    })),
  );
  const path = join(folder, "near.jsonl");
  await writeFile(
    path,
    rows
      .flat()
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
  await ltb.json("import", path, "--dataset", "near", "--provider", "acme", "--model", "m");
  await ltb.json("benchmark", "update", "near", "--planned-samples", "21");
  await expect.poll(async () => (await ltb.json("leaderboard", "near")).pending_count).toBe(0);
  const pass = ["--reducer", "pass_at_k", "--k", "2"];
  const ends: unknown[] = [];
  for (const how of [[], pass]) {
    const summarize = (...more: string[]) =>
      ltb.json("summary", "near", "--metric", "score", ...how, ...more);
    const [plain, parts, bounds] = [
      await summarize(),
      await summarize("--group-by", "part"),
      await summarize("--missing", "bounds"),
    ];
    const board = await ltb.json("leaderboard", "near", ...how);
    const runs = await ltb.json("history", "near", ...how);
    ends.push(plain.metrics[0].ci95_high, bounds.metrics[0].bounds.ci95_high);
    ends.push(board.entries[0].ci95_high, board.entries[0].ranked_high, runs.runs[0].ci95_high);
    ends.push(...parts.slices[0].slices.map((slice: { ci95_high: number }) => slice.ci95_high));
  }
  expect(ends).toEqual(Array(14).fill(1));
  const slow = await ltb.json("summary", "near", "--metric", "latency_ms");
  const board = await ltb.json("leaderboard", "near", "--metric", "latency_ms");
  expect([slow.metrics[0].ci95_low, board.entries[0].ci95_low]).toEqual([0, 0]);
  const told = ["--metric", "latency_ms", "--range", "1:5000", "--missing", "bounds"];
  expect((await ltb.json("summary", "near", ...told)).metrics[0]).toMatchObject({
    ...{ ci95_low: 1, bounds: { ci95_low: 1 } },
  });
});

test("what HELM measures of one split is not missing in another", async () => {
  const run = join(import.meta.dirname, "..", "data", "helm", "narrative_qa-model=openai_gpt2");
  const { stdout } = await ltb.run("import", run);
  expect(stdout).toContain("5 inserted");
  const summary = await ltb.run("summary", "narrative_qa:model=openai_gpt2");
  expect(summary.stdout).toMatch(/^exact_match\/test +4 .*\nexact_match\/valid +1 /m);
  expect(summary.stdout).not.toContain("samples have a value");
  const { metrics } = await ltb.json("summary", "narrative_qa:model=openai_gpt2");
  const [named] = (
    await ltb.json("summary", "narrative_qa:model=openai_gpt2", "--metric", "exact_match/valid")
  ).metrics;
  const valid = metrics.find(({ name }: { name: string }) => name === "exact_match/valid");
  expect(valid.coverage).toMatchObject({
    planned: 1,
    tried: 1,
    scored: 1,
    failed: 0,
    unscored: 0,
    missing: 0,
  });
  expect(named).toEqual(valid);
  const how = ["--metric", "exact_match/test", "--missing", "as_worst"];
  const { entries } = await ltb.json("leaderboard", "narrative_qa", ...how, "--min-coverage", "1");
  expect(entries).toMatchObject([{ count: 4, coverage: { planned: 4, tried: 4, missing: 0 } }]);
  // What no split has may be of each.
  await ltb.json("benchmark", "update", "narrative_qa:model=openai_gpt2", "--planned-samples", "7");
  const partial = (await ltb.run("summary", "narrative_qa:model=openai_gpt2")).stdout;
  expect(partial.replaceAll(/\s+/g, " ")).toMatch(
    /exact_match\/test.*: 4 of 6 planned samples have a value \(66\.7 %\): 2 were not tried\. .*exact_match\/valid.*: 1 of 3 planned samples has a value \(33\.3 %\): 2 were not tried\./,
  );
});

test("what HELM failed in one split is not missing in another, in groups neither", async () => {
  const from = join(import.meta.dirname, "..", "data", "helm", "narrative_qa-model=openai_gpt2");
  const run = join(folder, "narrative_qa-failed");
  await cp(from, run, { recursive: true });
  const spec = join(run, "run_spec.json");
  await writeFile(
    spec,
    (await readFile(spec, "utf8")).replace("narrative_qa:model", "narrative_qa_failed:model"),
  );
  const file = join(run, "scenario_state.json");
  const state = JSON.parse(await readFile(file, "utf8"));
  const states: { instance: Record<string, unknown>; result: object }[] = state.request_states;
  for (const [index, { instance }] of states.entries()) instance.subject = index % 2 === 0 ? "law" : "art";
  const [first] = states.filter(({ instance }) => instance.split === "valid");
  for (const id of ["crash 1", "crash 2"])
    states.push({
      ...structuredClone(first as (typeof states)[number]),
      instance: { ...first?.instance, id, subject: "law" },
      result: { success: false, error: "out of memory", completions: [] },
    });
  await writeFile(file, JSON.stringify(state));
  await ltb.json("import", run, "--name", "failed split", "--dataset", "split");
  await ltb.json("benchmark", "update", "failed split", "--planned-samples", "7");
  const summary = (await ltb.run("summary", "failed split")).stdout.replaceAll(/\s+/g, " ");
  expect(summary).not.toMatch(/[:,] exact_match\/test|exact_match\/test[,:]/);
  expect(summary).toMatch(
    /exact_match\/valid[^:]*: 1 of 3 planned samples has a value \(33\.3 %\): 2 failed\./,
  );
  const { slices } = await ltb.json(
    ...["summary", "failed split", "--group-by", "instance.subject", "--metric", "exact_match/test"],
  );
  expect(slices).toMatchObject([
    {
      slices: [
        { value: "art", tried: 2, samples: 2 },
        { value: "law", tried: 2, samples: 2 },
      ],
    },
  ]);
  const how = ["--metric", "exact_match/test", "--min-coverage", "1"];
  const { entries } = await ltb.json("leaderboard", "split", ...how);
  expect(entries).toMatchObject([{ coverage: { planned: 4, tried: 4, missing: 0 } }]);
});

test("one of a kind is told in the singular, and what nobody has declared is not told as 0", async () => {
  const lines = [{ score: 1 }, { score: 0 }, {}].map((row, i) =>
    JSON.stringify({ id: `s${i}`, input: "i", output: "o", ...row }),
  );
  await writeFile(join(folder, "few.jsonl"), lines.join("\n"));
  await ltb.json("import", join(folder, "few.jsonl"), "--dataset", "few", "--provider", "p", "--model", "m");
  await ltb.json("benchmark", "update", "few", "--planned-samples", "4");
  expect((await ltb.run("summary", "few")).stdout).toContain(
    "score: 2 of 4 planned samples have a value (50 %): 1 failed, 1 was not tried.",
  );
  const about = ["--provider", "p", "--model", "m", "--dataset", "few"];
  await ltb.json("benchmark", "create", "undeclared", ...about);
  expect((await ltb.run("benchmark", "show", "few")).stdout).toMatch(/^planned samples +4$/m);
  expect((await ltb.run("benchmark", "show", "undeclared")).stdout).not.toMatch(
    /^(planned samples|repetitions|total iterations) /m,
  );
  expect(await ltb.json("benchmark", "show", "undeclared")).toMatchObject({
    ...{ planned_samples: 0, repetitions: 0, total_iterations: 0 },
  });
  expect(leftOutNote({ slicesLeftOut: 1, leftOut: ["a"] })).toEqual([
    "1 further group has no row, and no more samples than those that have one: a.",
  ]);
});

test("a comparison says what its sides lack, in all its forms, and counts or bounds it when told", async () => {
  const markdown = join(folder, "report.md");
  const { stdout } = await ltb.run("compare", "whole", "crashed", "--markdown", markdown);
  const said = `in the candidate, ${words}`;
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(`crashed: ${said}`);
  expect(stdout).not.toContain("in the baseline");
  expect(await readFile(markdown, "utf8")).toContain(`- \`crashed\`: ${said}\n`);
  expect(await page("compare", "whole", "crashed")).toContain(said);
  const worst = await ltb.json("compare", "whole", "crashed", "--missing", "as_worst");
  expect(worst).toMatchObject({ missing: "MISSING_AS_WORST", range_low: 0, range_high: 1 });
  expect(worst.comparisons[0]).toMatchObject({
    ...{ n_paired: 40, candidate_mean: 0.5, candidate_filled: 20 },
    candidate_coverage: { planned: 50, tried: 40, scored: 20, missing: 30 },
    baseline_coverage: { planned: 40, tried: 40, scored: 40, missing: 0 },
  });
  const shown = await page("compare", "whole", "crashed", "--missing", "as_worst");
  expect(shown).toContain("the worst value stands for 20 missing samples of the candidate");
  expect(shown).toContain("on the samples that the baseline has a value of. Baseline");
  expect(shown).not.toContain("▽");
  const bounds = await ltb.run("compare", "whole", "crashed", "--missing", "bounds");
  expect(bounds.stdout.replaceAll(/\s+/g, " ")).toMatch(
    /crashed: the mean difference over all samples is between -0\.44 and 0\.36, whatever the missing values are \(with/,
  );
  const drawn = await page("compare", "whole", "crashed", "--missing", "bounds");
  expect(drawn).toContain("▼ worse, ▽ may be worse, ● no significant difference");
  expect(drawn).toContain("<td>▽ may be worse</td>");
  // The table behind the chart.
  for (const cell of ["0.2", "0.0079", "0.3921", "-0.623", "0.4978"])
    expect(drawn).toContain(`<td>${cell}</td>`);
  expect(drawn).toContain("Dotted lines go as far as the mean difference may be");
  const bounded = ["compare", "whole", "crashed", "--missing", "bounds"];
  expect((await ltb.json(...bounded)).verdict_by).toBe("adjusted_p_value_and_bounds");
  expect((await ltb.run(...bounded, "--group-by", "document")).stdout).toMatch(
    /^Bounds are of all samples: figures and verdicts of groups leave out what is missing, /m,
  );
  const refused = await ltb.run(
    "compare",
    "whole",
    "crashed",
    "--missing",
    "bounds",
    "--metric",
    "latency_ms",
  );
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("range_high")]);
});

test("a gate passes no candidate that crashed, unless what it lacks is to be left out", async () => {
  const report = join(folder, "gate.xml");
  const compare = (...args: string[]) => ltb.run("compare", "whole", "crashed", ...args, "--junit", report);
  const gates = [["--fail-on-regression"], ["--fail-unless-no-worse-than", "0.5"]];
  for (const gate of gates) {
    const open = await compare(...gate);
    expect(open).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^1 of 1 candidates lack values of samples that the baseline has, which no figure counts: --missing as_worst /m,
      ),
    });
    expect(open.stdout).toMatch(/^crashed: warning: the candidate lacks a value of 20 samples that/m);
    expect(await readFile(report, "utf8")).toMatch(/<failure message="the candidate lacks a value of 20 /);
    const left = await compare(...gate, "--missing", "exclude");
    expect(left).toMatchObject({ code: 0, stderr: `wrote ${report}\n` });
    expect(left.stdout).toMatch(/^crashed: warning: the candidate lacks a value of 20 samples that/m);
    expect(await readFile(report, "utf8")).not.toContain("<failure");
    // What only the baseline lacks shows no harm, and hides none.
    for (const missing of [[], ["--missing", "as_worst"]])
      expect((await ltb.run("compare", "crashed", "whole", ...gate, ...missing)).stdout).toMatch(
        /^whole +20 /m,
      );
    expect((await ltb.run("compare", "crashed", "whole", ...gate)).code).toBe(0);
    const bounded = await compare(...gate, "--missing", "bounds");
    expect(bounded.code).toBe(3);
    expect(bounded.stdout).toMatch(/^crashed +20 .* may be worse$/m);
    expect(bounded.stdout).not.toContain("warning: the candidate lacks");
  }
  const [regression = [], harm = []] = gates;
  expect(await compare(...regression, "--missing", "as_worst")).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^1 of 1 candidates regressed$/m),
  });
  expect((await compare(...regression, "--missing", "bounds")).stderr).toMatch(
    /^1 of 1 candidates may have regressed, as far as their missing samples allow$/m,
  );
  const bounded = await compare(...harm, "--missing", "bounds");
  expect(bounded.stdout).toMatch(
    /^crashed: not shown to be no worse than the baseline by 0\.5 whatever the missing samples are \(/m,
  );
  const open = await compare(...harm);
  expect(open.stdout).toMatch(
    /^crashed: no worse than the baseline by 0\.5 on the 20 samples that both have \(/m,
  );
  expect(open.stderr).not.toContain("not shown");
  // Those that would have a missing sample count do not go with clusters.
  const clustered = await compare(...regression, "--cluster-by", "document");
  expect([clustered.code, clustered.stderr]).toEqual([
    3,
    expect.stringMatching(
      /which no figure counts: --missing exclude leaves them out, the only way by clusters$/m,
    ),
  ]);
});

test("a gate passes no candidate whose repetitions crashed, nor one that has fewer of them", async () => {
  const make = async (name: string, scores: (i: number) => (number | null)[]) => {
    const path = join(folder, `${name}.jsonl`);
    const rows = Array.from({ length: 60 }, (_, i) =>
      scores(i).map((score, repetition) => {
        const row = { sample_id: `s${i}`, repetition, input: "i", output: "o" };
        return JSON.stringify(score === null ? { ...row, error: "timeout" } : { ...row, score });
      }),
    );
    await writeFile(path, rows.flat().join("\n"));
    await ltb.json("import", path, "--name", name, "--model", name, "--dataset", "again");
  };
  await make("steady", () => [1, 1, 1, 1, 0]);
  // Each is right once, and one of them once more.
  await make("timid", (i) => [1, i === 0 ? 1 : null, null, null, null]);
  await make("one of five", () => [1]);
  const gates = [["--fail-on-regression"], ["--fail-unless-no-worse-than", "0.02"]];
  for (const candidate of ["timid", "one of five"]) {
    for (const gate of gates) {
      const compare = (...args: string[]) => ltb.run("compare", "steady", candidate, ...gate, ...args);
      for (const missing of [[], ["--missing", "as_worst"], ["--missing", "bounds"]]) {
        const { code, stdout, stderr } = await compare(...missing);
        if (candidate === "timid" && missing.length > 0) {
          // Each sample is right once in five, and no more is known of it.
          const verdict = missing[1] === "bounds" ? "may be worse" : "worse";
          expect([code, stdout], missing[1]).toEqual([
            3,
            expect.stringMatching(new RegExp(` ${verdict}$`, "m")),
          ]);
          expect(stdout).not.toContain("warning: the candidate lacks");
          continue;
        }
        expect([code, stderr], `${candidate} ${missing.join(" ")}`).toEqual([
          3,
          expect.stringMatching(/^1 of 1 candidates lack repetitions that the baseline has/m),
        ]);
        expect(stdout).toMatch(/: warning: the candidate lacks repetitions of 60 samples that/);
      }
      expect((await compare("--missing", "exclude")).code).toBe(0);
      // What only the baseline lacks hides no harm.
      const turned = await ltb.run("compare", candidate, "steady", ...gate);
      expect(turned.stderr).not.toContain("lack repetitions");
    }
  }
  for (const shown of [
    ["summary", "timid"],
    ["leaderboard", "again"],
    ["history", "again"],
  ])
    expect((await ltb.run(...shown)).stdout.replaceAll(/\s+/g, " "), shown[0]).toContain(
      "60 samples lack some of their repetitions",
    );
});

test("where nothing is missing, gates by bounds are those by pairs", async () => {
  const same = ["compare", "whole", "whole again", "--missing", "bounds", "--group-by", "document"];
  const rows = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({
      ...{ id: `s${i}`, input: "i", output: "o", document: i % 4 },
      score: Number(i % 5 > 0),
    }),
  );
  await writeFile(join(folder, "again.jsonl"), rows.join("\n"));
  await ltb.json("import", join(folder, "again.jsonl"), "--name", "whole again", "--model", "again");
  const { code, stdout } = await ltb.run(
    ...same,
    "--fail-unless-no-worse-than",
    "0.1",
    "--fail-on-regression",
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^whole again +40 +0\.8 +0\.8 +0 +- +- +0\/0\/40 .* no significant difference$/m);
  expect(stdout).toMatch(
    /^whole again: no worse than the baseline by 0\.1 over all groups together \(one-sided p /m,
  );
  expect(stdout).not.toContain("whatever the missing values are");
  expect(stdout).toMatch(
    /^The mean of the 4 differences, where each group with the key has the same weight, is 0\.$/m,
  );
  expect(stdout).toMatch(
    /^whole again: the differences of all 40 pairs are the same, so that there is no interval/m,
  );
});
