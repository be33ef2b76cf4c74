import { expect, test } from "vitest";
import { beforeAll, type EventPosition } from "../../src/watch/events.ts";
import { LatestStates } from "../../src/watch/latest.ts";
import { eventually } from "../harness/waiting.ts";

const at = (xid: number) => ({ xid, id: 1 });
const now = () => performance.now();

/**
 * States that are numbers: how often anything was read. Ids that begin with "gone" are gone; at most `most`
 * are known at a time.
 */
function counted(most = 1_000) {
  const asked: string[][] = [];
  const states = new LatestStates<number>(async (ids) => {
    asked.push([...ids]);
    const count = asked.length;
    return new Map(ids.slice(0, most).map((id) => [id, id.startsWith("gone") ? undefined : count]));
  });
  const get = (id: string, at = beforeAll, since = 0) => states.get([{ id, at }], 0, since, undefined);
  return { asked, states, get };
}

test("what is asked for at the same moment is read once, with what will be asked for next", async () => {
  const { asked, states, get } = counted();
  const changed = ["a", "b", "c"].map((id, n) => ({ id, at: at(n) }));
  expect(await Promise.all([get("x"), states.get(changed, 1, 0, undefined), get("x"), get("gone")])).toEqual([
    1,
    1,
    1,
    undefined,
  ]);
  expect(asked).toEqual([["x", "b", "c", "gone"]]);
  expect(await states.get(changed, 2, 0, undefined)).toBe(1);
  expect(await get("gone")).toBeUndefined();
  expect(asked.length).toBe(1);
});

test("a state is read again for who knows of a later event, or began later", async () => {
  const { get } = counted();
  expect(await get("a", at(5))).toBe(1);
  expect(await get("a", at(5))).toBe(1);
  expect(await get("a", at(4))).toBe(1);
  expect(await get("a", at(6))).toBe(2);
  expect(await get("a", at(1), now())).toBe(3);
  expect(await get("a", at(6))).toBe(3);
});

test("events of others are no reason to read a state again", async () => {
  const { asked, states } = counted();
  const changed = ["a", "b"].map((id, n) => ({ id, at: at(n) }));
  for (const index of [0, 1]) await states.get(changed, index, 0, undefined);
  const later = [...changed, { id: "c", at: at(9) }];
  for (const index of [0, 1, 2]) await states.get(later, index, 0, undefined);
  expect(asked).toEqual([["a", "b"], ["c"]]);
});

test("who comes while it is being read waits for that read, unless it knows of a later event", async () => {
  const running = Promise.withResolvers<void>();
  let reads = 0;
  const states = new LatestStates<number>(async (ids) => {
    const count = ++reads;
    if (count === 1) await running.promise;
    return new Map(ids.map((id) => [id, count]));
  });
  const get = (upTo: EventPosition) => states.get([{ id: "a", at: upTo }], 0, 0, undefined);
  const first = get(at(1));
  await eventually(() => reads === 1);
  const others = [get(at(1)), get(at(2)), get(at(0))];
  running.resolve();
  expect(await Promise.all([first, ...others])).toEqual([1, 1, 2, 1]);
  expect(reads).toBe(2);
});

test("a page that ends early is followed by another", async () => {
  const { asked, get } = counted(2);
  expect(await Promise.all(["a", "b", "c", "gone", "e"].map((id) => get(id)))).toEqual([
    1,
    1,
    2,
    undefined,
    3,
  ]);
  expect(asked.map(([first]) => first)).toEqual(["a", "c", "e"]);
});

test("who goes does not wait, and takes nothing from those who stay", async () => {
  const { promise, resolve } = Promise.withResolvers<Map<string, number>>();
  const states = new LatestStates<number>(() => promise);
  const [a, b] = ["a", "b"].map((id) => ({ id, at: beforeAll }));
  if (!a || !b) throw new Error("two are needed");
  const stays = states.get([a], 0, 0, undefined);
  const leaving = new AbortController();
  const leaves = states.get([a], 0, 0, leaving.signal);
  leaving.abort();
  await expect(leaves).rejects.toMatchObject({ reason: "CANCELLED" });
  await expect(states.get([b], 0, 0, leaving.signal)).rejects.toMatchObject({ reason: "CANCELLED" });
  resolve(
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
  );
  expect(await stays).toBe(1);
});

test("a read that fails fails for those who wait for it, and the next one is made anew", async () => {
  let reads = 0;
  const states = new LatestStates<number>(async (ids) => {
    if (++reads === 1) throw new Error("away");
    return new Map(ids.map((id) => [id, reads]));
  });
  const get = () => states.get([{ id: "a", at: beforeAll }], 0, 0, undefined);
  expect((await Promise.allSettled([get(), get()])).map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
  ]);
  expect(await get()).toBe(2);
});
