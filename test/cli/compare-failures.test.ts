import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, range, startTestService, suitesOf } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
});
afterAll(() => service.stop());

test("of latency the gate knows that lower is better, and can be told otherwise", async () => {
  const folder = temporaryFolder();
  for (const [name, base] of [
    ["quick", 100],
    ["slow", 200],
  ] as const) {
    const row = (n: number) =>
      JSON.stringify({ id: `s${n}`, input: "i", output: "o", latency_ms: base + (n % 7) });
    await writeFile(join(folder, name), Array.from({ length: 30 }, (_, n) => row(n)).join("\n"));
    await ltb.json("import", join(folder, name), "--format", "jsonl", "--model", "m", "--name", name);
  }
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

test("what ends early as it fails makes no candidate look quick", async () => {
  const folder = temporaryFolder();
  const store = async (name: string, latency: (n: number) => number, failed: readonly number[] = []) => {
    const rows = Array.from({ length: 40 }, (_, n) => {
      const result = failed.includes(n) ? { error: "crashed" } : {};
      const figures = { score: Number(n % 3 > 0), latency_ms: latency(n), output_tokens: latency(n) };
      const text = { sample_id: `s${n}`, input: "i", output: "o", half: n < 20 ? "second" : "first" };
      return JSON.stringify({ ...text, ...figures, ...result });
    });
    await writeFile(join(folder, name), rows.join("\n"));
    const map = ["sample_id", "input", "output", "score", "latency_ms", "output_tokens", "error"];
    const about = [
      "--map",
      map.map((field) => `${field}=${field}`).join(),
      "--model",
      "m",
      "--dataset",
      "d",
      "--name",
      name,
    ];
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
        "crashes early: warning: 20 samples of the candidate have an error beside their value: the mean difference of the others is 100 and their verdict worse, and better is only what is so by both",
      );
      expect((await by("steady", "crashes early", "--missing", "exclude")).code).toBe(0);
      expect((await by("steady", "crashes always")).stderr).toMatch(withoutFailed);
      // A baseline whose failures took long helps nobody either.
      expect((await by("crashes late", "steady")).code).toBe(3);
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
  // Nor is it called better, over all or in a group.
  const verdictsOf = (candidate: string, ...more: string[]) =>
    ltb.json("compare", "steady", candidate, "--metric", "latency_ms", "--group-by", "half", ...more);
  const none = "no significant difference";
  for (const more of [[], ["--missing", "exclude"]])
    expect(await verdictsOf("crashes early", ...more)).toMatchObject({
      verdicts: [none],
      // All that is in the first one crashed.
      slice_verdicts: [["worse", none]],
      comparisons: [{ without_failed: { n_paired: 20, mean_difference: 100, without_failed: null } }],
    });
  expect(await verdictsOf("quick but for one")).toMatchObject({
    verdicts: ["better"],
    slice_verdicts: [["better", "better"]],
  });
  // A group in which the others are worse fails, whatever all others are.
  const inGroup = (n: number) => (n < 10 ? 1 : base(n) + (n < 20 ? 100 : -20 - (n % 5)));
  await store("crashes in a group", inGroup, range(10));
  const ofGroups = [
    ...["compare", "steady", "crashes in a group", "--metric", "latency_ms"],
    ...["--group-by", "half"],
  ];
  const grouped = await ltb.run(...ofGroups, "--fail-on-regression");
  expect([grouped.code, grouped.stderr]).toEqual([
    3,
    "crashes in a group regressed in 1 of 2 groups by half: second (without what failed beside its value)\n",
  ]);
  expect(grouped.stdout.replaceAll(/\s+/g, " ")).toContain(
    "In second, without what failed beside its value, the verdict is worse, by 100: better is only what is so by both.",
  );
  expect((await ltb.run(...ofGroups, "--fail-on-regression", "--missing", "exclude")).code).toBe(0);
  // So does one of which nothing is left without what failed, and looks quick.
  await store("loses a group", (n) => (n < 20 ? 1 : base(n) - 20 - (n % 5)), range(20));
  const lost = await ltb.run(
    "compare",
    "steady",
    "loses a group",
    ...ofGroups.slice(3),
    "--fail-on-regression",
  );
  expect([lost.code, lost.stderr]).toEqual([
    3,
    expect.stringContaining("1 of 2 groups by half: second (without"),
  ]);
  // What only no longer crashes is as good as it was, and what is slower besides is worse.
  const fixed = (candidate: string, ...gate: string[]) =>
    ltb.run("compare", "crashes early", candidate, "--metric", "latency_ms", ...gate);
  await store("crashes no more", (n) => base(n) + 98 + (n % 5));
  await store("slower at last", (n) => base(n) + 300 + (n % 7));
  for (const gate of gates) {
    const passed = await fixed("crashes no more", ...gate);
    expect([passed.code, passed.stderr]).toEqual([0, ""]);
    expect((await fixed("slower at last", ...gate)).code).toBe(3);
  }
  const board = await ltb.json("leaderboard", "d", "--metric", "latency_ms");
  expect(board.entries.map((entry: { benchmark_name: string }) => entry.benchmark_name)).toEqual([
    "quick throughout",
    ...["loses a group", "quick but for one", "steady"],
    // Behind what they are not known to surpass.
    ...["crashes in a group", "fails three", "fails the same three", "crashes no more", "crashes early"],
    ...["slower at last", "crashes always", "crashes both ways", "crashes late"],
  ]);
  const words = (await ltb.run("leaderboard", "d", "--metric", "latency_ms")).stdout.replaceAll(/\s+/g, " ");
  expect(words).toContain(
    "Those that failed in some samples, whose values may have ended early, stand behind every complete one",
  );
  const { runs } = await ltb.json("history", "d", "--metric", "latency_ms");
  const marked = (mark: string) =>
    runs
      .filter((run: Record<string, Record<string, boolean>>) => run.since_baseline?.[mark])
      .map((run: { benchmark_name: string }) => run.benchmark_name);
  expect([marked("first_unsettled"), marked("first_significant")]).toEqual([
    ["crashes early"],
    ["quick throughout"],
  ]);
  const junit = join(folder, "r.xml");
  await ltb.run("compare", "steady", "crashes early", "--metric", "latency_ms", "--junit", junit);
  expect(suitesOf(await readFile(junit, "utf8"))).toMatchObject([
    { failures: [expect.stringMatching(/^failures make the candidate look better, as 20 samples of /)] },
  ]);
});
