import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { limits } from "../../src/limits.ts";
import { type ConnectOptions, Database } from "../../src/storage.ts";
import { proxyTo } from "../database/proxy.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { seededRandom } from "../harness/random.ts";
import { eventually, median } from "../harness/waiting.ts";

let open: Database[] = [];
const config = await createTestDatabase();
const client = await onlooker(config);
afterEach(async () => {
  await Promise.all(open.map((db) => db.close()));
  open = [];
});

async function server(options: ConnectOptions = {}, own = config): Promise<Database> {
  const db = await Database.connect(own, options);
  open.push(db);
  return db;
}

/** Milliseconds from the creation of a job on one server to its lease on another, where a claim is parked. */
async function latency(from: Database, to: Database, jobType: string, parkedMs = 30): Promise<number> {
  await to.workers.register({ workerId: jobType, capacity: 1_000, jobTypes: [jobType] });
  const claim = to.jobs.claim({ workerId: jobType, waitMs: 5_000 });
  await sleep(parkedMs);
  const started = performance.now();
  await from.jobs.create({ jobType });
  const { leases } = await claim;
  expect(leases).toHaveLength(1);
  return performance.now() - started;
}

/** Milliseconds that a change takes beyond one of a server itself: a busy machine is slow at both. */
async function latencyBeyond(
  times: number,
  own: (n: number) => Promise<number>,
  other: (n: number) => Promise<number>,
) {
  const [mine, others] = [[], []] as [number[], number[]];
  for (let n = 0; n < times; n++) {
    mine.push(await own(n));
    others.push(await other(n));
  }
  return median(others) - median(mine);
}

const listeners = async () =>
  (
    await client.query(
      "select pid from pg_stat_activity where datname = current_database() and query ~ '^(listen ltb_jobs|select pg_notify)'",
    )
  ).rows.length;

test("a job that is created on one server is claimed on another at once with LISTEN, within a second without", async () => {
  const [a, b] = [await server({ listen: true }), await server({ listen: true })];
  const [c, d] = [await server(), await server()];
  const heard = await latencyBeyond(
    15,
    () => latency(b, b, "own"),
    () => latency(a, b, "receive"),
  );
  const random = seededRandom();
  const polled: number[] = [];
  for (let n = 0; n < 5; n++) polled.push(await latency(c, d, "polled", random.below(500)));
  expect(heard).toBeLessThan(100);
  expect(Math.max(...polled)).toBeLessThan(1_500);
});

test("a job of a lane that the other server has never seen is claimed at once too", async () => {
  const [a, b] = [await server({ listen: true }), await server({ listen: true })];
  const found = await latencyBeyond(
    5,
    (n) => latency(b, b, `own lane ${n}`),
    (n) => latency(a, b, `lane ${n}`),
  );
  expect(found).toBeLessThan(100);
});

test("a watch on another server hears of a change before its next look", async () => {
  const [a, b] = [await server({ listen: true }), await server({ listen: true })];
  const watch = b.jobs.watch({ jobType: "seen" });
  await watch.next();
  const seen = async (from: Database) => {
    await sleep(60);
    const started = performance.now();
    const next = watch.next();
    await from.jobs.create({ jobType: "seen" });
    await next;
    return performance.now() - started;
  };
  const took = await latencyBeyond(
    9,
    () => seen(b),
    () => seen(a),
  );
  expect(took).toBeLessThan(limits.watchPollMs / 2);
});

test("many changes are told by few hints, and a server does not hear its own", async () => {
  const [a, b] = [await server({ listen: true }), await server({ listen: true })];
  const [own, heard] = [vi.spyOn(a.queue, "receive"), vi.spyOn(b.queue, "receive")];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let n = 0; n < 20; n++) await a.jobs.create({ jobType: "many" });
    }),
  );
  const most = (performance.now() - started) / limits.hintIntervalMs + 2;
  await sleep(100);
  expect(own).not.toHaveBeenCalled();
  expect(heard.mock.calls.length).toBeGreaterThan(0);
  expect(heard.mock.calls.length).toBeLessThanOrEqual(most);
});

test("progress wakes no claims", async () => {
  const [a, b] = [await server({ listen: true }), await server({ listen: true })];
  await a.workers.register({ workerId: "p", jobTypes: ["progress"] });
  const { id } = await a.jobs.create({ jobType: "progress" });
  const { leases } = await a.jobs.claim({ workerId: "p" });
  await sleep(100);
  const wake = vi.spyOn(b.queue.claimer, "wake");
  const heard = vi.spyOn(b.queue, "receive");
  await a.jobs.progress("p", [{ jobId: id, epoch: leases[0]?.epoch ?? 0, progress: 0.5 }]);
  await eventually(() => heard.mock.calls.length > 0);
  expect(heard).toHaveBeenCalledExactlyOnceWith("watchable");
  expect(wake).not.toHaveBeenCalled();
});

test("without `listen` there is no such connection; closing ends it", async () => {
  await server();
  expect(await listeners()).toBe(0);
  const db = await Database.connect(config, { listen: true });
  expect(await listeners()).toBe(1);
  await db.close();
  await eventually(async () => (await listeners()) === 0);
});

test("hints come back after their connection was cut, and what was missed meanwhile is looked for", async () => {
  const log = { ...silentLog, info: vi.fn(), warn: vi.fn() };
  const [a, b] = [await server({ listen: true }), await server({ listen: true, log })];
  const heard = vi.spyOn(b.queue, "receive");
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ~ '^(listen ltb_jobs|select pg_notify)'`);
  // Not even the jobs of this moment are lost.
  expect(await latency(a, b, "cut")).toBeLessThan(1_500);
  await eventually(async () => (await listeners()) === 2);
  await eventually(() => log.info.mock.calls.length === 1);
  expect(log.warn).toHaveBeenCalledOnce();
  expect(heard).toHaveBeenCalled();
  expect(await latency(a, b, "cut")).toBeLessThan(300);
});

test("a server starts, works and stops while LISTEN is out of reach", async () => {
  const proxy = await proxyTo(config);
  const log = { ...silentLog, info: vi.fn(), warn: vi.fn() };
  const db = await server({ listen: true, log }, proxy.config);
  proxy.network = "hangup";
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ~ '^(listen ltb_jobs|select pg_notify)'`);
  await eventually(() => log.warn.mock.calls.length > 0);
  const { accepted } = proxy;
  await eventually(() => proxy.accepted > accepted + 1);
  expect(log.warn).toHaveBeenCalledOnce();
  proxy.network = "open";
  await db.jobs.create({ jobType: "away" });
  await eventually(() => log.info.mock.calls.length === 1);
  await db.close();
  await proxy.close();
});

test("a transaction of the library does not disturb claims that wait, and wakes them when it is committed", async () => {
  const db = await server();
  await db.workers.register({ workerId: "t", jobTypes: ["transaction", "other"], capacity: 10 });
  const claim = db.jobs.claim({ workerId: "t", jobTypes: ["transaction"], waitMs: 5_000 });
  const other = db.jobs.claim({ workerId: "t", jobTypes: ["other"], waitMs: 700 });
  await sleep(50);
  await db.transaction(async ({ jobs }) => {
    await jobs.create({ jobType: "transaction" });
    await sleep(100);
  });
  const committed = performance.now();
  expect((await claim).leases).toHaveLength(1);
  expect(performance.now() - committed).toBeLessThan(700);
  expect((await other).leases).toEqual([]);
});

test("a job whose lane is new can be created in a transaction on the only connection, and be undone with it", async () => {
  const db = await server({}, { ...config, poolSize: 1 });
  const create = db.transaction(async ({ jobs }) => {
    await jobs.create({ jobType: "only", requiredTags: ["x"] });
    throw new Error("undone");
  });
  await expect(create).rejects.toThrow("undone");
  const job = await db.transaction(({ jobs }) => jobs.create({ jobType: "only", requiredTags: ["x"] }));
  await db.workers.register({ workerId: "o", jobTypes: ["only"], tags: ["x"] });
  const { leases } = await db.jobs.claim({ workerId: "o", waitMs: 2_000 });
  expect(leases.map(({ id }) => id)).toEqual([job.id]);
});
