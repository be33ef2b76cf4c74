import { readFileSync } from "node:fs";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import type { DatabaseConfig } from "../../config/database.ts";
import { ConfigError, type Problem } from "../../config/error.ts";
import { certificatesIn } from "../../pem.ts";
import { messageOf } from "../../thrown.ts";

/** The option `ssl` of pg: false for clear text. */
export type SslAttempt = false | ConnectionOptions;

export type SslSettings = Pick<DatabaseConfig, "host" | "sslMode" | "sslRootCert" | "sslCert" | "sslKey">;

/**
 * The ways to connect that libpq's sslmode stands for, in the order to try them: pg has no fallback of its
 * own. See https://www.postgresql.org/docs/current/libpq-ssl.html.
 *
 * As in libpq, Unix sockets have no TLS, and every mode that uses TLS verifies the authority once one is
 * named; `prefer` then goes on in clear text where that fails. Unlike there, a root certificate that is named
 * has to exist whatever the mode, and `verify-full` without one trusts those of Node (`sslrootcert=system`).
 * @throws ConfigError when a certificate or key cannot be read
 */
export function sslAttempts(settings: SslSettings): [SslAttempt, ...SslAttempt[]] {
  const { host, sslMode } = settings;
  if (sslMode === "disable" || host.startsWith("/")) return [false];
  const tls = tlsOptions(settings);
  if (sslMode === "allow") return [false, tls];
  if (sslMode === "prefer") return [tls, false];
  return [tls];
}

function tlsOptions({ host, sslMode, sslRootCert, sslCert, sslKey }: SslSettings): ConnectionOptions {
  const problems: Problem[] = [];
  const read = (name: string, path: string | undefined, check: (pem: string) => unknown) => {
    if (path === undefined) return undefined;
    try {
      const pem = readFileSync(path, "utf8");
      check(pem);
      return pem;
    } catch (error) {
      problems.push({ name, message: `expected a readable PEM file: ${messageOf(error)}` });
      return undefined;
    }
  };
  const ca = read("sslRootCert", sslRootCert === "system" ? undefined : sslRootCert, certificatesIn);
  const cert = read("sslCert", sslCert, certificatesIn);
  // This also finds a key of another certificate.
  const key = read("sslKey", sslKey, (pem) => createSecureContext({ key: pem, ...(cert && { cert }) }));
  if (problems.length > 0) throw new ConfigError(problems);
  const verifiesName = sslMode === "verify-full";
  const verifies = verifiesName || sslRootCert !== undefined;
  return {
    // The name, or the address, that verify-full compares with the certificate; not used to connect.
    host,
    rejectUnauthorized: verifies,
    ca,
    // An intermediate authority may be the only one that is trusted, as for the service's own clients.
    ...(ca !== undefined && { allowPartialTrustChain: true }),
    cert,
    key,
    ...(verifies && !verifiesName && { checkServerIdentity: () => undefined }),
  };
}
