import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clients } from "../faults/server.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let cli: ReturnType<typeof commands>;
let api: ReturnType<typeof clients>["benchmarks"];
beforeAll(async () => {
  service = await startTestService();
  cli = commands(service.address);
  api = clients(service.address).benchmarks;
});
afterAll(() => service.stop());

async function newBenchmark(name: string): Promise<string> {
  const { benchmark } = await api.createBenchmark({ name, provider: "p", model: "m", dataset: "d" });
  return benchmark?.id ?? "";
}

const samples = ({ evaluations }: { evaluations: { sample_id: string }[] }) =>
  evaluations.map(({ sample_id }) => sample_id);

test("numbers that no double holds keep their digits", async () => {
  const seed = '{"seed":9007199254740993}';
  const named = ["--provider", "p", "--model", "m", "--dataset", "d", "--metadata", seed];
  const created = await cli.run("benchmark", "create", "digits", ...named, "--json");
  expect(created.stdout).toContain(`"metadata":${seed}`);
  const updated = await cli.run("benchmark", "update", "digits", "--results", `[${seed}]`, "--json");
  expect(updated.stdout).toContain(`"results":[${seed}]`);
  const { stdout } = await cli.run("benchmark", "show", "digits");
  expect(stdout).toMatch(/^metadata seed +9007199254740993$/m);
  expect(stdout).toMatch(/^results +\{"seed":9007199254740993\}$/m);
  const benchmarkId = JSON.parse(created.stdout).id;
  const row = { benchmarkId, input: "in", output: "out", metadataJson: seed, metricsJson: seed };
  const { evaluation } = await api.createEvaluation(row);
  const shown = await cli.run("evaluation", "show", evaluation?.id ?? "", "--json");
  expect(shown.stdout).toContain(`"metadata":${seed}`);
  const list = await cli.run("evaluation", "list", "digits", "--json", "--full");
  expect(list.stdout).toContain(`"metrics":${seed}`);
});

describe("evaluation list", () => {
  beforeAll(async () => {
    const benchmarkId = await newBenchmark("listed");
    const rows = [
      { sampleId: "a", score: 0.25, latencyMs: 5, metadata: { split: "test", run: { seed: 1 } } },
      { sampleId: "b", score: 1, metadata: { split: "train", shots: 5 }, provider: "other" },
      { sampleId: "c", repetition: 2, latencyMs: 7, metadata: { split: "5" } },
    ].map((row) => ({ ...row, input: "in", output: "out" }));
    await api.batchCreateEvaluations({ benchmarkId, evaluations: rows });
    await api.createEvaluation({ benchmarkId, sampleId: "d", input: "in", error: "timed out\nat line 1" });
  });

  test("shows a row each, newest first", async () => {
    const { code, stdout } = await cli.run("evaluation", "list", "listed");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^id +sample +score +latency ms +created \(UTC\) +error\n/);
    expect(stdout).toMatch(/ d +- +- +\d{4}.* timed out\n/);
    expect(stdout).toMatch(/ c#2 /);
    expect(stdout).not.toContain("at line 1");
  });

  test.each([
    [
      ["--order", "worst"],
      ["a", "b"],
    ],
    [["--order", "best", "--limit", "1"], ["b"]],
    [["--failed"], ["d"]],
    [["--error", "timed out"], ["d"]],
    [["--error", "%"], []],
    [
      ["--metric", "latency_ms", "--order", "highest"],
      ["c", "a"],
    ],
    [["--metric", "latency_ms", "--min-value", "5", "--max-value", "5"], ["a"]],
    [["--min-score", "0.5"], ["b"]],
    [["--max-score", "0.5"], ["a"]],
    [["--provider", "other"], ["b"]],
    [["--model", "m2"], []],
    [["--sample", "c"], ["c"]],
    [["--metadata", "split=test"], ["a"]],
    [["--metadata", "shots=5", "--metadata", "split=train"], ["b"]],
    [["--metadata", 'split="5"'], ["c"]],
    [["--metadata", "split=5"], []],
    [["--metadata", '{"run": {"seed": 1}}'], ["a"]],
  ])("%j", async (args, expected) => {
    expect(samples(await cli.json("evaluation", "list", "listed", ...args))).toEqual(expected);
  });

  test("failures are shown in groups", async () => {
    const { stdout } = await cli.run("benchmark", "failures", "listed");
    expect(stdout).toMatch(
      /^count +error, for example +last \(UTC\) +id of the last\n +1 +timed out +\d{4}-/,
    );
    expect(await cli.json("benchmark", "failures", "listed")).toMatchObject({
      groups: [{ message: "timed out", count: 1 }],
      failures_read: 1,
    });
    await newBenchmark("without failures");
    expect((await cli.run("benchmark", "failures", "without failures")).stderr).toBe("no failures\n");
  });

  test("with --full holds the texts", async () => {
    const all = await cli.json("evaluation", "list", "listed", "--sample", "a", "--full");
    expect(all).toMatchObject({ evaluations: [{ input: "in", metadata: { split: "test" } }], more: false });
  });

  test("by text says which index to add", async () => {
    const { code, stderr } = await cli.run("evaluation", "list", "listed", "--text", "word");
    expect(code).toBe(1);
    expect(stderr).toContain("ltb migrate index add text");
  });

  test.each([
    [["--metadata", "split"], /KEY=VALUE/],
    [["--metadata", "{broken"], /KEY=VALUE/],
    [["--min-score", "high"], /number/],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await cli.run("evaluation", "list", "listed", ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });

  test("the same filters are there for export", async () => {
    const { stdout } = await cli.run("export", "listed", "--metadata", "split=test", "--max-score", "1");
    const [, ...lines] = stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).sampleId)).toEqual(["a"]);
    const none = await cli.run("export", "listed", "--failed", "--sample", "a");
    expect(none.stdout.trim().split("\n")).toHaveLength(1);
  });
});

describe("cleanup of evaluations", () => {
  test("deletes those older than so many days, of all benchmarks or one", async () => {
    const ids = [await newBenchmark("first"), await newBenchmark("second")];
    const store = async (sampleId: string, createdAt?: { seconds: bigint }) => {
      for (const benchmarkId of ids)
        await api.createEvaluation({ benchmarkId, sampleId, input: "i", output: "o", createdAt });
    };
    await store("of 2001", { seconds: 1_000_000_000n });
    const cleanup = (...args: string[]) => cli.json("cleanup", "--evaluations-older-than", ...args);
    expect(await cleanup("9")).toEqual({ evaluations_deleted: 0 });
    expect(await cleanup("0", "--benchmark", "first")).toEqual({ evaluations_deleted: 1 });
    expect(samples(await cli.json("evaluation", "list", "second"))).toEqual(["of 2001"]);
    expect(await cleanup("0", "--jobs-older-than", "30")).toMatchObject({ jobs_deleted: 0 });
    await store("new");
    for (const name of ["first", "second"])
      expect(samples(await cli.json("evaluation", "list", name))).toEqual(["new"]);
    const { stdout } = await cli.run("cleanup", "--evaluations-older-than", "0", "--benchmark", "first");
    expect(stdout).toBe("deleted 1 evaluations\n");
  });

  test.each([
    [[], /--jobs-older-than, --evaluations-older-than/],
    [["--jobs-older-than", "1", "--benchmark", "first"], /--evaluations-older-than/],
    [["--evaluations-older-than", "-1"], /0 to 36500/],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await cli.run("cleanup", ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });

  test("of a benchmark that is not there deletes nothing", async () => {
    const { code } = await cli.run("cleanup", "--evaluations-older-than", "0", "--benchmark", "none");
    expect(code).toBe(1);
    expect(samples(await cli.json("evaluation", "list", "second"))).toEqual(["new"]);
  });
});
