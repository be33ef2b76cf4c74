import { join, resolve } from "node:path";
import { isLoopback } from "./address.ts";
import { chooseDatabase, DATABASE_NAMES } from "./config/choose-database.ts";
import { ConfigError } from "./config/error.ts";
import { chooseMetrics } from "./config/metrics.ts";
import { service } from "./config/settings.ts";
import { type Layer, readSources, SECRET_NAMES, type Sources } from "./config/sources.ts";
import { chooseTls } from "./config/tls.ts";
import { nearest } from "./config/typos.ts";

export {
  type DatabaseChoice,
  databaseConfigFromEnv,
  embeddedDatabaseConfig,
} from "./config/choose-database.ts";
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

const LISTENERS = ["LTB_GRPC_ADDRESS", "LTB_HTTP_ADDRESS"] as const;

/** Everything that can be configured, validated and frozen. Secrets are shown only by `reveal()`. */
export type Config = Readonly<ReturnType<typeof validate>>;

export interface LoadOptions {
  env?: NodeJS.ProcessEnv;
  /** A JSON file: an object whose keys are the names of the environment. Default: LTB_CONFIG_FILE. */
  file?: string;
  /** The folder of `.env`, and of relative paths. */
  cwd?: string;
  /** False for a program that opens no port, so that it does not matter who could reach it. Default: true. */
  listens?: boolean;
}

/**
 * Reads the configuration: environment over `.env` over JSON file over defaults.
 * @throws ConfigError with all problems at once
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const { env = process.env, file, cwd = process.cwd(), listens = true } = options;
  return validate(readSources({ env, file, cwd }), cwd, listens);
}

function validate({ layers, problems: found }: Sources, cwd: string, listens: boolean) {
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
  const { data: own, error } = service.safeParse(values);
  for (const { path, message } of error?.issues ?? []) problems.push({ name: String(path[0]), message });
  const database = chooseDatabase(values, ranks, own?.DATABASE_LISTEN ?? true, problems, warnings);
  const tls = own && chooseTls(own, cwd, problems);
  const reachable = own && listens ? LISTENERS.filter((name) => !isLoopback(own[name].host)) : [];
  for (const name of tls === undefined && !own?.LTB_ALLOW_INSECURE ? reachable : [])
    problems.push({
      name,
      message: `expected an address of this machine only (127.0.0.1, [::1] or localhost) without TLS, got ${JSON.stringify(own?.[name].host)}: what callers send could be read on the way; set LTB_TLS_CERT_FILE and LTB_TLS_KEY_FILE, or LTB_ALLOW_INSECURE=1 where another program or the network sees to that`,
    });
  const [open] = reachable;
  if (own?.LTB_AUTH === "off" && open !== undefined)
    problems.push({
      name: "LTB_AUTH",
      message: `expected required, got "off": with an address that other machines can reach (${own[open].host}) everybody there could read, change and delete everything; off goes with 127.0.0.1, [::1] or localhost only`,
    });
  if (own?.LTB_METRICS !== undefined && own.LTB_METRICS_TOKEN !== undefined)
    problems.push({
      name: "LTB_METRICS",
      message: `expected nothing beside LTB_METRICS_TOKEN, got "${own.LTB_METRICS}": with a token, those who bring it may read the metrics`,
    });
  if (problems.length > 0 || own === undefined || database === undefined) throw new ConfigError(problems);
  const config = {
    database,
    grpc: own.LTB_GRPC_ADDRESS,
    http: own.LTB_HTTP_ADDRESS,
    /** Absolute. */
    dataDir: resolve(cwd, own.LTB_DATA_DIR),
    /** Undefined: both listeners speak clear text. */
    tls,
    /** The key that seals the audit trail. `given`: the file was named, and is not merely the default. */
    auditKey: {
      file: resolve(cwd, own.LTB_AUDIT_KEY_FILE ?? join(own.LTB_DATA_DIR, "audit.key")),
      /** Undefined: next to the key. */
      headFile: own.LTB_AUDIT_HEAD_FILE && resolve(cwd, own.LTB_AUDIT_HEAD_FILE),
      given: own.LTB_AUDIT_KEY_FILE !== undefined,
    },
    allowInsecure: own.LTB_ALLOW_INSECURE,
    /** Most connections of one listener. */
    maxConnections: own.LTB_MAX_CONNECTIONS,
    logLevel: own.LTB_LOG_LEVEL,
    /** "auto": for people where the log goes to a terminal, else JSON. */
    logFormat: own.LTB_LOG_FORMAT,
    /** "off": everybody who reaches a port may do everything. */
    auth: own.LTB_AUTH,
    /** Who may read `/metrics`. */
    metrics: chooseMetrics(own),
    /** Statements that take as many milliseconds are logged; 0: none. */
    slowQueryMs: own.LTB_SLOW_QUERY_MS,
    /** Whether the services describe themselves to tools, for everybody. */
    reflection: own.LTB_REFLECTION ?? reachable.length === 0,
    /** Calls of one API key or session; undefined: any number. */
    rateLimit: own.LTB_RATE_LIMIT,
    /** Calls in progress at once, of all callers and of one API key or session. */
    maxCalls: own.LTB_MAX_CALLS,
    maxCallsPerKey: own.LTB_MAX_CALLS_PER_KEY,
    corsOrigins: own.LTB_CORS_ORIGINS,
    /** Whether there is a web console. */
    console: own.LTB_CONSOLE,
    /** Names of hosts that browsers reach the service by, beside the usual ones. */
    consoleHosts: own.LTB_CONSOLE_HOSTS,
    maxMessageBytes: own.LTB_MAX_MESSAGE_BYTES,
    /** For unary calls that bring no deadline. */
    defaultDeadlineSeconds: own.LTB_DEFAULT_DEADLINE,
    /** How long calls in flight may take to finish when the service stops. */
    drainTimeoutSeconds: own.LTB_DRAIN_TIMEOUT,
    /** How long the service waits for its database when it starts. */
    startupTimeoutSeconds: own.LTB_STARTUP_TIMEOUT,
    /** After how many days the service removes what is old by itself; undefined: never. */
    retention: {
      jobs: own.LTB_RETENTION_JOBS_DAYS,
      evaluations: own.LTB_RETENTION_EVALUATIONS_DAYS,
      audit: own.LTB_RETENTION_AUDIT_DAYS,
    },
    /** What jobs without a fair_key take turns by. */
    jobsFairBy: own.LTB_JOBS_FAIR_BY,
    /** How far the replica may be behind while it answers. */
    replicaMaxLagSeconds: own.LTB_REPLICA_MAX_LAG,
    /** Whether statements are prepared by name, which pgbouncer by transaction cannot carry before 1.21. */
    preparedStatements: own.DATABASE_PREPARED_STATEMENTS,
    /** For the log: settings that have no effect. */
    warnings: warnings as readonly string[],
  };
  return freeze(config);
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
