import { z } from "zod";
import { type DatabaseOptions, SSL_MODES } from "./database-options.ts";
import { ConfigError, type Problem } from "./error.ts";
import { expecting, integer, oneOf, seconds, text } from "./fields.ts";
import { Secret } from "./secret.ts";
import { parseDatabaseUrl } from "./url.ts";

const secret = z.union([z.instanceof(Secret), z.string().transform((value) => new Secret(value))]);

/** The settings of the pool, for any database. */
export const poolSchema = z.object({
  poolSize: integer(1, 1000).default(20),
  connectTimeoutSeconds: seconds(0.1, 600).default(10),
  idleTimeoutSeconds: seconds(0, 86_400).default(600),
  maxLifetimeSeconds: seconds(0, 604_800).default(1800),
  waitTimeoutSeconds: seconds(0.01, 600).default(5),
  waitQueueLimit: integer(1, 1_000_000).default(1000),
  // PostgreSQL cuts longer names.
  applicationName: expecting("1 to 63 printable ASCII characters", z.string().regex(/^[ -~]{1,63}$/)).default(
    "llm-test-bench",
  ),
});
export type PoolSettings = Readonly<z.output<typeof poolSchema>>;

const schema = poolSchema.extend({
  host: text.default("localhost"),
  port: integer(1, 65_535).default(5432),
  database: text.default("llm_test_bench"),
  user: text.default("postgres"),
  password: expecting("a text", secret, { secret: true }).optional(),
  sslMode: oneOf(...SSL_MODES).default("prefer"),
  sslRootCert: text.optional(),
  sslCert: text.optional(),
  sslKey: text.optional(),
});

/** A validated, frozen configuration of a database. Timeouts are in seconds; 0 means none. */
export type DatabaseConfig = Readonly<z.output<typeof schema>>;

/**
 * Makes the library's configuration from an options object or a connection string.
 * @throws ConfigError that lists every wrong option
 */
export function databaseConfig(input: DatabaseOptions | string): DatabaseConfig {
  const result = resolveDatabase(typeof input === "string" ? { url: input } : input);
  if (result.problems.length > 0 || result.config === undefined) throw new ConfigError(result.problems);
  return result.config;
}

export interface Naming {
  /** The name of an option in messages: `DATABASE_PORT` for `port`. */
  nameOf: (option: keyof DatabaseOptions) => string;
  /** The rank of a setting. The higher of two contradicting settings wins; equal ranks are a problem. */
  rankOf: (option: keyof DatabaseOptions) => number;
}

const plainly: Naming = { nameOf: (option) => option, rankOf: () => 0 };

export interface ResolvedDatabase {
  config?: DatabaseConfig;
  problems: Problem[];
  warnings: string[];
}

export function resolveDatabase(
  given: DatabaseOptions,
  { nameOf, rankOf }: Naming = plainly,
): ResolvedDatabase {
  const { url, ...single } = given;
  const options: Record<string, unknown> = { ...single };
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const refuse = (option: keyof DatabaseOptions, message: string) =>
    problems.push({ name: nameOf(option), message });
  if (url !== undefined) {
    const parsed = parseDatabaseUrl(url instanceof Secret ? url.reveal() : url);
    if ("problem" in parsed) {
      refuse("url", parsed.problem);
      return { problems, warnings };
    }
    for (const name of parsed.unused) warnings.push(`${nameOf("url")}: the parameter ${name} is not used`);
    for (const [key, value] of Object.entries(parsed.options)) {
      const option = key as keyof DatabaseOptions;
      const rank = rankOf("url") - rankOf(option);
      if (options[option] !== undefined && !same(options[option], value) && rank === 0) {
        refuse(option, `contradicts ${nameOf("url")}; expected only one of them, or the same value`);
      } else if (options[option] === undefined || rank > 0) {
        options[option] = value;
      }
    }
  } else {
    options.password ??= "postgres";
  }
  // libpq does the same: public authorities sign for anyone, so only the name distinguishes servers.
  if (options.sslRootCert === "system") options.sslMode ??= "verify-full";
  const result = schema.safeParse(options);
  if (!result.success) {
    for (const { path, message } of result.error.issues) refuse(path[0] as keyof DatabaseOptions, message);
    return { problems, warnings };
  }
  const { sslMode, sslRootCert, sslCert, sslKey } = result.data;
  if (sslMode === "verify-ca" && sslRootCert === undefined)
    refuse("sslRootCert", "expected a PEM file of your own authority for verify-ca");
  if (sslRootCert === "system" && sslMode !== "verify-full")
    refuse(
      "sslRootCert",
      `expected a PEM file of your own authority for ${sslMode}: any server has a certificate of a public one; verify-full also checks its name`,
    );
  if ((sslCert === undefined) !== (sslKey === undefined))
    refuse(
      sslCert === undefined ? "sslCert" : "sslKey",
      "expected certificate and key together, got one of them",
    );
  return problems.length > 0
    ? { problems, warnings }
    : { config: Object.freeze(result.data), problems, warnings };
}

function same(left: unknown, right: unknown): boolean {
  const plain = (value: unknown) => (value instanceof Secret ? value.reveal() : String(value));
  return plain(left) === plain(right);
}

/** Describes a database for logs: `postgres://user:****@host:port/database?sslmode=prefer`. */
export function describeDatabase({ host, port, database, user, sslMode }: DatabaseConfig): string {
  const name = encodeURIComponent(database);
  const who = `${encodeURIComponent(user)}:****`;
  if (host.startsWith("/")) return `postgres://${who}@/${name}?host=${encodeURI(host)}&port=${port}`;
  return `postgres://${who}@${host.includes(":") ? `[${host}]` : host}:${port}/${name}?sslmode=${sslMode}`;
}
