import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { directionWarnings } from "../../src/cli/shared/direction.ts";
import { commands, runHere, startTestService, temporaryFolder } from "./support.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "samples", "grade-school-math.jsonl");

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  for (const model of ["6b_finetuning", "6b_verification", "175b_verification"]) {
    const map = `input=question,expected=ground_truth,output=\`${model}\`.solution,score=\`${model}\`.is_correct`;
    await ltb.json("import", SAMPLE, "--map", map, "--model", model, "--name", model);
  }
});
afterAll(() => service.stop());

test("two candidates beside a baseline, as a table", async () => {
  const { code, stdout } = await ltb.run("compare", "6b_finetuning", "6b_verification", "175b_verification");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^score, higher is better, baseline 6b_finetuning /);
  // Beside the interval stands the p-value of its own test, apart the test that the verdict goes by.
  expect(stdout).toMatch(/ 95 % CI +p \(t\) +win\/loss\/tie +p \(test\) +p \(Holm\) +verdict\n/);
  expect(stdout).toMatch(
    /175b_verification +55 .* 0\.0648 … 0\.372 +0\.00614 +16\/4\/35 +0\.0118 \(McNemar\) +0\.0236 +better\n/,
  );
  expect(stdout).toMatch(/6b_verification +55 .* no significant difference\n/);
  expect(stdout).toMatch(/"p \(Holm\)" is the same adjusted by Holm's method for 2 candidates\.\n/);
  expect(stdout).toMatch(
    /Verdicts go by "p \(Holm\)": better or worse if it is below 0\.05 and the mean goes the way of the test\./,
  );
  expect(stdout).toMatch(/worst of \d+ regressed samples/);
});

test("JSON in full precision with a verdict for each candidate", async () => {
  const { comparisons, verdicts, ...about } = await ltb.json("compare", "6b_finetuning", "175b_verification");
  expect(verdicts).toEqual(["better"]);
  expect(about).toMatchObject({ verdict_by: "adjusted_p_value", alpha: 0.05, lower_is_better: false });
  expect(comparisons).toHaveLength(1);
  const [{ n_paired, wins, losses, ties, mean_difference }] = comparisons;
  expect(n_paired).toBe(55);
  expect(wins + losses + ties).toBe(55);
  expect(mean_difference).toBeCloseTo((wins - losses) / 55, 12);
});

test("a gate fails with a code of its own only for a significant regression", async () => {
  const gate = (...args: string[]) => ltb.run("compare", ...args, "--fail-on-regression");
  expect((await gate("6b_finetuning", "175b_verification")).code).toBe(0);
  const worse = await gate("175b_verification", "6b_finetuning");
  expect([worse.code, worse.stderr]).toEqual([3, "1 of 1 candidates regressed\n"]);
  // Without its proof a regression is none.
  expect((await gate("175b_verification", "6b_finetuning", "--alpha", "1e-9")).code).toBe(0);
  expect((await gate("6b_finetuning", "175b_verification", "--lower-is-better")).code).toBe(3);
});

test("what was not found is not called equal, and no harm has to be shown", async () => {
  const { stdout } = await ltb.run("compare", "6b_finetuning", "6b_verification", "--detect", "0.02");
  expect(stdout).toMatch(
    /^6b_verification: 55 pairs show a difference of 0\.\d+ or more with a probability of 80 %$/m,
  );
  expect(stdout).toMatch(/^6b_verification: a difference of 0\.02 takes \d{4,} pairs$/m);
  const strict = await ltb.run(
    "compare",
    ...["6b_finetuning", "6b_verification", "--detect", "0.02", "--alpha", "0.001"],
  );
  const detected = (text: string) => Number(/pairs show a difference of (0\.\d+)/.exec(text)?.[1]);
  expect(detected(strict.stdout)).toBeGreaterThan(1.5 * detected(stdout));
  expect(strict.stdout).toMatch(/ or more with a probability of 80 % at the level of 0\.001$/m);
  expect(strict.stdout).toMatch(/^6b_verification: .* takes \d{4,} pairs at the level of 0\.001$/m);
  const gate = (...args: string[]) => ltb.run("compare", ...args, "--fail-unless-no-worse-than", "0.02");
  const proven = await gate("6b_finetuning", "175b_verification");
  expect(proven.code).toBe(0);
  expect(proven.stdout).toMatch(
    /^175b_verification: no worse than the baseline by 0\.02 \(one-sided p .*\)$/m,
  );
  const open = await gate("6b_finetuning", "6b_verification", "--json");
  expect(open).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /^1 of 1 candidates are not shown to be no worse by 0\.02: 55 pairs are too few: where the two are equal it takes \d{4,} \(ltb power /,
    ),
  });
  expect(JSON.parse(open.stdout).comparisons[0].no_worse_p_value).toBeGreaterThan(0.05);
  const equal = await ltb.run(
    "compare",
    ...["6b_finetuning", "6b_verification"],
    "--margin",
    "0.5",
    "--equivalence",
  );
  expect(equal.stdout).toMatch(
    /^6b_verification: equivalent to the baseline within 0\.5 \(one-sided p .*\)$/m,
  );
  expect((await ltb.run("compare", "a", "b", "--equivalence")).stderr).toMatch(
    /--equivalence needs --margin/,
  );
  expect((await ltb.run("compare", "a", "b", "--margin", "0")).stderr).toMatch(/Expected a number above 0/);
});

test("better or worse takes that the mean and the test agree, and a gate tells where they do not", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  /** 188 of 200 differ a little, the first 12 much and the other way, so that the mean goes with those. */
  const differ = (little: number, much: number) => (n: number) =>
    0.5 + (n < 12 ? much : little * (1 + n / 1000)) * (n % 2 === 0 ? 1 : 1.01);
  const store = async (name: string, score: (n: number) => number) => {
    const rows = Array.from({ length: 200 }, (_, n) =>
      JSON.stringify({ sample_id: `s${n}`, input: "i", output: "o", score: score(n), subject: "law" }),
    );
    await writeFile(join(folder, name), rows.join("\n"));
    await ltb.json("import", join(folder, name), "--format", "jsonl", "--model", "m", "--name", name);
  };
  await store("level", () => 0.5);
  await store("mostly worse", differ(-0.01, 0.28));
  await store("mostly better", differ(0.01, -0.28));
  await store("broken judge", (n) => (n === 0 ? 1000 : 0.5 - n / 400));
  await store("mean much worse", differ(0.0005, -0.4));
  // Of 200 30 fall to 0, and 90 rise a little.
  await store("a part fails", (n) => (n < 30 ? 0 : n < 120 ? 0.51 + n / 10_000 : 0.5));
  await store("a part shines", (n) => (n < 30 ? 1 : n < 120 ? 0.49 - n / 10_000 : 0.5));
  const reports = ["junit", "markdown", "html"].map((format) => join(folder, `r.${format}`));
  const written = reports.flatMap((path) => [`--${path.slice(path.lastIndexOf(".") + 1)}`, path]);
  const gate = (candidate: string, ...args: string[]) =>
    ltb.run("compare", "level", candidate, "--fail-on-regression", ...args);
  for (const candidate of ["mostly worse", "broken judge"]) {
    const found = await gate(candidate, ...written);
    expect(found.stdout).toMatch(new RegExp(`^${candidate} .* no significant difference$`, "m"));
    const why = /Wilcoxon's signed-rank test says worse \(.*\) where the mean says better \(/;
    expect(found.stdout).toMatch(new RegExp(`^${candidate}: warning: ${why.source}`, "m"));
    expect([found.code, found.stderr]).toEqual([
      3,
      expect.stringMatching(
        /^1 of 1 candidates are worse by the test or by the mean, which go apart: look /m,
      ),
    ]);
    for (const path of reports) expect(await readFile(path, "utf8")).toMatch(/test says worse/);
    expect(suitesOf(await readFile(reports[0] as string, "utf8"))).toMatchObject([
      { failures: [expect.stringMatching(why)] },
    ]);
    expect(await readFile(reports[1] as string, "utf8")).toMatch(/^\*\*A gate is not passed:\*\* 1 of 1 /m);
  }
  // The other way round the test is no evidence of harm, and neither is the mean by itself.
  const better = await gate("mostly better");
  expect(better).toMatchObject({ code: 0, stderr: "" });
  expect(better.stdout).toMatch(/: warning: Wilcoxon's .* says better \(.*\) where the mean says worse \(/);
  // A mean that is worse by the t-test is harm, though most samples are better.
  expect((await gate("mean much worse")).code).toBe(3);
  // So it is where the ranks prove nothing.
  const failing = await gate("a part fails", ...written);
  expect(failing.stdout).toMatch(/^a part fails .* no significant difference$/m);
  const unranked =
    /the mean is worse by the t-test \(.*\), and Wilcoxon's signed-rank test does not say so \(90 /;
  expect(failing.stdout).toMatch(new RegExp(`^a part fails: warning: ${unranked.source}`, "m"));
  expect([failing.code, failing.stderr]).toEqual([
    3,
    expect.stringMatching(/^1 of 1 candidates are worse by the test or by the mean, which go apart: look /m),
  ]);
  for (const path of reports) expect(await readFile(path, "utf8")).toMatch(/the mean is worse by the t-test/);
  const inGroups = await gate("a part fails", "--group-by", "subject");
  expect(inGroups.stderr).toContain("a part fails regressed in 1 of 1 group by subject: law");
  const shining = await gate("a part shines");
  expect(shining).toMatchObject({ code: 0, stderr: "" });
  expect(shining.stdout).toMatch(/^a part shines: warning: the mean is better by the t-test \(/m);
  // Its p-value is adjusted for all candidates, as that of the test is.
  const many = await ltb.json("compare", "level", "a part fails", "a part shines");
  for (const one of many.comparisons)
    expect(one.adjusted_paired_t_p_value).toBeGreaterThan(one.paired_t_p_value * 0.999);
  expect(many.comparisons[0].adjusted_paired_t_p_value).toBeCloseTo(
    2 * many.comparisons[0].paired_t_p_value,
    12,
  );
  // What is asked of the mean alone goes by the mean alone.
  expect(
    (await ltb.run("compare", "level", "mostly worse", "--fail-unless-no-worse-than", "0.05")).code,
  ).toBe(0);
  const lower = await ltb.run(
    "compare",
    "level",
    "mostly better",
    "--lower-is-better",
    "--fail-on-regression",
  );
  expect(lower.code).toBe(3);
  const grouped = await ltb.json("compare", "level", "mostly worse", "--group-by", "subject");
  expect(grouped).toMatchObject({
    verdicts: ["no significant difference"],
    slice_verdicts: [["no significant difference"]],
    comparisons: [
      { rank_biserial: expect.any(Number), slices: { slices: [{ rank_biserial: expect.any(Number) }] } },
    ],
  });
  expect(grouped.comparisons[0].rank_biserial).toBeCloseTo(1 - (2 * 17766) / 20100, 12);
});

test("what a gate cannot know it says, with what to do, in words and as JSON", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = async (name: string, fields: (n: number) => object, prefix = "s") => {
    const rows = Array.from({ length: 60 }, (_, n) =>
      JSON.stringify({ sample_id: `${prefix}${n}`, input: "i", output: "o", score: 1, ...fields(n) }),
    );
    await writeFile(join(folder, name), rows.join("\n"));
    await ltb.json("import", join(folder, name), "--format", "jsonl", "--model", "m", "--name", name);
  };
  await store("sixty", () => ({ latency_ms: 10 }));
  await store("sixty again", (n) => ({
    latency_ms: n > 0 ? 10 : undefined,
    error: n > 0 ? undefined : "late",
  }));
  await store("another sixty", () => ({}), "t");
  await store("one other question", (n) => (n === 7 ? { input: "another" } : {}));
  const junit = join(folder, "g.xml");
  const margin = ["--fail-unless-no-worse-than", "0.02", "--junit", junit];
  const gate = (candidate: string, ...args: string[]) => ltb.run("compare", "sixty", candidate, ...args);
  const few = await gate("sixty again", ...margin, "--json");
  const why = "60 pairs are too few: it takes 149 that all are equal (ltb power plans a comparison)";
  const reason = `1 of 1 candidates are not shown to be no worse by 0.02: ${why}`;
  expect(few).toMatchObject({ code: 3, stderr: `wrote ${junit}\n${reason}\n` });
  expect(JSON.parse(few.stdout).failures).toEqual([{ gates: ["--fail-unless-no-worse-than"], reason }]);
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([
    { failures: [expect.stringContaining(why)] },
  ]);
  const passed = await gate("sixty again", "--fail-on-regression", "--json");
  expect(JSON.parse(passed.stdout).failures).toEqual([]);
  // A value beside an error counts, and is told of.
  expect((await gate("sixty again")).stdout).toMatch(
    /: warning: 1 sample of the candidate has an error beside its value, which counts all the same: the mean difference of the others is 0$/m,
  );
  const apart = await gate("another sixty", ...margin);
  expect(apart).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^1 of 1 candidates have no pairs /m),
  });
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([
    { failures: ["no pairs", expect.stringMatching(/\(there are no pairs\)$/)] },
  ]);
  const one = await gate("one other question");
  expect(one.stdout).toMatch(/: warning: 1 sample has different inputs .*, and no figure counts it \(/m);
  const lacking = await gate("sixty again", "--metric", "latency_ms");
  expect(lacking.stdout).toMatch(
    /: warning: the candidate lacks a value of 1 sample that the baseline has /m,
  );
  // Of a margin it is told what the test knows of how large a difference can be.
  const late = await gate("sixty again", "--metric", "latency_ms", "--margin", "1");
  expect(late.stdout).toMatch(
    /: how large a difference can be is not known, so the t-test takes that no loss .* for 59 pairs to tell /m,
  );
  await store("one judged twice", (n) => (n === 7 ? { score: 2 } : {}));
  const beyond = await gate("one judged twice", "--margin", "0.02");
  expect(beyond.stdout).toMatch(
    /: values go beyond 0 to 1, so the margin is tested by the range that they have, 0 to 2 \(--range /m,
  );
  expect(beyond.stdout).toMatch(
    /: not shown to be no worse .*: 60 pairs are too few: where the two are equal it takes \d{3,} /m,
  );
  expect(await gate("sixty again", "--metric", "latency_ms", "--missing", "as_worst")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /latency_ms can have is not known: give it by --range, as in --range :60000$/m,
    ),
  });
});

test("how many samples show a difference, which difference so many show, and how probably", async () => {
  const power = async (...args: string[]) => JSON.parse((await runHere(["power", ...args, "--json"])).stdout);
  expect(await power("--stddev", "0.5", "--difference", "0.05")).toMatchObject({ pairs: 787, power: 0.8 });
  expect((await power("--stddev", "0.5", "--pairs", "787")).difference).toBeCloseTo(0.05, 4);
  expect((await power("--stddev", "0.5", "--pairs", "787", "--difference", "0.05")).power).toBeCloseTo(
    0.8,
    3,
  );
  expect((await runHere(["power", "--stddev", "1"])).stderr).toMatch(/give --difference, --pairs or both/);
  expect(await power("--stddev", "0.5", "--difference", "0.05", "--power", "0.9")).toMatchObject({
    pairs: 1053,
  });
  const all = ["power", "--stddev", "0.5", "--difference", "0.05", "--pairs", "787", "--power", "0.9"];
  expect(await runHere(all)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/leave out one of the three/),
  });
});

test("how many samples show that a side which is as good is no worse by a margin, by the test of gates", async () => {
  const power = (...args: string[]) => runHere(["power", "--stddev", ...args]);
  const told = async (...args: string[]) => JSON.parse((await power(...args, "--json")).stdout);
  const ofShares = ["--margin", "0.02", "--range", "0:1"];
  expect(await told("1e-9", ...ofShares)).toMatchObject({
    pairs: 149,
    power: 0.8,
    range_low: 0,
    range_high: 1,
  });
  const { pairs } = await told("0.2", ...ofShares);
  expect((await told("0.2", ...ofShares, "--pairs", String(pairs))).power).toBeCloseTo(0.8, 2);
  // Without a range it is the t-test, which takes fewer.
  expect((await told("0.2", "--margin", "0.02")).pairs).toBeLessThan(pairs);
  expect((await power("0.2", ...ofShares)).stdout).toMatch(
    /^\d+ samples show with a probability of 80 % that a side which is as good is no worse by 0\.02$/m,
  );
  for (const [args, words] of [
    [["--margin", "0.1", "--range", "0:"], /--range needs two ends that are further apart than --margin/],
    [["--margin", "2", "--range", "0:1"], /--range needs two ends that are further apart than --margin/],
    [["--difference", "0.1", "--range", "0:1"], /--range needs --margin/],
    [["--margin", "0.1", "--pairs", "9", "--power", "0.9"], /leave out one of the three/],
    [["--margin", "1e-9", "--range", "0:1"], /--margin is too small beside --stddev/],
    [["--difference", "0.1", "--power", "0.05"], /--power must be above --alpha/],
    [["--difference", "0.1", "--margin", "0.1"], /cannot be used with option '--difference/],
  ] as const)
    expect(await power("1", ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(words) });
});

/** The suites of a JUnit report, whose every tag must be closed and every special character escaped. */
function suitesOf(xml: string): { name: string; failures: string[] }[] {
  const open: string[] = [];
  const suites: { name: string; failures: string[] }[] = [];
  const words = { amp: "&", lt: "<", gt: ">", quot: '"' };
  const plain = (text = "") =>
    text.replaceAll(/&(amp|lt|gt|quot);/g, (_, name: keyof typeof words) => words[name]);
  const tag = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<>]*")*)(\/?)>/g;
  expect(xml.replace(/^<\?xml.*\?>\n/, "").replaceAll(tag, "")).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)/);
  for (const [, end, name = "", attributes = "", single] of xml.matchAll(tag)) {
    const value = (key: string) => plain(new RegExp(` ${key}="([^"]*)"`).exec(attributes)?.[1]);
    if (name === "testsuite" && !end) suites.push({ name: value("name"), failures: [] });
    if (name === "failure") suites.at(-1)?.failures.push(value("message"));
    if (end) expect(open.pop()).toBe(name);
    else if (!single) open.push(name);
  }
  expect(open).toEqual([]);
  return suites;
}

test("reports for continuous integration: Markdown and JUnit", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  const [markdown, junit] = [join(folder, "a.md"), join(folder, "a.xml")];
  const hostile = "a|b `c` <img src=x> @all\n# \u202e\u0007 && \ud83d\ude00";
  for (const name of [hostile, "other samples"]) {
    const rows = join(folder, "rows.jsonl");
    const scored = (id: string, score: number) => JSON.stringify({ id: `${id}|${name[0]}`, score, o: "o" });
    await writeFile(rows, [scored("x", 1), scored("y", 0)].join("\n"));
    await ltb.json("import", rows, "--map", "input=id,output=o,sample_id=id", "--model", "m", "--name", name);
  }
  const reports = ["--markdown", markdown, "--junit", junit];
  const gates = ["--fail-on-regression", "--fail-unless-no-worse-than", "0.02"];
  const compared = await ltb.run(
    "compare",
    "175b_verification",
    "6b_finetuning",
    hostile,
    ...gates,
    ...reports,
  );
  expect(compared.code).toBe(3);
  expect(compared.stderr).toBe(
    `wrote ${markdown}\nwrote ${junit}\n1 of 2 candidates regressed\n` +
      "1 of 2 candidates have no pairs with the baseline, so nothing is known of them\n" +
      "2 of 2 candidates are not shown to be no worse by 0.02\n",
  );
  const text = await readFile(markdown, "utf8");
  expect(text).toMatch(
    /^\| candidate \| n \|.* \| 95 % CI \| p \(t\) \| .* \| p \(test\) \| p \(Holm\) \| verdict \|$/m,
  );
  expect(text).toMatch(/^### `score` against `175b_verification`$/m);
  expect(text).toMatch(/^\| `6b_finetuning` \| 55 \|.*\| worse \|$/m);
  expect(text).toMatch(/^- `6b_finetuning`: 55 pairs show a difference of /m);
  expect(text).toMatch(/^<details><summary>The worst 5 of \d+ samples that got worse<\/summary>$/m);
  // Each row has as many cells as its table's head, whatever a name holds.
  const cells = (line: string) => line.replaceAll("\\|", "").split("|").length;
  const tables = text.split("\n\n").filter((part) => part.startsWith("|"));
  for (const table of tables) expect(new Set(table.split("\n").map(cells)).size).toBe(1);
  expect(text).toContain("`` a\\|b `c` <img src=x> @all # ");
  expect(await readFile(junit, "utf8")).toMatch(/# \u{fffd}{2} &amp;&amp; \u{1f600}/u);
  expect(suitesOf(await readFile(junit, "utf8"))).toEqual([
    {
      name: "6b_finetuning against 175b_verification",
      failures: ["worse", expect.stringMatching(/^not shown/)],
    },
    { name: expect.stringMatching(/^a\|b `c` <img src=x> @all/), failures: ["no pairs", expect.any(String)] },
  ]);
  expect((await ltb.run("compare", "6b_finetuning", "175b_verification", "--junit", junit)).code).toBe(0);
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([{ failures: [] }]);
});

test("samples that were asked something else are told, and compared only if that is wanted", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, question] of [
    ["plain prompt", () => "q"],
    ["long prompt", () => "please, q"],
    ["half a prompt", (id: number) => (id > 20 ? "q " : "q")],
  ] as const) {
    const rows = join(folder, "rows.jsonl");
    const lines = Array.from({ length: 40 }, (_, id) =>
      JSON.stringify({ id, score: Number(id < 20 || id % 2 > 0), input: `${question(id)} ${id}`, o: "o" }),
    );
    await writeFile(rows, lines.join("\n"));
    const map = "input=input,output=o,sample_id=id,score=score";
    await ltb.json("import", rows, "--map", map, "--model", name, "--name", name);
  }
  const refused = await ltb.run("compare", "plain prompt", "long prompt", "--fail-on-regression");
  expect(refused.stdout).toMatch(
    /^long prompt: warning: 40 samples have different .*--allow-different-inputs/m,
  );
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("have no pairs") });
  const wanted = await ltb.run("compare", "plain prompt", "long prompt", "--allow-different-inputs");
  expect(wanted.stdout).toMatch(/^long prompt: 40 samples have different inputs .* compared all the same$/m);
  expect(wanted.stdout).toMatch(/^long prompt +40 /m);
  // A gate that would pass by the rest does not, until it is said what becomes of these.
  const gate = (...args: string[]) => ltb.run("compare", "plain prompt", "half a prompt", ...args);
  const report = ["--junit", join(folder, "gate.xml"), "--html", join(folder, "gate.html")];
  for (const ask of [["--fail-on-regression"], ["--fail-unless-no-worse-than", "0.2"]]) {
    for (const missing of [[], ["as_worst"], ["bounds"], ["exclude"]]) {
      const treated = missing.flatMap((how) => ["--missing", how]);
      const open = await gate(...ask, ...treated, ...report);
      expect([open.code, open.stderr]).toEqual([
        3,
        expect.stringMatching(
          /^1 of 1 candidates have samples with other inputs .*: --allow-.* --exclude-different-inputs leaves them out$/m,
        ),
      ]);
      expect(await readFile(join(folder, "gate.xml"), "utf8")).toMatch(
        /<failure message="19 samples have different inputs or expected answers, and no figure counts them: --allow-/,
      );
      expect(await readFile(join(folder, "gate.html"), "utf8")).toContain("<h2>A gate is not passed</h2>");
    }
    expect((await gate(...ask, "--allow-different-inputs")).code).toBe(0);
    expect((await gate(...ask, "--exclude-different-inputs", ...report)).code).toBe(0);
    expect(await readFile(join(folder, "gate.xml"), "utf8")).not.toContain("<failure");
    expect(await readFile(join(folder, "gate.html"), "utf8")).not.toContain("not passed");
  }
  const { stdout } = await gate("--margin", "0.2", "--exclude-different-inputs");
  expect(stdout).toMatch(
    /^half a prompt: no worse .* by 0\.2 on the 21 samples that both have and that were asked alike \(/m,
  );
  expect((await gate("--allow-different-inputs", "--exclude-different-inputs")).code).toBe(2);
});

test("samples of one document are dependent: errors, intervals and tests are by clusters", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = async (name: string, documents: number, score: (document: number, n: number) => number) => {
    const row = (n: number) => ({
      ...{ id: `s${n}`, input: "i", output: "o", score: score(n % documents, n) },
      ...(n > 0 && { document: { id: n % documents } }),
    });
    const rows = Array.from({ length: 60 }, (_, n) => JSON.stringify(row(n))).join("\n");
    await writeFile(join(folder, name), rows);
    await ltb.json("import", join(folder, name), "--format", "jsonl", "--model", "m", "--name", name);
  };
  await store("before", 6, (document, n) => Number((document + (n % 5 === 0 ? 1 : 0)) % 2 === 0));
  await store("after", 6, (document) => Number(document % 3 === 0));
  const by = ["--cluster-by", "document.id"];
  const summary = await ltb.run("summary", "before", "--metric", "score", ...by);
  expect(summary.stderr).toBe("");
  expect(summary.stdout).toMatch(/^Samples with the same document\.id are a cluster, .*CR1/m);
  expect(summary.stdout).toMatch(/^score +7 +10 +1 +0\.\d+ +0\.06\d+$/m);
  expect(summary.stdout).toMatch(/^warning: with 7 clusters, fewer than 10, intervals are too narrow/m);
  expect(summary.stdout).toMatch(/^1 sample without document\.id is a cluster of its own$/m);
  const [page, compared, markdown] = [join(folder, "s.html"), join(folder, "c.html"), join(folder, "c.md")];
  const json = await ltb.json("summary", "before", "--metric", "score", ...by, "--html", page);
  expect(json).toMatchObject({ cluster_by: "document.id", exact: true });
  const [metric] = json.metrics;
  expect(metric).toMatchObject({ interval_method: "INTERVAL_METHOD_CLUSTER_T", clusters: { count: 7 } });
  expect(metric.stderr).toBeGreaterThan(1.5 * metric.clusters.independent_stderr);
  expect(await readFile(page, "utf8")).toMatch(/95 % interval: by clusters of samples.*<h2>Clusters<\/h2>/s);
  const reports = ["--html", compared, "--markdown", markdown];
  const { stdout } = await ltb.run("compare", "before", "after", ...by, ...reports, "--detect", "0.05");
  expect(stdout).toMatch(/^after +60 .* 0\.\d+ \(clusters\) +0\.\d+ +no significant difference$/m);
  expect(stdout).toMatch(/^The interval .* are of the paired t-test by clusters, and not adjusted\.$/m);
  expect(stdout).toMatch(/^"p \(test\)" is of the same t-test, and "p \(Holm\)"/m);
  expect(stdout).toMatch(/^after: 60 pairs in 7 clusters show a difference of /m);
  expect(stdout).toMatch(/^after: a difference of 0\.05 takes \d+ pairs, in clusters like these$/m);
  for (const text of [stdout, await readFile(compared, "utf8"), await readFile(markdown, "utf8")])
    expect(text).toContain("with 7 clusters, fewer than 10");
  // Of one cluster nothing is known, and a gate says so.
  await store("once", 1, (_, n) => n % 2);
  await store("again", 1, (_, n) => n % 3 && 1);
  const rows = await ltb.run("compare", "once", "again", "--cluster-by", "model", "--fail-on-regression");
  expect(rows.stdout).toMatch(/^again +60 .* one cluster$/m);
  expect(rows.stdout).toMatch(/^again: warning: all samples are of one cluster, /m);
  const nothing = "1 of 1 candidates have pairs of one cluster only, so nothing is known of them\n";
  expect(rows).toMatchObject({ code: 3, stderr: nothing });
  // All of five clusters fall, which no test can prove: it would take six.
  await store("stood", 4, () => 1);
  await store("fell", 4, () => 0);
  const fell = await ltb.run("compare", "stood", "fell", ...by, "--fail-on-regression");
  expect(fell.stdout).toMatch(/no significant difference$/m);
  expect([fell.code, fell.stderr]).toEqual([3, expect.stringContaining("worse in all that is compared")]);
  expect((await ltb.run("compare", "fell", "stood", ...by, "--fail-on-regression")).code).toBe(0);
  for (const args of [
    ["summary", "before"],
    ["compare", "before", "after"],
  ])
    expect(await ltb.run(...args, "--cluster-by", "dokument")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no sample has dokument in its metadata"),
    });
  const both = ["--cluster-by", "document.id", "--group-by", "document.id"];
  for (const args of [
    ["summary", "before"],
    ["compare", "before", "after"],
  ])
    expect(await ltb.run(...args, ...both)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("cluster_by: cannot be given together with group_by"),
    });
});

test("of latency the gate knows that lower is better, and can be told otherwise", async () => {
  const folder = await temporaryFolder();
  for (const [name, base] of [
    ["quick", 100],
    ["slow", 200],
  ] as const) {
    const row = (n: number) =>
      JSON.stringify({ id: `s${n}`, input: "i", output: "o", latency_ms: base + (n % 7) });
    await writeFile(join(folder, name), Array.from({ length: 30 }, (_, n) => row(n)).join("\n"));
    await ltb.json("import", join(folder, name), "--format", "jsonl", "--model", "m", "--name", name);
  }
  await rm(folder, { recursive: true });
  const gate = async (...args: string[]) => {
    const { code, stdout } = await ltb.run(
      "compare",
      ...args,
      "--metric",
      "latency_ms",
      "--fail-on-regression",
    );
    return [code, stdout.split(",")[1]];
  };
  expect(await gate("quick", "slow")).toEqual([3, " lower is better"]);
  expect(await gate("slow", "quick")).toEqual([0, " lower is better"]);
  expect(await gate("slow", "quick", "--higher-is-better")).toEqual([3, " higher is better"]);
  expect((await ltb.run("compare", "a", "b", "--higher-is-better", "--lower-is-better")).code).toBe(2);
  // What no evaluation tells is unknown.
  expect(await ltb.json("summary", "quick")).toMatchObject({ input_tokens: null, cost_usd: null });
  expect((await ltb.run("summary", "quick")).stdout).toMatch(/\n30 evaluations, 0 with an error\n/);
});

test("a name that speaks of errors is asked about, and the maximum of more repetitions is no better", async () => {
  const folder = await temporaryFolder();
  const kept = await temporaryFolder();
  onTestFinished(() => rm(kept, { recursive: true }));
  for (const [name, repetitions] of [
    ["single", 1],
    ["fivefold", 5],
  ] as const) {
    const row = (i: number) => {
      const ids = { sample_id: `s${Math.floor(i / repetitions)}`, repetition: i % repetitions };
      const metrics = {
        error_rate: 0.5,
        word_errors_left: 0,
        terror: 1,
        error_free: 1,
        no_error: 1,
        latency_ms: 9,
      };
      return JSON.stringify({ ...ids, input: "i", output: "o", score: Number(i % 3 > 0), ...metrics });
    };
    const rows = Array.from({ length: 20 * repetitions }, (_, i) => row(i));
    await writeFile(join(folder, name), rows.join("\n"));
    const named = ["sample_id", "repetition", "input", "output", "score", "latency_ms"];
    const fields = named.map((name) => `${name}=${name}`);
    const own = ["error_rate", "word_errors_left", "terror", "error_free", "no_error"].map(
      (key) => `metrics.${key}=${key}`,
    );
    fields.push(...own);
    const about = ["--map", fields.join(","), "--model", name, "--name", name, "--dataset", "uneven"];
    await ltb.json("import", join(folder, name), "--format", "jsonl", ...about);
  }
  // What fails is tried again, though each sample was to be tried once.
  const tried = Array.from({ length: 20 }, (_, i) => ({ i, times: i < 4 ? 5 : 1 })).flatMap(({ i, times }) =>
    Array.from({ length: times }, (_, repetition) =>
      JSON.stringify({ sample_id: `s${i}`, repetition, input: "i", output: "o", score: Number(i % 3 > 0) }),
    ),
  );
  await writeFile(join(folder, "retried"), tried.join("\n"));
  const map = ["sample_id", "repetition", "input", "output", "score"].map((name) => `${name}=${name}`).join();
  await ltb.json(
    ...["import", join(folder, "retried"), "--format", "jsonl", "--map", map],
    ...["--model", "retried", "--name", "retried", "--dataset", "again"],
  );
  await ltb.json("benchmark", "update", "retried", "--repetitions", "1");
  await rm(folder, { recursive: true });
  await expect.poll(async () => (await ltb.json("leaderboard", "uneven")).pending_count).toBe(0);
  const asked = /^warning: higher values of error_rate count as better: say --lower-is-better /m;
  for (const command of [
    ["compare", "single", "fivefold"],
    ["leaderboard", "uneven"],
    ["history", "uneven"],
  ]) {
    const by = async (...more: string[]) => (await ltb.run(...command, "--metric", ...more)).stderr;
    expect(await by("error_rate")).toMatch(asked);
    expect(await by("error_rate", "--json")).toMatch(asked);
    expect((await ltb.json(...command, "--metric", "error_rate")).warnings).toHaveLength(1);
    const page = join(kept, `${command[0]}.html`);
    await by("error_rate", "--html", page);
    expect(await readFile(page, "utf8")).toContain("higher values of error_rate count as better");
    expect(await by("word_errors_left")).toContain("higher values of word_errors_left count as better");
    for (const told of [
      ["error_free"],
      ["no_error"],
      ["error_rate", "--lower-is-better"],
      ["error_rate", "--higher-is-better"],
      ["terror"],
      ["latency_ms"],
      ["score"],
    ])
      expect(await by(...told), told.join(" ")).not.toContain("count as better");
    const stdout = async (...more: string[]) => (await ltb.run(...command, ...more)).stdout;
    const uneven = "warning: the max of 5 repetitions is larger than that of 1 by chance alone";
    expect(await stdout("--reducer", "max")).toContain(uneven);
    expect(await stdout("--reducer", "median")).not.toContain("by chance alone");
  }
  // What the terminal says is also in what a pipeline keeps.
  const told = "higher values of error_rate count as better";
  const compared = ["compare", "single", "fivefold"];
  expect((await ltb.json(...compared, "--metric", "error_rate")).warnings).toEqual([
    expect.stringContaining(told),
  ]);
  expect((await ltb.json(...compared)).warnings).toEqual([]);
  const reports = ["junit", "markdown", "html"].map((format) => join(kept, `r.${format}`));
  const written = reports.flatMap((path) => [`--${path.slice(path.lastIndexOf(".") + 1)}`, path]);
  await ltb.run(...compared, "--metric", "error_rate", ...written);
  for (const path of reports)
    expect((await readFile(path, "utf8")).replaceAll("`", "")).toMatch(
      /arning[\s\S]*higher values of error_rate count/,
    );
  // By a maximum, more repetitions would pass where as many do not.
  for (const gate of [["--fail-on-regression"], ["--fail-unless-no-worse-than", "0.9"]]) {
    const by = (...more: string[]) => ltb.run(...compared, ...gate, ...more);
    const failed = await by("--reducer", "max");
    expect([failed.code, failed.stderr]).toEqual([
      3,
      expect.stringContaining(
        "1 of 1 candidates have other numbers of repetitions than the baseline, by the max of",
      ),
    ]);
    expect((await by("--reducer", "max", "--missing", "exclude")).code).toBe(0);
    // One sample with as many is not all of them.
    const few = await ltb.run("compare", "retried", "fivefold", ...gate, "--reducer", "max");
    expect([few.code, few.stderr]).toEqual([3, expect.stringContaining("other numbers of repetitions")]);
    expect((await by("--reducer", "mean")).stderr).not.toContain("numbers of repetitions");
    const again = ["compare", "single", "retried", ...gate];
    const retried = await ltb.run(...again);
    expect([retried.code, retried.stderr]).toEqual([
      3,
      expect.stringContaining("1 of 1 candidates have more repetitions of some samples than they declare"),
    ]);
    expect((await ltb.run(...again, "--missing", "exclude")).code).toBe(0);
  }
});

test("gates fail on a candidate that was tried again, whatever it lacks elsewhere", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  /** What each sample came to, one repetition after the other: "x" crashed without a value. */
  const store = async (name: string, samples: readonly string[], declared = 1) => {
    const rows = samples.flatMap((outcomes, sample) =>
      [...outcomes].map((outcome, repetition) => {
        const result = outcome === "x" ? { error: "crashed" } : { output: "o", score: Number(outcome) };
        return JSON.stringify({ sample_id: `s${sample}`, repetition, input: "i", ...result });
      }),
    );
    await writeFile(join(folder, name), rows.join("\n"));
    const map = ["sample_id", "repetition", "input", "output", "score", "error"].map(
      (field) => `${field}=${field}`,
    );
    const about = ["--map", map.join(), "--model", "m", "--name", name, "--dataset", "tries"];
    await ltb.json("import", join(folder, name), "--format", "jsonl", ...about);
    if (declared > 0) await ltb.json("benchmark", "update", name, "--repetitions", `${declared}`);
  };
  const mixed = Array.from({ length: 12 }, (_, i) => `${i % 2}`);
  await store("tried once", mixed);
  await store(
    "tried twice",
    mixed.map((one) => one.repeat(2)),
    2,
  );
  const others = mixed.slice(3);
  const twice = others.map((one) => one.repeat(2));
  const triedAgain: [name: string, baseline: string, samples: string[], declared: number, beyond: number][] =
    [
      ["extra alone", "tried once", ["01", "1", "001", ...others], 1, 2],
      ["extra and lacking", "tried twice", ["001", "1", "000", ...twice], 2, 2],
      ["crashed and retried", "tried once", ["x1", "1", "0", ...others], 1, 1],
      ["crashed twice in three", "tried twice", ["xx1", "11", "00", ...twice], 2, 1],
      ["not declared", "tried once", ["01", "1", "0", ...others], 0, 1],
    ];
  for (const [name, baseline, samples, declared, beyond] of triedAgain) {
    await store(name, samples, declared);
    for (const gate of [["--fail-on-regression"], ["--fail-unless-no-worse-than", "0.9"]]) {
      const by = (...more: string[]) => ltb.run("compare", baseline, name, ...gate, ...more);
      for (const more of [[], ["--missing", "as_worst"], ["--missing", "bounds"]]) {
        const { code, stdout, stderr } = await by(...more);
        expect([code, stderr], `${name} ${more}`).toEqual([
          3,
          expect.stringMatching(
            /^1 of 1 candidates have more repetitions of some samples .*: delete those beyond, declare how many there are to be \(ltb benchmark update --repetitions\), or let them count by --missing exclude$/m,
          ),
        ]);
        expect(stdout).toContain(
          `${name}: warning: ${beyond === 1 ? "1 sample of the candidate has" : `${beyond} samples of the candidate have`} more repetitions than declared`,
        );
      }
      expect((await by("--missing", "exclude")).code, name).toBe(0);
    }
    const words = new RegExp(
      `${beyond} samples? ha(s|ve) more repetitions than declared, or than others where`,
    );
    expect((await ltb.run("summary", name)).stdout).toMatch(words);
    expect((await ltb.run("leaderboard", "tries")).stdout).toMatch(words);
    expect((await ltb.run("history", "tries")).stdout).toMatch(words);
    expect((await ltb.run("compare", name, baseline)).stdout).toMatch(
      new RegExp(`^${baseline}: in the baseline, ${words.source}`, "m"),
    );
  }
  // As many as are declared are none too many, be some of them crashes.
  await store("as declared", ["x1", "11", "0x", ...twice], 2);
  const { stdout, stderr } = await ltb.run("compare", "tried twice", "as declared", "--fail-on-regression");
  expect(stdout + stderr).not.toContain("than declared");
  // What failed is tried again, which is within what both sides declare.
  await store("declares two", mixed, 2);
  await store(
    "tries zeros again",
    mixed.map((one) => (one === "0" ? "01" : one)),
    2,
  );
  const again = await ltb.run("compare", "declares two", "tries zeros again", "--fail-on-regression");
  expect([again.code, again.stderr]).toEqual([
    3,
    expect.stringMatching(/^1 of 1 candidates have more values of some samples than of others, unlike the b/),
  ]);
  // However often it was tried, a sample was to be evaluated.
  const { metrics } = await ltb.json("summary", "crashed and retried", "--missing", "as_worst");
  expect(metrics[0].coverage).toMatchObject({ planned: 12, tried: 12, missing: 0 });
  // An even number of all is no selection.
  await store(
    "even",
    mixed.map((one) => one.repeat(3)),
    0,
  );
  expect((await ltb.run("compare", "tried once", "even", "--fail-on-regression")).code).toBe(0);
});

test("what ends early as it fails makes no candidate look quick", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = async (name: string, latency: (n: number) => number, failed: readonly number[] = []) => {
    const rows = Array.from({ length: 40 }, (_, n) => {
      const result = failed.includes(n) ? { error: "crashed" } : {};
      const figures = { score: Number(n % 3 > 0), latency_ms: latency(n), output_tokens: latency(n) };
      return JSON.stringify({ sample_id: `s${n}`, input: "i", output: "o", ...figures, ...result });
    });
    await writeFile(join(folder, name), rows.join("\n"));
    const map = ["sample_id", "input", "output", "score", "latency_ms", "output_tokens", "error"];
    const about = ["--map", map.map((field) => `${field}=${field}`).join(), "--model", "m", "--name", name];
    await ltb.json("import", join(folder, name), "--format", "jsonl", ...about);
  };
  const withoutFailed = /are worse, or not known, without the samples that failed on either side/;
  const base = (n: number) => 1000 + n;
  await store("steady", base);
  await store("crashes early", (n) => (n < 20 ? 1 : base(n) + 100), range(20));
  await store("crashes late", (n) => (n < 3 ? 60_000 : base(n) - 100 - n), range(3));
  await store("crashes always", () => 1, range(40));
  const bothWays = (n: number) => (n === 0 ? 90_000 : n < 16 ? 20 : base(n) + 100 + (n % 5));
  await store("crashes both ways", bothWays, range(16));
  await store("fails three", (n) => (n < 3 ? 20 : base(n)), range(3));
  await store("fails the same three", (n) => (n < 3 ? 20 : base(n) + (n % 5) - 2), range(3));
  await store("quick throughout", (n) => base(n) - 300 - n);
  await store("quick but for one", (n) => (n < 1 ? 20 : base(n) - 300 - n), range(1));
  const gates = [["--fail-on-regression"], ["--fail-unless-no-worse-than", "50"]];
  for (const metric of ["latency_ms", "output_tokens"])
    for (const gate of gates) {
      const by = (baseline: string, candidate: string, ...more: string[]) =>
        ltb.run("compare", baseline, candidate, "--metric", metric, ...gate, ...more);
      const early = await by("steady", "crashes early");
      expect([early.code, early.stderr]).toEqual([
        3,
        expect.stringMatching(
          /^1 of 1 candidates are worse, or not known, without the samples that failed on either side: run again what failed, or let it count by --missing exclude$/m,
        ),
      ]);
      expect(early.stdout).toContain(
        "crashes early: warning: 20 samples of the candidate have an error beside their value, which counts all the same: the mean difference of the others is 100, and their verdict worse",
      );
      expect((await by("steady", "crashes early", "--missing", "exclude")).code).toBe(0);
      expect((await by("steady", "crashes always")).stderr).toMatch(withoutFailed);
      // A baseline whose failures took long helps nobody either.
      expect((await by("crashes late", "steady")).stderr).toMatch(withoutFailed);
      // Nor does a failure that took long among those that were quick.
      expect((await by("steady", "crashes both ways")).stderr).toMatch(withoutFailed);
      // Failures that change no verdict are no reason to fail.
      for (const [baseline, candidate] of [
        ["fails three", "fails the same three"],
        ["crashes late", "quick throughout"],
        ["steady", "quick but for one"],
      ] as const)
        expect(await by(baseline, candidate), candidate).toMatchObject({ code: 0, stderr: "" });
    }
  const found = await ltb.json("compare", "steady", "crashes late", "--metric", "latency_ms");
  expect(found.comparisons).toMatchObject([
    {
      baseline_with_error: 0,
      candidate_with_error: 3,
      mean_difference_without_error: expect.closeTo(-121, 9),
    },
  ]);
  // Failures that look worse than the rest hide nothing.
  const late = await ltb.run(
    "compare",
    "steady",
    "crashes late",
    "--metric",
    "latency_ms",
    ...(gates[0] ?? []),
  );
  expect(late.stderr).not.toContain("what failed");
  // A score beside an error counts, and is told.
  const score = await ltb.run("compare", "steady", "crashes early", ...(gates[0] ?? []));
  expect(score.code).toBe(0);
  expect(score.stdout).toContain("20 samples of the candidate have an error beside their value");
  const junit = join(folder, "r.xml");
  await ltb.run("compare", "steady", "crashes early", "--metric", "latency_ms", "--junit", junit);
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([
    { failures: [expect.stringMatching(/^failures make the candidate look better, as 20 samples of /)] },
  ]);
});

const range = (length: number) => Array.from({ length }, (_, n) => n);

test("names of metrics of which lower is mostly better are known by their words", () => {
  const warns = (name: string) => directionWarnings(name, {}, false).length > 0;
  const lower = `nll ppl crossEntropy cross_entropy brier_score bits_per_byte losses runtime milliseconds val/loss wordErrors
    logloss log_loss logLoss NLLLoss MSELoss bpc kl_divergence KLDivergence kld ece elapsed elapsed_s secs wall_secs
    edit_distance levenshteinDistance inference_time inferenceTime inference_time_ms response_times time_to_first_token
    timePerToken total_time/test ms p95_ms latencyMS ms_per_token latency_ms/test loss/train error_rate.mean cost_usd`;
  const higher = `error_free no_error no_errors failure-free errorFree terror closs score accuracy runtimes_won
    ms_marco msMarco ms_marco/test MSMARCO ms-marco_ndcg terms algorithms on_time just_in_time times_won time_zone
    lifetime tokens_per_ms tokens_per_second tokens_per_sec tokens_per_secs piece kloss distanced sometimes
    error_detection_f1 error_detection/accuracy toxicity_accuracy/test edit_distance_similarity latency_reduction
    loss_aversion_acc`;
  expect(lower.split(/\s+/).filter((name) => !warns(name))).toEqual([]);
  expect(higher.split(/\s+/).filter(warns)).toEqual([]);
});

test("a benchmark is not compared with itself, nor by a metric that it has not", async () => {
  for (const candidates of [["6b_finetuning"], ["175b_verification", "6b_finetuning"]])
    expect(await ltb.run("compare", "6b_finetuning", ...candidates)).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: 6b_finetuning is the baseline itself: compare it with another benchmark\n",
    });
  expect(await ltb.run("compare", "6b_finetuning", "6b_verification", "--metric", "nosuch")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: 6b_finetuning has no values of nosuch; there are score\n",
  });
});

test("wrong use is told from a regression", async () => {
  expect((await ltb.run("compare", "6b_finetuning")).code).toBe(2);
  expect((await ltb.run("compare", "6b_finetuning", "nobody")).code).toBe(1);
  for (const alpha of ["0", "0.5", "0.9", "2", "", "x"])
    expect(await ltb.run("compare", "a", "b", "--alpha", alpha)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Expected a number above 0 and below 0.5"),
    });
});

test("a group that got worse fails the gate, though all groups together did not", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = async (name: string, solved: (subject: string, n: number) => boolean) => {
    const rows = Array.from({ length: 300 }, (_, n) => {
      const subject = n < 30 ? "@law" : "history";
      const score = Number(solved(subject, n));
      return JSON.stringify({ sample_id: `s${n}`, input: "i", output: "o", score, subject });
    });
    await writeFile(join(folder, name), rows.join("\n"));
    await ltb.json("import", join(folder, name), "--format", "jsonl", "--model", "m", "--name", name);
  };
  await store("even", (_, n) => n % 2 === 0 || n < 30);
  await store("lawless", (subject, n) => (subject === "@law" ? n < 5 : n % 10 < 7));
  const [markdown, junit] = [join(folder, "g.md"), join(folder, "g.xml")];
  const reports = ["--markdown", markdown, "--junit", junit, "--html", join(folder, "g.html")];
  const gate = (...args: string[]) => ltb.run("compare", "even", "lawless", ...args);
  expect((await gate("--fail-on-regression")).code).toBe(0);
  const found = await gate("--fail-on-regression", "--group-by", "subject", ...reports);
  const why = "regressed in 1 of 2 groups by subject";
  expect([found.code, found.stderr]).toEqual([
    3,
    expect.stringMatching(new RegExp(`^lawless ${why}: @law$`, "m")),
  ]);
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([{ failures: [`${why}: @law`] }]);
  // The name of a group mentions nobody.
  expect(await readFile(markdown, "utf8")).toContain(
    `**A gate is not passed:** \`lawless\` regressed in 1 of 2 groups by \`subject\`: \`@law\`.`,
  );
  expect(await readFile(join(folder, "g.html"), "utf8")).toContain(`${why}: @law.`);
  // A margin is of the total, and says so.
  const total = await gate("--fail-unless-no-worse-than", "0.05", "--group-by", "subject");
  expect(total.code).toBe(0);
  expect(total.stdout).toMatch(/^lawless: no worse than the baseline by 0\.05 over all groups together \(/m);
});

test("groups by a key, as a table, as JSON and as Markdown", async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, wrong] of [
    ["grouped", 0],
    ["grouped-worse", 40],
  ] as const) {
    const rows = Array.from({ length: 100 }, (_, i) =>
      JSON.stringify({
        ...{ sample_id: `s${i}`, input: "i", output: "o" },
        score: i === 99 ? null : Number(i >= wrong),
        ...(i < 90 && { subject: i % 2 === 0 ? "@algebra" : "代数" }),
      }),
    );
    const path = join(folder, `${name}.jsonl`);
    await writeFile(path, rows.join("\n"));
    await ltb.json("import", path, "--name", name);
  }
  const summary = await ltb.run("summary", "grouped-worse", "--group-by", "subject");
  expect(summary.stdout).toMatch(/\nscore by subject:\nsubject +n +mean +stddev +stderr +95 % CI\n/);
  expect(summary.stdout).toMatch(/\n@algebra +45 +0\.55556 .*\n代数 +45 .*\n\(no subject\) +9 of 10 +1 /);
  expect(summary.stdout).toMatch(/\nmean of 2 means +0\.55556 +0\.05/);
  const { slices } = await ltb.json("summary", "grouped-worse", "--group-by", "subject");
  expect(slices).toMatchObject([{ metric: "score", slices: [{ value: "@algebra" }, {}, { value: null }] }]);

  for (const args of [
    ["summary", "grouped"],
    ["compare", "grouped", "grouped-worse"],
  ])
    expect(await ltb.run(...args, "--group-by", "topic")).toMatchObject({
      ...{ code: 1, stdout: "" },
      stderr: expect.stringContaining("no evaluation has a value of topic"),
    });

  const markdown = join(folder, "report.md");
  const compare = ["compare", "grouped", "grouped-worse", "--group-by", "subject"];
  const { stdout } = await ltb.run(...compare, "--markdown", markdown);
  expect(stdout).toMatch(/\ngrouped-worse by subject:\nsubject +n +baseline /);
  expect(stdout).toMatch(/\n@algebra +45 .* worse\n/);
  expect(stdout).toMatch(/\n\(no subject\) +9 of 10 .* no significant difference\n/);
  expect(stdout).toMatch(/\n"p \(Holm\)" is adjusted for the 3 groups with pairs of all candidates together/);
  const { comparisons, slice_verdicts } = await ltb.json(...compare);
  expect(slice_verdicts).toEqual([["worse", "worse", "no significant difference"]]);
  const [first] = comparisons[0].slices.slices;
  expect(first.adjusted_p_value).toBeCloseTo(3 * first.p_value, 12);
  const text = await readFile(markdown, "utf8");
  // Names that others gave mention nobody.
  expect(text).toMatch(/^\| `subject` \| n \| .* \| verdict \|\n/m);
  expect(text).toMatch(/^\| `@algebra` \| 45 \|/m);
  expect(text.replaceAll(/`[^`]*`/g, "")).not.toMatch(/@/);
});

test("samples by what became of them, with their values in each benchmark", async () => {
  const compared = (...args: string[]) =>
    ltb.json("evaluation", "compare", "6b_finetuning", "175b_verification", ...args);
  const { comparisons } = await ltb.json("compare", "6b_finetuning", "175b_verification");
  const regressed = await compared("--only", "regressed", "--limit", "1000");
  expect(regressed).toMatchObject({ benchmark_ids: { length: 2 }, more: false });
  expect(regressed.samples).toHaveLength(comparisons[0].losses);
  expect(regressed.samples.map(({ sample_id }: { sample_id: string }) => sample_id)).toEqual(
    comparisons[0].regressed.map(({ sample_id }: { sample_id: string }) => sample_id),
  );
  const wrong = await ltb.run(
    ...["evaluation", "compare", "6b_finetuning", "6b_verification", "175b_verification"],
    ...["--only", "both_wrong", "--limit", "2"],
  );
  expect(wrong.stdout).toMatch(/^sample +difference +6b_finetuning +6b_verification +175b_verification\n/);
  expect(wrong.stdout).toMatch(/\n\d+ +0 +0 +0 +0\n\d+ +0 +0 +0 +0\n$/);
  expect(wrong.stderr).toContain("note: there are more");
  expect((await compared("--only", "both_wrong", "--threshold", "0")).samples).toEqual([]);
  expect((await compared("--only", "improved", "--lower-is-better")).samples).toEqual(regressed.samples);
});

test("samples of a metric that nothing has, and of a baseline with itself, are refused", async () => {
  const run = (...args: string[]) => ltb.run("evaluation", "compare", "6b_finetuning", ...args);
  expect((await run("6b_verification", "--metric", "scor")).stderr).toContain(
    "has no values of scor; there are",
  );
  expect(await run("6b_finetuning")).toMatchObject({ code: 2 });
  expect((await run("6b_verification", "--only", "worse")).stderr).toContain("regressed");
});
