import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { lowestId, newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { Database } from "../../src/storage.ts";
import { jsonValueOf } from "../../src/validation.ts";
import { rollups } from "../evaluations/support.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { eventually } from "../harness/waiting.ts";
import { evaluations, watching } from "./support.ts";

const { config, db: a, client, connect } = await testDatabase();
const b = await connect();

test("what either server changes of a benchmark is seen on the other, with the latest state", async () => {
  const watch = await watching(b, { dataset: "seen" });
  expect(watch.changes[0]).toEqual({ cursor: expect.any(String) });
  const { id } = await a.benchmarks.create({
    ...sample,
    dataset: "seen",
    metadata: { m: 1 },
    description: "d",
  });
  await eventually(() => watch.last(id)?.status === "pending");
  await b.benchmarks.update(id, { status: "running" });
  await eventually(() => watch.last(id)?.status === "running");
  await a.evaluations.createMany(evaluations(id, 10));
  await eventually(() => watch.last(id)?.completedIterations === 10);
  await b.benchmarks.update(id, { status: "completed", results: { ok: true } });
  await eventually(() => watch.last(id)?.status === "completed");
  expect(watch.last(id)).toMatchObject({ description: null, metadata: null, results: null });
  await a.benchmarks.delete(id);
  await eventually(() => watch.changes.some(({ deleted }) => deleted === id));
  await watch.stop();
  expect(watch.failure).toMatchObject({ reason: "CANCELLED" });
});

test("counts and mean score follow evaluations that are stored, re-scored and deleted", async () => {
  const { id } = await a.benchmarks.create(sample);
  const watch = await watching(b, { ids: [id] });
  await eventually(() => watch.last(id) !== undefined);
  expect(watch.last(id)).toMatchObject({ completedIterations: 0, failedIterations: 0, meanScore: null });
  await a.evaluations.createMany([
    ...evaluations(id, 3, 1),
    { benchmarkId: id, input: "i", error: "timeout" },
  ]);
  await eventually(() => watch.last(id)?.completedIterations === 3);
  expect(watch.last(id)).toMatchObject({ failedIterations: 1, meanScore: 1 });
  const one = await b.evaluations.create({ benchmarkId: id, input: "i", output: "o", score: 0 });
  await eventually(() => watch.last(id)?.meanScore === 0.75);
  await a.evaluations.update(one.id, { score: 0.6 });
  await eventually(() => Math.abs((watch.last(id)?.meanScore ?? 0) - 0.9) < 1e-12);
  await a.evaluations.delete(one.id);
  await eventually(() => watch.last(id)?.completedIterations === 3);
  expect(watch.last(id)?.meanScore).toBeCloseTo(1, 12);
  // Folding changes nothing that is to be told.
  const told = watch.changes.length;
  await a.maintain();
  await sleep(2 * limits.watchPollMs);
  expect(watch.changes.length).toBe(told);
  await watch.stop();
  const after = await watching(a, { ids: [id] });
  await eventually(() => after.last(id) !== undefined);
  expect(after.last(id)?.meanScore).toBeCloseTo(1, 12);
  await after.stop();
});

test("the mean score is over samples: repetitions of one count once, declared or not", async () => {
  for (const [repetitions, others] of [
    [4, 0],
    [0, 0],
    [0, 20_000],
  ] as const) {
    const { id } = await a.benchmarks.create({ ...sample, repetitions });
    // So many more that a read does not compute its samples.
    if (others > 0) await rollups(client).delta(id, "metrics.failed", Array(others).fill(0));
    const watch = await watching(b, { ids: [id] });
    const scores = [
      ["s1", 0, 1],
      ["s1", 1, 1],
      ["s1", 2, 1],
      ["s2", 0, 0],
      ["s2", 1, 0.5],
    ] as const;
    await a.evaluations.createMany(
      scores.map(([sampleId, repetition, score]) => ({
        ...{ benchmarkId: id, input: "i", output: "o" },
        ...{ sampleId, repetition, score },
      })),
    );
    await eventually(() => watch.last(id)?.completedIterations === 5);
    // Nobody writes any more when the samples of one that did not declare repetitions have been gathered.
    expect(watch.last(id)?.meanScore).toBe(others > 0 ? null : 0.625);
    await a.maintain();
    await eventually(() => watch.last(id)?.meanScore === 0.625);
    await a.evaluations.create({ benchmarkId: id, input: "i", output: "o", score: 1 });
    await eventually(() => watch.last(id)?.completedIterations === 6);
    expect(watch.last(id)?.meanScore).toBe(0.75);
    await watch.stop();
  }
});

test("a watch of named benchmarks goes on while a transaction of another database stays open", async () => {
  const mutable = limits as { -readonly [Name in keyof typeof limits]: number };
  const { watchStallMs } = limits;
  mutable.watchStallMs = 200;
  const { id } = await a.benchmarks.create(sample);
  const watch = await watching(b, { ids: [id] });
  await eventually(() => watch.last(id) !== undefined);
  const neighbour = await onlooker({ ...config, database: "postgres" });
  try {
    await neighbour.query("begin; select txid_current()");
    await a.evaluations.createMany(evaluations(id, 3, 1));
    await eventually(() => watch.last(id)?.completedIterations === 3);
    expect(watch.last(id)?.meanScore).toBe(1);
  } finally {
    await neighbour.end();
    mutable.watchStallMs = watchStallMs;
    await watch.stop();
  }
});

test("a count that is set, and a field that is changed, are told", async () => {
  const { id } = await a.benchmarks.create(sample);
  const watch = await watching(b, { ids: [id] });
  await a.benchmarks.update(id, { completedIterations: 7 });
  await eventually(() => watch.last(id)?.completedIterations === 7);
  await a.benchmarks.update(id, { name: "renamed" });
  await eventually(() => watch.last(id)?.name === "renamed");
  await watch.stop();
});

test("only what is asked for: by id, status, provider, dataset, labels and several of them", async () => {
  const id = newId();
  const all = await watching(a);
  const watches = {
    all,
    id: await watching(a, { ids: [id] }, { after: all.cursor() }),
    provider: await watching(a, { provider: "wanted" }),
    dataset: await watching(b, { dataset: "wanted" }),
    label: await watching(a, { labels: { team: "x" } }),
    labels: await watching(a, { labels: { team: "x", stage: "y" } }),
    running: await watching(b, { status: "running" }),
    both: await watching(a, { provider: "wanted", dataset: "wanted" }),
  };
  const none = await a.benchmarks.create(sample);
  const p = await a.benchmarks.create({ ...sample, provider: "wanted" });
  const d = await a.benchmarks.create({
    ...sample,
    dataset: "wanted",
    labels: { team: "x", stage: "y", more: "z" },
  });
  const l = await a.benchmarks.create({
    ...sample,
    id,
    provider: "wanted",
    dataset: "wanted",
    labels: { team: "x" },
  });
  await a.benchmarks.update(p.id, { status: "running" });
  const last = await a.benchmarks.create({ ...sample, name: "last" });
  const wanted: Record<keyof typeof watches, string[]> = {
    all: [none.id, p.id, d.id, l.id, last.id],
    id: [id],
    provider: [p.id, l.id],
    dataset: [d.id, l.id],
    label: [d.id, l.id],
    labels: [d.id],
    running: [p.id],
    both: [l.id],
  };
  const seen = (name: keyof typeof watches) => [...new Set(watches[name].benchmarks.map((one) => one.id))];
  const names = Object.keys(watches) as (keyof typeof watches)[];
  for (const name of names) await eventually(() => seen(name).length >= wanted[name].length);
  await sleep(2 * limits.watchPollMs);
  for (const name of names) expect([name, ...seen(name).sort()]).toEqual([name, ...wanted[name].sort()]);
  for (const name of names) await watches[name].stop();
});

test("a benchmark that no longer matches is not told of, a deletion always", async () => {
  const { id } = await a.benchmarks.create({ ...sample, labels: { stage: "leaving" } });
  const watch = await watching(b, { labels: { stage: "leaving" } });
  await a.benchmarks.update(id, { labels: {} });
  const other = await a.benchmarks.create(sample);
  await a.benchmarks.delete(other.id);
  await eventually(() => watch.changes.some(({ deleted }) => deleted === other.id));
  expect(watch.benchmarks).toEqual([]);
  await watch.stop();
});

test("benchmarks asked for by id first come as they stand, unknown ones as deleted, and again after a break in between", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await a.benchmarks.create(sample)).id);
  const watch = await watching(b, { ids: [...ids, lowestId, ids[0] ?? ""] });
  await eventually(() => watch.changes.length >= 7);
  const [, ...standing] = watch.changes.slice(0, 7);
  expect(standing.map(({ benchmark, deleted }) => benchmark?.id ?? deleted)).toEqual([...ids, lowestId]);
  expect(standing.at(-1)?.deleted).toBe(lowestId);
  await watch.stop();
  // The stream broke after the third: nobody knows which of the others the client has.
  const resumed = await watching(a, { ids }, { after: standing[2]?.cursor });
  await eventually(() => resumed.changes.length >= 6);
  await resumed.stop();
  const later = await watching(a, { ids }, { after: standing.at(-1)?.cursor });
  await a.evaluations.createMany(evaluations(ids[3] ?? "", 2));
  await eventually(() => later.benchmarks.length > 0);
  expect(later.benchmarks.map((one) => [one.id, one.completedIterations])).toEqual([[ids[3], 2]]);
  await later.stop();
});

test("benchmarks that together are larger than a page all arrive", async () => {
  const text = "x".repeat(900_000);
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { id } = await a.benchmarks.create(sample);
    ids.push(id);
    if (n !== 3) await a.benchmarks.update(id, { metrics: { n, text } });
  }
  await a.benchmarks.delete(ids[4] ?? "");
  const watch = await watching(b, { ids });
  await eventually(() => watch.changes.length > ids.length);
  const told = watch.changes
    .slice(1)
    .map(({ benchmark, deleted }) => [
      benchmark?.id ?? deleted,
      benchmark?.metrics ? jsonValueOf(benchmark.metrics).n : undefined,
    ]);
  expect(told).toEqual(ids.map((id, n) => [id, n === 3 || n === 4 ? undefined : n]));
  await watch.stop();
});

test("a transaction that commits late is not skipped, nor are those that were faster", async () => {
  const [slow, quick] = [await a.benchmarks.create(sample), await a.benchmarks.create(sample)];
  const watch = await watching(b);
  await client.query("begin");
  // It has the oldest transaction id, and commits last.
  await client.query("update benchmarks set name = 'late' where id = $1", [slow.id]);
  await client.query("insert into benchmark_events (benchmark_ids) values (array[$1::uuid])", [slow.id]);
  await a.evaluations.createMany(evaluations(quick.id, 1));
  await sleep(3 * limits.watchPollMs);
  expect(watch.benchmarks).toEqual([]);
  const late = await watching(a);
  await client.query("commit");
  for (const one of [watch, late]) {
    await eventually(
      () => one.last(slow.id)?.name === "late" && one.last(quick.id)?.completedIterations === 1,
    );
  }
  await Promise.all([watch.stop(), late.stop()]);
});

test("a watch that begins is not told what was read for others before", async () => {
  const { id } = await a.benchmarks.create(sample);
  const first = await watching(b, { ids: [id] });
  await eventually(() => first.last(id) !== undefined);
  await client.query("begin");
  await client.query("select txid_current()");
  // No event of this can be read yet, but who was told of it by another server may come back here.
  await a.benchmarks.update(id, { name: "newer" });
  const second = await watching(b, { ids: [id] });
  await eventually(() => second.last(id) !== undefined);
  expect(second.last(id)?.name).toBe("newer");
  await client.query("commit");
  await Promise.all([first.stop(), second.stop()]);
});

test("a transaction that is rolled back shows nothing", async () => {
  const watch = await watching(a, { dataset: "undone" });
  const undone = a.transaction(async ({ benchmarks }) => {
    await benchmarks.create({ ...sample, dataset: "undone" });
    throw new Error("no");
  });
  await expect(undone).rejects.toThrow("no");
  const { id } = await a.benchmarks.create({ ...sample, dataset: "undone" });
  await eventually(() => watch.benchmarks.length > 0);
  await sleep(2 * limits.watchPollMs);
  expect(watch.benchmarks.map((benchmark) => benchmark.id)).toEqual([id]);
  await watch.stop();
});

test("what adds nothing is not told: an evaluation that is stored already", async () => {
  const { id } = await a.benchmarks.create(sample);
  const stored = evaluations(id, 5).map((one, n) => ({ ...one, sampleId: `${n}` }));
  await a.evaluations.createMany(stored);
  const watch = await watching(a, { ids: [id] }, { silenceMs: 100 });
  await eventually(() => watch.last(id)?.completedIterations === 5);
  const told = watch.benchmarks.length;
  await b.evaluations.createMany(stored);
  const silent = watch.changes.length;
  await eventually(() => watch.changes.length > silent + 4);
  expect(watch.benchmarks.length).toBe(told);
  await watch.stop();
});

test("a watch that has nothing to tell says so, and its cursor has moved past what others did", async () => {
  const silenceMs = 150;
  const watch = await watching(a, { dataset: "silent" }, { silenceMs });
  await a.benchmarks.create({ ...sample, dataset: "elsewhere" });
  await eventually(() => new Set(watch.changes.map(({ cursor }) => cursor)).size > 1);
  expect(
    watch.changes.every(({ benchmark, deleted }) => benchmark === undefined && deleted === undefined),
  ).toBe(true);
  const silent = watch.cursor();
  await watch.stop();
  const { id } = await a.benchmarks.create({ ...sample, dataset: "silent" });
  const resumed = await watching(b, { dataset: "silent" }, { silenceMs, after: silent });
  await eventually(() => resumed.benchmarks.length > 0);
  expect(resumed.benchmarks.map((benchmark) => benchmark.id)).toEqual([id]);
  await resumed.stop();
});

test("cursors and filters that are not ours are refused", async () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const job = await a.jobs.watch().next();
  const bad = [
    "x",
    "AAAA",
    job.value.cursor,
    encode([1, 2]),
    encode(["benchmark", 1]),
    encode(["benchmark", -1, 2]),
  ];
  bad.push(encode(["benchmark", 1, 2, 3]), encode(["benchmark", 1.5, 2]), encode({ xid: 1 }));
  for (const after of bad) {
    const watch = await watching(a, {}, { after });
    expect([after, watch.failure?.reason]).toEqual([after, "INVALID_CURSOR"]);
    expect(watch.failure?.violations).toMatchObject([{ field: "after_cursor" }]);
  }
  // Of another database, whose transactions are ahead of ours.
  const foreign = await watching(a, {}, { after: encode(["benchmark", 1e12, 1]) });
  expect(foreign.failure).toMatchObject({ code: 11, reason: "CURSOR_EXPIRED" });
  const wrong = await watching(a, { ids: ["x"] });
  expect(wrong.failure).toMatchObject({ violations: [{ field: "ids[0]" }] });
  const many = await watching(a, { ids: Array.from({ length: 1_001 }, newId) });
  expect(many.failure).toMatchObject({ violations: [{ field: "ids" }] });
});

test("a cursor expires when changes after it are forgotten, and not before", async () => {
  const own = await createTestDatabase();
  const [db, other] = [await Database.connect(own), await onlooker(own)];
  const fresh = await watching(db);
  const create = async (count: number) => {
    for (let n = 0; n < count; n++) await db.benchmarks.create(sample);
  };
  const age = () => other.query("update benchmark_events set created_at = created_at - interval '2 hours'");
  await create(3);
  await eventually(() => fresh.benchmarks.length >= 3);
  await fresh.stop();
  const [beginning] = fresh.changes;
  const end = fresh.cursor();
  await age();
  // A transaction of anyone's holds up what may be forgotten too.
  await eventually(async () => {
    await db.maintain();
    return (await other.query("select from benchmark_events")).rowCount === 1;
  });
  expect((await watching(db, {}, { after: beginning?.cursor })).failure).toMatchObject({
    code: 11,
    reason: "CURSOR_EXPIRED",
  });
  // Everything is old, yet a client that has seen it all has missed nothing.
  const still = await watching(db, {}, { after: end });
  await create(2);
  await eventually(() => still.benchmarks.length >= 2);
  await still.stop();
  await other.end();
  await db.close();
});

test("a quiet watch ends when its caller goes and when the database is closed", async () => {
  const own = await createTestDatabase();
  const db = await Database.connect(own);
  const [one, two] = [await watching(db), await watching(db)];
  await one.stop();
  expect(one.failure).toMatchObject({ reason: "CANCELLED" });
  await db.close();
  await eventually(() => two.failure !== undefined);
  expect(two.failure).toMatchObject({ reason: "SHUTTING_DOWN" });
});
