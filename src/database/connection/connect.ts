import type { Client, ClientConfig } from "pg";
import type { DatabaseConfig } from "../../config/database.ts";
import { limits } from "../../limits.ts";
import { Patience } from "../statement/patience.ts";
import { closeClient } from "./client.ts";
import { explainFailure, isUnreachable } from "./failures.ts";
import { findTimeouts, openClient, timeoutOf } from "./session.ts";
import { sslAttempts } from "./ssl.ts";
import { pickMostTelling } from "./ssl-failures.ts";

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
 * @param patience how long it waits. Default: not at all
 * @throws the failure that says most, of those of the last try, in a sentence that says what to do
 */
export async function findConnection(
  config: DatabaseConfig,
  patience: Patience = new Patience(0),
): Promise<Connection> {
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
  const attempt = () =>
    findWorking(candidates, patience, connectTimeoutSeconds * 1000).catch((failure: unknown) => {
      throw explainFailure(failure, config);
    });
  return patience.retry(attempt, `${host}:${port} has not answered yet`);
}

/** Finds the first of the candidates that connects. @throws the failure of theirs that says most */
async function findWorking(
  candidates: readonly Connection[],
  patience: Patience,
  connectTimeoutMs: number,
): Promise<Connection> {
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    try {
      const connectionTimeoutMillis = patience.attemptMs(connectTimeoutMs);
      const options = await findOptions({ ...candidate, connectionTimeoutMillis });
      return { ...candidate, ...(options && { options }) };
    } catch (error) {
      failures.push(error);
      // Where nothing answers, TLS is not to blame.
      if (isUnreachable(error)) break;
    }
  }
  throw pickMostTelling(failures);
}

/**
 * Connects, and finds the options that keep PostgreSQL from ending sessions before they have set their own
 * timeouts, where a role or a database has very short ones.
 * @throws the first failure, if sessions cannot begin with such options either
 */
async function findOptions(connection: Connection): Promise<string | undefined> {
  const { options = process.env.PGOPTIONS } = connection;
  const without = (names: readonly string[]) =>
    [options ?? "", ...names.map((name) => `-c ${name}=0`)].join(" ").trim();
  try {
    return without(await withClient(connection, findTimeouts));
  } catch (error) {
    const name = timeoutOf(error);
    if (name === undefined || options?.includes(name)) throw error;
    return findOptions({ ...connection, options: without([name]) }).catch(() => {
      throw error;
    });
  }
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
