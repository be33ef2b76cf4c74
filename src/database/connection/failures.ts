import { Code } from "@connectrpc/connect";
import { DatabaseError } from "pg";
import type { DatabaseConfig } from "../../config/database.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { quote } from "../../text.ts";
import { hasCode, messageOf } from "../../thrown.ts";
import { isAway, sqlState } from "../statement/errors.ts";
import { cureOf, timeoutOf } from "./session.ts";
import { explainTls } from "./ssl-failures.ts";

const UNKNOWN_HOST = ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME"];
const NOTHING_LISTENS = ["ECONNREFUSED", "ENOENT"];
const NO_ANSWER = ["ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENETDOWN"];
/** The message of `pg` about a server that answers a request for TLS with neither yes nor no. */
const NOT_POSTGRES = "There was an error establishing an SSL connection";

/** Whether nothing at the address has answered, so that another way to connect would fare no better. */
export function isUnreachable(failure: unknown): boolean {
  return hasCode(failure, ...UNKNOWN_HOST, ...NOTHING_LISTENS, ...NO_ANSWER) || isTimeout(failure);
}

/** `pg` has its own timer. */
function isTimeout(failure: unknown): boolean {
  return messageOf(failure) === "timeout expired";
}

/**
 * Says in one sentence why a connection could not be made, and what to do. Where waiting may help it is a
 * ServiceError, UNAVAILABLE.
 */
export function explainFailure(failure: unknown, config: DatabaseConfig): unknown {
  const text = explain(failure, config);
  if (isAway(failure))
    return new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", text ?? messageOf(failure), {
      cause: failure,
      retryAfterMs: limits.databaseRetryMs,
    });
  return text === undefined ? explainTls(failure, config) : new Error(text, { cause: failure });
}

/** Goes by codes only: PostgreSQL words its messages in the language of its machine. */
function explain(failure: unknown, { host, port, user, database }: DatabaseConfig): string | undefined {
  const server = host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
  const words = messageOf(failure);
  const address = "correct the address (DATABASE_URL, DATABASE_HOST, DATABASE_PORT)";
  const access = `-h ${quote(host)} -p ${port}`;
  switch (sqlState(failure)) {
    case "28P01":
      return (
        `the database at ${server} refuses user "${user}" (${words}): correct the password (DATABASE_URL, ` +
        `DATABASE_PASSWORD), or make the role if there is none (createuser ${access} -P ${quote(user)})`
      );
    case "28000":
      return failure instanceof DatabaseError && failure.routine === "InitializeSessionUserId"
        ? `the database at ${server} lets no role "${user}" log in (${words}): make it (createuser ${access} ` +
            `${quote(user)}), or name another (DATABASE_URL, DATABASE_USER)`
        : `the database at ${server} does not let user "${user}" into "${database}" (${words}): add a line for ` +
            "it to pg_hba.conf there, or connect as that file demands (DATABASE_SSL_MODE, DATABASE_USER)";
    case "3D000":
      return (
        `there is no database "${database}" at ${server}: make it (createdb ${access} -U ${quote(user)} ` +
        `${quote(database)}), or name another (DATABASE_URL, DATABASE_NAME)`
      );
    case "42501":
      return (
        `user "${user}" may not connect to the database "${database}" at ${server}: run there ` +
        `GRANT CONNECT ON DATABASE "${database}" TO "${user}"`
      );
    case "53300":
      return (
        `the database at ${server} has no connection to spare (${words}): raise max_connections there, or lower ` +
        "DATABASE_POOL_SIZE of those that use it"
      );
    case "57P03":
      return `the database at ${server} takes no connections yet (${words})`;
  }
  const timeout = timeoutOf(failure);
  if (timeout !== undefined)
    return (
      `the database at ${server} ends sessions before they have begun (${words}): run there ` +
      cureOf([{ name: timeout, wanted: "0" }], { user, database })
    );
  if (hasCode(failure, ...UNKNOWN_HOST)) return `the host ${host} is not known: ${address}`;
  if (hasCode(failure, ...NOTHING_LISTENS))
    return `nothing listens at ${server}: start PostgreSQL there, or ${address}`;
  if (hasCode(failure, ...NO_ANSWER) || isTimeout(failure))
    return `no answer from ${server} (${words}): see that PostgreSQL runs there and no firewall is between, or ${address}`;
  if (/^SASL: .*password must be/.test(words))
    return `the database at ${server} demands a password of user "${user}": give it (DATABASE_URL, DATABASE_PASSWORD)`;
  if (words === NOT_POSTGRES)
    return `what listens at ${server} does not answer as PostgreSQL does: ${address}`;
  if (hasCode(failure, "ECONNRESET", "EPIPE") || words.startsWith("Connection terminated"))
    return `${server} ended the connection (${words}): see whether PostgreSQL listens there and what its log says, or ${address}`;
  return undefined;
}
