/**
 * `npm run bench:provider [-- --minutes 6 --kill --json]`: how much of a provider's quota the queue uses, and
 * that it never passes it. The provider lets 60 requests and 100,000 tokens a minute; jobs use 500 to 2,800
 * tokens, 1,667 on average, as they are estimated. Three servers and eight workers share the limit. With
 * `--kill` one server after the other is killed every 20 s, and started again: the seconds until it is back
 * are its documented recovery, and stay in the figures.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { createClient } from "../../src/client/index.ts";
import { randomOf } from "../harness/random.ts";
import { startBenchPostgres } from "./postgres.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "6" },
    kill: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const minutes = Number(options.minutes);
const [requests, tokens] = [60, 100_000];
const limitKey = "provider";
const servers = 3;
const workers = 8;

await using started = new AsyncDisposableStack();
const { connection, dataDir, url } = await startBenchPostgres(started);
const running: BenchServer[] = [];
for (let index = 0; index < servers; index++) running.push(await startBenchServer(url, dataDir, running[0]));
started.defer(async () => {
  await Promise.all(running.map((server) => server.stop().catch(() => undefined)));
});
const clientOf = (index: number) => {
  const server = running[index % servers];
  if (!server) throw new Error("no server");
  return createClient({ address: server.address, apiKey: server.key });
};

const random = randomOf(1);
{
  using client = clientOf(0);
  await client.jobs.setJobLimit({ limitKey, perMinute: requests, tokensPerMinute: tokens });
  // A triangle with its peak where the mean becomes 1,667, so that both quotas bind.
  const estimate = () => Math.round(500 + 2_300 * triangle(random(), 0.5222));
  for (let batch = 0; batch < Math.ceil((minutes * requests) / 500) + 1; batch++) {
    const jobs = Array.from({ length: 500 }, () => ({ jobType: "ask", limitKey, tokens: estimate() }));
    await client.jobs.batchCreateJobs({ jobs });
  }
}

const until = performance.now() + minutes * 60_000;
let kills = 0;
const working = Array.from({ length: workers }, (_, index) => work(index));
if (options.kill) working.push(killInTurn());
await Promise.all(working);

const db = new Client(connection);
await db.connect();
started.defer(() => db.end());
const { rows } = await db.query<{ at: number; tokens: number }>(`
  select extract(epoch from a.started_at)::float8 as at, j.tokens
  from job_attempts a join jobs j on j.id = a.job_id order by a.started_at`);
const waiting = await db.query("select count(*)::integer as jobs from job_ready");
const first = rows[0]?.at ?? 0;
const whole = rows.filter(({ at }) => at < first + minutes * 60);
const used = whole.reduce((sum, row) => sum + row.tokens, 0);
const result = {
  minutes,
  kills,
  jobs_waiting_at_the_end: waiting.rows[0].jobs,
  requests_used: whole.length / (minutes * requests),
  tokens_used: used / (minutes * tokens),
  most_requests_in_a_minute: mostInAMinute(() => 1),
  most_tokens_in_a_minute: mostInAMinute((row) => row.tokens),
};
if (options.json) console.log(JSON.stringify(result));
else console.table(result);
if (result.most_requests_in_a_minute > requests || result.most_tokens_in_a_minute > tokens)
  process.exitCode = 1;

/** The most of any sliding minute that begins with a start. */
function mostInAMinute(weight: (row: { at: number; tokens: number }) => number): number {
  let most = 0;
  let sum = 0;
  let oldest = 0;
  for (const row of rows) {
    sum += weight(row);
    while (rows[oldest] && (rows[oldest]?.at ?? 0) <= row.at - 60) sum -= weight(rows[oldest++] ?? row);
    most = Math.max(most, sum);
  }
  return most;
}

/** A number from 0 to 1 of the triangle with this peak, by the inverse of its distribution. */
function triangle(uniform: number, peak: number): number {
  return uniform < peak ? Math.sqrt(uniform * peak) : 1 - Math.sqrt((1 - uniform) * (1 - peak));
}

async function work(index: number): Promise<void> {
  const workerId = `w${index}`;
  while (performance.now() < until) {
    using client = clientOf(index);
    try {
      await client.workers.registerWorker({ workerId, capacity: 4 });
      while (performance.now() < until) {
        const wait = { seconds: 5n, nanos: 0 };
        const { leases } = await client.jobs.claimJobs({ workerId, maxJobs: 1, wait });
        const items = leases.map(({ job, epoch }) => {
          return { jobId: job?.id ?? "", epoch, tokensUsed: job?.tokens ?? 0 };
        });
        if (items.length > 0) await client.jobs.completeJobs({ workerId, items });
      }
    } catch {
      await sleep(200);
    }
  }
}

async function killInTurn(): Promise<void> {
  for (let index = 0; performance.now() + 20_000 < until; index = (index + 1) % servers) {
    await sleep(20_000);
    const server = running[index];
    if (!server) continue;
    process.kill(server.pid, "SIGKILL");
    kills++;
    running[index] = await startBenchServer(url, dataDir, server);
  }
}
