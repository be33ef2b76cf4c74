import { type Check, type Finding, fail, ok, warn } from "./check.ts";

/** Number of dead rows that is worth a warning. Autovacuum comes at a fifth of the live ones, or earlier. */
const deadRows = 100_000;
const deadShare = 0.4;

/** Checks for rows that were updated or deleted and are not yet cleaned up. */
export const deadTuples: Check = async ({ client }) => {
  const { rows: tables } = await client.query<{ name: string; live: number; dead: number }>(`
    select relname as name, n_live_tup::float8 as live, n_dead_tup::float8 as dead from pg_stat_user_tables`);
  const findings = judgeDeadTuples(tables);
  return findings.length > 0 ? findings : ok("no table has many dead rows");
};

export function judgeDeadTuples(
  tables: readonly { name: string; live: number; dead: number }[],
): readonly Finding[] {
  return tables
    .filter(({ live, dead }) => dead > deadRows && dead > deadShare * live)
    .map(({ name, live, dead }) =>
      warn(
        `${name} has ${dead} dead rows beside ${live} live ones: vacuum is behind`,
        `VACUUM (VERBOSE, ANALYZE) ${name}; if it stays so, look for long transactions, and lower autovacuum_vacuum_cost_delay.`,
      ),
    );
}

/** Checks that autovacuum is on for every table. */
export const autovacuum: Check = async ({ client, row }) => {
  const { on, counts } = await row<{ on: boolean; counts: boolean }>(`
    select current_setting('autovacuum')::bool as on, current_setting('track_counts')::bool as counts`);
  if (!on || !counts)
    return fail(
      `${on ? "track_counts" : "autovacuum"} is off: the tables of the queue grow without end, and every claim with them`,
      "ALTER SYSTEM SET autovacuum = on; ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf();",
    );
  const { rows: excepted } = await client.query<{ name: string }>(`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r'
      and reloptions::text ~ 'autovacuum_enabled=(false|off|no|0)'`);
  if (excepted.length === 0) return ok("on for every table");
  return excepted.map(({ name }) =>
    warn(`autovacuum is off for ${name}`, `ALTER TABLE ${name} RESET (autovacuum_enabled);`),
  );
};

/** Checks that transaction ids are far from their end, where PostgreSQL refuses writes. */
export const wraparound: Check = async ({ row }) => {
  const figures = await row<{ age: number; limit: number }>(`
    select age(datfrozenxid)::float8 as age, current_setting('autovacuum_freeze_max_age')::float8 as limit
    from pg_database where datname = current_database()`);
  return judgeWraparound(figures);
};

export function judgeWraparound({ age, limit }: { age: number; limit: number }): Finding {
  const words = `the oldest transaction id is ${age} transactions old; at 2 billion PostgreSQL takes no more writes`;
  const advice =
    "VACUUM (FREEZE) the database; look for long transactions, prepared ones and forgotten slots.";
  if (age > 1_000_000_000) return fail(words, advice);
  if (age > 1.5 * limit) return warn(words, advice);
  return ok(`${Math.round((100 * age) / 2 ** 31)} % of the transaction ids are used`);
}
