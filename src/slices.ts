import { setImmediate as turn } from "node:timers/promises";
import { currentSignal } from "./call-scope.ts";
import { cancelled } from "./errors.ts";

/** So many milliseconds of work are done between two turns of the event loop. */
const sliceMs = 5;

/**
 * Does work item by item, and gives the event loop its turns: the one core that answers all calls does no
 * long work in one go.
 * @throws CANCELLED, or why the call was stopped
 */
export async function inSlices(count: number, work: (index: number) => void): Promise<void> {
  const signal = currentSignal();
  let until = performance.now() + sliceMs;
  for (let index = 0; index < count; index++) {
    work(index);
    if (performance.now() < until) continue;
    await turn();
    if (signal?.aborted) throw cancelled(signal);
    until = performance.now() + sliceMs;
  }
}
