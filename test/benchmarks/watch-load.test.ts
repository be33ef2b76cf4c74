import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { BenchmarkRepository } from "../../src/benchmarks/repository.ts";
import type { BenchmarkProgress, BenchmarkWatchFilter } from "../../src/benchmarks/watch.ts";
import { BenchmarkFeed } from "../../src/benchmarks/watch.ts";
import { withSignal } from "../../src/call-scope.ts";
import type { Executor } from "../../src/database/statement/executor.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { smallPool } from "../database/support.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { seededRandom } from "../harness/random.ts";
import { eventually } from "../harness/waiting.ts";
import { evaluations, watching } from "./support.ts";

const { config, db: a, client, connect } = await testDatabase();
const b = await connect();

test("an ingest is told of a few times a second, not once a batch, and to its end", async () => {
  const { id } = await a.benchmarks.create(sample);
  const watch = await watching(b, { ids: [id] });
  await eventually(() => watch.benchmarks.length > 0);
  const startedAt = performance.now();
  let stored = 0;
  let batches = 0;
  while (performance.now() - startedAt < 5 * limits.watchPollMs || watch.benchmarks.length < 4) {
    await Promise.all([
      a.evaluations.createMany(evaluations(id, 3)),
      b.evaluations.createMany(evaluations(id, 2)),
    ]);
    stored += 5;
    batches += 2;
  }
  await eventually(() => watch.last(id)?.completedIterations === stored);
  const counts = watch.benchmarks.map(({ completedIterations }) => completedIterations);
  expect(counts).toEqual([...counts].sort((x, y) => x - y));
  // The first as it stood, and one a poll.
  const polls = (performance.now() - startedAt) / limits.watchPollMs;
  expect(counts.length).toBeLessThanOrEqual(Math.min(polls, batches) + 2);
  await watch.stop();
});

test("what a reader did not ask for meanwhile is one message a benchmark, however far behind", async () => {
  const [one, two] = [await a.benchmarks.create(sample), await a.benchmarks.create(sample)];
  const controller = new AbortController();
  const slow = withSignal(controller, () => b.benchmarks.watch({ provider: sample.provider }));
  await slow.next();
  const startedAt = performance.now();
  // Keeps the poll of the server going; and others that read as they can are not held up.
  const quick = await watching(b, { ids: [two.id] });
  for (let part = 0; part < 3; part++) {
    await client.query(
      `insert into benchmark_events (benchmark_ids)
      select array[case n % 2 when 0 then $1::uuid else $2::uuid end] from generate_series(1, ${limits.watchWindowIds / 2}) n`,
      [one.id, two.id],
    );
    await a.evaluations.createMany(evaluations(two.id, 1));
    await eventually(() => quick.last(two.id)?.completedIterations === part + 1);
  }
  await a.benchmarks.update(one.id, { name: "after" });
  const isLast = ({ id, name, completedIterations }: BenchmarkProgress) =>
    id === one.id ? name === "after" : completedIterations === 3;
  const seen = new Map<string, BenchmarkProgress>();
  let messages = 0;
  while (seen.size < 2 || ![...seen.values()].every(isLast)) {
    const { benchmark } = (await slow.next()).value;
    if (benchmark) seen.set(benchmark.id, benchmark);
    messages++;
  }
  // Not one for each of the many events; what takes seconds to catch up with is told of in between.
  const polls = (performance.now() - startedAt) / limits.watchPollMs;
  expect(messages).toBeLessThan(2 * polls + 10);
  await slow.return(undefined as never);
  await quick.stop();
});

test("a thousand watchers of one server cost the database hardly more than one", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push((await a.benchmarks.create(sample)).id);
  let reads = 0;
  const counted: Executor = {
    ...b.executor,
    any: (query) => {
      if (/benchmark_count_deltas/.test(query.sql)) reads++;
      return b.executor.any(query);
    },
  };
  const benchmarks = new BenchmarkRepository(counted, new BenchmarkFeed(counted), async () => false);
  const controller = new AbortController();
  const counts = Array.from({ length: 1_000 }, () => new Map<string, number>());
  const watchers = counts.map((seen, n) =>
    withSignal(controller, async () => {
      const filter = n % 2 ? {} : { ids: [ids[n % ids.length] ?? ""] };
      for await (const { benchmark } of benchmarks.watch(filter)) {
        if (benchmark) seen.set(benchmark.id, benchmark.completedIterations);
        else seen.set("in place", 1);
      }
    }).catch((error) => expect(error.reason).toBe("CANCELLED")),
  );
  await eventually(() => counts.every((seen, n) => seen.size === (n % 2 ? 1 : 2)));
  reads = 0;
  const startedAt = performance.now();
  for (const id of ids) await a.evaluations.createMany(evaluations(id, 4));
  const all = (seen: Map<string, number>) => ids.every((id) => seen.get(id) === 4);
  const own = (seen: Map<string, number>, n: number) => seen.get(ids[n % ids.length] ?? "") === 4;
  await eventually(() => counts.every((seen, n) => (n % 2 ? all(seen) : own(seen, n))));
  // One a benchmark that changed, as each commit is of one, and a few a poll for those that come late. Not
  // five hundred.
  const polls = (performance.now() - startedAt) / limits.watchPollMs;
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThanOrEqual(ids.length + 5 * polls + 5);
  controller.abort();
  await Promise.all(watchers);
});

test("a watch holds no connection", async () => {
  const db = await smallPool(config);
  const watches = await Promise.all(Array.from({ length: 20 }, () => watching(db)));
  const { id } = await db.benchmarks.create(sample);
  for (const watch of watches) await eventually(() => watch.last(id) !== undefined);
  for (const watch of watches) await watch.stop();
  await db.close();
});

test("resuming from any message of a stream misses nothing that came after it", async () => {
  const random = seededRandom();
  const dataset = "resumed";
  const watch = await watching(a, { dataset });
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) ids.push((await a.benchmarks.create({ ...sample, dataset })).id);
  for (let n = 0; n < 30; n++) {
    const evaluated = Array.from({ length: 3 }, () => evaluations(random.pick(ids), 1)).flat();
    await (n % 2 ? a : b).evaluations.createMany(evaluated);
    await sleep(random.below(40));
  }
  const last = ids.pop() ?? "";
  await b.benchmarks.delete(last);
  await eventually(() => watch.changes.some(({ deleted }) => deleted === last));
  const rows = await client.query("select id from benchmarks where dataset = $1", [dataset]);
  const counts = new Map<string, number>();
  for (const { id } of rows.rows) counts.set(id, (await a.benchmarks.get(id)).completedIterations);
  await watch.stop();
  for (const [index, { cursor }] of watch.changes.entries()) {
    const rest = watch.changes.slice(index + 1);
    const resumed = await watching(index % 2 ? a : b, { dataset }, { after: cursor });
    for (const { benchmark, deleted } of rest) {
      const id = benchmark?.id ?? deleted;
      await eventually(() =>
        resumed.changes.some((change) => (change.benchmark?.id ?? change.deleted) === id),
      );
    }
    // All that came, came in its last state.
    for (const { id, completedIterations } of resumed.benchmarks)
      expect(completedIterations).toBe(counts.get(id));
    await resumed.stop();
  }
  // However much was told together: of each benchmark at least once.
  expect(new Set(watch.changes.map(({ benchmark, deleted }) => benchmark?.id ?? deleted))).toEqual(
    new Set([undefined, ...ids, last]),
  );
});

test("while two servers write at random, watchers with pauses and breaks see how each benchmark ends", async () => {
  const random = seededRandom();
  const planned = Array.from({ length: 40 }, () => newId());
  // Counts of these only grow.
  const growing = new Set(planned.slice(0, 20));
  const controller = new AbortController();

  const watcher = async (filter: BenchmarkWatchFilter, seen: Map<string, string>) => {
    const { below, pick } = random.fork();
    const newest = new Map<string, { version: number; count: number }>();
    let after: string | undefined;
    for (;;) {
      for await (const { cursor, benchmark, deleted } of pick([a, b]).benchmarks.watch(filter, { after })) {
        after = cursor;
        if (deleted !== undefined) seen.set(deleted, "deleted");
        if (benchmark) {
          const { id, version, completedIterations, failedIterations } = benchmark;
          const count = completedIterations + failedIterations;
          // Within a stream and over its breaks, no older state after a newer one.
          const former = newest.get(id) ?? { version: 0, count: 0 };
          expect(version).toBeGreaterThanOrEqual(former.version);
          if (growing.has(id)) expect(count).toBeGreaterThanOrEqual(former.count);
          newest.set(id, { version, count });
          seen.set(id, `${benchmark.status} ${count}`);
        }
        if (below(10) === 0) await sleep(below(50));
        if (below(15) === 0) break;
      }
    }
  };
  const filters: BenchmarkWatchFilter[] = [
    { dataset: "random" },
    {},
    { ids: planned.slice(0, 30) },
    { ids: planned.slice(10), provider: sample.provider },
    ...planned.slice(-3).map((id) => ({ ids: [id] })),
  ];
  const views = filters.map((filter) => ({ filter, seen: new Map<string, string>() }));
  const watchers = views.map(({ filter, seen }) =>
    withSignal(controller, () => watcher(filter, seen)).catch((error) => {
      if (error.reason !== "CANCELLED") throw error;
    }),
  );

  const created: string[] = [];
  const creator = async () => {
    const { below, pick } = random.fork();
    for (const id of planned) {
      await pick([a, b]).benchmarks.create({ ...sample, id, dataset: "random" });
      created.push(id);
      await sleep(below(60));
    }
  };
  const ignored = () => undefined;
  const writer = async () => {
    const { below, pick } = random.fork();
    await eventually(() => created.length > 0);
    for (let n = 0; n < 60; n++) {
      const ids = Array.from({ length: 1 + below(3) }, () => pick(created));
      const written = ids.flatMap((id) => evaluations(id, 1 + below(5)));
      const [stored] = await pick([a, b]).evaluations.createMany(written);
      const [id = ""] = ids;
      if (stored?.outcome === "created" && !growing.has(id) && below(2)) {
        const { evaluations } = pick([a, b]);
        if (below(2)) await evaluations.delete(stored.id, id).catch(ignored);
        else await evaluations.update(stored.id, { error: "bad" }, id).catch(ignored);
      }
      await sleep(below(40));
    }
  };
  const ender = async () => {
    const { below, pick } = random.fork();
    await eventually(() => created.length > 0);
    for (let n = 0; n < 40; n++) {
      const status = pick(["running", "completed", "failed"] as const);
      await pick([a, b]).benchmarks.update(pick(created), { status }).catch(ignored);
      const mayGo = created.filter((id) => !growing.has(id));
      // Of those that come last at least one is deleted, whatever is drawn.
      if (n % 5 === 0 && mayGo.length > 0) await pick([a, b]).benchmarks.delete(pick(mayGo)).catch(ignored);
      await sleep(below(60));
    }
    await a.benchmarks.delete(await eventually(() => created.find((id) => !growing.has(id)))).catch(ignored);
  };
  // Transactions that stay open for a while, so that commits are out of order.
  const holder = async () => {
    const { below, pick } = random.fork();
    await eventually(() => created.length > 0);
    for (let n = 0; n < 12; n++) {
      await client.query("begin");
      await client.query("select txid_current()");
      await client.query("insert into benchmark_events (benchmark_ids) values (array[$1::uuid])", [
        pick(created),
      ]);
      await sleep(below(200));
      await client.query(pick(["commit", "rollback"]));
    }
  };
  await Promise.all([creator(), writer(), writer(), ender(), holder()]);
  const final = new Map<string, string>();
  for (const id of planned) {
    const found = await a.benchmarks.get(id).catch(ignored);
    final.set(
      id,
      found ? `${found.status} ${found.completedIterations + found.failedIterations}` : "deleted",
    );
  }
  const missing = () =>
    views.map(
      ({ seen, filter: { ids = planned } }) => ids.filter((id) => seen.get(id) !== final.get(id)).length,
    );
  // Nothing changes any more: what has been missed by now would never come.
  await eventually(() => missing().every((count) => count === 0)).catch(ignored);
  expect(missing()).toEqual(views.map(() => 0));
  controller.abort();
  await Promise.all(watchers);
  expect(new Set(final.values())).toContain("deleted");
});
