import { Code } from "@connectrpc/connect";
import { BackendTerminatedError, ConnectionError, SlonikError } from "@slonik/errors";
import pg from "pg";
import { type Reason, ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";

type Mapping = readonly [code: Code, reason: Reason, message: string, retryAfterMs?: number];

const { InvalidArgument, FailedPrecondition, AlreadyExists, ResourceExhausted } = Code;
const { databaseRetryMs, conflictRetryMs } = limits;
const unreachable = "the database is not reachable";
const unavailable: Mapping = [Code.Unavailable, "DATABASE_UNAVAILABLE", unreachable, databaseRetryMs];
const conflict = (message: string): Mapping => [Code.Aborted, "CONFLICT", message, conflictRetryMs];

/** The one table from SQLSTATE (or its class, its first two characters) to what a caller sees. */
const bySqlState: Record<string, Mapping> = {
  "08": unavailable,
  "22": [InvalidArgument, "INVALID_ARGUMENT", "a value is outside of what its column can hold"],
  "23502": [InvalidArgument, "CONSTRAINT_VIOLATION", "a required value is missing"],
  "23503": [FailedPrecondition, "REFERENCE_MISSING", "a referenced entity does not exist"],
  "23505": [AlreadyExists, "ALREADY_EXISTS", "an entity with this key exists already"],
  "23514": [InvalidArgument, "CONSTRAINT_VIOLATION", "the values do not go together"],
  "25006": unavailable,
  "25P03": unavailable,
  "25P04": unavailable,
  "40": conflict("concurrent changes got in each other's way; nothing was written"),
  "53": [ResourceExhausted, "OVERLOADED", "the database is out of resources", databaseRetryMs],
  "53100": [ResourceExhausted, "DISK_FULL", "the database's disk is full"],
  "53300": unavailable,
  "54": [InvalidArgument, "INVALID_ARGUMENT", "a value is larger, or nested deeper, than the database takes"],
  "55P03": conflict("a lock was not free in time; nothing was written"),
  "57014": [Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "the query was stopped before it was done"],
  "57P": unavailable,
};

/** The error of a statement that was stopped because none may take as long. */
export function stoppedByUs(mostMs: number): ServiceError {
  const message = `the database did not do its work within ${mostMs / 1000} s`;
  return new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", message, {
    retryAfterMs: databaseRetryMs,
  });
}

/** What the database threw, as callers see it. What the table does not know comes back unchanged. */
export function toServiceError(error: unknown): unknown {
  if (error instanceof ServiceError) return error;
  const state = sqlState(error);
  const mapping =
    (state && (bySqlState[state] ?? bySqlState[state.slice(0, 3)] ?? bySqlState[state.slice(0, 2)])) ||
    (isConnectionFailure(error) ? unavailable : undefined);
  if (!mapping) return error;
  const [code, reason, message, retryAfterMs] = mapping;
  const { constraint, column } = (error ?? {}) as pg.DatabaseError;
  return new ServiceError(code, reason, message, {
    cause: error,
    metadata: { ...(constraint && { constraint }), ...(column && { column }) },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** The five-character SQLSTATE of what PostgreSQL reported, or undefined. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof pg.DatabaseError) return error.code;
  return error instanceof SlonikError ? sqlState(error.cause) : undefined;
}

/** True for a serialization failure or a deadlock: PostgreSQL undid the work, and doing it again is safe. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40001" || state === "40P01";
}

/** True where PostgreSQL ends the session along with the query. */
export function endsConnection(error: unknown): boolean {
  return /^(08|57P|25P0[34])/.test(sqlState(error) ?? "");
}

/** True where there is no working connection: refused, lost, unreachable or being ended. */
export function isConnectionFailure(error: unknown): boolean {
  if (error instanceof BackendTerminatedError || error instanceof ConnectionError) return true;
  const { code, message, path } = (error ?? {}) as { code?: unknown; message?: unknown; path?: unknown };
  // A file that cannot be written while a transaction is open has the same codes.
  if (path !== undefined) return false;
  // The operating system's codes, EAI_AGAIN of a name server among them, but not Node's own (ERR_…).
  if (typeof code === "string") return /^E(?!RR_)[A-Z_]+$/.test(code);
  // pg's own errors have no code, and neither have those of Slonik about a connection that it gives up.
  return /^(Connection terminated|timeout expired|Client (has encountered a connection error|was closed|is (pending destroy|destroyed)))/.test(
    String(message),
  );
}

/**
 * True while the database starts up, is out of reach, has no connection to spare or takes no writes yet;
 * false for what waiting does not mend, as a wrong password. Also where another error was made of it.
 */
export function isAway(error: unknown): boolean {
  if (error instanceof ServiceError) return error.reason === "DATABASE_UNAVAILABLE";
  const state = sqlState(error);
  if (state !== undefined ? /^(57P0[1-3]|53300|08|25006)/.test(state) : isConnectionFailure(error))
    return true;
  return error instanceof Error && error.cause !== undefined && isAway(error.cause);
}

/** True where the connection is of no use any more: it is gone, or leads to what is a standby now. */
export function isConnectionSpent(error: unknown): boolean {
  return isConnectionFailure(error) || sqlState(error) === "25006";
}

/** True if the error says that the entity asked for does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ServiceError && error.code === Code.NotFound;
}

/** True if the error says that an entity with the same key exists already. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof ServiceError && error.code === Code.AlreadyExists;
}

/** True if the error says that the database could not be reached. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "DATABASE_UNAVAILABLE";
}
