import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { testDatabase } from "../harness/database.ts";
import { seededRandom } from "../harness/random.ts";
import { elapsed, eventually, median } from "../harness/waiting.ts";
import { proxyTo } from "./proxy.ts";
import { backend, run, running, smallPool } from "./support.ts";

const { config, db, client } = await testDatabase({ poolSize: 1 });
beforeAll(async () => {
  await client.query("create table notes (text text)");
});

const notes = async () =>
  (await client.query("select text from notes order by text")).rows.map(({ text }) => text);
const sleeping = () => running(client, "%pg_sleep%");

test("an aborted call's query is gone from PostgreSQL within 200 ms, and the connection serves on", async () => {
  const before = await backend(db.executor);
  const took: number[] = [];
  for (let n = 0; n < 5; n++) {
    const abort = new AbortController();
    const query = withSignal(abort, () => run(db.executor, "select pg_sleep(30)"));
    const failed = expect(query).rejects.toMatchObject({ code: Code.Canceled, reason: "CANCELLED" });
    await eventually(async () => (await sleeping()).length === 1);
    abort.abort();
    took.push(await elapsed(() => eventually(async () => (await sleeping()).length === 0)));
    await failed;
  }
  expect(median(took)).toBeLessThan(200);
  expect(await backend(db.executor)).toBe(before);
});

test("a cancellation reaches the server over TCP too", async () => {
  const proxy = await proxyTo(config);
  const remote = await smallPool(proxy.config);
  const abort = new AbortController();
  const query = withSignal(abort, () => run(remote.executor, "select pg_sleep(30)"));
  const failed = expect(query).rejects.toMatchObject({ code: Code.Canceled });
  await eventually(async () => (await sleeping()).length === 1);
  abort.abort();
  await eventually(async () => (await sleeping()).length === 0, 10_000);
  await failed;
  await remote.close();
  await proxy.close();
});

test("a call that is aborted before its query starts sends none", async () => {
  const signal = AbortSignal.abort();
  await expect(
    withSignal({ signal }, () => run(db.executor, "insert into notes values ('never')")),
  ).rejects.toMatchObject({
    code: Code.Canceled,
  });
  expect(await notes()).toEqual([]);
});

describe("a call aborted within a transaction", () => {
  test.each([
    ["between two statements", "select 1"],
    ["during a statement", "select pg_sleep(30)"],
  ])("%s leaves no transaction open", async (_, statement) => {
    const before = await backend(db.executor);
    const abort = new AbortController();
    const work = withSignal(abort, () =>
      db.executor.transaction(async (tx) => {
        await run(tx, "insert into notes values ('undone')");
        setTimeout(() => abort.abort(), 20);
        await run(tx, statement);
        await sleep(40);
        await run(tx, "insert into notes values ('undone')");
      }),
    );
    await expect(work).rejects.toMatchObject({ code: Code.Canceled });
    await run(db.executor, "insert into notes values ('kept')");
    expect(await notes()).toEqual(["kept"]);
    await client.query("delete from notes");
    expect(await backend(db.executor)).toBe(before);
  });

  test("right before its commit commits nothing", async () => {
    const abort = new AbortController();
    const work = withSignal(abort, () =>
      db.executor.transaction(async (tx) => {
        await run(tx, "insert into notes values ('undone')");
        abort.abort();
      }),
    );
    await expect(work).rejects.toMatchObject({ code: Code.Canceled });
    await run(db.executor, "insert into notes values ('kept')");
    expect(await notes()).toEqual(["kept"]);
    await client.query("delete from notes");
  });
});

test("aborting one call never hits another, whatever the moment", async () => {
  const random = seededRandom();
  const two = await smallPool(config, { poolSize: 2 });
  const outcomes = { done: 0, cancelled: 0 };
  // Until both have happened often enough, or the timing has proved nothing.
  for (let round = 0; round < 300 || Math.min(outcomes.done, outcomes.cancelled) <= 10; round++) {
    const abort = new AbortController();
    const victim = withSignal(abort, () =>
      round % 3 === 0
        ? two.executor.transaction((tx) => run(tx, "select pg_sleep(0.001)"))
        : run(two.executor, "select pg_sleep(0.001)"),
    ).then(
      () => outcomes.done++,
      (error) => {
        expect(error).toMatchObject({ code: Code.Canceled });
        outcomes.cancelled++;
      },
    );
    // A slow machine needs longer delays for some to be done.
    const delay = random() * (4 + round / 50);
    setTimeout(() => abort.abort(), delay);
    const bystanders = Array.from({ length: 3 }, () =>
      run(two.executor, "select pg_sleep(0.0005), 1 as one"),
    );
    expect((await Promise.all(bystanders)).map(([row]) => row?.one)).toEqual([1, 1, 1]);
    await victim;
    expect(await run(two.executor, "select 1 as one")).toEqual([{ one: 1 }]);
  }
  await two.close();
});
