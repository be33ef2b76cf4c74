import { Code } from "@connectrpc/connect";
import { type Caller, currentCaller, currentSignal, onBehalfOf } from "../call-scope.ts";
import { cancelled, ServiceError } from "../errors.ts";
import { Waiter } from "../wait.ts";

interface Entry<Item, Result> {
  item: Item;
  weight: number;
  owner: string;
  group: string;
  /** Entries go out in the order of this. */
  turn: number;
  caller: Caller;
  waiter: Waiter<Result>;
}

export interface GatherOptions<Item, Result = unknown> {
  /** Most items of one write. */
  maxItems: number;
  /** Most weight of one write; an item that is heavier goes alone. Default: no limit. */
  maxWeight?: number;
  /** Weight of an item in its write. Default: 1. */
  weigh?: (item: Item) => number;
  /** Whose item it is. Owners take turns, by weight. Default: all are of one, and go in their order. */
  ownerOf?: (item: Item) => string;
  /** Only items of one group share a write. Default: all are of one. */
  groupOf?: (item: Item) => string;
  /** Most writes of a group at once. With two, one is prepared while the database commits the other. */
  maxWrites: number;
  /** Called with a result whose caller has gone meanwhile. */
  onLost?: (result: Result) => void;
}

/**
 * Lets calls that arrive together share a statement: items that come during a write go out together after it.
 * So a call alone waits for nobody, and under load one statement and one commit serve hundreds.
 *
 * Owners whose items wait take turns by weight, so that one who sends much delays the others by one write
 * (start-time fair queueing: Goyal, Vin and Cheng, SIGCOMM 1996).
 *
 * Each item gets its own result, after the commit. A write that fails as a whole is repeated in halves until
 * the culprit stands alone. A caller whose time is up stops waiting; its item may be written all the same.
 * @param write writes all items or none; its results are in the order of the items
 */
export function gather<Item, Result>(
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: GatherOptions<Item, Result>,
): (item: Item) => Promise<Result> {
  const { maxItems, maxWrites, maxWeight = Number.POSITIVE_INFINITY } = options;
  const { weigh = () => 1, ownerOf = () => "", groupOf = () => "", onLost } = options;
  let queue: Entry<Item, Result>[] = [];
  let isCalled = false;
  /** Writes under way by group. */
  const writes = new Map<string, number>();
  /** The turn of the last entry that went out. */
  let latestTurn = 0;
  /** Of owners whose items wait: how many, and the turn of the next. */
  const owners = new Map<string, { waiting: number; nextTurn: number }>();

  const isFree = ({ group }: { group: string }) => (writes.get(group) ?? 0) < maxWrites;

  function next(): void {
    isCalled = false;
    for (let first = queue.find(isFree); first; first = queue.find(isFree)) {
      const { group } = first;
      const batch = batchOf(group);
      const taken = new Set(batch);
      queue = queue.filter((entry) => !taken.has(entry));
      for (const entry of batch) leave(entry);
      latestTurn = Math.max(latestTurn, batch.at(-1)?.turn ?? 0);
      writes.set(group, (writes.get(group) ?? 0) + 1);
      // Not the caller's signal: others share the statement.
      const callers = batch.map(({ caller }) => caller);
      void onBehalfOf(callers, () => settle(batch)).finally(() => {
        const left = (writes.get(group) ?? 0) - 1;
        if (left > 0) writes.set(group, left);
        else writes.delete(group);
        next();
      });
    }
  }

  /** The entries of a group that go out together, in their order. */
  function batchOf(group: string): Entry<Item, Result>[] {
    let weight = 0;
    const waiting = queue.filter((entry) => entry.group === group);
    const beyond = waiting.findIndex((entry, index) => {
      weight += entry.weight;
      return index === maxItems || (index > 0 && weight > maxWeight);
    });
    return beyond === -1 ? waiting : waiting.slice(0, beyond);
  }

  function join(item: Item, waiter: Waiter<Result>): Entry<Item, Result> {
    const [weight, owner] = [weigh(item), ownerOf(item)];
    const own = owners.get(owner) ?? { waiting: 0, nextTurn: 0 };
    const turn = Math.max(latestTurn, own.nextTurn);
    owners.set(owner, { waiting: own.waiting + 1, nextTurn: turn + weight });
    const place = queue.findLastIndex((entry) => entry.turn <= turn) + 1;
    const entry = { item, weight, owner, turn, group: groupOf(item), caller: currentCaller(), waiter };
    queue.splice(place, 0, entry);
    return entry;
  }

  function leave({ owner }: Entry<Item, Result>): void {
    const own = owners.get(owner);
    if (own && own.waiting > 1) own.waiting--;
    else owners.delete(owner);
  }

  async function settle(batch: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await write(batch.map(({ item }) => item));
      for (const [position, { waiter }] of batch.entries()) {
        const result = results[position] as Result;
        if (!waiter.resolve(result)) onLost?.(result);
      }
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
      const gone = queue.find((entry) => entry.waiter === waiter);
      if (gone) leave(gone);
      queue = queue.filter((entry) => entry !== gone);
      waiter.reject(cancelled(signal));
    },
  };

  return (item) => {
    const waiter = new Waiter<Result>(hooks);
    const entry = join(item, waiter);
    // A tick later, so that calls read from the network together go out together.
    if (!isCalled && isFree(entry)) {
      isCalled = true;
      setImmediate(next);
    }
    return waiter.wait(currentSignal());
  };
}

/** Whether the database refused what one of the items holds, rather than the write as such. */
function isFaultOfOneItem(error: unknown): boolean {
  const codes = [Code.InvalidArgument, Code.AlreadyExists, Code.FailedPrecondition, Code.NotFound];
  return error instanceof ServiceError && codes.includes(error.code);
}
