import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { gather } from "../../src/database/gather.ts";
import { ServiceError } from "../../src/errors.ts";
import { patienceMs } from "../harness/waiting.ts";

const options = { maxItems: 10, maxWrites: 2 };

/** A write that notes its batches and answers each item with itself. */
function noted() {
  const batches: number[][] = [];
  const write = async (items: readonly number[]) => {
    batches.push([...items]);
    await sleep(5);
    return items;
  };
  return { batches, write };
}

test("calls that arrive together share writes, each with its own result", async () => {
  const { batches, write } = noted();
  const call = gather(write, options);
  const numbers = Array.from({ length: 35 }, (_, i) => i);
  expect(await Promise.all(numbers.map(call))).toEqual(numbers);
  expect(batches.flat()).toEqual(numbers);
  expect(batches.map(({ length }) => length)).toEqual([10, 10, 10, 5]);
});

test("a write ends before it grows too heavy; an item that is heavier alone goes alone", async () => {
  const { batches, write } = noted();
  const call = gather(write, { ...options, maxWeight: 10, weigh: (weight) => weight });
  expect(await Promise.all([4, 4, 4, 50, 1, 9, 1].map(call))).toEqual([4, 4, 4, 50, 1, 9, 1]);
  expect(batches).toEqual([[4, 4], [4], [50], [1, 9], [1]]);
});

test("owners take turns by weight, so one that sends much delays another by one write", async () => {
  const written: string[] = [];
  const write = async (items: readonly { owner: string; weight: number }[]) => {
    written.push(items.map(({ owner }) => owner).join("+"));
    await sleep(1);
    return items;
  };
  const call = gather(write, {
    maxItems: 10,
    maxWrites: 1,
    maxWeight: 10,
    weigh: ({ weight }) => weight,
    ownerOf: ({ owner }) => owner,
  });
  const loud = Array.from({ length: 6 }, () => call({ owner: "loud", weight: 10 }));
  const quiet = ["a", "b"].map((owner) => call({ owner, weight: 1 }));
  await loud[1];
  expect(written.slice(0, 3)).toEqual(["loud", "a+b", "loud"]);
  const controller = new AbortController();
  const gone = withSignal({ signal: controller.signal }, () => call({ owner: "gone", weight: 1 }));
  controller.abort();
  const late = call({ owner: "a", weight: 1 });
  await Promise.all([expect(gone).rejects.toThrow(), late, ...loud, ...quiet]);
  // One write may have been under way when it came.
  expect([3, 4]).toContain(written.indexOf("a", 3));
  expect(written).toHaveLength(8);
});

test("never more writes at once than allowed", async () => {
  let now = 0;
  let most = 0;
  const call = gather(
    async (items: readonly number[]) => {
      most = Math.max(most, ++now);
      await sleep(2);
      now--;
      return items;
    },
    { ...options, maxItems: 3 },
  );
  await Promise.all(Array.from({ length: 40 }, (_, i) => call(i)));
  expect(most).toBe(2);
});

test("one item that the database refuses fails itself only; a lost connection fails all", async () => {
  const refused = new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", "13 is refused");
  const lost = new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", "gone");
  const call = gather(async (items: readonly number[]) => {
    if (items.includes(99)) throw lost;
    if (items.includes(13)) throw refused;
    return items;
  }, options);
  const settled = await Promise.allSettled([1, 2, 13, 4, 5].map(call));
  expect(settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason))).toEqual([
    1,
    2,
    refused,
    4,
    5,
  ]);
  const failed = await Promise.allSettled([1, 99, 2].map(call));
  expect(failed.map((one) => one.status === "rejected" && one.reason)).toEqual([lost, lost, lost]);
});

test("a caller that goes before its write begins is left out, the others are written", async () => {
  const { batches, write } = noted();
  const call = gather(write, options);
  const controller = new AbortController();
  const calls = [call(1), withSignal({ signal: controller.signal }, () => call(2)), call(3)];
  controller.abort();
  const settled = await Promise.allSettled(calls);
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(batches).toEqual([[1, 3]]);
  expect(await call(4)).toBe(4);
});

test("groups have writes of their own, and one that waits does not hold up another", async () => {
  const written: string[] = [];
  const gates = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
  const write = async (items: readonly ("a" | "b")[]) => {
    written.push(items.join(""));
    await Promise.all(items.map((item) => gates[item].promise));
    return items;
  };
  const call = gather(write, { maxItems: 10, maxWrites: 1, groupOf: (item) => item });
  const first = (["a", "b", "a"] as const).map(call);
  await vi.waitUntil(() => written.length === 2, { timeout: patienceMs });
  expect(written).toEqual(["aa", "b"]);
  const more = (["a", "b"] as const).map(call);
  gates.b.resolve();
  await Promise.all([first[1], more[1]]);
  expect(written).toEqual(["aa", "b", "b"]);
  gates.a.resolve();
  expect(await Promise.all([...first, ...more])).toEqual(["a", "b", "a", "a", "b"]);
});

test("a result that nobody waits for any more is handed over", async () => {
  const lost: number[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const write = async (items: readonly number[]) => {
    begin();
    await gate;
    return items;
  };
  const call = gather(write, { ...options, onLost: (result) => lost.push(result) });
  const controller = new AbortController();
  const gone = withSignal({ signal: controller.signal }, () => call(1));
  const other = call(2);
  await begun;
  controller.abort();
  await expect(gone).rejects.toThrow();
  open();
  expect(await other).toBe(2);
  expect(lost).toEqual([1]);
});
