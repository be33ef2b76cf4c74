import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
});
afterAll(() => service.stop());

test("a name that speaks of errors is asked about, and the maximum of more repetitions is no better", async () => {
  const folder = temporaryFolder();
  const kept = temporaryFolder();
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
  const folder = temporaryFolder();
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
