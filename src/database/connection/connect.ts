import type { Client, ClientConfig } from "pg";
import type { DatabaseConfig } from "../../config/database.ts";
import { limits } from "../../limits.ts";
import { retryAfterOutage } from "../statement/retry-after-outage.ts";
import { closeClient } from "./client.ts";
import { openClient } from "./session.ts";
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
 * Finds out how the database is to be reached: with or without TLS, as the SSL mode allows. It waits for one
 * that is still starting, but not for one that refuses us.
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
    keepAliveInitialDelayMillis: limits.keepAliveMs,
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
      await withClient(candidate, async () => undefined);
      return candidate;
    } catch (error) {
      failures.push(error);
    }
  }
  throw pickMostTelling(failures);
}

/** Runs `work` on a connection of its own, as changes of the schema take. */
export async function withClient<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openClient(config);
  try {
    return await work(client);
  } finally {
    await closeClient(client);
  }
}
