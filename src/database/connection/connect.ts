import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import type { DatabaseConfig } from "../../config/database.ts";
import { isAway } from "../statement/errors.ts";
import { sslAttempts } from "./ssl.ts";
import { explainTls, mostTelling } from "./ssl-failures.ts";

/** What `pg` and migrations connect by. Discrete fields, so that a password may hold any character. */
export type Connection = ClientConfig & {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
};

/**
 * Finds out how the database is to be reached: with or without TLS, as the SSL mode allows. A database that is still
 * starting is waited for; one that refuses us is not, since that will not get better by waiting.
 * @throws the failure that says most, of those of the last try
 */
export async function findConnection(config: DatabaseConfig, timeoutMs: number): Promise<Connection> {
  const { host, port, user, database, password, applicationName, connectTimeoutSeconds } = config;
  const connection = {
    host,
    port,
    user,
    database,
    password: password?.reveal() ?? "",
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutSeconds * 1000,
    keepAlive: true,
  };
  const candidates = sslAttempts(config).map((ssl) => ({ ...connection, ssl }));
  const giveUpAt = Date.now() + timeoutMs;
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 1_000)) {
    const failures: unknown[] = [];
    for (const candidate of candidates) {
      try {
        await tryConnection(candidate);
        return candidate;
      } catch (error) {
        failures.push(error);
      }
    }
    const failure = mostTelling(failures);
    if (!isAway(failure) || Date.now() + delayMs > giveUpAt) throw explainTls(failure, config);
    await sleep(delayMs);
  }
}

async function tryConnection(connection: Connection): Promise<void> {
  const client = new Client(connection);
  client.on("error", () => {});
  try {
    await client.connect();
  } finally {
    await client.end();
  }
}
