import type { Client } from "pg";
import { type Connection, withClient } from "../../database/connection/connect.ts";
import { MigrationError } from "../../database/migrate/error.ts";
import { type SearchKind, searchIndexes, searchKinds } from "./indexes.ts";

interface SearchIndexState {
  kind: SearchKind;
  /** Name of the index in PostgreSQL. */
  name: string;
  /** `unfinished`: being built right now, or left by a failed build; adding it again builds it again. */
  state: "missing" | "unfinished" | "ready";
  bytes: number;
}

/** Both indexes, those that are not there too. */
export function listSearchIndexes(connection: Connection): Promise<SearchIndexState[]> {
  return withClient(connection, readStates);
}

/**
 * Builds an index while everything goes on: it takes two passes over the evaluations and waits for
 * transactions that are older.
 * @returns false if it was there already
 * @throws MigrationError if there is no lock within `lockTimeoutMs`, or another index is being built
 */
export function addSearchIndex(connection: Connection, kind: SearchKind, { lockTimeoutMs = 60_000 } = {}) {
  return withOnlyBuilder(connection, kind, lockTimeoutMs, async (client, state) => {
    if (state === "ready") return false;
    const { name, expression, operatorClass } = searchIndexes[kind];
    if (state === "unfinished") await client.query(`drop index concurrently ${name}`);
    const what = `${name} on evaluations using gin ((${expression.sql}) ${operatorClass})`;
    try {
      await client.query(`create index concurrently ${what}`);
    } catch (error) {
      // If this fails too, the index is "unfinished", and the next `add` or `drop` removes it.
      await client.query(`drop index concurrently if exists ${name}`).catch(() => undefined);
      throw error;
    }
    // How often a word or key occurs is known to the planner only afterwards.
    await client.query("analyze evaluations");
    return true;
  });
}

/** @returns false if there was none */
export function dropSearchIndex(connection: Connection, kind: SearchKind, { lockTimeoutMs = 60_000 } = {}) {
  return withOnlyBuilder(connection, kind, lockTimeoutMs, async (client, state) => {
    if (state === "missing") return false;
    await client.query(`drop index concurrently ${searchIndexes[kind].name}`);
    return true;
  });
}

async function readStates(client: Client): Promise<SearchIndexState[]> {
  const { rows } = await client.query<{ name: string; valid: boolean; bytes: string }>(
    `select c.relname::text as name, i.indisvalid as valid, pg_relation_size(c.oid) as bytes
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = to_regclass('evaluations')`,
  );
  return searchKinds.map((kind) => {
    const { name } = searchIndexes[kind];
    const found = rows.find((row) => row.name === name);
    const state = found === undefined ? "missing" : found.valid ? "ready" : "unfinished";
    return { kind, name, state, bytes: Number(found?.bytes ?? 0) };
  });
}

/** Any number but that of migrations, which have to go on while an index is built for an hour. */
const LOCK = 7_036_420_325;

function withOnlyBuilder(
  connection: Connection,
  kind: SearchKind,
  lockTimeoutMs: number,
  work: (client: Client, state: SearchIndexState["state"] | undefined) => Promise<boolean>,
): Promise<boolean> {
  return withClient(connection, async (client) => {
    await client.query("set statement_timeout to 0; set client_min_messages to warning");
    await client.query(`set lock_timeout to ${Math.ceil(lockTimeoutMs)}`);
    if ((await client.query("select to_regclass('evaluations') as found")).rows[0].found === null)
      throw new MigrationError("the database has no evaluations yet; first: ltb migrate up");
    // Another's unfinished index looks like one that was left behind.
    if (!(await client.query("select pg_try_advisory_lock($1) as got", [LOCK])).rows[0].got)
      throw new MigrationError("another index of evaluations is being built or dropped: wait for that");
    const state = (await readStates(client)).find((index) => index.kind === kind)?.state;
    return work(client, state).catch((error) => {
      throw explain(error, lockTimeoutMs);
    });
  });
}

function explain(error: unknown, lockTimeoutMs: number): unknown {
  if ((error as { code?: unknown }).code !== "55P03") return error;
  const what = `a lock on evaluations was not to be had in ${lockTimeoutMs / 1000} s`;
  const why = "because of a transaction that has been open for so long (pg_stat_activity shows it)";
  return new MigrationError(`${what}, ${why}: end it and try again`, { cause: error });
}
