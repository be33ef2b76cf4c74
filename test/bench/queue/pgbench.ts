import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Connection } from "../../../src/database/connection/connect.ts";
import { jobType, payload } from "./job.ts";

/** What the audit trail keeps of the job. */
const changes = { after: { jobType, payload, priority: 0, maxRetries: 3, timeoutSeconds: 300 } };

/**
 * The rows of CreateJob for one job, in one statement and one transaction: what a client without the service
 * would pay.
 */
const script = `with created as (
  insert into jobs (id, lane_id, bytes, job_type, required_tags, payload, priority, max_retries, timeout_seconds)
  select uuidv7(), id, 1000, job_type, required_tags, :payload::jsonb, 0, 3, 300 from job_lanes where id = :lane
  returning id, sequence, lane_id, priority, bytes, job_type
), ready as (
  insert into job_ready (job_id, sequence, lane_id, priority, bytes)
  select id, sequence, lane_id, priority, bytes from created
), counted as (
  insert into job_stat_deltas (job_type, pending) select job_type, 1 from created
), event as (
  insert into job_events (job_ids) select array_agg(id) from created
), entry as (
  insert into audit_logs
    (id, action, entity_type, entity_id, changes, user_id, api_key_id, actor, ip_address, user_agent, request_id,
    external)
  select
    uuidv7(), 'create', 'job', id::text, :changes::jsonb, uuidv7(), uuidv7(), 'admin', '127.0.0.1', 'pgbench', id::text, false
  from created
  returning id
), queued as (
  insert into audit_unsealed (entry_kind, entry_ids) select 'audit_log', array_agg(id) from entry
)
select now(), (select array_agg(id) from created);
`.replaceAll(/\n(?!$)\s*/g, " ");

/** Where pgbench is; undefined if it is not installed. Debian keeps it out of PATH. */
export function findPgbench(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...(existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, "bin")) : []),
  ];
  return folders.map((folder) => join(folder, "pgbench")).findLast((file) => existsSync(file));
}

/** Transactions a second of 32 clients, each of which creates jobs one at a time. */
export async function pgbenchCreates(
  pgbench: string,
  { host, port, user, password, database }: Connection,
  options: { seconds: number; laneId: string; folder: string },
): Promise<number> {
  const file = join(options.folder, "create-job.sql");
  await writeFile(file, script);
  const { stdout } = await promisify(execFile)(
    pgbench,
    [
      ...["-n", "-M", "prepared", "-c", "32", "-j", "2", "-T", String(options.seconds), "-f", file],
      ...["-D", `lane=${options.laneId}`, "-D", `payload=${JSON.stringify(payload)}`],
      ...["-D", `changes=${JSON.stringify(changes)}`],
      ...["-h", host, "-p", String(port), "-U", user, database],
    ],
    { env: { ...process.env, PGPASSWORD: password } },
  );
  const rate = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
  if (!rate) throw new Error(`pgbench did not tell its rate: ${stdout}`);
  return Number(rate);
}
