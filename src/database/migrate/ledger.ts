import { type Client, DatabaseError } from "pg";
import { MigrationError, preReleaseAdvice } from "./error.ts";

/** The table in which a database keeps the migrations that it has had. */
const TABLE = "schema_migrations";

export interface Applied {
  /** RFC 3339 in UTC, to the microsecond. */
  appliedAt: string;
  /** The checksum of the file that was applied. */
  checksum: string;
  /** Names of everything that migrations had made in the schema by then. */
  objects: string[];
}

/**
 * Reads the migrations that the database has had: by name, oldest first; none if it was never migrated.
 * @throws MigrationError if the table is from before 0.1.0
 */
export async function readLedger(client: Client): Promise<Map<string, Applied>> {
  if (!(await hasLedger(client))) return new Map();
  const { rows } = await client
    .query<Applied & { name: string }>(
      `select name, to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "appliedAt",
        coalesce(checksum, '') as checksum, coalesce(objects, '{}') as objects
      from ${TABLE} order by name collate "C"`,
    )
    .catch((error: unknown) => {
      if (!(error instanceof DatabaseError && error.code === "42703")) throw error;
      throw new MigrationError(`table ${TABLE} lacks columns. ${preReleaseAdvice}`, { cause: error });
    });
  return new Map(rows.map(({ name, ...applied }) => [name, applied]));
}

/** Makes the table where it is missing. */
export async function createLedger(client: Client): Promise<void> {
  // A role that may not create finds the table there.
  if (await hasLedger(client)) return;
  await client.query(
    `create table ${TABLE} (
      name varchar(255) primary key, applied_at timestamptz not null default now(),
      checksum varchar(64) not null, objects text[] not null
    )`,
  );
}

export async function recordUp(
  client: Client,
  name: string,
  checksum: string,
  objects: readonly string[],
): Promise<void> {
  const values = [name, checksum, objects];
  await client.query(`insert into ${TABLE} (name, checksum, objects) values ($1, $2, $3)`, values);
}

export async function recordDown(client: Client, name: string): Promise<void> {
  await client.query(`delete from ${TABLE} where name = $1`, [name]);
}

async function hasLedger(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(`select where to_regclass('${TABLE}') is not null`);
  return rowCount === 1;
}
