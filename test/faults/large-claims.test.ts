import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { testDatabase } from "../harness/database.ts";
import { urlOf } from "../harness/postgres.ts";
import { clients, freeAddress, launchServer } from "./server.ts";

const { config, client, db } = await testDatabase();

/** 440 jobs of 0.9 MB, which PostgreSQL keeps in a hundredth of that. */
async function makeJobs(): Promise<void> {
  const { id } = await db.jobs.create({ jobType: "large", payload: { text: "x".repeat(900_000) } });
  await client.query(
    `insert into jobs (id, lane_id, bytes, job_type, payload, created_by)
    select md5(n::text)::uuid, lane_id, bytes, job_type, payload, null
    from jobs, generate_series(1, 439) n where id = $1`,
    [id],
  );
  await client.query(
    `insert into job_ready (job_id, sequence, lane_id, priority, bytes)
    select id, sequence, lane_id, priority, bytes from jobs where id <> $1`,
    [id],
  );
}

test("claims for hundreds of large jobs leave a server with a small heap alive, however many ask at once", async () => {
  await makeJobs();
  const address = await freeAddress();
  const heap = 256;
  const server = await launchServer(urlOf(config), address, {
    NODE_OPTIONS: `--max-old-space-size=${heap}`,
  });
  onTestFinished(async () => {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  });
  const { jobs, workers } = clients(address);
  const names = Array.from({ length: 20 }, (_, n) => `w${n}`);
  for (const workerId of names) await workers.registerWorker({ workerId, capacity: 1_000 });
  const sizes: number[] = [];
  const seen = new Set<string>();
  const claimAll = () =>
    Promise.all(
      names.map(async (workerId) => {
        const { leases } = await jobs.claimJobs({ workerId, maxJobs: 1_000 }, { timeoutMs: 60_000 });
        sizes.push(leases.length);
        for (const { job } of leases) {
          expect(job?.payload).toMatchObject({ text: expect.stringMatching(/^x{900000}$/) });
          seen.add(job?.id ?? "");
        }
      }),
    );
  for (let round = 0; round < 3; round++) await claimAll();
  expect(server.exitCode).toBeNull();
  // Three of them fit into an answer.
  expect(Math.max(...sizes)).toBe(3);
  const { rows } = await client.query(
    "select (select count(*)::int from job_leases) as leases, (select count(*)::int from job_attempts) as attempts",
  );
  // What was taken was also sent: no job was given back for want of room.
  expect(rows).toEqual([{ leases: seen.size, attempts: 0 }]);
  if (process.platform !== "linux") return;
  const [, peak] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${server.pid}/status`, "utf8")) ?? [];
  expect(Number(peak) / 1024).toBeLessThan(2 * heap + 150);
});
