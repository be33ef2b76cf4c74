import {
  type DatabaseConfig,
  databaseConfig,
  type PoolSettings,
  poolSchema,
  resolveDatabase,
} from "./database.ts";
import type { DatabaseOptions } from "./database-options.ts";
import { ConfigError, type Problem } from "./error.ts";
import { readEnvironment } from "./sources.ts";

/** The names of the database's options (`config/database.ts` has form, limits and default of each). */
export const DATABASE_NAMES: Record<keyof DatabaseOptions, string> = {
  url: "DATABASE_URL",
  host: "DATABASE_HOST",
  port: "DATABASE_PORT",
  database: "DATABASE_NAME",
  user: "DATABASE_USER",
  password: "DATABASE_PASSWORD",
  poolSize: "DATABASE_POOL_SIZE",
  connectTimeoutSeconds: "DATABASE_CONNECT_TIMEOUT",
  idleTimeoutSeconds: "DATABASE_IDLE_TIMEOUT",
  maxLifetimeSeconds: "DATABASE_MAX_LIFETIME",
  waitTimeoutSeconds: "LTB_DB_WAIT_TIMEOUT",
  waitQueueLimit: "LTB_DB_WAIT_QUEUE",
  sslMode: "DATABASE_SSL_MODE",
  sslRootCert: "DATABASE_SSL_ROOT_CERT",
  sslCert: "DATABASE_SSL_CERT",
  sslKey: "DATABASE_SSL_KEY",
  applicationName: "DATABASE_APPLICATION_NAME",
};

/** The embedded PostgreSQL in the data folder, or another one, reached by `connection`. */
export type DatabaseChoice =
  | { readonly kind: "embedded"; readonly pool: PoolSettings; readonly listen: boolean }
  | {
      readonly kind: "external";
      readonly connection: DatabaseConfig;
      /** The connection for migrations if `connection` leads to a pooler. */
      readonly migration: DatabaseConfig | undefined;
      /** For reads that may be a little behind. */
      readonly replica: DatabaseConfig | undefined;
      /** True if LISTEN works on `connection` (not through pgbouncer in transaction mode). */
      readonly listen: boolean;
    };

function optionsOf(values: Record<string, string>): DatabaseOptions {
  return Object.fromEntries(Object.entries(DATABASE_NAMES).map(([option, name]) => [option, values[name]]));
}

/**
 * Reads the configuration of a database from the environment alone: DATABASE_URL, or DATABASE_HOST and the
 * others; what is not set has its default. The service also reads `.env` and a file (`loadConfig`).
 * @throws ConfigError that names every wrong variable
 */
export function databaseConfigFromEnv(env: NodeJS.ProcessEnv = process.env): DatabaseConfig {
  const { layer, problems } = readEnvironment(env);
  const naming = { nameOf: (option: keyof DatabaseOptions) => DATABASE_NAMES[option], rankOf: () => 0 };
  const resolved = resolveDatabase(optionsOf(layer.values), naming);
  problems.push(...resolved.problems);
  if (problems.length > 0 || resolved.config === undefined) throw new ConfigError(problems);
  return resolved.config;
}

/** Chooses the database. `values` are the settings by name, `ranks` the ranks of their sources. */
export function chooseDatabase(
  values: Record<string, string>,
  ranks: Record<string, number>,
  listen: boolean,
  problems: Problem[],
  warnings: string[],
): DatabaseChoice | undefined {
  const options = optionsOf(values);
  // Another URL shares everything with the main one except the destination.
  const { url, host, port, database, user, password, ...shared } = options;
  if ([url, host, database, user].every((value) => value === undefined)) {
    const pool = poolSchema.safeParse(options);
    for (const { path, message } of pool.error?.issues ?? [])
      problems.push({ name: DATABASE_NAMES[path[0] as keyof DatabaseOptions], message });
    for (const name of Object.keys(values)) {
      if (/^DATABASE_(PORT|PASSWORD|SSL_.*|MIGRATION_URL|REPLICA_URL)$/.test(name)) {
        warnings.push(
          `${name} has no effect on the embedded database; DATABASE_URL or DATABASE_HOST names another`,
        );
      }
    }
    return pool.data && { kind: "embedded", pool: pool.data, listen };
  }
  const resolved = (given: DatabaseOptions, urlName: string) => {
    const naming = (option: keyof DatabaseOptions) => (option === "url" ? urlName : DATABASE_NAMES[option]);
    // Parts of another URL itself win over the settings that it shares with the main one.
    const rankOf = (option: keyof DatabaseOptions) =>
      option === "url" && urlName !== "DATABASE_URL"
        ? Number.POSITIVE_INFINITY
        : (ranks[naming(option)] ?? 0);
    const result = resolveDatabase(given, { nameOf: naming, rankOf });
    problems.push(...result.problems);
    warnings.push(...result.warnings);
    return result.config;
  };
  const connection = resolved(options, "DATABASE_URL");
  if (connection === undefined) return undefined;
  const other = (name: string) => {
    const otherUrl = values[name];
    return otherUrl === undefined ? undefined : resolved({ ...shared, url: otherUrl }, name);
  };
  return {
    kind: "external",
    connection,
    migration: other("DATABASE_MIGRATION_URL"),
    replica: other("DATABASE_REPLICA_URL"),
    listen,
  };
}

/** Makes the configuration of the running embedded database, with the pool settings of the configuration. */
export function embeddedDatabaseConfig(
  pool: PoolSettings,
  connection: { host: string; port: number; user: string; password: string; database: string },
): DatabaseConfig {
  return databaseConfig({ ...pool, ...connection, sslMode: "disable" });
}
