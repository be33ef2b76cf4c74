import type { DatabaseConfig } from "../../config/database.ts";
import { messageOf } from "../../thrown.ts";
import { findTlsFailure } from "../../tls-failures.ts";
import { sqlState } from "../statement/errors.ts";

/** The message of `pg` about a server that answers a request for TLS with no. */
const NO_TLS = "The server does not support SSL connections";

/** Picks the failure that says most: a refusal of clear text must not hide the wrong password before it. */
export function pickMostTelling(failures: readonly unknown[]): unknown {
  const weights = failures.map(weight);
  return failures[weights.indexOf(Math.max(...weights))];
}

function weight(failure: unknown): number {
  if (messageOf(failure) === NO_TLS) return 0;
  // 28000: a line of pg_hba.conf is missing, or denies the connection.
  return sqlState(failure) === "28000" ? 1 : 2;
}

/** Explains what to do about a failure of TLS; any other comes back as it is. */
export function explainTls(failure: unknown, { host, port, sslMode, sslRootCert }: DatabaseConfig): unknown {
  const message = messageOf(failure);
  const server = `${host}:${port}`;
  const explained = (text: string) => new Error(text, { cause: failure });
  if (message === NO_TLS)
    return explained(
      `the database at ${server} does not speak TLS, which the SSL mode ${sslMode} demands: set ssl = on there, or another mode (prefer, disable)`,
    );
  const found = findTlsFailure(message);
  switch (found?.kind) {
    case "untrusted":
      return explained(
        `the certificate of the database at ${server} is not trusted (${found.why}): expected one that is signed by ${
          sslRootCert === undefined || sslRootCert === "system"
            ? "a public authority"
            : `an authority in ${sslRootCert}`
        }; DATABASE_SSL_ROOT_CERT (sslRootCert, sslrootcert) names those to trust`,
      );
    case "untimely":
      return explained(`the certificate of the database at ${server} cannot be accepted: ${found.why}`);
    case "name":
      return explained(
        `the certificate of the database at ${server} is another server's (${found.why}): connect by a name that it bears, or use the SSL mode verify-ca, which does not compare names`,
      );
    default:
      return failure;
  }
}
