import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JobStatus, LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { newId } from "../../src/ids.ts";
import { Database } from "../../src/storage.ts";
import { bearer, clients, outcome } from "../auth/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { disagreements } from "../jobs/support.ts";
import { type OwnPostgres, startOwnPostgres } from "./postgres.ts";
import { freeAddress, launchServer } from "./server.ts";

// Three servers, each a process of its own, on one database.

let postgres: OwnPostgres;
const folder = temporaryFolder();
let key: string;
let processes: ChildProcess[] = [];
let addresses: readonly string[];
let servers: readonly ReturnType<typeof clients>[];
beforeAll(async () => {
  postgres = await startOwnPostgres();
  const keyFile = join(folder, "audit.key");
  await writeFile(keyFile, "0".repeat(64), { mode: 0o600 });
  const db = await Database.connect(postgres.config);
  const { id } = await db.users.create({ username: "admin", email: "admin@example.org", role: "admin" });
  ({ secret: key = "" } = await db.users.createApiKey({ userId: id, name: "admin" }));
  await db.close();
  addresses = await Promise.all([freeAddress(), freeAddress(), freeAddress()]);
  const settings = { LTB_AUTH: "required", LTB_AUDIT_KEY_FILE: keyFile, DATABASE_POOL_SIZE: "8" };
  processes = await Promise.all(addresses.map((address) => launchServer(postgres.url, address, settings)));
  servers = addresses.map((address) => clientsOf(address, key));
});
afterAll(async () => {
  for (const child of processes) child.kill("SIGKILL");
  await Promise.all(processes.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
  await postgres.end();
});

function clientsOf(address: string, apiKey: string) {
  const interceptors = [bearer(apiKey)];
  return clients(
    createGrpcTransport({ baseUrl: `http://${address}`, interceptors, defaultTimeoutMs: 20_000 }),
  );
}

/** What the tables of the queue say against each other; what is sealed is no longer named to the sealer. */
async function contradictions(): Promise<string[]> {
  return (await disagreements(postgres.pool)).filter((line) => !line.includes("to the sealer"));
}

/** The server whose turn it is. */
function server(turn: number): ReturnType<typeof clients> {
  const found = servers[turn % servers.length];
  if (!found) throw new Error("not started");
  return found;
}

test("each job is run once, whichever servers it is created, claimed, completed and watched on", async () => {
  const { benchmark } = await server(0).benchmarks.createBenchmark({
    name: "b",
    provider: "p",
    model: "m",
    dataset: "d",
  });
  const benchmarkId = benchmark?.id ?? "";
  const ids = Array.from({ length: 240 }, newId);
  let areWatching = 0;
  const watching = servers.map(async ({ jobs }) => {
    const completed = new Set<string>();
    for await (const { job } of jobs.watchJobs({ benchmarkId }, { timeoutMs: 0 })) {
      if (!job) areWatching++;
      else if (job.status === JobStatus.COMPLETED) completed.add(job.id);
      if (completed.size === ids.length) break;
    }
    return [...completed].sort();
  });
  await expect.poll(() => areWatching).toBe(servers.length);
  for (const turn of [0, 1, 2])
    await server(turn).workers.registerWorker({ workerId: `w${turn}`, capacity: 10, jobTypes: ["t"] });

  const claimed: string[] = [];
  const work = [0, 1, 2].map(async (turn) => {
    const workerId = `w${turn}`;
    while (claimed.length < ids.length) {
      // Every call to another server.
      const claim = { workerId, maxJobs: 10, wait: { nanos: 500_000_000 } };
      const { leases } = await server(turn + claimed.length).jobs.claimJobs(claim);
      if (leases.length === 0) continue;
      claimed.push(...leases.map(({ job }) => job?.id ?? ""));
      const items = leases.map(({ job, epoch }) => {
        const sampleId = job?.id ?? "";
        return { jobId: sampleId, epoch, evaluations: [{ sampleId, output: "o", score: 1 }] };
      });
      const { results } = await server(turn + 1).jobs.completeJobs({ workerId, items });
      expect(results.map((result) => result.outcome)).toEqual(items.map(() => LeaseOutcome.OK));
    }
  });
  await Promise.all(ids.map((id, turn) => server(turn).jobs.createJob({ id, jobType: "t", benchmarkId })));
  await Promise.all(work);

  expect(claimed.toSorted()).toEqual(ids.toSorted());
  for (const completed of await Promise.all(watching)) expect(completed).toEqual(ids.toSorted());
  const { rows } = await postgres.pool.query(
    "select count(*)::int as attempts, count(distinct job_id)::int as jobs, max(epoch)::int as epoch from job_attempts",
  );
  expect(rows).toEqual([{ attempts: 240, jobs: 240, epoch: 1 }]);
  for (const { benchmarks } of servers)
    expect(await benchmarks.getBenchmark({ id: benchmarkId })).toMatchObject({
      benchmark: { completedIterations: 240, failedIterations: 0 },
    });
  expect(await contradictions()).toEqual([]);
});

test("what all of them look after is done once: a lease that has run out costs its job one attempt", async () => {
  await server(0).workers.registerWorker({ workerId: "silent", capacity: 50, jobTypes: ["lost"] });
  for (let turn = 0; turn < 50; turn++) await server(turn).jobs.createJob({ jobType: "lost", maxRetries: 5 });
  const { leases } = await server(1).jobs.claimJobs({
    workerId: "silent",
    maxJobs: 50,
    lease: { seconds: 1n },
  });
  expect(leases).toHaveLength(50);
  const attempts = async () => {
    const { rows } = await postgres.pool.query(
      `select a.epoch, a.outcome, j.retry_count, count(*)::int as jobs from job_attempts a join jobs j on j.id = a.job_id
      where j.job_type = 'lost' group by 1, 2, 3`,
    );
    return rows;
  };
  // Servers that have just started give the leases of before one more term.
  await expect.poll(attempts).toEqual([{ epoch: 1, outcome: "expired", retry_count: 1, jobs: 50 }]);
  expect(await contradictions()).toEqual([]);
});

test("the audit trail is one chain, which every server has sealed its part of and verifies", async () => {
  const unsealed = () => postgres.pool.query("select from audit_unsealed limit 1");
  await expect.poll(async () => (await unsealed()).rows).toEqual([]);
  for (const { audit } of servers) {
    const { firstBroken, heads } = await audit.verifyAuditLog({});
    expect(firstBroken).toBeUndefined();
    expect(heads.length).toBeGreaterThan(0);
  }
});

test("a key that is revoked on one server is out on all of them", async () => {
  const { user } = await server(0).users.whoAmI({});
  const made = await server(1).users.createApiKey({ userId: user?.id ?? "", name: "passing" });
  const guests = addresses.map((address) => clientsOf(address, made.secret));
  for (const { jobs } of guests) expect(await outcome(jobs.listJobs({}))).toBe("OK");
  await server(2).users.revokeApiKey({ id: made.apiKey?.id ?? "" });
  for (const { jobs } of guests) await expect.poll(() => outcome(jobs.listJobs({}))).toMatch(/^CREDENTIAL_/);
});

test("one is killed: its callers find the same on the others", async () => {
  const { job } = await server(0).jobs.createJob({ jobType: "after" });
  processes[0]?.kill("SIGKILL");
  for (const turn of [1, 2])
    expect(await server(turn).jobs.getJob({ id: job?.id ?? "" })).toMatchObject({ job: { id: job?.id } });
});
