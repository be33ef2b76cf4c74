import { type Client, DatabaseError } from "pg";
import type { Config } from "../config.ts";
import type { ConfiguredDatabase } from "../configured-database.ts";
import { closeClient } from "../database/connection/client.ts";
import { findConnection } from "../database/connection/connect.ts";
import { openClient } from "../database/connection/session.ts";
import { messageOf } from "../thrown.ts";
import { audit } from "./audit.ts";
import { backups } from "./backups.ts";
import { type Check, type Finding, ok, type Patient, rowReader, warn } from "./check.ts";
import { clock, ssl, version } from "./connection.ts";
import { disk, wal } from "./disk.ts";
import { replica, slots } from "./replication.ts";
import { objects, schema } from "./schema.ts";
import { connections, longTransactions, preparedTransactions, watches } from "./sessions.ts";
import { sessionSettings, settings } from "./settings.ts";
import { autovacuum, deadTuples, wraparound } from "./tables.ts";

/** The checks, in the order of the report. */
export const checks: Readonly<Record<string, Check>> = {
  version,
  ssl,
  clock,
  schema,
  objects,
  settings,
  "session settings": sessionSettings,
  connections,
  "long transactions": longTransactions,
  "prepared transactions": preparedTransactions,
  watches,
  autovacuum,
  "dead rows": deadTuples,
  "transaction ids": wraparound,
  "replication slots": slots,
  wal,
  replica,
  disk,
  "audit trail": audit,
  backups,
};

/** The finding of the check with this name. */
export type Diagnosis = Finding & { check: string };

/**
 * Runs the checks on the database and its surroundings, one after the other, as far as the role may see. It
 * writes nothing.
 * @param options.servers number of servers that will run on the database
 * @param options.backups folder of its backups
 */
export async function examine(
  { connection: database, description }: Pick<ConfiguredDatabase, "connection" | "description">,
  config: Config,
  { servers, backups: folder }: { servers: number; backups: string | undefined },
): Promise<Diagnosis[]> {
  const startedAt = performance.now();
  const direct = config.database.kind === "external" ? (config.database.migration ?? database) : database;
  const diagnoses: Diagnosis[] = [];
  let client: Client | undefined;
  try {
    const connection = await findConnection(direct);
    client = await openClient(connection);
    const ms = Math.round(performance.now() - startedAt);
    diagnoses.push({ check: "connection", ...ok(`${description}, in ${ms} ms`) });
    // A database in trouble must not keep the doctor waiting.
    await client.query("set default_transaction_read_only = on; set statement_timeout = '20s'");
    const row = rowReader(client);
    const patient: Patient = { client, row, connection, database, config, servers, backups: folder };
    for (const [check, look] of Object.entries(checks))
      for (const finding of await findingsOf(look, patient)) diagnoses.push({ check, ...finding });
  } catch (error) {
    diagnoses.push({ check: "connection", level: "fail", message: `${description}: ${messageOf(error)}` });
  } finally {
    if (client) await closeClient(client);
  }
  return diagnoses;
}

/** A check that cannot run proves nothing. */
async function findingsOf(look: Check, patient: Patient): Promise<readonly Finding[]> {
  try {
    const found = await look(patient);
    return Array.isArray(found) ? found : [found as Finding];
  } catch (error) {
    const advice =
      error instanceof DatabaseError && error.code === "42501"
        ? "Run it as a role that is a member of pg_monitor and may read the tables."
        : "Mend what was found above first, then run it again.";
    return [warn(`could not be checked: ${messageOf(error)}`, advice)];
  }
}
