import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { JobError, withEvaluations } from "../../src/client/index.ts";
import { eventually } from "../harness/waiting.ts";
import { startFakeService } from "./fake-service.ts";
import { gate, start } from "./support.ts";

test("results that come while others are on their way share a batch", async () => {
  const service = await startFakeService();
  const slow = gate();
  service.scripts.completeJobs = async (_, answer) => {
    if (service.calls.completeJobs.length <= 4) await slow.passed;
    return answer();
  };
  for (let n = 0; n < 40; n++) service.enqueue({ n });
  let ended = 0;
  start(
    service,
    async ({ payload }) => {
      await sleep(Number(payload?.n) * 8);
      ended++;
    },
    { capacity: 40 },
  );
  await eventually(() => service.calls.completeJobs.length === 4 && ended === 40);
  slow.open();
  await eventually(() => service.completed.size === 40);
  const sizes = service.calls.completeJobs.map(({ items }) => items.length);
  expect(Math.max(...sizes)).toBeGreaterThan(10);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(40);
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
  expect(ids.slice(2).map((id) => service.completed.get(id)?.resultJson)).toEqual(["", "", "null"]);
});

test("evaluations go with the result, at most 1000 in a batch; rejected ones end the lease", async () => {
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
  const worker = start(service, () => withEvaluations({ n: 1 }, evaluations), { capacity: 6 });
  await eventually(() => service.completed.size === 6);
  for (const { items } of service.calls.completeJobs)
    expect(items.reduce((sum, item) => sum + item.evaluations.length, 0)).toBeLessThanOrEqual(1_000);
  evaluations.pop();
  const calls = service.calls.completeJobs.length;
  const bad = service.enqueue();
  await eventually(() => service.calls.completeJobs.length > calls);
  // The service has ended the attempt.
  service.leases.delete(bad);
  evaluations.push({ sampleId: "good", score: 1 });
  const good = service.enqueue();
  await eventually(() => service.completed.has(good));
  await worker.stop();
  expect(service.calls.failJobs).toEqual([]);
});

test("a result that the service refuses fails its job alone", async () => {
  const service = await startFakeService();
  const slow = gate();
  service.scripts.completeJobs = async ({ items }, answer) => {
    await slow.passed;
    if (items.some(({ resultJson }) => resultJson === '"poison"'))
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
  await eventually(() => service.completed.size === 12);
  for (const { items } of service.calls.completeJobs) expect(items.length).toBeLessThanOrEqual(3);
});
