import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService, suitesOf } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
});
afterAll(() => service.stop());

test("samples of one document are dependent: errors, intervals and tests are by clusters", async () => {
  const folder = temporaryFolder();
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

test("a group that got worse fails the gate, though all groups together did not", async () => {
  const folder = temporaryFolder();
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
  const folder = temporaryFolder();
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
