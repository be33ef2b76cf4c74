import { randomUUID } from "node:crypto";
import { Client, type ClientConfig } from "pg";
import { limits } from "../../limits.ts";
import { sqlState } from "../statement/errors.ts";
import { closeClient, runOrCut, sessionOf } from "./client.ts";
import { SilenceWatch } from "./silence.ts";

/**
 * The settings that results, their text and their errors depend on, each with the value that the service is
 * written for: PostgreSQL's default, but UTC. A role, a database or a configuration file may have others.
 */
const meaning = {
  array_nulls: "on",
  bytea_output: "hex",
  client_encoding: "UTF8",
  DateStyle: "ISO, MDY",
  default_transaction_deferrable: "off",
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  exit_on_error: "off",
  extra_float_digits: "1",
  gin_fuzzy_search_limit: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  IntervalStyle: "postgres",
  lock_timeout: "0",
  quote_all_identifiers: "off",
  row_security: "on",
  session_replication_role: "origin",
  standard_conforming_strings: "on",
  statement_timeout: "0",
  TimeZone: "UTC",
  transaction_timeout: "0",
  transform_null_equals: "off",
} as const;

/** The settings that only plans depend on. */
const plans = {
  enable_bitmapscan: "on",
  enable_hashagg: "on",
  enable_hashjoin: "on",
  enable_incremental_sort: "on",
  enable_indexonlyscan: "on",
  enable_indexscan: "on",
  enable_material: "on",
  enable_mergejoin: "on",
  enable_nestloop: "on",
  enable_sort: "on",
  from_collapse_limit: "8",
  join_collapse_limit: "8",
  plan_cache_mode: "auto",
} as const;

/** The timeouts that end a session, or its first statement, by the code of the error. */
const timeouts: Record<string, string> = {
  "25P04": "transaction_timeout",
  "57014": "statement_timeout",
  "57P05": "idle_session_timeout",
};

/** The timeout that a failure came of, of those that may be too short for a session to set them itself. */
export function timeoutOf(failure: unknown): string | undefined {
  return timeouts[sqlState(failure) ?? ""];
}

/** Which of those timeouts sessions begin with. Behind a pooler none is told: it takes no such options. */
export async function findTimeouts(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select name from pg_settings
    where name = any ($1) and reset_val <> '0' and pg_backend_pid() = $2`,
    [Object.values(timeouts), sessionOf(client).processId],
  );
  return rows.map(({ name }) => name);
}

/** A setting of a session that is not what the service needs. */
export interface WrongSetting {
  name: string;
  /** What it is, and what it must be. */
  setting: string;
  wanted: string;
}

// `home` is the schema that holds the tables of the service: the first of the search path, else of the path
// that PostgreSQL has by default. Before there are tables it is the first of the search path. Names are
// qualified because a search path may put other functions first.
const settingsQuery = `
  with places as (
    select nspname, place
    from unnest(pg_catalog.current_schemas(false)) with ordinality as s (nspname, place)
    union all select session_user, 1000 union all select 'public', 1001
  ), homes as (
    select nspname, place from places
    where 2 = (
      select pg_catalog.count(*)
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = places.nspname and c.relname in ('schema_migrations', 'job_leases')
        and c.relkind = 'r'
    )
  ), home as (
    select coalesce(
      (select nspname from homes order by place limit 1),
      nullif(pg_catalog.current_schema(), 'pg_catalog'),
      'public'
    ) as nspname
  ), wrong as (
    select s.name, s.setting, w.value as wanted, w.value
    from pg_catalog.json_each_text($1) as w (name, value)
    join pg_catalog.pg_settings s on pg_catalog.lower(s.name) = pg_catalog.lower(w.name)
    where s.setting <> w.value
    union all
    select 'search_path', pg_catalog.current_setting('search_path'), nspname,
      pg_catalog.quote_ident(nspname)
    from home where pg_catalog.current_setting('search_path') <> pg_catalog.quote_ident(nspname)
      and (pg_catalog.pg_backend_pid() = $2 or nspname is distinct from pg_catalog.current_schema())
  )
  select name, setting, wanted, case when pg_catalog.pg_backend_pid() = $2
    then pg_catalog.set_config(name, value, false) end as applied
  from wrong`;

/** Finds the settings that results depend on and that the client's session did not begin with as needed. */
export async function findWrongSettings(client: Client): Promise<WrongSetting[]> {
  const { rows } = await client.query<WrongSetting>(
    `select s.name, s.reset_val as setting, w.value as wanted
    from json_each_text($1) as w (name, value) join pg_settings s on lower(s.name) = lower(w.name)
    where s.reset_val <> w.value`,
    [JSON.stringify(meaning)],
  );
  return rows.filter((wrong) => !isHarmless(wrong));
}

/** Whether results are the same all the same: with times in other zones, say, or calls that end sooner. */
function isHarmless({ name, setting }: WrongSetting): boolean {
  if (name === "DateStyle") return setting.startsWith("ISO");
  if (name === "extra_float_digits") return Number(setting) > 0;
  return name in plans || name === "TimeZone" || name.endsWith("_timeout");
}

/**
 * Gives the session of a new connection the settings that the service needs.
 * @throws Error behind a pooler whose sessions have others that change results: there they would be set for
 * whoever comes next, and not for us. It names the statements that cure it
 */
export async function prepareSession(client: Client): Promise<void> {
  const { rows } = await runOrCut(client, limits.sessionMs, async () => {
    // A timeout of the role's must not end what follows.
    await client.query("set statement_timeout = 0");
    return client.query<WrongSetting & { applied: string | null }>(settingsQuery, [
      JSON.stringify({ ...meaning, ...plans }),
      sessionOf(client).processId,
    ]);
  });
  const wrong = rows.filter((row) => row.applied === null && !isHarmless(row));
  if (wrong.length === 0) return;
  throw new Error(
    `the pooler at ${client.host}:${client.port} gives sessions whose settings change results, and cannot carry ` +
      `ours: ${listSettings(wrong)}. Run ${cureOf(wrong, client)} and let the pooler connect again`,
  );
}

export function listSettings(wrong: readonly WrongSetting[]): string {
  return wrong.map(({ name, setting, wanted }) => `${name} is ${setting}, not ${wanted}`).join(", ");
}

/** The statements that give sessions of this role the settings that the service needs. */
export function cureOf(
  wrong: readonly Pick<WrongSetting, "name" | "wanted">[],
  { user, database }: Pick<Client, "user" | "database">,
): string {
  const id = (name = "") => `"${name.replaceAll('"', '""')}"`;
  return wrong
    .map(({ name, wanted }) => {
      const value = name === "search_path" ? id(wanted) : `'${wanted}'`;
      return `ALTER ROLE ${id(user)} IN DATABASE ${id(database)} SET ${name} = ${value};`;
    })
    .join(" ");
}

/** A client that is connected, with the settings that the service needs; `closeClient` ends it. */
export async function openClient(config: ClientConfig): Promise<Client> {
  const client = new Client(config);
  // Without a listener an error would end the process. One between two statements tells why the next fails.
  let told: unknown;
  client.on("error", (error) => {
    if (sqlState(error) !== undefined) told ??= error;
  });
  try {
    await client.connect();
    await prepareSession(client);
    new SilenceWatch(config).add(client);
    return client;
  } catch (error) {
    void closeClient(client);
    throw told ?? error;
  }
}

/**
 * Refuses a pooler that mixes up prepared statements, as pgbouncer by transaction does before 1.21: two
 * clients take turns on one connection of the server, and the second meets the statement of the first.
 * @throws Error with the settings that such a pooler needs
 */
export async function refuseOldPooler(config: ClientConfig): Promise<void> {
  const statement = { name: `ltb_${randomUUID()}`, text: "select pg_catalog.pg_backend_pid() as pid" };
  const one = await openClient(config);
  let other: Client | undefined;
  try {
    const { rows } = await one.query<{ pid: number }>(statement);
    // A server says the id of the very process, and knows no pooler.
    if (rows[0]?.pid === sessionOf(one).processId) return;
    other = await openClient(config);
    await other.query(statement);
  } catch (error) {
    if (sqlState(error) !== "42P05" && sqlState(error) !== "26000") throw error;
    throw new Error(
      `the pooler at ${one.host}:${one.port} does not keep prepared statements of different clients apart, as ` +
        "pgbouncer by transaction before 1.21: set DATABASE_PREPARED_STATEMENTS=off and DATABASE_LISTEN=off, or " +
        "connect past it",
      { cause: error },
    );
  } finally {
    for (const client of [one, other]) if (client) void closeClient(client);
  }
}
