import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * How long a test waits for something that must come, however busy the machine is. What has to come *soon* is
 * measured instead, by a test that runs alone.
 */
export const patienceMs = 60_000;

/** Waits until `probe` gives something, and answers it. */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  withinMs = patienceMs,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found) return found as Exclude<T, undefined | null | false>;
    if (performance.now() > end) throw new Error(`it did not happen within ${withinMs} ms: ${probe}`);
    await sleep(5);
  }
}

/** Resolves once the socket is closed, also by a reset from the other end, of which `once` makes an error. */
export async function closing(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("close", resolve));
}

/** How long `work` takes, in milliseconds. */
export async function elapsed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * The outcome of `work`, which must come within so many milliseconds of a machine that is not busy. They are
 * told in short pauses, each with a look of the test's own (a query, say), so that what delays the work
 * delays them too.
 */
export async function within<T>(ms: number, work: Promise<T>, look?: () => unknown): Promise<T> {
  let isDone = false;
  const working = work.finally(() => {
    isDone = true;
  });
  const tooLate = async () => {
    for (let left = ms; left > 0 && !isDone; left -= 10) {
      await sleep(10);
      await look?.();
    }
    if (!isDone) throw new Error(`it took longer than ${ms} ms`);
  };
  await Promise.race([working, tooLate()]);
  return working;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
