import { expect, onTestFinished } from "vitest";
import { JobAbortedError, runWorker, type WorkerOptions } from "../../src/client/index.ts";
import type { FakeService } from "./fake-service.ts";

export const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A worker with one handler, stopped at the test's end. */
export function start(
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
export function abortable() {
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
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: () => resolve() };
}
