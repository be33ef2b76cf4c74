import { once } from "node:events";
import { createInterface } from "node:readline";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { WatchBenchmarksResponseSchema } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { displayOf } from "../../src/cli/benchmark/display.ts";
import { createClient, type ServiceClient } from "../../src/cli/shared/client.ts";
import type { RunningService } from "../../src/serve.ts";
import { unknownId } from "../harness/examples.ts";
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

const sample = { name: "watched", provider: "p", model: "m", dataset: "d", totalIterations: 4 };

async function newBenchmark(fields: Partial<typeof sample> = {}): Promise<string> {
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
  const [id, other] = [await newBenchmark({ name: "first" }), await newBenchmark({ name: "second" })];
  const child = cli.spawn("benchmark", "watch", "first", other, "--json");
  const lines: Record<string, unknown>[] = [];
  if (child.stdout === null) throw new Error("no pipe");
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(JSON.parse(line)));
  // Changes that come together may be told in one message or in several, so each is waited for by what it
  // says.
  const told = (expected: object) =>
    expect.poll(() => lines).toContainEqual(expect.objectContaining(expected));
  // Both as they stand.
  for (const [of, name] of [
    [id, "first"],
    [other, "second"],
  ])
    await told({
      deleted: false,
      mean_score: null,
      benchmark: expect.objectContaining({ id: of, name, completed_iterations: 0 }),
    });
  await evaluate(id, 1, 0);
  await told({
    mean_score: 0.5,
    benchmark: expect.objectContaining({ id, completed_iterations: 2 }),
  });
  await becomes(id, BenchmarkStatus.RUNNING);
  await becomes(id, BenchmarkStatus.COMPLETED);
  await becomes(other, BenchmarkStatus.RUNNING);
  await becomes(other, BenchmarkStatus.COMPLETED);
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

test("exits with 1 if one failed, was cancelled or was deleted, and tells so in a line each", async () => {
  const [failed, cancelled, deleted] = [
    await newBenchmark(),
    await newBenchmark(),
    await newBenchmark({ name: "gone" }),
  ];
  await becomes(failed, BenchmarkStatus.FAILED);
  await becomes(cancelled, BenchmarkStatus.CANCELLED);
  for (const [id, status] of [
    [failed, "failed"],
    [cancelled, "cancelled"],
  ] as const) {
    const { code, stdout } = await cli.run("benchmark", "watch", id);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\dZ {2}${id} {2}watched {2}${status} +0/4\n$`));
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

test("without a terminal counts alone make a line in ten seconds, a change of status always one", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const message = (status: BenchmarkStatus, completedIterations: number) =>
    create(WatchBenchmarksResponseSchema, { benchmark: { id: "b", status, completedIterations } });
  try {
    using display = displayOf({});
    for (let second = 0; second < 25; second++) {
      vi.setSystemTime(second * 1_000);
      display.show(message(second < 12 ? BenchmarkStatus.PENDING : BenchmarkStatus.RUNNING, second));
    }
    display.show(message(BenchmarkStatus.COMPLETED, 25));
    expect(write.mock.calls.map(([line]) => String(line).split(/ +/).slice(2).join(" "))).toEqual([
      "pending 0\n",
      "pending 10\n",
      "running 12\n",
      "running 22\n",
      "completed 25\n",
    ]);
  } finally {
    write.mockRestore();
    vi.useRealTimers();
  }
});

test("without a terminal the last line has how it ended", async () => {
  const id = await newBenchmark();
  const child = cli.spawn("benchmark", "watch", id);
  const ended = finished(child);
  if (child.stdout === null) throw new Error("no pipe");
  await once(child.stdout, "data");
  for (const score of [1, 0, 1, 0]) await evaluate(id, score);
  await becomes(id, BenchmarkStatus.RUNNING);
  await becomes(id, BenchmarkStatus.COMPLETED);
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/ completed {2}4\/4 {2}mean score 0.5\n$/);
});

test("those of a dataset are followed until Ctrl-C, others are not shown", async () => {
  const child = cli.spawn("benchmark", "watch", "--dataset", "followed", "--json");
  const ended = finished(child);
  if (child.stdout === null) throw new Error("no pipe");
  const seen = once(child.stdout, "data");
  // Not before the watch is in place.
  const creating = setInterval(() => {
    void newBenchmark();
    void newBenchmark({ dataset: "followed" });
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
  expect(await cli.run("benchmark", "watch", unknownId)).toMatchObject({
    stderr: expect.stringContaining(unknownId),
  });
  const both = await cli.run("benchmark", "watch", unknownId, "--dataset", "d");
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("either benchmarks, or --dataset") });
  const many = await cli.run("benchmark", "watch", ...Array(1_001).fill(unknownId));
  expect(many).toMatchObject({ code: 2, stderr: expect.stringContaining("at most 1000") });
});
