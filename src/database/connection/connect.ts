import { Client, type ClientConfig } from "pg";
import type { DatabaseConfig } from "../../config/database.ts";
import { retryAfterOutage } from "../statement/retry-after-outage.ts";
import { sslAttempts } from "./ssl.ts";
import { explainTls, pickMostTelling } from "./ssl-failures.ts";

/** Options that `pg` and migrations connect with: discrete, so that a password may hold any character. */
export type Connection = ClientConfig & {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
};

/**
 * Finds out how the database is to be reached: with or without TLS, as the SSL mode allows. It waits for a
 * database that is still starting, but not for one that refuses us: that will not get better by waiting.
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
  return retryAfterOutage(() => findWorking(candidates), { timeoutMs }).catch((failure: unknown) => {
    throw explainTls(failure, config);
  });
}

/** Finds the first of the candidates that connects. @throws the failure of theirs that says most */
async function findWorking(candidates: readonly Connection[]): Promise<Connection> {
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    try {
      await connectOnce(candidate);
      return candidate;
    } catch (error) {
      failures.push(error);
    }
  }
  throw pickMostTelling(failures);
}

async function connectOnce(connection: Connection): Promise<void> {
  const client = new Client(connection);
  client.on("error", () => {});
  try {
    await client.connect();
  } finally {
    await client.end();
  }
}
