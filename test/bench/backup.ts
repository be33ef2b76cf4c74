/**
 * `npm run bench:backup [-- --quick --json]`: backup, verify and restore of 1M evaluations and 1M jobs;
 * seconds, bytes and memory.
 */
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { backUp } from "../../src/backup/backup.ts";
import { restore } from "../../src/backup/restore.ts";
import { verifyBackup } from "../../src/backup/verify.ts";
import { Database } from "../../src/storage.ts";
import { fillEvaluations } from "./evaluations/fill.ts";
import { startBenchPostgres } from "./postgres.ts";
import { ended, fill, pending } from "./queue/backlog.ts";
import { jobType } from "./queue/job.ts";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});
const evaluations = options.quick ? 50_000 : 1_000_000;
const jobs = options.quick ? 50_000 : 1_000_000;

await using started = new AsyncDisposableStack();
const { connection: source, dataDir } = await startBenchPostgres(started);
await chmod(dataDir, 0o711);
const target = { ...source, database: "restored" };
const client = new Client(source);
await client.connect();
started.defer(() => client.end());
const figures: Record<string, number> = {};
let peakRss = 0;
const watching = setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 20);
try {
  await prepare();
  figures.database_mb = await megabytes();
  const file = join(dataDir, "bench.backup.tar");
  peakRss = 0;
  const { manifest } = await timed("backup", () => backUp(source, file));
  figures.file_mb = (await stat(file)).size / 1e6;
  await timed("verify", () => verifyBackup(file));
  await client.query("create database restored");
  await timed("restore", () => restore(target, file));
  figures.peak_rss_mb = peakRss / 1024 ** 2;
  const again = await backUp(target, join(dataDir, "again.backup.tar"));
  if (contentOf(again.manifest.tables) !== contentOf(manifest.tables))
    throw new Error("what was restored is not what was backed up");
  figures.rows = Object.values(manifest.tables).reduce((sum, { rows }) => sum + rows, 0);
} finally {
  clearInterval(watching);
}
print();

/** Nine of ten jobs have ended, with their attempts. */
/** All but the audit trail, in which the restore itself is noted. */
function contentOf(tables: { readonly [name: string]: unknown }): string {
  const { audit_logs: _logs, audit_unsealed: _unsealed, ...others } = tables;
  return JSON.stringify(others);
}

async function prepare(): Promise<void> {
  const db = await Database.connect(source);
  await db.migrate();
  await db.workers.register({ workerId: "worker-0", address: "", capacity: 1 });
  const { id } = await db.jobs.create({ jobType });
  await db.jobs.delete(id);
  await db.close();
  await client.query("set synchronous_commit = off");
  await fillEvaluations(client, { rows: evaluations, shift: 0 });
  const lane = `(select * from job_lanes where job_type = '${jobType}') l`;
  await fill(client, jobs * 0.1, lane, pending);
  await fill(client, jobs * 0.9, lane, ended);
  await client.query("checkpoint");
}

async function megabytes(): Promise<number> {
  const { rows } = await client.query("select pg_database_size(current_database())::float8 / 1e6 as mb");
  return rows[0].mb;
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  figures[`${name}_s`] = (performance.now() - startedAt) / 1000;
  return result;
}

function print(): void {
  for (const [name, value] of Object.entries(figures)) figures[name] = Math.round(value * 100) / 100;
  if (options.json) console.log(JSON.stringify({ evaluations, jobs, figures, ratios: {} }));
  else
    for (const [name, value] of Object.entries({ evaluations, jobs, ...figures }))
      console.log(`${name.padEnd(14)} ${value}`);
}
