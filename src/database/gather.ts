import { Code } from "@connectrpc/connect";
import { type Caller, currentCaller, currentSignal, onBehalfOf } from "../call-scope.ts";
import { cancelled, ServiceError } from "../errors.ts";
import { Waiter } from "../wait.ts";

interface Entry<Item, Result> {
  item: Item;
  weight: number;
  caller: Caller;
  waiter: Waiter<Result>;
}

export interface GatherOptions<Item> {
  /** Most items of one write. */
  maxItems: number;
  /** Most weight of one write; an item that is heavier goes alone. Default: no limit. */
  maxWeight?: number;
  /** Weight of an item in its write. Default: 1. */
  weigh?: (item: Item) => number;
  /** Most writes at once. With more than one, the next is prepared while the database commits the last. */
  maxWrites: number;
}

/**
 * Lets calls that arrive together share a statement: items that come during a write go out together after it.
 * So a call alone waits for nobody, and under load one statement and one commit serve hundreds.
 *
 * Each item gets its own result, after the commit. A write that fails as a whole is repeated in halves until
 * the culprit stands alone. A caller whose time is up stops waiting; its item may be written all the same.
 * @param write writes all items or none; its results are in the order of the items
 */
export function gather<Item, Result>(
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
  { maxItems, maxWrites, maxWeight = Number.POSITIVE_INFINITY, weigh = () => 1 }: GatherOptions<Item>,
): (item: Item) => Promise<Result> {
  let queue: Entry<Item, Result>[] = [];
  let writes = 0;

  function next(): void {
    if (writes === maxWrites || queue.length === 0) return;
    const size = sizeOfBatch();
    const batch = queue.slice(0, size);
    queue = queue.slice(size);
    writes++;
    // Not the caller's signal: others share the statement.
    const callers = batch.map(({ caller }) => caller);
    void onBehalfOf(callers, () => settle(batch)).finally(() => {
      writes--;
      next();
    });
    // Items that did not fit need not wait for this write.
    next();
  }

  function sizeOfBatch(): number {
    let weight = 0;
    const beyond = queue.findIndex((entry, index) => {
      weight += entry.weight;
      return index === maxItems || (index > 0 && weight > maxWeight);
    });
    return beyond === -1 ? queue.length : beyond;
  }

  async function settle(batch: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await write(batch.map(({ item }) => item));
      for (const [position, { waiter }] of batch.entries()) waiter.resolve(results[position] as Result);
    } catch (error) {
      if (batch.length === 1 || !isFaultOfOneItem(error)) {
        for (const { waiter } of batch) waiter.reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await settle(batch.slice(0, half));
      await settle(batch.slice(half));
    }
  }

  const hooks = {
    onAbort: (waiter: Waiter<Result>, signal: AbortSignal) => {
      queue = queue.filter((entry) => entry.waiter !== waiter);
      waiter.reject(cancelled(signal));
    },
  };

  return (item) => {
    const waiter = new Waiter<Result>(hooks);
    queue.push({ item, weight: weigh(item), caller: currentCaller(), waiter });
    // A turn later, so that calls read from the network together go out together.
    if (queue.length === 1) setImmediate(next);
    return waiter.wait(currentSignal());
  };
}

/** Whether the database refused what one of the items holds, rather than the write as such. */
function isFaultOfOneItem(error: unknown): boolean {
  const codes = [Code.InvalidArgument, Code.AlreadyExists, Code.FailedPrecondition, Code.NotFound];
  return error instanceof ServiceError && codes.includes(error.code);
}
