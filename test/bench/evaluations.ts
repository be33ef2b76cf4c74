/**
 * `npm run bench:evaluations [-- --quick --json --no-ingest]`: what reading costs with 5k, 500k and 5M
 * evaluations in a benchmark, also with five of each sample, and with 100 to 10,000 benchmarks on a
 * leaderboard, as a client sees it; and what ingest does beside COPY. Needs 12 GB of disk.
 */
import { execFile } from "node:child_process";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { Client } from "pg";
import { Reducer } from "../../gen/ltb/v1/benchmark_pb.ts";
import { EvaluationOrder } from "../../gen/ltb/v1/evaluation_pb.ts";
import { createClient } from "../../src/client/index.ts";
import { fillBoard, fillEvaluations } from "./evaluations/fill.ts";
import { startBenchPostgres } from "./postgres.ts";
import { median } from "./queue/statistics.ts";
import { startBenchServer } from "./server.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    ingest: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const sizes = options.quick ? [5_000, 50_000, 200_000] : [5_000, 500_000, 5_000_000];
const boards = options.quick ? [100, 1_000] : [100, 1_000, 10_000];
const repeats = options.quick ? 9 : 31;

const slow = { timeoutMs: 600_000 };

const figures: Record<string, number> = {};
const ratios: Record<string, number> = {};
const notes = [`load average at the start: ${loadavg()[0]?.toFixed(1)}`];
if (options.ingest) await ingest();

await using started = new AsyncDisposableStack();
const { connection, dataDir, url } = await startBenchPostgres(started, { max_wal_size: "8GB" });
// What is slow here is meant to be, and measured.
process.env.LTB_SLOW_QUERY_MS = "0";
const server = await startBenchServer(url, dataDir);
started.defer(() => server.stop());
const filler = new Client(connection);
await filler.connect();
started.defer(() => filler.end());
await filler.query("set synchronous_commit = off");
const calls = createClient({ address: server.address, apiKey: server.key });
started.defer(() => calls[Symbol.dispose]());

for (const rows of sizes) await readBenchmark(rows);
for (const rows of sizes) await readRepeated(rows);
for (const count of boards) await readBoard(count);
figures.export_rows_per_s = await exportRows();
figures.rss_mb = server.peakRssMb();

const [small = 0, , large = 0] = sizes;
const growths = Object.keys(figures)
  .filter((name) => name.endsWith(`_ms_${small}`) && !/exact|compare/.test(name))
  .map((name) => name.slice(0, -`_${small}`.length))
  .map((name) => [name, (figures[`${name}_${large}`] ?? 0) / (figures[`${name}_${small}`] ?? 0)] as const);
for (const [name, growth] of growths) ratios[`growth_${name.replace(/_ms$/, "")}`] = growth;
ratios.growth = Math.max(...growths.map(([, growth]) => growth));
const repeatedGrowths = growths.filter(([name]) => /^repetitions_/.test(name));
ratios.growth_repetitions = Math.max(...repeatedGrowths.map(([, growth]) => growth));
print();

async function ingest(): Promise<void> {
  const args = ["test/bench/ingest.ts", "--json", ...(options.quick ? ["--quick"] : [])];
  const running = promisify(execFile)(process.execPath, args);
  // It stops what it has started itself.
  process.once("exit", () => running.child.kill());
  const { stdout } = await running;
  const result = JSON.parse(stdout);
  Object.assign(figures, result.figures);
  Object.assign(ratios, result.ratios);
  figures.ingest_rss_mb = result.figures.rss_mb;
}

/** Every way to read a benchmark, deep pages too, against a candidate of the same size. */
async function readBenchmark(rows: number): Promise<void> {
  const benchmarkId = await fillEvaluations(filler, { rows, shift: 0 });
  const candidate = await fillEvaluations(filler, { rows, shift: 1, name: "candidate" });
  await filler.query("analyze evaluations");
  await filler.query("checkpoint");
  figures[`recompute_s_${rows}`] = await recomputed();
  const { evaluationCount } = await calls.benchmarks.getBenchmarkSummary({ benchmarkId });
  if (evaluationCount !== rows)
    throw new Error(`the summary is of ${evaluationCount} of ${rows} evaluations`);

  const time = async (name: string, call: () => Promise<unknown>, times = repeats) => {
    figures[`${name}_ms_${rows}`] = await medianMs(call, times);
  };
  const summary = { benchmarkId };
  await time("summary", () => calls.benchmarks.getBenchmarkSummary(summary));
  const few = rows > 100_000 ? 1 : 5;
  await time(
    "summary_exact",
    () => calls.benchmarks.getBenchmarkSummary({ ...summary, exact: true }, slow),
    few,
  );
  const comparison = { baselineId: benchmarkId, candidateIds: [candidate] };
  await time("compare", () => calls.benchmarks.compareBenchmarks(comparison, slow), few);

  const middle = await deepToken(benchmarkId, rows);
  const lists = {
    list: {},
    list_deep: { pageToken: middle },
    list_by_score: { orderBy: EvaluationOrder.SCORE_DESC },
    list_score_range: { minScore: 0.5, maxScore: 0.51, orderBy: EvaluationOrder.SCORE_ASC },
    list_failed: { failedOnly: true },
    list_sample: { sampleId: `s${Math.floor(rows / 2)}` },
  };
  for (const [name, filter] of Object.entries(lists))
    await time(name, () => calls.benchmarks.listEvaluations({ benchmarkId, ...filter }));
}

/** A summary of as many rows, five of each sample, by the reducers that need no more than what is kept. */
async function readRepeated(rows: number): Promise<void> {
  const benchmarkId = await fillEvaluations(filler, { rows, shift: 0, name: "repeated", repetitions: 5 });
  await filler.query("analyze evaluations");
  await filler.query("checkpoint");
  figures[`gather_s_${rows}`] = await recomputed();
  const summary = { benchmarkId, exact: false };
  const reducers = {
    mean: {},
    pass_at_k: { reducer: Reducer.PASS_AT_K, k: 3 },
    pass_hat_k: { reducer: Reducer.PASS_HAT_K, k: 3 },
  };
  for (const [name, how] of Object.entries(reducers)) {
    const { sampleCount, exact } = await calls.benchmarks.getBenchmarkSummary({ ...summary, ...how });
    if (sampleCount !== rows / 5 || exact)
      throw new Error(`a summary is of ${sampleCount} samples of ${rows / 5}`);
    figures[`repetitions_${name}_ms_${rows}`] = await medianMs(
      () => calls.benchmarks.getBenchmarkSummary({ ...summary, ...how }),
      repeats,
    );
  }
}

/** How many seconds the service takes to compute the aggregates of what was filled in behind its back. */
async function recomputed(): Promise<number> {
  const startedAt = performance.now();
  const left = async () =>
    (
      await filler.query(
        `(select from stale_rollups where is_missing limit 1) union all
        (select from repeated_benchmarks where is_missing limit 1) union all
        (select from touched_samples limit 1)`,
      )
    ).rowCount;
  while (await left()) await sleep(100);
  return (performance.now() - startedAt) / 1000;
}

/** The token of the page in the middle, as the service gives it to who has read all pages before. */
async function deepToken(benchmarkId: string, rows: number): Promise<string> {
  const { rows: found } = await filler.query(
    `select id, score, to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "createdAt"
    from evaluations where benchmark_id = $1 and sample_id = $2`,
    [benchmarkId, `s${Math.floor(rows / 2)}`],
  );
  // The first page's says which filters a token is for.
  const { nextPageToken } = await calls.benchmarks.listEvaluations({ benchmarkId });
  const [filters] = JSON.parse(Buffer.from(nextPageToken, "base64url").toString());
  return Buffer.from(JSON.stringify([filters, found[0]])).toString("base64url");
}

async function readBoard(count: number): Promise<void> {
  const dataset = `board-${count}`;
  await fillBoard(filler, dataset, count);
  await filler.query("analyze");
  figures[`recompute_s_${count}_benchmarks`] = await recomputed();
  const { entries, totalCount } = await calls.benchmarks.getLeaderboard({ dataset });
  if (entries.length === 0 || totalCount !== count)
    throw new Error(`the leaderboard ranks ${totalCount} of ${count}`);
  const filters = {
    leaderboard: {},
    leaderboard_provider: { provider: "p1" },
    leaderboard_labels: { labels: { team: "t1" } },
  };
  for (const [name, filter] of Object.entries(filters))
    figures[`${name}_ms_${count}_benchmarks`] = await medianMs(
      () => calls.benchmarks.getLeaderboard({ dataset, ...filter }),
      repeats,
    );
}

/** Reads up to a million rows of the largest benchmark, with all of their texts. */
async function exportRows(): Promise<number> {
  const { rows: found } = await filler.query(
    "select benchmark_id from evaluations group by benchmark_id order by count(*) desc limit 1",
  );
  const stop = new AbortController();
  const startedAt = performance.now();
  let count = 0;
  try {
    for await (const { evaluations } of calls.benchmarks.exportEvaluations(
      { benchmarkId: found[0].benchmark_id },
      { signal: stop.signal },
    )) {
      count += evaluations.length;
      if (count >= 1_000_000) stop.abort();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return count / ((performance.now() - startedAt) / 1000);
}

/** How long a call takes, warm. */
async function medianMs(call: () => Promise<unknown>, times: number): Promise<number> {
  const taken: number[] = [];
  if (times > 1) await call();
  for (let left = times; left > 0; left--) {
    const startedAt = performance.now();
    await call();
    taken.push(performance.now() - startedAt);
  }
  return median(taken);
}

function print(): void {
  if (options.json) {
    console.log(JSON.stringify({ sizes, figures, ratios, notes }));
    return;
  }
  for (const note of notes) console.log(note);
  for (const [name, value] of Object.entries(figures))
    console.log(name.padEnd(44), value < 100 ? value.toFixed(2) : Math.round(value));
  for (const [name, value] of Object.entries(ratios)) console.log(name.padEnd(44), value.toFixed(2));
}
