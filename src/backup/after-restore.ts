import { lockChain } from "../audit/seal/statements.ts";
import { type FirstKeys, findFirstKeys, makeAdminKey } from "../auth/first-admin.ts";
import { withOrigin } from "../call-scope.ts";
import type { Config } from "../config.ts";
import type { ConfiguredDatabase } from "../configured-database.ts";
import { type Connection, withClient } from "../database/connection/connect.ts";
import type { Log } from "../log.ts";
import { Database } from "../storage.ts";

/**
 * Keeps servers from sealing the audit trail, or from missing seals in it, until `work` has replaced it and
 * written its head. The lock is that of a transaction, which a pooler leaves on one session.
 */
export async function holdTrail<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  return withClient(connection, async (client) => {
    await client.query(
      "begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0",
    );
    await client.query(lockChain().sql);
    const result = await work();
    await client.query("commit");
    return result;
  });
}

/**
 * Makes what is kept beside the database fit it again: the head of the audit trail and, where they are asked
 * for, the keys.
 * @param options.newAdminKey whether to write a new key of an admin to the data folder
 * @param options.makeAuditKey whether to make a key of the audit trail, if there is none and nothing sealed
 * @param options.log gets what is made, and as a warning or error what keeps the trail from being sealed
 * @returns how callers get in
 */
export async function settleBeside(
  source: ConfiguredDatabase,
  config: Config,
  { newAdminKey, makeAuditKey, log }: { newAdminKey: boolean; makeAuditKey: boolean; log: Log },
): Promise<FirstKeys> {
  const database = await Database.connect(source.connection, {
    startupTimeoutMs: config.startupTimeoutSeconds * 1000,
    preparedStatements: config.preparedStatements,
    auditKey: {
      keyFile: config.auditKey.file,
      headFile: config.auditKey.headFile,
      createKey: makeAuditKey,
      database: source.description,
    },
    log,
  });
  try {
    await database.auditTrail.acceptRestored();
    const make = () => makeAdminKey(database, config.dataDir, "made after a restore");
    const made = newAdminKey ? await withOrigin({ actor: "ltb" }, make) : undefined;
    return await findFirstKeys(database, config.dataDir, made);
  } finally {
    await database.close();
  }
}
