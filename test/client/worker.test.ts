import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import {
  JobAbortedError,
  type JobContext,
  JobError,
  runWorker,
  type WorkerOptions,
  withEvaluations,
} from "../../src/client/index.ts";
import { eventually, type FakeService, startFakeService } from "./fake-service.ts";

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A worker with one handler, stopped at the test's end. */
function start(
  service: FakeService,
  handler: WorkerOptions["handlers"][string],
  options: Partial<WorkerOptions> = {},
) {
  const worker = runWorker({
    address: service.address,
    workerId: "w",
    handlers: { test: handler },
    log: silent,
    drainTimeoutMs: 300,
    ...options,
  });
  onTestFinished(() => worker.stop());
  return worker;
}

/** A handler that waits for its abort, and tells its cause. */
function abortable() {
  const causes: string[] = [];
  const started: string[] = [];
  const handler: WorkerOptions["handlers"][string] = async ({ id }, { signal }) => {
    started.push(id);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    expect(signal.reason).toBeInstanceOf(JobAbortedError);
    causes.push(signal.reason.reason);
    signal.throwIfAborted();
  };
  return { causes, started, handler };
}

/** A gate for handlers: they wait in it until it is opened. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: () => resolve() };
}

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
  expect(item.result && toJson(ValueSchema, item.result)).toEqual({ twice: 40 });
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

test("stop before the service is up ends at once", async () => {
  const service = await startFakeService();
  service.crash();
  const worker = start(service, () => undefined);
  await sleep(50);
  await worker.stop();
  await worker.done;
});

test("runs no more than its capacity at once, and claims as much as there is room for", async () => {
  const service = await startFakeService();
  for (let n = 0; n < 1_000; n++) service.enqueue({ n });
  let running = 0;
  let most = 0;
  start(
    service,
    async () => {
      running++;
      most = Math.max(most, running);
      await sleep(1);
      running--;
    },
    { capacity: 8 },
  );
  await eventually(() => service.completed.size === 1_000, 20_000);
  expect(most).toBe(8);
  expect(Math.max(...service.calls.claimJobs.map(({ maxJobs }) => maxJobs))).toBe(8);
  expect(service.leases.size).toBe(0);
});

test("jobs fetched ahead need few claims and completions", async () => {
  const service = await startFakeService();
  for (let n = 0; n < 1_000; n++) service.enqueue({ n });
  start(service, () => "done", { capacity: 8, prefetch: 200 });
  await eventually(() => service.completed.size === 1_000, 20_000);
  expect(service.granted).toBeLessThan(20);
  expect(service.calls.completeJobs.length).toBeLessThan(60);
});

test("results that come while others are on their way share a batch", async () => {
  const service = await startFakeService();
  const slow = gate();
  service.scripts.completeJobs = async (_, answer) => {
    if (service.calls.completeJobs.length <= 4) await slow.passed;
    return answer();
  };
  for (let n = 0; n < 40; n++) service.enqueue({ n });
  start(service, async ({ payload }) => sleep(Number(payload?.n) * 8), { capacity: 40 });
  await eventually(() => service.calls.completeJobs.length === 4);
  await sleep(400);
  slow.open();
  await eventually(() => service.completed.size === 40);
  const sizes = service.calls.completeJobs.map(({ items }) => items.length);
  expect(Math.max(...sizes)).toBeGreaterThan(10);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(40);
});

test("a claim whose answer was lost is repeated under its request id", async () => {
  const service = await startFakeService();
  const ids = [service.enqueue(), service.enqueue()];
  let lost = 0;
  service.scripts.claimJobs = async (_, answer) => {
    const response = await answer();
    if (service.granted === 1 && lost++ === 0) service.disconnect();
    return response;
  };
  const ran: string[] = [];
  start(service, ({ id }) => ran.push(id), { capacity: 2 });
  await eventually(() => service.completed.size === 2);
  const [first, second] = service.calls.claimJobs;
  expect(first?.requestId).not.toBe("");
  expect(second?.requestId).toBe(first?.requestId);
  expect(service.granted).toBe(1);
  expect(ran.sort()).toEqual(ids.sort());
  await eventually(() => service.calls.claimJobs.at(-1)?.requestId !== first?.requestId);
});

test("results are delivered after the service was away", async () => {
  const service = await startFakeService();
  for (let n = 0; n < 4; n++) service.enqueue();
  const working = gate();
  let runs = 0;
  start(
    service,
    async () => {
      runs++;
      await working.passed;
      return "done";
    },
    { capacity: 4 },
  );
  await eventually(() => runs === 4);
  service.crash();
  working.open();
  await sleep(300);
  expect(service.completed.size).toBe(0);
  await service.start();
  await eventually(() => service.completed.size === 4);
  expect(runs).toBe(4);
});

test("a completion whose answer was lost is repeated, and counted once", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  service.scripts.completeJobs = (_, answer) => {
    const response = answer();
    if (service.calls.completeJobs.length === 1) service.disconnect();
    return response;
  };
  const worker = start(service, () => "done");
  await eventually(() => service.calls.completeJobs.length === 2);
  await worker.stop();
  expect(service.completed.has(id)).toBe(true);
  expect(service.failed.size).toBe(0);
});

test("the handler of a cancelled job is aborted and its result is not sent", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  const { causes, started, handler } = abortable();
  start(service, handler);
  await eventually(() => started.length === 1);
  service.cancel(id);
  await eventually(() => causes.length === 1);
  expect(causes).toEqual(["cancelled"]);
  const next = service.enqueue();
  await eventually(() => started.includes(next));
  expect([service.calls.completeJobs.length, service.calls.failJobs.length]).toEqual([0, 0]);
});

test("the handler of a lost lease is aborted, and the job runs again under the next epoch", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  const { causes, started, handler } = abortable();
  start(service, handler, { capacity: 2 });
  await eventually(() => started.length === 1);
  service.expire(id);
  await eventually(() => causes.length === 1);
  expect(causes).toEqual(["lost"]);
  await eventually(() => started.length === 2);
  expect(service.leases.get(id)?.epoch).toBe(2);
});

test("a handler that does not heed its abort keeps its place", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  const stubborn = gate();
  let runs = 0;
  start(service, async () => {
    runs++;
    await stubborn.passed;
  });
  await eventually(() => runs === 1);
  service.cancel(id);
  service.enqueue();
  await sleep(200);
  expect(runs).toBe(1);
  stubborn.open();
  await eventually(() => service.completed.size === 1);
});

test("a completion that is stale is dropped", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  service.scripts.heartbeat = () => ({});
  service.scripts.completeJobs = ({ items }) => ({
    results: items.map(({ jobId }) => ({ jobId, outcome: LeaseOutcome.STALE })),
  });
  start(service, () => "done");
  await eventually(() => service.calls.completeJobs.length === 1);
  service.leases.delete(id);
  delete service.scripts.completeJobs;
  const next = service.enqueue();
  await eventually(() => service.completed.has(next));
  expect(service.calls.completeJobs.map(({ items }) => items.length)).toEqual([1, 1]);
});

test("leases that wait, run or are being delivered are all in the heartbeat", async () => {
  const service = await startFakeService();
  const ids = [service.enqueue(), service.enqueue(), service.enqueue()];
  service.scripts.completeJobs = () => {
    throw new ConnectError("not now", Code.Unavailable);
  };
  const { handler } = abortable();
  start(service, (job, context) => (job.id === ids[0] ? "done" : handler(job, context)), { prefetch: 2 });
  await eventually(() => service.calls.completeJobs.length > 1);
  const beats = service.calls.heartbeat.length;
  const beat = await eventually(() => service.calls.heartbeat[beats + 1]);
  expect(beat.leases.map(({ jobId }) => jobId).sort()).toEqual(ids.sort());
  expect(beat.leases.every(({ epoch }) => epoch === 1)).toBe(true);
  expect(beat).toMatchObject({ cpu: expect.any(Number), memory: expect.any(Number) });
  delete service.scripts.completeJobs;
});

test("a worker that the service does not know registers again and keeps its jobs", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  const working = gate();
  start(service, () => working.passed);
  await eventually(() => service.leases.has(id));
  service.registered = false;
  await eventually(() => service.calls.registerWorker.length === 2);
  working.open();
  await eventually(() => service.completed.has(id));
  const next = service.enqueue();
  await eventually(() => service.completed.has(next));
});

test("a drain order: what runs is finished, what waits is given back, nothing is claimed until it ends", async () => {
  const service = await startFakeService();
  const [first, ...others] = [service.enqueue(), service.enqueue(), service.enqueue()];
  const working = gate();
  let runs = 0;
  start(
    service,
    async () => {
      runs++;
      await working.passed;
    },
    { prefetch: 2 },
  );
  await eventually(() => service.leases.size === 3 && runs === 1);
  service.drain = true;
  await eventually(() => service.released.length === 2);
  expect(service.released).toEqual(others);
  working.open();
  await eventually(() => service.completed.size === 1);
  expect(service.completed.has(first ?? "")).toBe(true);
  const claims = service.calls.claimJobs.length;
  const late = service.enqueue();
  await sleep(150);
  expect([service.calls.claimJobs.length, runs]).toEqual([claims, 1]);
  service.drain = false;
  await eventually(() => service.completed.has(late));
});

test("stop finishes what runs, gives back what waits, and deregisters last", async () => {
  const service = await startFakeService();
  const [first, ...others] = [service.enqueue(), service.enqueue(), service.enqueue()];
  const working = gate();
  const order: string[] = [];
  for (const name of ["completeJobs", "releaseJobs", "deregisterWorker"] as const) {
    service.scripts[name] = (_: unknown, answer: () => unknown) => {
      order.push(name);
      return answer();
    };
  }
  const worker = start(service, () => working.passed, { prefetch: 2 });
  await eventually(() => service.leases.size === 3);
  const stopped = worker.stop();
  await eventually(() => service.released.length === 2);
  service.enqueue();
  working.open();
  await Promise.all([stopped, worker.stop(), worker.done]);
  expect(order).toEqual(["releaseJobs", "completeJobs", "deregisterWorker"]);
  expect(service.released).toEqual(others);
  expect([...service.completed.keys()]).toEqual([first]);
  expect(service.ready.length).toBe(1);
});

test("jobs that outlast the drain are aborted and given back", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  const { causes, started, handler } = abortable();
  const worker = start(service, handler, { drainTimeoutMs: 50 });
  await eventually(() => started.length === 1);
  await worker.stop();
  expect(causes).toEqual(["stopped"]);
  expect(service.released).toEqual([id]);
  expect(service.calls.failJobs).toEqual([]);
});

test("stop ends although the service is gone and a handler hangs", async () => {
  const service = await startFakeService();
  service.enqueue();
  let runs = 0;
  const worker = start(
    service,
    () => {
      runs++;
      return new Promise(() => undefined);
    },
    { drainTimeoutMs: 50 },
  );
  await eventually(() => runs === 1);
  service.crash();
  const before = performance.now();
  await worker.stop();
  expect(performance.now() - before).toBeLessThan(4_000);
});

test("what a handler throws fails the attempt with its message", async () => {
  const service = await startFakeService();
  const thrown: unknown[] = [
    new Error("boom"),
    new JobError("never again", { retryable: false }),
    new JobError("rate limited", { retryAfterMs: 1_500 }),
    "a string",
    new TypeError(""),
    Object.create(null),
    new Error(`nul \0 and half \ud800`),
    new Error("ü".repeat(100_000)),
  ];
  const ids = thrown.map(() => service.enqueue());
  start(service, ({ id }) => {
    throw thrown[ids.indexOf(id)];
  });
  await eventually(() => service.failed.size === thrown.length);
  const items = ids.map((id) => service.failed.get(id));
  expect(items).toMatchObject([
    { error: "boom", retryable: true },
    { error: "never again", retryable: false },
    { error: "rate limited", retryable: true, retryAfter: { seconds: 1n, nanos: 500_000_000 } },
    { error: "a string" },
    { error: "TypeError" },
    { error: "object" },
    { error: "nul \ufffd and half \ufffd" },
    {},
  ]);
  expect(Buffer.byteLength(items.at(-1)?.error ?? "")).toBeLessThanOrEqual(65_536);
  expect(items[0]?.retryAfter).toBeUndefined();
});

test("evaluations that cannot be encoded fail their job for good, and nothing else", async () => {
  const service = await startFakeService();
  const wrong = [{ sampleId: "s", repetition: 1.5 }];
  const [bad, good] = [service.enqueue({ evaluations: 1 }), service.enqueue()];
  start(service, ({ payload }) => withEvaluations("half \ud800", payload?.evaluations ? wrong : []), {
    capacity: 2,
  });
  await eventually(() => service.failed.has(bad) && service.completed.has(good));
  expect(service.failed.get(bad)).toMatchObject({
    retryable: false,
    error: expect.stringMatching(/^the result cannot be sent: /),
  });
});

test("results that are not JSON fail for good; none is fine", async () => {
  const service = await startFakeService();
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const returned = [1n, circular, undefined, () => 1, null];
  const ids = returned.map(() => service.enqueue());
  start(service, ({ id }) => returned[ids.indexOf(id)]);
  await eventually(() => service.failed.size + service.completed.size === returned.length);
  for (const id of ids.slice(0, 2))
    expect(service.failed.get(id)).toMatchObject({
      retryable: false,
      error: expect.stringMatching(/^the result cannot be sent: /),
    });
  expect(ids.slice(2).map((id) => service.completed.get(id)?.result?.kind.case)).toEqual([
    undefined,
    undefined,
    "nullValue",
  ]);
});

test("evaluations go with the result, at most 1000 in a batch; refused ones fail the job for good", async () => {
  const service = await startFakeService();
  for (let n = 0; n < 6; n++) service.enqueue();
  service.scripts.completeJobs = ({ items }, answer) => {
    const [item] = items;
    if (item?.evaluations.length === 400) return answer();
    return {
      results: items.map(({ jobId }) => ({
        jobId,
        outcome: LeaseOutcome.REJECTED,
        field: "evaluations[0].score",
        reason: "is NaN",
      })),
    };
  };
  const evaluations = Array.from({ length: 400 }, (_, n) => ({ sampleId: String(n), score: 0.5 }));
  start(service, () => withEvaluations({ n: 1 }, evaluations), { capacity: 6 });
  await eventually(() => service.completed.size === 6);
  for (const { items } of service.calls.completeJobs)
    expect(items.reduce((sum, item) => sum + item.evaluations.length, 0)).toBeLessThanOrEqual(1_000);
  evaluations.pop();
  const bad = service.enqueue();
  const item = await eventually(() => service.failed.get(bad));
  expect(item).toMatchObject({
    retryable: false,
    error: "the result was refused: evaluations[0].score: is NaN",
  });
});

test("a result that the service refuses fails its job alone", async () => {
  const service = await startFakeService();
  const slow = gate();
  service.scripts.completeJobs = async ({ items }, answer) => {
    await slow.passed;
    if (items.some(({ result }) => result?.kind.value === "poison"))
      throw new ConnectError("items[3].result: too large", Code.InvalidArgument);
    return answer();
  };
  const ids = Array.from({ length: 30 }, (_, n) => service.enqueue({ n }));
  start(service, ({ payload }) => (payload?.n === 17 ? "poison" : "fine"), { capacity: 30 });
  await eventually(() => service.calls.completeJobs.length > 0);
  slow.open();
  await eventually(() => service.completed.size + service.failed.size === 30);
  expect([...service.failed]).toMatchObject([
    [ids[17], { retryable: false, error: expect.stringContaining("the result was refused: ") }],
  ]);
});

test("large results are spread over batches that the service takes", async () => {
  const service = await startFakeService();
  for (let n = 0; n < 12; n++) service.enqueue();
  start(service, () => "x".repeat(900_000), { capacity: 12 });
  await eventually(() => service.completed.size === 12, 10_000);
  for (const { items } of service.calls.completeJobs) expect(items.length).toBeLessThanOrEqual(3);
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
  expect(ids.map((id) => service.completed.get(id)?.result?.kind.value)).toEqual(["a", "* b"]);
  expect(service.calls.registerWorker[0]?.jobTypes).toEqual([]);
});

test("the deadline aborts the handler and fails the attempt", async () => {
  const service = await startFakeService();
  const id = service.enqueue({}, { deadlineInMs: 80, timeoutSeconds: 1 });
  const { causes, handler } = abortable();
  start(service, handler);
  const item = await eventually(() => service.failed.get(id));
  expect(causes).toEqual(["timeout"]);
  expect(item).toMatchObject({ error: "timed out after 1 s", retryable: true });
});

test("progress is told at most once a second, the latest first, and brings cancellations back", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  service.scripts.heartbeat = () => ({});
  let report: JobContext["progress"] = () => undefined;
  const { causes, handler } = abortable();
  start(service, (job, context) => {
    report = context.progress;
    report(0, "starting");
    return handler(job, context);
  });
  const calls = service.calls.updateJobProgress;
  await eventually(() => calls.length === 1);
  expect(calls[0]?.items).toMatchObject([{ jobId: id, progress: 0, message: "starting" }]);
  for (let n = 0; n < 100; n++) report(n / 100);
  report(7, "x".repeat(2_000));
  report(Number.NaN);
  service.cancel(id);
  await sleep(300);
  expect(calls.length).toBe(1);
  await eventually(() => calls.length === 2);
  expect(calls[1]?.items).toMatchObject([{ progress: 1, message: "x".repeat(1_024) }]);
  await eventually(() => causes.length === 1);
  expect(causes).toEqual(["cancelled"]);
  report(0.5);
});

test("a job whose lease expired before it could start waits for its renewal", async () => {
  const service = await startFakeService();
  service.leaseMs = 60;
  const [first, second] = [service.enqueue(), service.enqueue()];
  let beats = true;
  service.scripts.heartbeat = (_, answer) => {
    if (beats) return answer();
    throw new ConnectError("away", Code.Unavailable);
  };
  const working = gate();
  const ran: string[] = [];
  start(
    service,
    ({ id }) => {
      ran.push(id);
      return working.passed;
    },
    { prefetch: 1 },
  );
  beats = false;
  await eventually(() => service.leases.size === 2);
  await sleep(100);
  working.open();
  await eventually(() => service.completed.has(first ?? ""));
  await sleep(50);
  expect(ran).toEqual([first]);
  beats = true;
  await eventually(() => service.completed.has(second ?? ""));
});

test("a service that answers at once without jobs is not called in a loop", async () => {
  const service = await startFakeService();
  service.scripts.claimJobs = () => ({});
  start(service, () => "done");
  await sleep(500);
  expect(service.calls.claimJobs.length).toBeGreaterThan(1);
  expect(service.calls.claimJobs.length).toBeLessThan(12);
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

test("SIGTERM lets the job finish, then the process ends by itself", async () => {
  const service = await startFakeService();
  const id = service.enqueue({ ms: 300 });
  const child = spawn(process.execPath, [join(import.meta.dirname, "worker-process.ts"), service.address], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(createInterface(child.stdout), "line");
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(service.completed.get(id)?.result?.kind.value).toBe("slept");
  expect(service.registered).toBe(false);
});

test("a second signal ends the process at once", async () => {
  const service = await startFakeService();
  service.enqueue({ ms: 60_000 });
  const child = spawn(process.execPath, [join(import.meta.dirname, "worker-process.ts"), service.address], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(createInterface(child.stdout), "line");
  child.kill("SIGTERM");
  await sleep(200);
  child.kill("SIGTERM");
  expect(await exited).toEqual([null, "SIGTERM"]);
});

test("a worker leaves neither listeners nor timers behind", async () => {
  const service = await startFakeService();
  service.enqueue();
  const listeners = process.listenerCount("SIGTERM");
  const worker = start(service, () => "done", { handleSignals: true });
  expect(process.listenerCount("SIGTERM")).toBe(listeners + 1);
  await eventually(() => service.completed.size === 1);
  await worker.stop();
  expect(process.listenerCount("SIGTERM")).toBe(listeners);
  const beats = service.calls.heartbeat.length;
  await sleep(150);
  expect(service.calls.heartbeat.length).toBe(beats);
});
