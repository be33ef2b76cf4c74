/**
 * `npm run bench:console [-- --quick --json --only PARTS]`: what the console costs its reader, in a Chromium,
 * and the service. PARTS are some of overview, list, sample, memory, clients and history. The memory of a tab
 * takes ten minutes; all of it half an hour.
 */
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { historyLock } from "../../src/jobs/history/write.ts";
import { recordCalls, replay } from "./console/calls.ts";
import { keyTime, memoryOf, renderTime, scroll, Tabs } from "./console/tab.ts";
import { fillBoard, fillEvaluations } from "./evaluations/fill.ts";
import { startBenchPostgres } from "./postgres.ts";
import { processorSeconds } from "./processors.ts";
import { fillBacklog } from "./queue/backlog.ts";
import { Ours } from "./queue/ours.ts";
import { percentile, Rounds } from "./queue/statistics.ts";
import { startBenchServer } from "./server.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const { quick } = options;
const sizes = quick
  ? {
      samples: 100_000,
      jobs: 10_000,
      loads: 5,
      scrollSeconds: 5,
      keys: 20,
      memorySeconds: 60,
      workSeconds: 10,
    }
  : {
      samples: 1_000_000,
      jobs: 100_000,
      loads: 15,
      scrollSeconds: 20,
      keys: 60,
      memorySeconds: 600,
      workSeconds: 30,
    };
const rounds = quick ? 4 : 6;
const clients = 10;
const jobsPerSecond = 200;

await using started = new AsyncDisposableStack();
const { connection, dataDir, url } = await startBenchPostgres(started, { max_wal_size: "4GB" });
const server = await startBenchServer(url, dataDir);
started.defer(() => server.stop());
const db = new Client(connection);
await db.connect();
started.defer(() => db.end());
const backend = (await db.query("select pg_backend_pid() as pid")).rows[0];
const ours = new Ours(server, db);
started.defer(() => ours.close());
const tabs = await Tabs.start(server.key);
started.defer(() => tabs.close());
const consoleUrl = `http://${server.httpAddress}/console`;

const measured = new Rounds();
const notes = [`load average at the start: ${loadavg()[0]?.toFixed(1)}`];
await ours.register(["worker-0"], 500);
const { jobs } = sizes;
await fillBacklog(db, ours, { ready: 0, others: jobs / 10, future: jobs / 10, finished: jobs });
await fillBoard(db, "board", 100);

if (isWanted("overview")) await overview();
if (isWanted("list") || isWanted("sample")) await samples();
if (isWanted("memory")) await memory();
if (isWanted("clients")) await clientsBesideWork();
if (isWanted("history")) await historyBesideWork();
notes.push(`load average at the end: ${loadavg()[0]?.toFixed(1)}`);
print();

function isWanted(part: string): boolean {
  return options.only === undefined || options.only.split(",").includes(part);
}

async function overview(): Promise<void> {
  for (let load = 0; load < sizes.loads; load++) {
    const page = await tabs.open();
    await page.goto(`${consoleUrl}/`);
    measured.add("overview_first_ms", await renderTime(page));
    await page.reload();
    measured.add("overview_again_ms", await renderTime(page));
    await page.context().close();
  }
}

async function samples(): Promise<void> {
  const id = await fillEvaluations(db, { rows: sizes.samples, shift: 0 });
  await db.query("update benchmarks set total_iterations = $2 where id = $1", [id, sizes.samples]);
  await db.query("vacuum analyze evaluations");
  const page = await tabs.open();
  await page.goto(`${consoleUrl}/benchmarks/${id}/samples?order=oldest`);
  measured.add("list_first_ms", await renderTime(page));
  if (isWanted("list")) {
    const { longest, framesPerSecond, row } = await scroll(page, sizes.scrollSeconds);
    measured.add("list_longest_blank_ms", longest);
    measured.add("list_frames_per_s", framesPerSecond);
    measured.add("list_rows_scrolled", row);
  }
  if (isWanted("sample")) {
    const rows = page.getByRole("table", { name: "Samples" }).getByRole("link");
    await rows.first().click();
    const times: number[] = [];
    for (let key = 0; key < sizes.keys; key++) {
      // The next one is fetched ahead meanwhile.
      await sleep(400);
      times.push(await keyTime(page, "]"));
    }
    measured.add("sample_p50_ms", percentile(times, 0.5));
    measured.add("sample_p95_ms", percentile(times, 0.95));
  }
  await page.context().close();
}

/** Creates and works off jobs at an even pace until it is aborted. */
async function keepWorking(signal: AbortSignal): Promise<void> {
  const each = jobsPerSecond / 5;
  while (!signal.aborted) {
    const next = sleep(200);
    await ours.createBatched(each, { size: each });
    await ours.work(each, { workers: 1, batch: each });
    await next;
  }
}

async function memory(): Promise<void> {
  const ended = new AbortController();
  const work = keepWorking(ended.signal);
  for (const [name, path] of [
    ["overview", "/"],
    ["jobs", "/jobs"],
  ] as const) {
    const page = await tabs.open();
    await page.goto(`${consoleUrl}${path}`);
    await renderTime(page);
    await sleep((1_000 * sizes.memorySeconds) / (name === "overview" ? 1 : 4));
    const { heap, resident } = await memoryOf(page);
    measured.add(`${name}_heap_mb`, heap);
    measured.add(`${name}_resident_mb`, resident);
    await page.context().close();
  }
  ended.abort();
  await work;
}

/** What ten open overviews add to the work of the queue, at its pace of every day. */
async function clientsBesideWork(): Promise<void> {
  const seconds = 30;
  const ended = new AbortController();
  const work = keepWorking(ended.signal);
  const page = await tabs.open();
  await page.goto(`${consoleUrl}/`);
  const calls = await recordCalls(page, seconds);
  await page.context().close();
  ended.abort();
  await work;
  const kinds = new Map<string, number>();
  for (const { url: called } of calls) {
    const method = called.split("/").at(-1) ?? "";
    kinds.set(method, (kinds.get(method) ?? 0) + 1);
  }
  notes.push(
    `a page makes in ${seconds} s: ${[...kinds].map(([name, count]) => `${count} ${name}`).join(", ")}`,
  );
  const beside = async () => {
    const stopped = new AbortController();
    const startedAt = performance.now();
    const pages = replay(calls, {
      pages: clients,
      everyMs: 1_000 * seconds,
      signal: stopped.signal,
      key: server.key,
    });
    await worked("with_consoles");
    stopped.abort();
    const elapsed = secondsSince(startedAt);
    measured.add("console_calls_per_s", (await pages) / elapsed);
  };
  await inTurns(() => worked("alone"), beside);
}

/**
 * What the history of the queue adds to its work. Each round has the end of one minute, which is written
 * unless the lock is held that has one server alone write it.
 */
async function historyBesideWork(): Promise<void> {
  const seconds = 61;
  const without = async () => {
    await db.query("select pg_advisory_lock($1)", [historyLock]);
    await worked("without_history", seconds);
    await db.query("select pg_advisory_unlock($1)", [historyLock]);
  };
  await inTurns(without, () => worked("with_history", seconds));
}

/** Measures two things by rounds. A job costs more the more there are: what comes first takes turns. */
async function inTurns(...turns: (() => Promise<void>)[]): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
}

/** Takes down what service and PostgreSQL spend on a thousand jobs at full speed. */
async function worked(name: string, seconds = sizes.workSeconds): Promise<void> {
  await db.query("checkpoint");
  const before = processorSeconds(server.pid, backend.pid);
  const startedAt = performance.now();
  let done = 0;
  while (secondsSince(startedAt) < seconds) {
    await ours.createBatched(4_000);
    await ours.work(4_000);
    done += 4_000;
  }
  // The last jobs take longer than what was left of the time.
  const elapsed = secondsSince(startedAt);
  const after = processorSeconds(server.pid, backend.pid);
  if (!before || !after) return;
  const spent = after.service + after.postgres - before.service - before.postgres;
  measured.add(`${name}_cpu_s`, spent / (done / 1_000));
  measured.add(`${name}_jobs_per_s`, done / elapsed);
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000;
}

function print(): void {
  const figures: Record<string, number> = measured.figures();
  for (const [name, with_, without] of [
    ["consoles_cpu_ratio", "with_consoles_cpu_s", "alone_cpu_s"],
    ["history_cpu_ratio", "with_history_cpu_s", "without_history_cpu_s"],
  ] as const) {
    const ratio = measured.ratio(with_, without);
    if (ratio !== undefined) figures[name] = ratio;
  }
  if (options.json) {
    console.log(JSON.stringify({ sizes, notes, figures }));
    return;
  }
  console.log(`The console with ${sizes.samples} samples and ${sizes.jobs} jobs, medians`);
  for (const note of notes) console.log(note);
  for (const [name, value] of Object.entries(figures))
    console.log(name.padEnd(36), value < 100 ? value.toPrecision(3) : Math.round(value));
}
