import { type Client, DatabaseError } from "pg";

/** The table in which a database keeps the migrations that it has had. */
const TABLE = "schema_migrations";

export interface Applied {
  /** RFC 3339 in UTC, to the microsecond. */
  appliedAt: string;
  /** Of the file that was applied; null where that was before checksums were kept. */
  checksum: string | null;
  /** Names of everything that the schema then had; null where that is not known. */
  objects: string[] | null;
}

/** By name, oldest first; empty where nothing was ever migrated. */
export async function readLedger(client: Client): Promise<Map<string, Applied>> {
  if (!(await hasLedger(client))) return new Map();
  // As a document: databases of earlier releases lack columns.
  const { rows } = await client.query<Applied & { name: string }>(
    `select name, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "appliedAt",
      to_jsonb(m) ->> 'checksum' as checksum, nullif(to_jsonb(m) -> 'objects', 'null') as objects
    from ${TABLE} m order by name collate "C"`,
  );
  return new Map(
    rows.map(({ name, appliedAt, checksum, objects }) => [name, { appliedAt, checksum, objects }]),
  );
}

/** Makes the table, or gives one of an earlier release its columns. A role that may not do that does without. */
export async function prepareLedger(client: Client): Promise<void> {
  if (!(await hasLedger(client))) {
    await client.query(
      `create table ${TABLE} (
        name varchar(255) primary key, applied_at timestamptz not null default now(), checksum varchar(64), objects text[]
      )`,
    );
    return;
  }
  const { rowCount } = await client.query(
    `select from pg_attribute where attrelid = to_regclass('${TABLE}') and attname = 'objects'`,
  );
  if (rowCount === 1) return;
  await client
    .query(`alter table ${TABLE} add column checksum varchar(64), add column objects text[]`)
    .catch((error: unknown) => {
      if (!(error instanceof DatabaseError && error.code === "42501")) throw error;
    });
}

export async function recordUp(client: Client, name: string, checksum: string): Promise<void> {
  await client.query(`insert into ${TABLE} (name, checksum) values ($1, $2)`, [name, checksum]);
}

export async function recordDown(client: Client, name: string): Promise<void> {
  await client.query(`delete from ${TABLE} where name = $1`, [name]);
}

/** Of a migration whose checksum was not kept when it was applied. */
export async function recordChecksum(client: Client, name: string, checksum: string): Promise<void> {
  await client.query(`update ${TABLE} set checksum = $2 where name = $1 and checksum is null`, [
    name,
    checksum,
  ]);
}

export async function recordExpected(client: Client, name: string, objects: string[] | null): Promise<void> {
  await client.query(`update ${TABLE} set objects = $2 where name = $1 and objects is null`, [name, objects]);
}

async function hasLedger(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(`select where to_regclass('${TABLE}') is not null`);
  return rowCount === 1;
}
