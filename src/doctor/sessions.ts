import type { Client } from "pg";
import { formatSpan } from "../time-span.ts";
import { type Check, type Finding, fail, ok, warn } from "./check.ts";

const longMs = 5 * 60_000;
const tooLongMs = 60 * 60_000;
/** Changes are told to watches within this time, unless a transaction that may write stays open. */
const stalledMs = 10_000;

type Session = { pid: number; state: string; application: string; role: string; ms: number };

/** Finds long transactions, which keep vacuum from cleaning up and watches from sending later changes. */
export const longTransactions: Check = async ({ client, row }) => {
  const findings = judgeTransactions(await openTransactions(client));
  if (findings.length > 0) return findings;
  const { all } = await row<{ all: boolean }>(
    "select pg_has_role(current_user, 'pg_read_all_stats', 'usage') as all",
  );
  return ok(all ? "none" : "none of this role; those of others are seen by members of pg_monitor only");
};

/** Reads the transactions of other sessions in this database. */
export async function openTransactions(client: Client): Promise<Session[]> {
  const { rows } = await client.query<Session>(`
    select pid, coalesce(state, '') as state, coalesce(application_name, '') as application,
      coalesce(usename, '') as role,
      (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as ms
    from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and xact_start is not null and backend_type = 'client backend'`);
  return rows;
}

export function judgeTransactions(sessions: readonly Session[]): readonly Finding[] {
  return sessions
    .filter(({ ms }) => ms > longMs)
    .map(({ pid, state, application, role, ms }) => {
      const words = `process ${pid} (${application || role}) has had a transaction open for ${formatSpan(ms)} (${state})`;
      const advice = `Ask who needs it; SELECT pg_terminate_backend(${pid}) ends it. idle_in_transaction_session_timeout ends such by itself.`;
      return ms > tooLongMs ? fail(words, advice) : warn(words, advice);
    });
}

/** Finds prepared transactions. None is the service's, and one that is left keeps its locks over restarts. */
export const preparedTransactions: Check = async ({ client }) => {
  const { rows: prepared } = await client.query<{ gid: string; ms: number }>(`
    select gid, (extract(epoch from clock_timestamp() - prepared) * 1000)::float8 as ms
    from pg_prepared_xacts where database = current_database()`);
  const findings = judgePrepared(prepared);
  return findings.length > 0 ? findings : ok("none");
};

export function judgePrepared(prepared: readonly { gid: string; ms: number }[]): readonly Finding[] {
  return prepared.map(({ gid, ms }) =>
    fail(
      `the prepared transaction ${JSON.stringify(gid)} has been left for ${formatSpan(ms)}`,
      `ROLLBACK PREPARED ${quote(gid)}; unless a program is about to commit it.`,
    ),
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A transaction that may write, in any database. Changes from after its beginning are told after its end. */
type Holder = {
  database: string;
  /** Null for a prepared transaction, which has a name instead. */
  pid: number | null;
  gid: string | null;
  owner: string;
  ms: number;
};

/** Finds what keeps watches from telling changes: the oldest transaction that may write, in any database. */
export const watches: Check = async ({ client, row }) => {
  const { ms } = await row<{ ms: number }>(`
    select coalesce(extract(epoch from clock_timestamp() - min(created_at)) * 1000, 0)::float8 as ms
    from (
      select created_at from job_events where xid >= txid_snapshot_xmin(txid_current_snapshot())
      union all
      select created_at from benchmark_events where xid >= txid_snapshot_xmin(txid_current_snapshot())
    ) waiting`);
  const { rows } = await client.query<Holder>(`
    select database, pid, gid, owner, (extract(epoch from clock_timestamp() - since) * 1000)::float8 as ms
    from (
      select datname as database, pid, null as gid, coalesce(nullif(application_name, ''), usename) as owner,
        xact_start as since, age(backend_xid) as age
      from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
      union all
      select database, null, gid, owner, prepared, age(transaction) from pg_prepared_xacts
    ) holder
    order by age desc limit 1`);
  return judgeWatches(ms, rows[0]);
};

export function judgeWatches(waitMs: number, holder: Holder | undefined): Finding {
  if (waitMs <= stalledMs) return ok("changes are told at once");
  const words = `changes have waited ${formatSpan(waitMs)} to be told to watches`;
  if (!holder)
    return warn(
      `${words}, and the transaction that holds them up is not seen by this role`,
      "Run it as a member of pg_monitor.",
    );
  const { database, pid, gid, owner, ms } = holder;
  const open = `${owner}, database ${database}, open for ${formatSpan(ms)}`;
  const [name, cure] =
    gid === null
      ? [`process ${pid}`, `SELECT pg_terminate_backend(${pid}) ends it.`]
      : [
          `the prepared transaction ${JSON.stringify(gid)}`,
          `There, ROLLBACK PREPARED ${quote(gid)} ends it.`,
        ];
  return warn(`${words}: ${name} holds them up (${open})`, `Ask who needs it. ${cure}`);
}

interface ConnectionBudget {
  /** Number of connections that PostgreSQL, the database and the role allow. */
  allowed: number;
  /** Connections of programs other than this service. */
  others: number;
  /** Connections of one server: its pool, one for urgent work, and one that listens for hints. */
  perServer: number;
  servers: number;
}

/** Checks that there are connections for all servers, in addition to those of other programs. */
export const connections: Check = async ({ row, database, config, servers }) => {
  const { allowed, others } = await row<{ allowed: number; others: number }>(`
    select least(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int,
      (select nullif(datconnlimit, -1) from pg_database where datname = current_database()),
      (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user)
    )::int as allowed,
    (select count(*) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()
        and application_name is distinct from current_setting('application_name'))::int as others`);
  const perServer = database.poolSize + 1 + (config.database.listen ? 1 : 0);
  return judgeConnections({ allowed, others, perServer, servers });
};

export function judgeConnections({ allowed, others, perServer, servers }: ConnectionBudget): Finding {
  // One more is for migrations and commands.
  const needed = servers * perServer + 1;
  const words = `${servers} server${servers > 1 ? "s" : ""} may take ${needed} connections of ${allowed}, ${others} of which others use now`;
  const advice =
    "Raise max_connections, lower DATABASE_POOL_SIZE, or put pgbouncer in between (docs/operations.md).";
  if (needed > allowed) return fail(words, advice);
  if (needed + others > allowed) return warn(words, advice);
  return ok(words);
}
