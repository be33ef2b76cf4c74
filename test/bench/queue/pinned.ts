import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { claimBody } from "./messages.ts";
import type { Ours } from "./ours.ts";
import { percentile } from "./statistics.ts";

export interface PinnedSample {
  /** Seconds since the snapshot was taken; negative before. */
  second: number;
  jobs: number;
  claimP50Ms: number;
  claimP99Ms: number;
  /** Of all tables of the queue. */
  deadTuples: number;
  deadReady: number;
}

/**
 * 1,000 jobs a second are created, claimed and completed while another session holds an old snapshot, so that
 * nothing can be vacuumed away. The first sample is from before the snapshot.
 */
export async function workPinned(
  ours: Ours,
  connection: pg.ClientConfig,
  { seconds, windowSeconds }: { seconds: number; windowSeconds: number },
): Promise<PinnedSample[]> {
  const reader = new pg.Client(connection);
  const watcher = new pg.Client(connection);
  await Promise.all([reader.connect(), watcher.connect()]);
  const worker = "worker-0";
  await ours.register([worker], 1_000);
  let running = true;
  let claims: number[] = [];
  let jobs = 0;

  const creating = (async () => {
    for (let next = performance.now(); running; next += 100) {
      await ours.createBatched(100, { size: 100 });
      await sleep(Math.max(0, next + 100 - performance.now()));
    }
  })();
  const working = (async () => {
    const body = claimBody(worker, 200);
    while (running) {
      const startedAt = performance.now();
      const held = await ours.claim(body);
      if (held.length > 0) {
        claims.push(performance.now() - startedAt);
        const completed = await ours.complete(worker, held);
        jobs += completed;
      }
      await sleep(20);
    }
  })();

  const samples: PinnedSample[] = [];
  const sample = async (second: number) => {
    const { rows } = await watcher.query(
      `select sum(n_dead_tup)::float8 as all, sum(n_dead_tup) filter (where relname = 'job_ready')::float8 as ready
      from pg_stat_user_tables where schemaname = 'public'`,
    );
    samples.push({
      second,
      jobs,
      claimP50Ms: percentile(claims, 0.5),
      claimP99Ms: percentile(claims, 0.99),
      deadTuples: rows[0].all,
      deadReady: rows[0].ready,
    });
    claims = [];
    jobs = 0;
  };

  await sleep(windowSeconds * 1000);
  await sample(-1);
  await reader.query("begin isolation level repeatable read");
  await reader.query("select 1");
  for (let second = windowSeconds; second <= seconds; second += windowSeconds) {
    await sleep(windowSeconds * 1000);
    await sample(second);
  }
  running = false;
  await Promise.all([creating, working]);
  await reader.query("rollback");
  await Promise.all([reader.end(), watcher.end()]);
  return samples;
}
