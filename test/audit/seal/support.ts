import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { afterAll } from "vitest";
import { contentHash, macOf } from "../../../src/audit/seal/hash-chain.ts";
import { createKeyFile, readKeyFile } from "../../../src/audit/seal/key.ts";
import { packRemoval } from "../../../src/audit/seal/records.ts";
import { insertSeal, readTail } from "../../../src/audit/seal/statements.ts";
import { AuditTrail } from "../../../src/audit/seal/trail.ts";
import type { DatabaseConfig } from "../../../src/config.ts";
import { newId } from "../../../src/ids.ts";
import { Database } from "../../../src/storage.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { silentLog } from "../../harness/log.ts";
import { createTestDatabase, onlooker } from "../../harness/postgres.ts";

const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.splice(0)) await end();
});

/** What a trail has said, by level. */
export function recorder() {
  const lines: string[] = [];
  const log = {
    ...silentLog,
    info: (_: object, message: string) => void lines.push(`info: ${message}`),
    warn: (_: object, message: string) => void lines.push(`warn: ${message}`),
    error: (_: object, message: string) => void lines.push(`error: ${message}`),
  };
  return { lines, log };
}

/** A database with a trail that has a key, and a superuser's connection beside it. */
export async function startTrail(given?: DatabaseConfig) {
  const config = given ?? (await createTestDatabase());
  const db = await Database.connect({ ...config, poolSize: 4 });
  const superuser = await onlooker(config);
  ends.push(
    () => superuser.end(),
    () => db.close(),
  );
  const keyFile = join(temporaryFolder(), "audit.key");
  await createKeyFile(keyFile);
  const { lines, log } = recorder();
  const trail = new AuditTrail(db.executor, { keyFile, log });
  return {
    config,
    db,
    superuser,
    keyFile,
    lines,
    log,
    trail,
    /** Another server with the same key, or with the key of another file. */
    another: (file = keyFile) => new AuditTrail(db.executor, { keyFile: file, log }),
    /** Runs a text as a superuser who gets around the triggers. */
    tamper: (text: string, values: unknown[] = []) => tamper(superuser, text, values),
  };
}

/** Runs a text as a superuser who gets around the triggers. @returns how many rows it changed */
export async function tamper(client: Client, text: string, values: unknown[] = []): Promise<number> {
  await client.query("begin");
  try {
    await client.query("set local session_replication_role = replica");
    const { rowCount } = await client.query(text, values);
    await client.query("commit");
    return rowCount ?? 0;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

export interface EntryOptions {
  /** Seconds. */
  age?: number;
}

/** Audit logs, written and queued in one transaction as the service does it. */
export async function addLogs(
  client: Client,
  count: number,
  { age = 0 }: EntryOptions = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await client.query(
    `with entry as (
      insert into audit_logs (id, created_at, user_id, api_key_id, action, entity_type, entity_id, ip_address, actor, request_id,
        user_agent, changes, external)
      select id, clock_timestamp() - make_interval(secs => $2) + n * interval '1 us', $3::uuid, $4::uuid, 'update', 'benchmark',
        'benchmark-' || n, '192.0.2.1', 'alice', 'request-' || n, 'test/1', jsonb_build_object('after', jsonb_build_object('n', n)), false
      from unnest($1::uuid[]) with ordinality as e (id, n)
    )
    insert into audit_unsealed (created_at, entry_kind, entry_ids) values (clock_timestamp() - make_interval(secs => $2), 'audit_log', $1)`,
    [ids, age, newId(), newId()],
  );
  return ids;
}

/** Attempts at jobs that do not exist, likewise. */
export async function addAttempts(
  client: Client,
  count: number,
  { age = 0 }: EntryOptions = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await client.query(
    `with entry as (
      insert into job_attempts (job_id, started_at, ended_at, epoch, attempt, outcome, worker_id, error, evaluations_inserted,
        evaluations_duplicate, evaluations_conflict, tokens_used)
      select id, clock_timestamp() - make_interval(secs => $2) - interval '1 s', clock_timestamp() - make_interval(secs => $2) + n * interval '1 us',
        n::integer, 1, 'failed', 'worker-1', 'out of luck', 3, 2, 1, 7
      from unnest($1::uuid[]) with ordinality as e (id, n)
    )
    insert into audit_unsealed (created_at, entry_kind, entry_ids, epochs)
    select clock_timestamp() - make_interval(secs => $2), 'job_attempt', $1, array(select generate_series(1, cardinality($1::uuid[])))`,
    [ids, age],
  );
  return ids;
}

/** Adds a line with a new key to the key file. */
export async function replaceKey(keyFile: string): Promise<void> {
  await createKeyFile(`${keyFile}.next`);
  await writeFile(keyFile, (await readFile(keyFile, "utf8")) + (await readFile(`${keyFile}.next`, "utf8")));
}

/** Appends a checkpoint, as somebody does who has the database and the key in this line of the key file. */
export async function forgeCheckpoint(
  { db, keyFile }: { db: Database; keyFile: string },
  { line, ageMs, entryId = newId() }: { line: number; ageMs: number; entryId?: string },
): Promise<void> {
  const stolen = join(temporaryFolder(), "stolen.key");
  await writeFile(stolen, (await readFile(keyFile, "utf8")).split("\n")[line] ?? "");
  const key = (await readKeyFile(stolen))?.current;
  const tail = await db.executor.maybeOne(readTail());
  if (!key || !tail) throw new Error("there is nothing to forge");
  const sealedAt = tail.sealedAt ?? "";
  const cutoff = `${new Date(Date.parse(sealedAt) - ageMs).toISOString().slice(0, -1)}000Z`;
  const content = packRemoval({ logs: 1, attempts: 0 }, entryId);
  const header = {
    ...({
      sequence: tail.sequence + 1,
      kind: "checkpoint",
      sealedAt,
      keyId: key.id,
      previousMac: tail.mac,
    } as const),
    ...{ entries: 0, firstAt: null, lastAt: null, cutoff, contentHash: contentHash(content) },
  };
  await db.executor.one(insertSeal({ ...header, mac: macOf(header, key) }, content));
}
