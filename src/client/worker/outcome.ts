import type { MessageInitShape } from "@bufbuild/protobuf";
import type { NewEvaluationSchema } from "../../../gen/ltb/v1/evaluation_pb.ts";

/** A failure of a job with the handler's knowledge about its retry. */
export class JobError extends Error {
  override readonly name = "JobError";
  /** False: the job fails for good, even if retries are left. */
  readonly retryable: boolean;
  /** Time until the retry, in milliseconds; undefined: exponential backoff. */
  readonly retryAfterMs: number | undefined;

  /**
   * @param options.retryable default: true
   * @param options.retryAfterMs at most 7 days. Default: exponential backoff with jitter
   */
  constructor(
    message: string,
    options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * Gives the job back for later: the answer to a provider's 429. That costs no retry, as often as the job's
 * max_snoozes allows; more often it is a failed attempt.
 *
 * ```ts
 * if (response.status === 429) throw new RetryLater(1_000 * Number(response.headers.get("retry-after")));
 * ```
 */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  /** Time until the job is due again, in milliseconds. */
  readonly afterMs: number;
  /** Whether no other job with the job's limit key starts meanwhile. */
  readonly holdLimitKey: boolean;

  /**
   * @param afterMs more than 0, at most 7 days; what is beyond is cut off
   * @param options.message for the worker's log. Default: "to be retried later"
   * @param options.holdLimitKey keeps all jobs with this one's limit key from starting meanwhile, on every
   *   worker, for at most an hour at a time. Default: true
   * @throws RangeError if it is not a number
   */
  constructor(afterMs: number, options: { message?: string; holdLimitKey?: boolean; cause?: unknown } = {}) {
    super(options.message ?? "to be retried later", { cause: options.cause });
    if (typeof afterMs !== "number" || Number.isNaN(afterMs))
      throw new RangeError(`afterMs: expected a number of milliseconds, got ${String(afterMs)}`);
    this.afterMs = afterMs;
    this.holdLimitKey = options.holdLimitKey ?? true;
  }
}

/**
 * The cause of an aborted signal. `cancelled`: somebody cancelled the job. `lost`: the lease is no longer
 * this worker's. `timeout`: the job's timeout_seconds are over; the service records that by itself.
 * `stopped`: the worker stops and cannot wait any longer; the job is given back.
 */
export type AbortCause = "cancelled" | "lost" | "timeout" | "stopped";

/** The reason of a handler's aborted signal. */
export class JobAbortedError extends Error {
  override readonly name = "JobAbortedError";
  readonly reason: AbortCause;

  constructor(reason: AbortCause, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** An evaluation to store with a job's result. Its benchmark is the job's unless it names another. */
export type JobEvaluation = MessageInitShape<typeof NewEvaluationSchema>;

/** A handler's result with evaluations, made by `withEvaluations`. */
export class EvaluatedResult {
  readonly result: unknown;
  readonly evaluations: readonly JobEvaluation[];

  constructor(result: unknown, evaluations: readonly JobEvaluation[]) {
    this.result = result;
    this.evaluations = evaluations;
  }
}

/**
 * Makes a handler's result with evaluations. Result and evaluations are stored together or not at all, and
 * only once, however often the job was tried.
 *
 * ```ts
 * return withEvaluations({ score }, [{ sampleId: "gsm8k-17", input: prompt, output: answer, score }]);
 * ```
 * @param evaluations at most 1000
 */
export function withEvaluations(result: unknown, evaluations: readonly JobEvaluation[]): EvaluatedResult {
  return new EvaluatedResult(result, evaluations);
}
