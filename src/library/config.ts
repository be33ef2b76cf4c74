import type { DatabaseConfig as Config } from "../config/database.ts";
import type { DatabaseOptions } from "../config/database-options.ts";
import * as config from "../config.ts";
import { failureOf } from "./failures.ts";

/** A validated, frozen configuration of a database. Timeouts are in seconds; 0 means none. */
export type DatabaseConfig = Config;

/** What the builder sets, by the names of the specification. Times are in seconds. */
const settings = {
  host: "host",
  port: "port",
  database: "database",
  username: "user",
  password: "password",
  poolSize: "poolSize",
  connectTimeout: "connectTimeoutSeconds",
  idleTimeout: "idleTimeoutSeconds",
  maxLifetime: "maxLifetimeSeconds",
  sslMode: "sslMode",
  sslRootCert: "sslRootCert",
  sslCert: "sslCert",
  sslKey: "sslKey",
  applicationName: "applicationName",
} as const satisfies Record<string, keyof DatabaseOptions>;

type Settings = typeof settings;

/** Sets one option after the other; `DatabaseOptions` has their limits and defaults. */
export type DatabaseConfigBuilder = {
  [Name in keyof Settings]: (value: NonNullable<DatabaseOptions[Settings[Name]]>) => DatabaseConfigBuilder;
} & {
  /** @throws INVALID_ARGUMENT, with every wrong option */
  build(): DatabaseConfig;
};

export const DatabaseConfig = {
  /**
   * Reads DATABASE_URL, or DATABASE_HOST and the others; what is not set has its default.
   * @throws INVALID_ARGUMENT, with every wrong variable
   */
  fromEnv: (env: NodeJS.ProcessEnv = process.env): DatabaseConfig =>
    orFailure(() => config.databaseConfigFromEnv(env)),

  builder(): DatabaseConfigBuilder {
    const options: Record<string, unknown> = {};
    const builder: Record<string, unknown> = { build: () => databaseConfig(options) };
    for (const [name, option] of Object.entries(settings)) {
      builder[name] = (value: unknown) => {
        options[option] = value;
        return builder;
      };
    }
    return builder as DatabaseConfigBuilder;
  },
};

/**
 * Makes a configuration of options or a connection string.
 * @throws INVALID_ARGUMENT, with every wrong option
 */
export function databaseConfig(input: DatabaseOptions | string): DatabaseConfig {
  return orFailure(() => config.databaseConfig(input));
}

function orFailure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error);
  }
}
