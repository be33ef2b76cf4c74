import { Code } from "@connectrpc/connect";
import { ConfigError } from "../config/error.ts";
import { MigrationError } from "../database/migrate/error.ts";
import { toServiceError } from "../database/statement/errors.ts";
import { camelCase } from "../database/statement/sql.ts";
import { ServiceError } from "../errors.ts";
import { messageOf } from "../thrown.ts";

/** Whatever was thrown, as the library throws it. Fields are named as in its inputs, not as on the wire. */
export function failureOf(thrown: unknown): ServiceError {
  if (thrown instanceof ConfigError) return wrongConfig(thrown);
  if (thrown instanceof MigrationError)
    return new ServiceError(Code.FailedPrecondition, "MIGRATION_FAILED", thrown.message, { cause: thrown });
  const error = toServiceError(thrown);
  if (!(error instanceof ServiceError))
    return new ServiceError(Code.Internal, "INTERNAL", messageOf(thrown), { cause: thrown });
  const { code, reason, metadata, retryAfterMs, cause } = error;
  const violations = error.violations.map(({ field, description }) => ({
    field: fieldName(field),
    description,
  }));
  const message = error.violations.reduce(
    (text, { field }) => (field === "" ? text : text.replaceAll(field, fieldName(field))),
    error.message,
  );
  if (message === error.message) return error;
  return new ServiceError(code, reason, message, {
    metadata,
    violations,
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Names of settings stay as they are: only lower case is turned. */
const fieldName = (field: string) => field.replace(/[a-z]+(_[a-z0-9]+)+/g, camelCase);

/** Why no connection was made. Without `retryAfterMs` the database refuses us, or must not be used. */
export function connectFailureOf(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof ConfigError) return wrongConfig(thrown);
  return new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", messageOf(thrown), { cause: thrown });
}

function wrongConfig({ message, problems }: ConfigError): ServiceError {
  const violations = problems.map(({ name, message }) => ({ field: name, description: message }));
  return new ServiceError(Code.InvalidArgument, "INVALID_ARGUMENT", message, { violations });
}

export function closed(): ServiceError {
  return new ServiceError(Code.Unavailable, "SHUTTING_DOWN", "the database is closed: connect again");
}
