import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, importModels, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
  await importModels(ltb);
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

test("samples that were asked something else are told, and compared only if that is wanted", async () => {
  const folder = temporaryFolder();
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
