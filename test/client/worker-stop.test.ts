import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { eventually, within } from "../harness/waiting.ts";
import { startFakeService } from "./fake-service.ts";
import { abortable, gate, start } from "./support.ts";

test("stop before the service is up ends at once", async () => {
  const service = await startFakeService();
  service.crash();
  const worker = start(service, () => undefined);
  await sleep(50);
  await worker.stop();
  await worker.done;
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
  const worker = start(
    service,
    () => {
      order.push("started");
      return working.passed;
    },
    { prefetch: 2 },
  );
  await eventually(() => order.length === 1);
  const stopped = worker.stop();
  await eventually(() => service.released.length === 2);
  service.enqueue();
  working.open();
  await Promise.all([stopped, worker.stop(), worker.done]);
  expect(order).toEqual(["started", "releaseJobs", "completeJobs", "deregisterWorker"]);
  expect(service.released).toEqual(others);
  expect([...service.completed.keys()]).toEqual([first]);
  expect(service.ready.length).toBe(1);
});

test("a stop does not wait as long as the service asks, and delivers what it can", async () => {
  const service = await startFakeService();
  const id = service.enqueue();
  service.scripts.completeJobs = (_, answer) => {
    if (service.calls.completeJobs.length > 1) return answer();
    const anHour = { desc: RetryInfoSchema, value: { retryDelay: { seconds: 3_600n } } };
    throw new ConnectError("busy", Code.ResourceExhausted, undefined, [anHour]);
  };
  const worker = start(service, () => "done");
  await eventually(() => service.calls.completeJobs.length === 1);
  await worker.stop();
  expect(service.completed.has(id)).toBe(true);
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
  await within(4_000, worker.stop());
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
  expect(service.completed.get(id)?.resultJson).toBe('"slept"');
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
  // Signals that come before the first is seen to are one.
  const killing = setInterval(() => child.kill("SIGTERM"), 200);
  onTestFinished(() => clearInterval(killing));
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
