import type { Secret } from "./secret.ts";

export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
/** libpq's sslmode: https://www.postgresql.org/docs/current/libpq-ssl.html */
export type SslMode = (typeof SSL_MODES)[number];

/** The options for reaching PostgreSQL. All have defaults; a connection string may give any of them too. */
export interface DatabaseOptions {
  /**
   * `postgres://user:password@host:port/database?sslmode=…`. The other options fill in what it leaves out and
   * may not contradict it.
   */
  url?: string | Secret;
  /** A host name, an address, or the folder of a Unix socket (it starts with `/`). Default `localhost`. */
  host?: string;
  /** Default 5432. */
  port?: number | string;
  /** Default `llm_test_bench`. */
  database?: string;
  /** Default `postgres`. */
  user?: string;
  /** The password as it is, without any encoding. Default `postgres`, or none if a URL is given. */
  password?: string | Secret | undefined;
  /** Most connections held open. Default 20, from 1 to 1000. */
  poolSize?: number | string;
  /** Default 10, from 0.1 to 600. */
  connectTimeoutSeconds?: number | string;
  /** Connections idle for longer are closed. Default 600; 0: never. */
  idleTimeoutSeconds?: number | string;
  /** Connections are replaced at this age. Default 1800; 0: never. */
  maxLifetimeSeconds?: number | string;
  /** Longest wait of a call for a free connection. Default 5, from 0.01 to 600. */
  waitTimeoutSeconds?: number | string;
  /** Most calls waiting for a connection; further ones fail at once. Default 1000, from 1 to 1000000. */
  waitQueueLimit?: number | string;
  /** Default `prefer`. */
  sslMode?: SslMode | (string & {});
  /** Path of a PEM file with the authorities to trust, or `system` for those built into Node. */
  sslRootCert?: string | undefined;
  /** Paths of PEM files: the client's certificate and its key. */
  sslCert?: string | undefined;
  sslKey?: string | undefined;
  /** Shown in pg_stat_activity. Default `llm-test-bench`. */
  applicationName?: string;
}
