import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { JobContext } from "../../src/client/index.ts";
import { eventually } from "../harness/waiting.ts";
import { startFakeService } from "./fake-service.ts";
import { abortable, gate, start } from "./support.ts";

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

test("the deadline aborts the handler, and the service is left to end the attempt", async () => {
  const service = await startFakeService();
  const late = service.enqueue({}, { deadlineInMs: 80, timeoutSeconds: 1 });
  const { causes, handler } = abortable();
  start(service, (job, context) => (job.id === late ? handler(job, context) : "done"));
  await eventually(() => causes.length === 1);
  expect(causes).toEqual(["timeout"]);
  const next = service.enqueue();
  await eventually(() => service.completed.has(next));
  expect([service.failed.size, service.released, service.completed.has(late)]).toEqual([0, [], false]);
});

test("a result that comes after the deadline all the same is delivered", async () => {
  const service = await startFakeService();
  const id = service.enqueue({}, { deadlineInMs: 50, timeoutSeconds: 1 });
  start(service, () => sleep(150, "late"));
  await eventually(() => service.completed.has(id));
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
