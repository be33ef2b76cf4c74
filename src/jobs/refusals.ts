import { Code } from "@connectrpc/connect";
import { alreadyExists, ServiceError } from "../errors.ts";
import type { Job } from "./rows.ts";

/** The error of one job of a batch, which then names its position. */
export function refusalAt(index: number, error: ServiceError): ServiceError {
  const { code, reason, message, metadata } = error;
  const violations = error.violations.map((one) => ({ ...one, field: `jobs[${index}].${one.field}` }));
  return new ServiceError(code, reason, `jobs[${index}]: ${message}`, { metadata, violations });
}

/** Whether the database refused a job for its id. */
export function isIdTaken(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "ALREADY_EXISTS";
}

/** The same error, or where it was for the id one that names it. */
export function nameTakenId(error: unknown, id: string | undefined): unknown {
  return isIdTaken(error) ? idTaken(id) : error;
}

/** ALREADY_EXISTS for an id. */
export function idTaken(id: string | undefined): ServiceError {
  if (id) return alreadyExists("job", id);
  const message = "a job with one of these ids exists already";
  return new ServiceError(Code.AlreadyExists, "ALREADY_EXISTS", message, { metadata: { entity: "job" } });
}

/** FAILED_PRECONDITION for a change that the status of the job does not allow. */
export function forbiddenChange({ id, status }: Job, what: string): ServiceError {
  const message = `job ${id} is ${status} and cannot be ${what}`;
  return new ServiceError(Code.FailedPrecondition, "FORBIDDEN_STATUS_CHANGE", message, {
    metadata: { entity: "job", id, from: status },
  });
}

/** ABORTED for a job that was in another state each time it was looked at. */
export function keepsChanging(id: string): ServiceError {
  const message = `job ${id} keeps changing: try again`;
  return new ServiceError(Code.Aborted, "CONFLICT", message, { retryAfterMs: 100 });
}
