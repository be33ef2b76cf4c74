import { Code } from "@connectrpc/connect";

/** Stable, machine-readable causes: `google.rpc.ErrorInfo.reason` on the wire. Never rename one. */
export type Reason =
  | "ALREADY_EXISTS"
  | "AUDIT_CHAIN_BROKEN"
  | "AUDIT_HEAD_MISSING"
  | "AUDIT_KEY_MISSING"
  | "CANCELLED"
  | "CONFLICT"
  | "CONSTRAINT_VIOLATION"
  | "CREDENTIAL_INVALID"
  | "CREDENTIAL_MISSING"
  | "CREDENTIAL_REVOKED"
  | "CURSOR_EXPIRED"
  | "DATABASE_UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "DISK_FULL"
  | "FORBIDDEN_STATUS_CHANGE"
  | "FOREIGN_ORIGIN"
  | "INDEX_MISSING"
  | "INTERNAL"
  | "INVALID_ARGUMENT"
  | "INVALID_CREDENTIALS"
  | "INVALID_CURSOR"
  | "INVALID_PAGE_TOKEN"
  | "KEY_INACTIVE"
  | "LAST_ADMIN"
  | "MESSAGE_TOO_LARGE"
  | "METHOD_NOT_PERMITTED"
  | "MIGRATION_FAILED"
  | "NOT_A_KEY"
  | "NOT_A_SESSION"
  | "NOT_FOUND"
  | "NOT_OWNER"
  | "OVERLOADED"
  | "RATE_LIMITED"
  | "REFERENCE_MISSING"
  | "REQUEST_ID_REUSED"
  | "ROLE_REQUIRED"
  | "SCOPE_EXCEEDED"
  | "SCOPE_REQUIRED"
  | "SHUTTING_DOWN"
  | "TOO_MANY_ATTEMPTS"
  | "TOO_MANY_LANES"
  | "UNIMPLEMENTED"
  | "UNIQUE_KEY_TAKEN"
  | "VERSION_MISMATCH"
  | "WRONG_PASSWORD";

/** A wrong field of a request. `field` is its proto path, for example `evaluations[3].sample_id`. */
export interface Violation {
  field: string;
  description: string;
}

export interface ServiceErrorOptions {
  /** Facts for programs, for example `{ entity: "benchmark", id: "…" }`. They are sent: no secrets. */
  metadata?: Record<string, string>;
  violations?: Violation[];
  /** Set where trying again may help: how long to wait first, in milliseconds. */
  retryAfterMs?: number;
  /** Kept for the log, never sent. */
  cause?: unknown;
}

/**
 * The one error that callers see, over the wire and in the library alike. Its message, reason, metadata and
 * violations are public; anything else that is thrown is masked as INTERNAL.
 */
export class ServiceError extends Error {
  readonly code: Code;
  readonly reason: Reason;
  readonly metadata: Record<string, string>;
  readonly violations: Violation[];
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, reason: Reason, message: string, options: ServiceErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "ServiceError";
    this.code = code;
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.violations = options.violations ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function notFound(entity: string, id: string): ServiceError {
  const metadata = { entity, id };
  return new ServiceError(Code.NotFound, "NOT_FOUND", `${entity} ${id} does not exist`, { metadata });
}

/** Whether the database missed the row that another refers to. */
export function isReferenceMissing(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "REFERENCE_MISSING";
}

/** @param name the words for it, where they are others than its entity */
export function alreadyExists(entity: string, id: string, name = `${entity} ${id}`): ServiceError {
  const metadata = { entity, id };
  return new ServiceError(Code.AlreadyExists, "ALREADY_EXISTS", `${name} exists already`, { metadata });
}

/** @throws ABORTED unless the entity has the version that an update was made for, if it was for one */
export function requireVersion(
  entity: string,
  id: string,
  expected: number | undefined,
  actual: number,
): void {
  if (expected === undefined || expected === actual) return;
  const problem = `${entity} ${id} is at version ${actual}, not ${expected}`;
  const message = `${problem}: read it again and repeat the change`;
  const metadata = { entity, id, version: String(actual) };
  throw new ServiceError(Code.Aborted, "VERSION_MISMATCH", message, { metadata });
}

/** The row that was read. @throws NOT_FOUND if there is none */
export function requireFound<Row>(row: Row | null | undefined, entity: string, id: string): Row {
  if (row === null || row === undefined) throw notFound(entity, id);
  return row;
}

export function invalid(violations: Violation[], cause?: unknown): ServiceError {
  const sentences = violations.map(({ field, description }) =>
    field === "" ? `the input ${description}` : `${field}: ${description}`,
  );
  return new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", sentences.join("; "), {
    violations,
    cause,
  });
}

export function invalidField(field: string, description: string): ServiceError {
  return invalid([{ field, description }]);
}

const codeNames = new Map<number, string>([[0, "OK"]]);
for (const [name, code] of Object.entries(Code)) {
  if (typeof code === "number") codeNames.set(code, name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase());
}
// gRPC spells it with two l, Connect with one.
codeNames.set(Code.Canceled, "CANCELLED");

/** A status code as gRPC spells it, for example `NOT_FOUND`; 0 is `OK`. */
export function codeName(code: Code | 0): string {
  return codeNames.get(code) ?? `CODE_${code}`;
}

/** The error of a call whose signal has aborted. */
export function cancelled(signal: AbortSignal): unknown {
  if (signal.reason instanceof ServiceError) return signal.reason;
  return new ServiceError(Code.Canceled, "CANCELLED", "the caller is gone", { cause: signal.reason });
}
