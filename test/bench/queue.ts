/**
 * `npm run bench:queue [-- --quick --json --only create,work,start,backlog,fair,pinned --pinned MINUTES]`:
 * the job queue over gRPC beside graphile-worker, pg-boss and pgbench on the same PostgreSQL, with durable
 * commits.
 * `…_client_cpu_s` and its like are seconds of processor for a thousand jobs: where time goes on any machine.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { startBenchPostgres } from "./postgres.ts";
import { processorSeconds } from "./processors.ts";
import { fillBacklog } from "./queue/backlog.ts";
import { keysOf, startsUntilServed } from "./queue/fair.ts";
import { Graphile } from "./queue/graphile.ts";
import { h2loadCreates, hasH2load } from "./queue/h2load.ts";
import { jobType } from "./queue/job.ts";
import { Ours } from "./queue/ours.ts";
import { findPgbench, pgbenchCreates } from "./queue/pgbench.ts";
import { Boss } from "./queue/pgboss.ts";
import { type PinnedSample, workPinned } from "./queue/pinned.ts";
import { mean, percentile, Rounds } from "./queue/statistics.ts";
import { startBenchServer } from "./server.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
    pinned: { type: "string" },
  },
});
const { quick } = options;
const rounds = quick ? 3 : 5;
const sizes = quick
  ? { creates: 4_000, jobs: 10_000, slow: 1_000, starts: 60, thousands: 20, pgbenchSeconds: 3 }
  : { creates: 20_000, jobs: 40_000, slow: 4_000, starts: 200, thousands: 1_000, pgbenchSeconds: 5 };
const pinnedSeconds = options.pinned ? Number(options.pinned) * 60 : quick ? 12 : 60;

// Undone from the last to the first, also after a failure: a server that is left running would keep its
// caller waiting.
await using started = new AsyncDisposableStack();
const { connection, dataDir, url, version } = await startBenchPostgres(started, { max_connections: "150" });
const server = await startBenchServer(url, dataDir);
started.defer(() => server.stop());
const db = new Client(connection);
await db.connect();
started.defer(() => db.end());
const backend = (await db.query("select pg_backend_pid() as pid")).rows[0];
const ours = new Ours(server, db);
started.defer(() => ours.close());
const graphile = await Graphile.start(connection);
started.defer(() => graphile.close());
const boss = await Boss.start(connection, db);
started.defer(() => boss.close());
const pgbench = findPgbench();
const h2load = await hasH2load();

const measured = new Rounds();
const notes = [`load average at the start: ${loadavg()[0]?.toFixed(1)}`];
if (!h2load)
  notes.push(
    "CreateJob is called from Node, which takes as long as the service: install h2load (Debian: nghttp2-client)",
  );
let pinned: PinnedSample[] = [];

// Warms up what a service that has run for a while has warm, and makes the lane.
await ours.createOneByOne(sizes.slow);
await ours.work(sizes.slow);
await ours.clear();

for (let round = 0; round < rounds; round++) {
  if (isWanted("create")) await creates();
  if (isWanted("work")) await work();
  if (isWanted("start")) await starts();
}
if (isWanted("backlog")) await backlog();
if (isWanted("fair")) await fair();
if (isWanted("pinned")) {
  await ours.clear();
  const windowSeconds = Math.min(30, pinnedSeconds / 4);
  pinned = await workPinned(ours, connection, { seconds: pinnedSeconds, windowSeconds });
}

const figures: Record<string, number> = { ...measured.figures(), rss_mb: server.peakRssMb() };
const last = pinned.at(-1);
if (last) {
  figures.unpinned_claim_p99_ms = pinned[0]?.claimP99Ms ?? Number.NaN;
  figures.pinned_claim_p99_ms = last.claimP99Ms;
  figures.pinned_dead_tuples = last.deadTuples;
}
const ratios = Object.fromEntries(
  Object.entries({
    create_vs_pgbench: measured.ratio("create_jobs_per_s", "pgbench_create_jobs_per_s"),
    work_vs_graphile: measured.ratio("work_jobs_per_s", "graphile_work_jobs_per_s"),
    work_vs_pgboss: measured.ratio("work_jobs_per_s", "pgboss_work_jobs_per_s"),
    work_unbatched_vs_graphile: measured.ratio(
      "work_unbatched_jobs_per_s",
      "graphile_work_unbatched_jobs_per_s",
    ),
    create_batched_vs_graphile: measured.ratio(
      "create_batched_jobs_per_s",
      "graphile_create_batched_jobs_per_s",
    ),
    create_batched_vs_pgboss: measured.ratio("create_batched_jobs_per_s", "pgboss_create_batched_jobs_per_s"),
    start_vs_graphile: measured.ratio("start_mean_ms", "graphile_start_mean_ms"),
    fair_keys_vs_one: measured.ratio("fair_keys_work_jobs_per_s", "fair_one_work_jobs_per_s"),
    backlog_vs_empty: measured.ratio("backlog_work_jobs_per_s", "empty_work_jobs_per_s"),
  }).filter(([, ratio]) => ratio !== undefined),
) as Record<string, number>;
notes.push(`load average at the end: ${loadavg()[0]?.toFixed(1)}`);
print();

function isWanted(part: string): boolean {
  return options.only === undefined || options.only.split(",").includes(part);
}

/**
 * Takes a measure on empty tables, with what was before on disk, so that no checkpoint for it falls into the
 * measure.
 */
async function measure(
  name: string,
  system: { clear(): Promise<void> },
  run: () => Promise<number>,
): Promise<void> {
  await db.query("checkpoint");
  measured.add(name, await run());
  await system.clear();
}

/** Answers the rate of `run`, and takes down what each of the three spent on it for a thousand jobs. */
async function rated(part: string, jobs: number, run: () => Promise<number>): Promise<number> {
  const before = processorSeconds(server.pid, backend.pid);
  const rate = await run();
  measured.addProcessors(part, jobs, before, processorSeconds(server.pid, backend.pid));
  return rate;
}

async function creates(): Promise<void> {
  await measure("create_jobs_per_s", ours, async () => {
    if (!h2load) return rated("create", sizes.creates, () => ours.createOneByOne(sizes.creates));
    const creates = () => h2loadCreates(server, { total: sizes.creates, folder: dataDir });
    const rate = await rated("create", sizes.creates, creates);
    const { rows } = await db.query("select count(*)::int from jobs");
    if (rows[0].count !== sizes.creates) throw new Error(`created ${rows[0].count} of ${sizes.creates} jobs`);
    return rate;
  });
  if (h2load) await measure("create_by_node_jobs_per_s", ours, () => ours.createOneByOne(sizes.creates));
  if (pgbench) {
    const { rows } = await db.query("select id from job_lanes where job_type = $1", [jobType]);
    const run = { seconds: sizes.pgbenchSeconds, laneId: rows[0].id, folder: dataDir };
    await measure("pgbench_create_jobs_per_s", ours, () => pgbenchCreates(pgbench, connection, run));
  } else {
    const note =
      "create_vs_pgbench left out: pgbench is not installed (Debian: postgresql, postgresql-contrib)";
    if (!notes.includes(note)) notes.push(note);
  }
  await measure("graphile_create_jobs_per_s", graphile, () => graphile.createOneByOne(sizes.slow));
}

async function work(): Promise<void> {
  await measure("work_jobs_per_s", ours, async () => {
    const createBatched = () => ours.createBatched(sizes.jobs);
    measured.add("create_batched_jobs_per_s", await rated("create_batched", sizes.jobs, createBatched));
    return rated("work", sizes.jobs, () => ours.work(sizes.jobs));
  });
  await measure("graphile_work_jobs_per_s", graphile, async () => {
    measured.add("graphile_create_batched_jobs_per_s", await graphile.createBatched(sizes.jobs));
    return rated("graphile_work", sizes.jobs, () => graphile.work(sizes.jobs, { batched: true }));
  });
  await measure("pgboss_work_jobs_per_s", boss, async () => {
    measured.add("pgboss_create_batched_jobs_per_s", await boss.createBatched(sizes.jobs));
    return boss.work(sizes.jobs);
  });
  await measure("work_unbatched_jobs_per_s", ours, async () => {
    await ours.createBatched(sizes.slow);
    const work = () => ours.work(sizes.slow, { workers: 24, batch: 1 });
    return rated("work_unbatched", sizes.slow, work);
  });
  await measure("graphile_work_unbatched_jobs_per_s", graphile, async () => {
    await graphile.createBatched(sizes.slow);
    const work = () => graphile.work(sizes.slow, { batched: false });
    return rated("graphile_work_unbatched", sizes.slow, work);
  });
}

async function starts(): Promise<void> {
  for (const [prefix, system] of [
    ["", ours],
    ["graphile_", graphile],
  ] as const) {
    await measure(`${prefix}start_mean_ms`, system, async () => {
      const latencies = await system.startLatencies(sizes.starts);
      measured.add(`${prefix}start_p50_ms`, percentile(latencies, 0.5));
      measured.add(`${prefix}start_p99_ms`, percentile(latencies, 0.99));
      return mean(latencies);
    });
  }
}

async function backlog(): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await measure("empty_work_jobs_per_s", ours, async () => {
      await ours.createBatched(sizes.jobs);
      // As with the backlog: the first change of each page after a checkpoint costs a copy of it.
      await db.query("checkpoint");
      return rated("empty_work", sizes.jobs, () => ours.work(sizes.jobs));
    });
  }
  const thousands = (count: number) => count * 1_000 * sizes.thousands;
  const startedAt = performance.now();
  await fillBacklog(db, ours, {
    ready: thousands(1) + rounds * sizes.jobs,
    others: thousands(1),
    future: thousands(1),
    finished: thousands(5),
  });
  notes.push(`the backlog was filled in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  for (let round = 0; round < rounds; round++) {
    await db.query("checkpoint");
    const rate = await rated("backlog_work", sizes.jobs, () => ours.work(sizes.jobs));
    measured.add("backlog_work_jobs_per_s", rate);
  }
  await ours.clear();
}

/** The claims of jobs of many keys beside those of one, and how soon a new key comes to its turn. */
async function fair(): Promise<void> {
  const part = async (name: string, keys: number) =>
    measure(`${name}_work_jobs_per_s`, ours, async () => {
      await rated(`${name}_create`, sizes.jobs, () =>
        ours.createBatched(sizes.jobs, { fairKeyOf: keysOf(keys) }),
      );
      return rated(`${name}_work`, sizes.jobs, () => ours.work(sizes.jobs));
    });
  for (let round = 0; round < rounds; round++) {
    await part("fair_one", 1);
    await part("fair_keys", 10_000);
  }
  await measure("fair_starts_until_served", ours, () => startsUntilServed(ours, 100_000));
}

function print(): void {
  if (options.json) {
    console.log(JSON.stringify({ rounds, sizes, notes, figures, ratios, pinned }));
    return;
  }
  console.log(`Jobs of 200 bytes, medians of ${rounds} rounds; PostgreSQL ${version}, durable commits`);
  for (const note of notes) console.log(note);
  for (const [name, value] of Object.entries(figures)) {
    console.log(name.padEnd(36), value < 100 ? value.toPrecision(3) : Math.round(value));
  }
  for (const [name, value] of Object.entries(ratios)) console.log(name.padEnd(36), value.toFixed(2));
  if (pinned.length > 0) console.table(pinned);
}
