import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { disagreements } from "../jobs/support.ts";
import { RunningLoad } from "./load.ts";
import { type OwnPostgres, startOwnPostgres } from "./postgres.ts";
import { clients, type OwnServer, ownServer } from "./server.ts";

let postgres: OwnPostgres;
let server: OwnServer;
let other: OwnServer;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  server = await ownServer(postgres.url);
  other = await ownServer(postgres.url);
});
afterAll(async () => {
  await Promise.all([server.kill(), other.kill()]);
  await postgres.end();
});

test("a server is killed and started again, while another goes on", async () => {
  const load = new RunningLoad(server.address, { jobType: "server" });
  const elsewhere = new RunningLoad(other.address, { jobType: "elsewhere", creators: 1, workers: 1 });
  const recoveries: number[] = [];
  for (let round = 0; round < 2; round++) {
    await sleep(400);
    await server.kill();
    const began = performance.now();
    await server.start();
    const startMs = performance.now() - began;
    recoveries.push((await load.recovery()) - startMs);
  }
  expect(await load.finish(postgres.pool)).toEqual([]);
  expect(await elsewhere.finish(postgres.pool)).toEqual([]);
  // A machine that is so busy that a start takes seconds makes the rest slower, too.
  expect(Math.max(...recoveries)).toBeLessThan(2_000);
  expect(load.acknowledged.completed).toBeGreaterThan(20);
});

test("a worker is killed: its jobs go to another once their leases have run out", async () => {
  const { jobs, workers } = clients(server.address);
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await jobs.createJob({ jobType: "worker" })).job?.id ?? "");
  const child = fork(join(import.meta.dirname, "worker.ts"), [server.address, "doomed", "worker"], {
    execArgv: [],
  });
  const [held] = await once(child, "message");
  expect(held).toBe(20);
  child.kill("SIGKILL");
  await once(child, "exit");
  const killed = performance.now();

  await workers.registerWorker({ workerId: "heir", capacity: 100, jobTypes: ["worker"] });
  const done = new Set<string>();
  while (done.size < ids.length && performance.now() - killed < 10_000) {
    const { leases } = await jobs.claimJobs({ workerId: "heir", maxJobs: 100, wait: { seconds: 1n } });
    if (leases.length === 0) continue;
    const items = leases.map(({ job, epoch }) => ({ jobId: job?.id ?? "", epoch }));
    await jobs.completeJobs({ workerId: "heir", items });
    for (const { jobId } of items) done.add(jobId);
  }
  expect(done).toEqual(new Set(ids));
  // The lease of 1.5 s that the worker renewed to the end, a second for maintenance, and the pause before a
  // first retry.
  expect(performance.now() - killed).toBeLessThan(1_500 + 1_000 + 1_000 + 1_500);
  const { rows } = await postgres.pool.query(
    "select epoch, worker_id, outcome from job_attempts where job_id = any ($1) order by epoch",
    [ids],
  );
  expect(rows.slice(0, 20)).toEqual(ids.map(() => ({ epoch: 1, worker_id: "doomed", outcome: "expired" })));
  expect(rows.slice(20)).toEqual(ids.map(() => ({ epoch: 2, worker_id: "heir", outcome: "completed" })));
  expect(await disagreements(postgres.pool)).toEqual([]);
});
