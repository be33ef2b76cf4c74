import { join, resolve } from "node:path";
import { isLoopback } from "./address.ts";
import { chooseDatabase, DATABASE_NAMES, type DatabaseChoice } from "./config/choose-database.ts";
import { describeDatabase } from "./config/database.ts";
import { ConfigError } from "./config/error.ts";
import { chooseMetrics, type MetricsAccess } from "./config/metrics.ts";
import { service } from "./config/settings.ts";
import { type Layer, readSources, SECRET_NAMES, type Sources } from "./config/sources.ts";
import { chooseTls, type TlsChoice } from "./config/tls.ts";
import { nearest } from "./config/typos.ts";

export { type DatabaseChoice, embeddedDatabaseConfig } from "./config/choose-database.ts";
export {
  type DatabaseConfig,
  databaseConfig,
  describeDatabase,
  type PoolSettings,
} from "./config/database.ts";
export type { DatabaseOptions, SslMode } from "./config/database-options.ts";
export { ConfigError, type Problem } from "./config/error.ts";
export type { MetricsAccess } from "./config/metrics.ts";
export { Secret } from "./config/secret.ts";

const KNOWN = [
  ...Object.keys(service.shape),
  ...Object.values(DATABASE_NAMES),
  ...SECRET_NAMES.map((name) => `${name}_FILE`),
  "DATABASE_MIGRATION_URL",
  "DATABASE_REPLICA_URL",
  "LTB_CONFIG_FILE",
  // Variables of commands that talk to the service, and may share its environment.
  "LTB_ADDRESS",
  "LTB_API_KEY",
  "LTB_API_KEY_FILE",
  "LTB_TLS_CA_FILE",
  "LTB_TLS_CLIENT_CERT_FILE",
  "LTB_TLS_CLIENT_KEY_FILE",
];

/**
 * Everything that can be configured. Validated and frozen; secrets in it show themselves only to `reveal()`.
 */
export type Config = Readonly<{
  database: DatabaseChoice;
  grpc: Readonly<{ host: string; port: number }>;
  http: Readonly<{ host: string; port: number }>;
  /** Absolute. */
  dataDir: string;
  /** Undefined: both listeners speak clear text. */
  tls: TlsChoice | undefined;
  /** The key that seals the audit trail. `given`: the file was named, and is not merely the default. */
  auditKey: Readonly<{ file: string; given: boolean }>;
  allowInsecure: boolean;
  /** Most connections of one listener. */
  maxConnections: number;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** "off": everybody who reaches a port may do everything. */
  auth: "required" | "off";
  /** Whether the services describe themselves to tools, for everybody. */
  reflection: boolean;
  /** Who may read `/metrics`. */
  metrics: MetricsAccess;
  /** Statements that take as many milliseconds are logged; 0: none. */
  slowQueryMs: number;
  /** Calls of one API key or session; undefined: any number. */
  rateLimit: Readonly<{ perSecond: number; burst: number }> | undefined;
  /** Calls in progress at once, of all callers and of one API key or session. */
  maxCalls: number;
  maxCallsPerKey: number;
  corsOrigins: readonly string[];
  maxMessageBytes: number;
  /** For unary calls that bring no deadline. */
  defaultDeadlineSeconds: number;
  /** How long calls in flight may take to finish when the service stops. */
  drainTimeoutSeconds: number;
  /** How long the service waits for its database when it starts. */
  startupTimeoutSeconds: number;
  /** After how many days the service removes what is old by itself; undefined: never. */
  retention: Readonly<{
    jobs: number | undefined;
    evaluations: number | undefined;
    audit: number | undefined;
  }>;
  /** How far the replica may be behind while it answers. */
  replicaMaxLagSeconds: number;
  /**
   * Whether statements are prepared by name, which poolers before pgbouncer 1.21 cannot carry in transaction
   * mode.
   */
  preparedStatements: boolean;
  /** For the log: settings that have no effect. */
  warnings: readonly string[];
}>;

export interface LoadOptions {
  env?: NodeJS.ProcessEnv;
  /** A JSON file: an object whose keys are the names of the environment. Default: LTB_CONFIG_FILE. */
  file?: string;
  /** The folder of `.env`, and of relative paths. */
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
  const tls = settings.data && chooseTls(settings.data, cwd, problems);
  if (settings.data !== undefined && tls === undefined && !settings.data.LTB_ALLOW_INSECURE) {
    for (const name of ["LTB_GRPC_ADDRESS", "LTB_HTTP_ADDRESS"] as const) {
      const { host } = settings.data[name];
      if (isLoopback(host)) continue;
      problems.push({
        name,
        message: `expected an address of this machine only (127.0.0.1, [::1] or localhost) without TLS, got ${JSON.stringify(host)}: what callers send could be read on the way; set LTB_TLS_CERT_FILE and LTB_TLS_KEY_FILE, or LTB_ALLOW_INSECURE=1 where another program or the network sees to that`,
      });
    }
  }
  if (settings.data?.LTB_AUTH === "off") {
    const open = [settings.data.LTB_GRPC_ADDRESS, settings.data.LTB_HTTP_ADDRESS].find(
      ({ host }) => !isLoopback(host),
    );
    if (open)
      problems.push({
        name: "LTB_AUTH",
        message: `expected required, got "off": with an address that other machines can reach (${open.host}) everybody there could read, change and delete everything; off goes with 127.0.0.1, [::1] or localhost only`,
      });
  }
  if (settings.data?.LTB_METRICS !== undefined && settings.data.LTB_METRICS_TOKEN !== undefined)
    problems.push({
      name: "LTB_METRICS",
      message: `expected nothing beside LTB_METRICS_TOKEN, got "${settings.data.LTB_METRICS}": with a token, those who bring it may read the metrics`,
    });
  if (problems.length > 0 || settings.data === undefined || database === undefined)
    throw new ConfigError(problems);
  const own = settings.data;
  return freeze({
    database,
    grpc: own.LTB_GRPC_ADDRESS,
    http: own.LTB_HTTP_ADDRESS,
    dataDir: resolve(cwd, own.LTB_DATA_DIR),
    tls,
    auditKey: {
      file: resolve(cwd, own.LTB_AUDIT_KEY_FILE ?? join(own.LTB_DATA_DIR, "audit.key")),
      given: own.LTB_AUDIT_KEY_FILE !== undefined,
    },
    allowInsecure: own.LTB_ALLOW_INSECURE,
    maxConnections: own.LTB_MAX_CONNECTIONS,
    logLevel: own.LTB_LOG_LEVEL,
    auth: own.LTB_AUTH,
    metrics: chooseMetrics(own),
    slowQueryMs: own.LTB_SLOW_QUERY_MS,
    reflection:
      own.LTB_REFLECTION ??
      [own.LTB_GRPC_ADDRESS, own.LTB_HTTP_ADDRESS].every(({ host }) => isLoopback(host)),
    rateLimit: own.LTB_RATE_LIMIT,
    maxCalls: own.LTB_MAX_CALLS,
    maxCallsPerKey: own.LTB_MAX_CALLS_PER_KEY,
    corsOrigins: own.LTB_CORS_ORIGINS,
    maxMessageBytes: own.LTB_MAX_MESSAGE_BYTES,
    defaultDeadlineSeconds: own.LTB_DEFAULT_DEADLINE,
    drainTimeoutSeconds: own.LTB_DRAIN_TIMEOUT,
    startupTimeoutSeconds: own.LTB_STARTUP_TIMEOUT,
    retention: {
      jobs: own.LTB_RETENTION_JOBS_DAYS,
      evaluations: own.LTB_RETENTION_EVALUATIONS_DAYS,
      audit: own.LTB_RETENTION_AUDIT_DAYS,
    },
    replicaMaxLagSeconds: own.LTB_REPLICA_MAX_LAG,
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
