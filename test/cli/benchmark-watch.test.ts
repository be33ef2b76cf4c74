import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { createClient, type ServiceClient } from "../../src/cli/shared/client.ts";
import type { RunningService } from "../../src/serve.ts";
import { commands, finished, startTestService } from "./support.ts";

let service: RunningService & { address: string };
let cli: ReturnType<typeof commands>;
let client: ServiceClient;
beforeAll(async () => {
  service = await startTestService();
  cli = commands(service.address);
  client = createClient({ address: service.address, deadline: 30 });
});
afterAll(async () => {
  client[Symbol.dispose]();
  await service.stop();
});

// A process takes its time to start where the machine is busy.
const patiently = { timeout: 60_000 };
vi.setConfig({ testTimeout: 120_000 });

const sample = { name: "watched", provider: "p", model: "m", dataset: "d", totalIterations: 4 };

async function create(fields: Partial<typeof sample> = {}): Promise<string> {
  const { benchmark } = await client.benchmarks.createBenchmark({ ...sample, ...fields });
  return benchmark?.id ?? "";
}

const evaluate = (benchmarkId: string, ...scores: number[]) =>
  client.benchmarks.batchCreateEvaluations({
    benchmarkId,
    evaluations: scores.map((score) => ({ input: "i", output: "o", score })),
  });

const becomes = (id: string, status: BenchmarkStatus) => client.benchmarks.updateBenchmark({ id, status });

test("follows benchmarks until all have ended, as JSON with names of the contract", async () => {
  const [id, other] = [await create({ name: "first" }), await create({ name: "second" })];
  const child = cli.spawn("benchmark", "watch", "first", other, "--json");
  const lines: Record<string, unknown>[] = [];
  if (child.stdout === null) throw new Error("no pipe");
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(JSON.parse(line)));
  // Both as they stand.
  await expect.poll(() => lines.length, patiently).toBe(2);
  expect(lines[0]).toMatchObject({
    deleted: false,
    mean_score: null,
    benchmark: { id, completed_iterations: 0 },
  });
  await evaluate(id, 1, 0);
  await expect.poll(() => lines.length, patiently).toBe(3);
  expect(lines[2]).toMatchObject({ mean_score: 0.5, benchmark: { id, completed_iterations: 2 } });
  await becomes(id, BenchmarkStatus.RUNNING);
  await becomes(id, BenchmarkStatus.COMPLETED);
  await becomes(other, BenchmarkStatus.RUNNING);
  await becomes(other, BenchmarkStatus.COMPLETED);
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

test("exits with 1 if one failed, was cancelled or was deleted, and tells so in a line each", async () => {
  const [failed, cancelled, deleted] = [await create(), await create(), await create({ name: "gone" })];
  await becomes(failed, BenchmarkStatus.FAILED);
  await becomes(cancelled, BenchmarkStatus.CANCELLED);
  for (const [id, status] of [
    [failed, "failed"],
    [cancelled, "cancelled"],
  ] as const) {
    const { code, stdout } = await cli.run("benchmark", "watch", id);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d {2}${id} {2}watched {2}${status} +0/4\n$`));
  }
  const child = cli.spawn("benchmark", "watch", deleted);
  const ended = finished(child);
  if (child.stdout === null) throw new Error("no pipe");
  await once(child.stdout, "data");
  await client.benchmarks.deleteBenchmark({ id: deleted });
  const { code, stdout } = await ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/ gone {2}pending +0\/4\n.* deleted\n$/);
});

test("without a terminal counts alone make no flood of lines, a change of status always a line", async () => {
  const id = await create();
  const child = cli.spawn("benchmark", "watch", id);
  const ended = finished(child);
  if (child.stdout === null) throw new Error("no pipe");
  await once(child.stdout, "data");
  for (const score of [1, 0, 1, 0]) await evaluate(id, score);
  await becomes(id, BenchmarkStatus.RUNNING);
  await becomes(id, BenchmarkStatus.COMPLETED);
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  const lines = stdout.trim().split("\n");
  expect(lines.length).toBeLessThanOrEqual(3);
  expect(lines.at(-1)).toMatch(/ completed {2}4\/4 {2}mean score 0.5$/);
});

test("those of a dataset are followed until Ctrl-C, others are not shown", async () => {
  const child = cli.spawn("benchmark", "watch", "--dataset", "followed", "--json");
  const ended = finished(child);
  if (child.stdout === null) throw new Error("no pipe");
  const seen = once(child.stdout, "data");
  // Not before the watch is in place.
  const creating = setInterval(() => {
    void create();
    void create({ dataset: "followed" });
  }, 100);
  await seen;
  clearInterval(creating);
  child.kill("SIGINT");
  const { stdout } = await ended;
  const datasets = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).benchmark.dataset);
  expect(new Set(datasets)).toEqual(new Set(["followed"]));
});

test("what makes no sense is refused", async () => {
  const unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
  expect(await cli.run("benchmark", "watch", unknown)).toMatchObject({
    stderr: expect.stringContaining(unknown),
  });
  const both = await cli.run("benchmark", "watch", unknown, "--dataset", "d");
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("either benchmarks, or --dataset") });
  const many = await cli.run("benchmark", "watch", ...Array(1_001).fill(unknown));
  expect(many).toMatchObject({ code: 2, stderr: expect.stringContaining("at most 1000") });
});
