import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { JobError } from "../../src/client/worker/outcome.ts";
import { eventually } from "../harness/waiting.ts";
import { startFakeService } from "./fake-service.ts";
import { abortable, start } from "./support.ts";

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
  await eventually(() => service.completed.size === 1_000);
  expect(most).toBe(8);
  expect(Math.max(...service.calls.claimJobs.map(({ maxJobs }) => maxJobs))).toBe(8);
  expect(service.leases.size).toBe(0);
});

test("jobs fetched ahead need few claims and completions", async () => {
  const service = await startFakeService();
  for (let n = 0; n < 1_000; n++) service.enqueue({ n });
  start(service, () => "done", { capacity: 8, prefetch: 200 });
  await eventually(() => service.completed.size === 1_000);
  expect(service.granted).toBeLessThan(20);
  expect(service.calls.completeJobs.length).toBeLessThan(60);
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

test("the times of a lease run from its claim's answer, however long the claim waited", async () => {
  const service = await startFakeService();
  const { causes, started, handler } = abortable();
  start(service, handler);
  await eventually(() => service.calls.claimJobs.length > 0);
  await sleep(1_100);
  service.enqueue({}, { deadlineInMs: 1_000, timeoutSeconds: 1 });
  await eventually(() => started.length === 1);
  await sleep(500);
  expect(causes).toEqual([]);
});

test("a service that answers at once without jobs is not called in a loop", async () => {
  const service = await startFakeService();
  service.scripts.claimJobs = () => ({});
  start(service, () => "done");
  await sleep(500);
  expect(service.calls.claimJobs.length).toBeLessThan(12);
  await eventually(() => service.calls.claimJobs.length > 1);
});

test.each([
  ["completed", "completeJobs", (): string => "done"],
  ["failed", "failJobs", (): Promise<never> => Promise.reject(new JobError("no", { retryable: false }))],
] as const)("the report of a job that has %s brings the next job", async (ended, method, handler) => {
  const service = await startFakeService();
  for (let n = 0; n < 100; n++) service.enqueue({ n });
  start(service, handler, { capacity: 1 });
  await eventually(() => service[ended].size === 100);
  expect(service.calls[method].length).toBe(100);
  expect(service.calls[method].every(({ next }) => next?.maxJobs === 1)).toBe(true);
  // The first, and the one that waits now.
  await eventually(() => service.calls.claimJobs.length === 2);
});

test("a report whose answer was lost brings the same leases when it is repeated", async () => {
  const service = await startFakeService();
  const ids = [service.enqueue(), service.enqueue(), service.enqueue()];
  let lost = 0;
  service.scripts.completeJobs = async (_, answer) => {
    const response = await answer();
    if (lost++ === 0) service.disconnect();
    return response;
  };
  const ran: string[] = [];
  start(service, ({ id }) => ran.push(id), { capacity: 1 });
  await eventually(() => service.completed.size === 3);
  const [first, second] = service.calls.completeJobs;
  expect(first?.next?.requestId).not.toBe("");
  expect(service.granted).toBe(3);
  expect(ran.toSorted()).toEqual(ids.toSorted());
  const later = [second?.next, ...service.calls.claimJobs.slice(1)];
  expect(later.map((claim) => claim?.requestId)).toContain(first?.next?.requestId);
});

test("while a claim waits, reports claim nothing", async () => {
  const service = await startFakeService();
  service.enqueue();
  const done = Promise.withResolvers<void>();
  start(service, () => done.promise, { capacity: 2 });
  await eventually(() => service.calls.claimJobs.length === 2);
  done.resolve();
  await eventually(() => service.completed.size === 1);
  expect(service.calls.completeJobs[0]?.next).toBeUndefined();
});
