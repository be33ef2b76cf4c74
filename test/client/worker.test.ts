import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { runWorker, type WorkerOptions } from "../../src/client/index.ts";
import { eventually } from "../harness/waiting.ts";
import { startFakeService } from "./fake-service.ts";
import { start } from "./support.ts";

test("registers, runs a job and delivers its result", async () => {
  const service = await startFakeService();
  const id = service.enqueue({ n: 20 });
  start(service, ({ payload }) => ({ twice: Number(payload?.n) * 2, dropped: undefined }), {
    capacity: 3,
    prefetch: 2,
    tags: ["gpu"],
    metadata: { zone: "a" },
    version: "1.2.3",
  });
  const item = await eventually(() => service.completed.get(id));
  expect(item.resultJson).toBe('{"twice":40}');
  expect(service.calls.registerWorker).toMatchObject([
    {
      workerId: "w",
      capacity: 5,
      tags: ["gpu"],
      jobTypes: ["test"],
      metadata: { zone: "a" },
      version: "1.2.3",
    },
  ]);
  expect(service.calls.claimJobs[0]).toMatchObject({ workerId: "w", maxJobs: 5, jobTypes: ["test"] });
});

test("tells how many tokens an attempt used, with its result or its failure", async () => {
  const service = await startFakeService();
  const [done, failed, silent] = ["done", "failed", "silent"].map((how) => service.enqueue({ how }));
  start(service, ({ payload }, { useTokens }) => {
    if (payload?.how === "silent") return;
    useTokens(120);
    useTokens(Number.NaN);
    useTokens(30.4);
    if (payload?.how === "failed") throw new Error("no");
  });
  await eventually(() => service.completed.size === 2 && service.failed.size === 1);
  expect(service.completed.get(done ?? "")?.tokensUsed).toBe(150);
  expect(service.failed.get(failed ?? "")?.tokensUsed).toBe(150);
  expect(service.completed.get(silent ?? "")?.tokensUsed).toBeUndefined();
});

test("waits for a service that is not up yet", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  service.crash();
  const worker = start(service, () => "done");
  await sleep(300);
  await service.start();
  await eventually(() => service.completed.has(id));
  await worker.stop();
});

test("a worker that is not welcome ends with the error", async () => {
  const service = await startFakeService();
  service.scripts.registerWorker = () => {
    throw new ConnectError("no such key", Code.Unauthenticated);
  };
  const worker = start(service, () => undefined);
  await expect(worker.done).rejects.toMatchObject({ code: Code.Unauthenticated });
  await worker.stop();
});

test("an unknown job type fails for good; constructors are no handlers", async () => {
  const service = await startFakeService();
  const ids = ["other", "constructor"].map((jobType) => service.enqueue({}, { jobType }));
  start(service, () => "done");
  await eventually(() => service.failed.size === 2);
  for (const id of ids)
    expect(service.failed.get(id)).toMatchObject({
      retryable: false,
      error: expect.stringContaining("no handler"),
    });
});

test('the handler of "*" takes every type', async () => {
  const service = await startFakeService();
  const ids = ["a", "b"].map((jobType) => service.enqueue({}, { jobType }));
  start(service, () => "done", { handlers: { a: () => "a", "*": ({ jobType }) => `* ${jobType}` } });
  await eventually(() => service.completed.size === 2);
  expect(ids.map((id) => service.completed.get(id)?.resultJson)).toEqual(['"a"', '"* b"']);
  expect(service.calls.registerWorker[0]?.jobTypes).toEqual([]);
});

test("wrong options are named", () => {
  const run = (options: Partial<WorkerOptions>) => () =>
    runWorker({ workerId: "w", handlers: { test: () => 1 }, ...options });
  expect(run({ workerId: "" })).toThrow("workerId: expected 1 to 255 characters");
  expect(run({ capacity: 0 })).toThrow("capacity: expected a whole number from 1 to 10000, got 0");
  expect(run({ capacity: 10_000, prefetch: 1 })).toThrow("prefetch: expected a whole number from 0 to 0");
  expect(run({ leaseMs: 10 })).toThrow("leaseMs");
  expect(run({ handlers: {} })).toThrow("handlers");
  expect(run({ jobTypes: ["other"] })).toThrow('jobTypes: "other" has no handler');
  expect(run({ address: "nonsense" })).toThrow("address: expected host:port");
});
