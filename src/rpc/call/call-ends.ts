import { Code } from "@connectrpc/connect";
import { ServiceError } from "../../errors.ts";

/** The caller went away, so nobody reads this; it is for the log and for handlers. */
export function cancelled(): ServiceError {
  return new ServiceError(Code.Canceled, "CANCELLED", "the caller cancelled the call");
}

export function deadlineExceeded(): ServiceError {
  return new ServiceError(
    Code.DeadlineExceeded,
    "DEADLINE_EXCEEDED",
    "the call was not done by its deadline; what it began may have been written",
  );
}

/** Retryable on another server, or on this one once it is back. */
export function shuttingDown(): ServiceError {
  return new ServiceError(Code.Unavailable, "SHUTTING_DOWN", "the server is shutting down; call again", {
    retryAfterMs: 1_000,
  });
}
