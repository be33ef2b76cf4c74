import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, importModels, startTestService, suitesOf } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  await importModels(ltb);
});
afterAll(() => service.stop());

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
  const folder = temporaryFolder();
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
  const folder = temporaryFolder();
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
