import { resolve } from "node:path";
import { chooseDatabase, DATABASE_NAMES, type DatabaseChoice } from "./config/choose-database.ts";
import { describeDatabase } from "./config/database.ts";
import { ConfigError } from "./config/error.ts";
import { isLoopback } from "./config/fields.ts";
import { service } from "./config/service.ts";
import { type Layer, readSources, SECRET_NAMES, type Sources } from "./config/sources.ts";
import { nearest } from "./config/typos.ts";

export { type DatabaseChoice, embeddedDatabaseConfig } from "./config/choose-database.ts";
export {
  type DatabaseConfig,
  type DatabaseOptions,
  databaseConfig,
  describeDatabase,
  type PoolSettings,
  type SslMode,
} from "./config/database.ts";
export { ConfigError, type Problem } from "./config/error.ts";
export { type Address, isLoopback } from "./config/fields.ts";
export { Secret } from "./config/secret.ts";

const KNOWN = [
  ...Object.keys(service.shape),
  ...Object.values(DATABASE_NAMES),
  ...SECRET_NAMES.map((name) => `${name}_FILE`),
  "DATABASE_MIGRATION_URL",
  "DATABASE_REPLICA_URL",
  "LTB_CONFIG_FILE",
];

/** Everything that can be configured. Validated and frozen; secrets in it show themselves only to `reveal()`. */
export type Config = Readonly<{
  database: DatabaseChoice;
  grpc: Readonly<{ host: string; port: number }>;
  http: Readonly<{ host: string; port: number }>;
  /** Absolute. */
  dataDir: string;
  allowInsecure: boolean;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  auth: "off";
  corsOrigins: readonly string[];
  maxMessageBytes: number;
  /** For unary calls that bring no deadline. */
  defaultDeadlineSeconds: number;
  /** How long calls in flight may take to finish when the service stops. */
  drainTimeoutSeconds: number;
  /** How long the service waits for its database when it starts. */
  startupTimeoutSeconds: number;
  /** Whether statements are prepared by name, which poolers before pgbouncer 1.21 cannot carry in transaction mode. */
  preparedStatements: boolean;
  /** For the log: settings that have no effect. */
  warnings: readonly string[];
}>;

export interface LoadOptions {
  env?: NodeJS.ProcessEnv;
  /** A JSON file: an object whose keys are the names of the environment. Default: LTB_CONFIG_FILE. */
  file?: string;
  /** Where `.env` is looked for and relative paths start. */
  cwd?: string;
}

/**
 * Reads the configuration: environment over `.env` over JSON file over defaults.
 * @throws ConfigError with all problems at once
 */
export function loadConfig({ env = process.env, file, cwd = process.cwd() }: LoadOptions = {}): Config {
  return validate(readSources({ env, file, cwd }), cwd);
}

function validate({ layers, problems: found }: Sources, cwd: string): Config {
  const problems = [...found];
  const warnings = layers.flatMap(unknownNames);
  const values: Record<string, string> = {};
  const ranks: Record<string, number> = {};
  for (const { rank, values: own } of layers.toReversed()) {
    for (const [name, value] of Object.entries(own)) {
      values[name] = value;
      ranks[name] = rank;
    }
  }
  const settings = service.safeParse(values);
  for (const { path, message } of settings.error?.issues ?? [])
    problems.push({ name: String(path[0]), message });
  const database = chooseDatabase(values, ranks, settings.data?.DATABASE_LISTEN ?? true, problems, warnings);
  if (settings.data !== undefined && !settings.data.LTB_ALLOW_INSECURE) {
    for (const name of ["LTB_GRPC_ADDRESS", "LTB_HTTP_ADDRESS"] as const) {
      const { host } = settings.data[name];
      if (isLoopback(host)) continue;
      problems.push({
        name,
        message: `expected an address of this machine only (127.0.0.1, [::1] or localhost), got ${JSON.stringify(host)}: callers are not authenticated in this version; LTB_ALLOW_INSECURE=1 allows it all the same`,
      });
    }
  }
  if (problems.length > 0 || settings.data === undefined || database === undefined)
    throw new ConfigError(problems);
  const own = settings.data;
  return freeze({
    database,
    grpc: own.LTB_GRPC_ADDRESS,
    http: own.LTB_HTTP_ADDRESS,
    dataDir: resolve(cwd, own.LTB_DATA_DIR),
    allowInsecure: own.LTB_ALLOW_INSECURE,
    logLevel: own.LTB_LOG_LEVEL,
    auth: own.LTB_AUTH,
    corsOrigins: own.LTB_CORS_ORIGINS,
    maxMessageBytes: own.LTB_MAX_MESSAGE_BYTES,
    defaultDeadlineSeconds: own.LTB_DEFAULT_DEADLINE,
    drainTimeoutSeconds: own.LTB_DRAIN_TIMEOUT,
    startupTimeoutSeconds: own.LTB_STARTUP_TIMEOUT,
    preparedStatements: own.DATABASE_PREPARED_STATEMENTS,
    warnings,
  });
}

function unknownNames({ source, rank, values }: Layer): string[] {
  return Object.keys(values)
    .filter((name) => (rank === 1 || /^(LTB|DATABASE)_/.test(name)) && !KNOWN.includes(name))
    .map((name) => {
      const meant = nearest(name, KNOWN);
      return `${name} in ${source} is not a setting${meant === undefined ? "" : `; is ${meant} meant?`}`;
    });
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) freeze(inner);
  return Object.freeze(value);
}

/** For logs: where the data is, without secrets. */
export function describeConfiguredDatabase({ database, dataDir }: Config): string {
  return database.kind === "embedded"
    ? `embedded PostgreSQL in ${dataDir}`
    : describeDatabase(database.connection);
}
