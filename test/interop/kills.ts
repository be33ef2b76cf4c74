import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";
import { createClient, type LtbClient } from "../../src/client/index.ts";
import { findRunning } from "../../src/database/embedded/start-embedded.ts";
import { miscounts } from "../faults/counts.ts";
import { type Random, randomOf } from "../harness/random.ts";
import { disagreements } from "../jobs/support.ts";
import { environmentFor } from "./foreign.ts";
import { root } from "./paths.ts";
import { run } from "./processes.ts";
import type { Results } from "./results.ts";
import { type Service, startService } from "./service.ts";

// LTB_KILLS=100 goes on for longer, and LTB_SEED draws the same again.
const kills = Number(process.env.LTB_KILLS ?? 4);

/** What a client has been told, as the lines of its program say. */
interface Acknowledged {
  /** Ids of jobs by the key in their payload. */
  jobs: Map<string, string>;
  /** Epochs of completed jobs by their ids. */
  completed: Map<string, number>;
  /** Outputs of stored evaluations, each of which was made once. */
  stored: Set<string>;
  /** Completions that were refused. */
  stale: number;
  wrong: string[];
}

/**
 * Kills the service, and starts it again, while a program creates jobs, runs them and stores evaluations.
 * Afterwards everything that the program was told must be in the database, and nothing twice.
 */
export async function exerciseKills(
  client: string,
  results: Results,
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const seed = Number(process.env.LTB_SEED ?? Math.floor(Math.random() * 2 ** 32));
  const what = "what was acknowledged is there once, after kills of the service";
  await results.check({ kind: "behaviour", client, what }, async () => {
    const service = await startService({ tls: false });
    try {
      const figures = await killAround(service, randomOf(seed), { file, args, env });
      return `LTB_SEED=${seed} ${JSON.stringify(figures)}`;
    } catch (error) {
      throw new Error(`LTB_SEED=${seed}: ${error instanceof Error ? error.message : error}`);
    } finally {
      await service.stop();
    }
  });
}

async function killAround(
  service: Service,
  random: Random,
  { file, args, env }: { file: string; args: readonly string[]; env: Record<string, string> },
): Promise<Record<string, number>> {
  using calls = createClient({ address: service.grpc, apiKey: service.key });
  const about = { name: "killed", provider: "p", model: "m", dataset: "d" };
  const benchmarkId = (await calls.benchmarks.createBenchmark(about)).benchmark?.id ?? "";
  const jobType = "killed";
  const child = spawn(file, args, {
    env: {
      ...process.env,
      ...env,
      ...environmentFor(service),
      LOAD_JOB_TYPE: jobType,
      LOAD_BENCHMARK: benchmarkId,
      LTB_SEED: String(random.below(2 ** 31)),
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const told = listen(child.stdout);
  let said = "";
  child.stderr.on("data", (chunk) => (said = `${said}${chunk}`.slice(-4_000)));
  const ended = once(child, "close");
  try {
    const startedAt = performance.now();
    const figures = await killAll(service, random, () => told.completed.size);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    child.stdin.end();
    const patience = setTimeout(() => child.kill("SIGKILL"), 600_000);
    const [code] = await ended;
    clearTimeout(patience);
    const wrong = [
      ...told.wrong,
      ...(code === 0 ? [] : [`the program ended with ${code}: ${said}`]),
      ...(await compare(service, calls, { jobType, benchmarkId, told })),
    ];
    if (wrong.length > 0) throw new Error(`${wrong.length} are wrong: ${wrong.slice(0, 20).join("; ")}`);
    const { jobs, completed, stored, stale } = told;
    return {
      ...figures,
      seconds,
      jobs: jobs.size,
      completed: completed.size,
      stale,
      evaluations: stored.size,
    };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Kills the service at any moment, in its starts too, and leaves it running. */
async function killAll(
  service: Service,
  random: Random,
  progress: () => number,
): Promise<{ kills: number; cutStarts: number }> {
  let cutStarts = 0;
  // The first kill is to meet work.
  while (progress() < 20) await sleep(20);
  await sleep(random() * 1_500);
  for (let left = kills; left > 0; left--) {
    await service.kill();
    const starting = service.start();
    if (left > 1 && random.below(4) === 0) {
      const isCut = starting.then(() => 0).catch(() => 1);
      await sleep(random() * 2_500);
      await service.kill();
      left--;
      cutStarts += await isCut;
      await service.start();
    } else await starting;
    await sleep(random() * 2_000);
  }
  return { kills, cutStarts };
}

function listen(stdout: NodeJS.ReadableStream): Acknowledged {
  const told: Acknowledged = {
    jobs: new Map(),
    completed: new Map(),
    stored: new Set(),
    stale: 0,
    wrong: [],
  };
  createInterface(stdout).on("line", (line) => {
    const { created = {}, completed, stored = [], stale, wrong } = JSON.parse(line);
    for (const [key, id] of Object.entries(created)) told.jobs.set(key, String(id));
    if (completed) told.completed.set(completed.job_id, completed.epoch);
    for (const output of stored) told.stored.add(output);
    if (stale) told.stale++;
    if (wrong) told.wrong.push(wrong);
  });
  return told;
}

/** In what the database, and what the service counts, differ from what the client was told. */
async function compare(
  service: Service,
  calls: LtbClient,
  { jobType, benchmarkId, told }: { jobType: string; benchmarkId: string; told: Acknowledged },
): Promise<string[]> {
  const pool = new Pool(await findRunning(service.dataDir));
  try {
    const { rows: jobs } = await pool.query<{
      id: string;
      key: string;
      status: string;
      epoch: number;
      result: string;
      attempts: string;
    }>(
      `select id, payload ->> 'key' as key, status, epoch, result, (
        select string_agg(a.epoch || case a.outcome when 'completed' then '!' else '' end, ' ' order by a.epoch)
        from job_attempts a where a.job_id = j.id
      ) as attempts from jobs j where job_type = $1`,
      [jobType],
    );
    const { rows: outputs } = await pool.query<{ output: string; times: number }>(
      "select output, count(*)::integer as times from evaluations where benchmark_id = $1 group by output",
      [benchmarkId],
    );
    const stored = new Set(outputs.map(({ output }) => output));
    const epochs = new Map(jobs.map(({ id, epoch }) => [id, epoch]));
    const ids = new Map(jobs.map(({ id, key }) => [key, id]));
    const wrong = (condition: boolean, text: string) => (condition ? [text] : []);
    // Its attempts have one epoch each, and the last one completed it.
    const attemptsOf = (epoch: number) =>
      `${Array.from({ length: epoch }, (_, index) => index + 1).join(" ")}!`;
    const left = outputs.filter(({ output }) => {
      const [id = "", epoch] = output.split(" ");
      return epochs.has(id) && String(epochs.get(id)) !== epoch;
    });
    const verified = await run(process.execPath, [join(root, "src", "main.ts"), "audit", "verify"], {
      env: { LTB_ADDRESS: service.grpc, LTB_API_KEY: service.key },
    });
    return [
      ...wrong(ids.size !== jobs.length, `${jobs.length} jobs were made of ${ids.size} requests`),
      ...[...told.jobs].flatMap(([key, id]) =>
        wrong(ids.get(key) !== id, `job ${id} of ${key} is ${ids.get(key)}`),
      ),
      ...[...told.completed].flatMap(([id, epoch]) =>
        wrong(epochs.get(id) !== epoch, `${id} was completed in epoch ${epoch} and is in ${epochs.get(id)}`),
      ),
      ...jobs.flatMap(({ id, status, epoch, result, attempts }) => [
        ...wrong(
          status !== "completed" || attempts !== attemptsOf(epoch) || result !== `${id} ${epoch} 0`,
          `${id} is ${status} in epoch ${epoch} with ${result}, attempts ${attempts}`,
        ),
        ...[0, 1, 2].flatMap((part) =>
          wrong(!stored.has(`${id} ${epoch} ${part}`), `${id} lacks evaluation ${part} of epoch ${epoch}`),
        ),
      ]),
      ...[...told.stored].flatMap((output) => wrong(!stored.has(output), `the evaluation ${output} is gone`)),
      ...outputs.flatMap(({ output, times }) => wrong(times > 1, `${output} is stored ${times} times`)),
      ...left.map(({ output }) => `${output} was left by an attempt that did not complete its job`),
      ...(await miscounts(calls, benchmarkId, pool)),
      ...(await missummed(calls, benchmarkId, pool)),
      // What has been sealed is no longer named to the sealer.
      ...(await disagreements(pool)).filter((line) => !line.includes("to the sealer")),
      ...wrong(verified.code !== 0, `ltb audit verify: ${verified.stdout}${verified.stderr}`),
    ];
  } finally {
    await pool.end();
  }
}

/** In what the summary differs from the rows. */
async function missummed({ benchmarks }: LtbClient, benchmarkId: string, pool: Pool): Promise<string[]> {
  const { rows } = await pool.query(
    "select count(*)::integer as count, avg(score) as mean from evaluations where benchmark_id = $1",
    [benchmarkId],
  );
  const { evaluationCount, metrics } = await benchmarks.getBenchmarkSummary({ benchmarkId });
  const mean = metrics.find(({ name }) => name === "score")?.mean ?? Number.NaN;
  const isRight = evaluationCount === rows[0].count && Math.abs(mean - rows[0].mean) < 1e-9;
  return isRight
    ? []
    : [`the summary has ${evaluationCount} with mean ${mean}, the rows are ${JSON.stringify(rows)}`];
}
