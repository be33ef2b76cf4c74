import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { RunningLoad } from "./load.ts";
import { type OwnPostgres, startOwnPostgres } from "./postgres.ts";
import { clients, type OwnServer, ownServer } from "./server.ts";

let postgres: OwnPostgres;
const servers: OwnServer[] = [];
const server = (index = 0): OwnServer => {
  const found = servers[index];
  if (!found) throw new Error("not started");
  return found;
};
beforeAll(async () => {
  postgres = await startOwnPostgres();
  servers.push(await ownServer(postgres.url));
});
afterAll(async () => {
  await Promise.all(servers.map((one) => one.kill()));
  await postgres.end();
});

test("all backends are terminated again and again", async () => {
  const load = new RunningLoad(server().address, { jobType: "terminated" });
  const recoveries: number[] = [];
  for (let round = 0; round < 4; round++) {
    await sleep(300);
    const { rows } = await postgres.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
    );
    expect(rows.length).toBeGreaterThan(0);
    recoveries.push(await load.recovery());
  }
  expect(await load.finish(postgres.pool)).toEqual([]);
  expect(Math.max(...recoveries)).toBeLessThan(2_000);
  expect(load.acknowledged.completed).toBeGreaterThan(20);
});

test("PostgreSQL crashes and starts again", async () => {
  const load = new RunningLoad(server().address, { jobType: "crashed" });
  const recoveries: number[] = [];
  for (let round = 0; round < 2; round++) {
    await sleep(500);
    await postgres.restart();
    recoveries.push(await load.recovery());
  }
  expect(await load.finish(postgres.pool)).toEqual([]);
  expect(Math.max(...recoveries)).toBeLessThan(2_000);
  expect(load.acknowledged.completed).toBeGreaterThan(20);
});

test("leases that would have run out while PostgreSQL was away are still held", async () => {
  const { jobs, workers } = clients(server().address);
  const workerId = "patient";
  await workers.registerWorker({ workerId, capacity: 10, jobTypes: ["outage"] });
  for (let i = 0; i < 5; i++) await jobs.createJob({ jobType: "outage" });
  const { leases } = await jobs.claimJobs({ workerId, maxJobs: 5, lease: { seconds: 1n } });
  expect(leases).toHaveLength(5);
  await postgres.crash();
  await sleep(3_000);
  await postgres.start();
  // Rounds of maintenance pass before the worker notices.
  await sleep(1_500);
  const refs = leases.map(({ job, epoch }) => ({ jobId: job?.id ?? "", epoch }));
  const beat = await workers.heartbeat({ workerId, leases: refs.slice(0, 2) });
  expect(beat.lost).toEqual([]);
  const { results } = await jobs.completeJobs({ workerId, items: refs });
  expect(results.map(({ outcome }) => outcome)).toEqual(refs.map(() => LeaseOutcome.OK));
  const { rows } = await postgres.pool.query(
    "select epoch, outcome from job_attempts where job_id = any ($1)",
    [refs.map(({ jobId }) => jobId)],
  );
  expect(rows).toEqual(refs.map(() => ({ epoch: 1, outcome: "completed" })));
});
