import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type Interceptor, type UnaryRequest } from "@connectrpc/connect";
import { backoffMs } from "../backoff.ts";
import { newId } from "../ids.ts";
import { reasonOf, retryAfterMsOf } from "./errors.ts";
import { deadlineKey } from "./transport.ts";

/** Options for repeating calls that failed for a passing reason. Calls never go on past their deadline. */
export interface RetryOptions {
  /** Most attempts, including the first. Default: 5. */
  maxAttempts?: number;
  /** Longest pause before the first repetition, in milliseconds; it doubles with each. Default: 100. */
  baseMs?: number;
  /** Longest pause before any repetition, in milliseconds. Default: 5000. */
  maxMs?: number;
}

/** Fills in a request_id that the caller left empty. Repetitions by `retries` have the same one. */
export const requestIds: Interceptor = (next) => (request) => {
  if (request.stream || !("requestId" in request.method.input.field)) return next(request);
  const message: UnaryRequest["message"] & { requestId?: unknown } = request.message;
  if (message.requestId !== "") return next(request);
  // The message is copied, because the caller may send it again as another request.
  return next({ ...request, message: Object.assign({ ...message }, { requestId: newId() }) });
};

/** Repeats unary calls if that is safe, after a random pause that grows each time. */
export function retries({ maxAttempts = 5, baseMs = 100, maxMs = 5_000 }: RetryOptions = {}): Interceptor {
  return (next) => async (request) => {
    if (request.stream) return next(request);
    const deadline = request.contextValues.get(deadlineKey);
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request);
      } catch (error) {
        if (attempt >= maxAttempts || !mayRepeat(error, request)) throw error;
        const pause = (retryAfterMsOf(error) ?? 0) + backoffMs(attempt, baseMs, maxMs);
        if (Date.now() + pause >= deadline) throw error;
        await sleep(pause, undefined, { signal: request.signal }).catch(() => {
          throw ConnectError.from(request.signal.reason, Code.Canceled);
        });
      }
    }
  };
}

function mayRepeat(error: unknown, { method, message }: UnaryRequest): boolean {
  if (!(error instanceof ConnectError)) return false;
  // The service did nothing: it was too busy to begin, or undid its work.
  if (error.code === Code.ResourceExhausted) return retryAfterMsOf(error) !== undefined;
  if (error.code === Code.Aborted) return reasonOf(error) === "CONFLICT";
  if (error.code !== Code.Unavailable) return false;
  if (unrepeatable.has(method.name)) return false;
  return (
    reads.test(method.name) ||
    idempotent.has(method.name) ||
    ("requestId" in message && message.requestId !== "")
  );
}

const reads = /^(Get|BatchGet|List|Compare|Verify|WhoAmI$)/;

/** Methods that change nothing when they come again, whether the first call was carried out or not. */
const idempotent = new Set([
  "CompleteJobs",
  "FailJobs",
  "ReleaseJobs",
  "UpdateJobProgress",
  "RegisterWorker",
  "Heartbeat",
  "DrainWorker",
  "CancelJob",
  "SetBaseline",
  "SetJobLimit",
  "PauseJobs",
  "ResumeJobs",
]);

/** Methods whose first answer has a secret, which the answer to a repetition lacks. */
const unrepeatable = new Set(["CreateApiKey", "RotateApiKey", "CreateLoginCode"]);
