import { create, toBinary } from "@bufbuild/protobuf";
import {
  type CompleteJobsItem,
  CompleteJobsItemSchema,
  type FailJobsItem,
  FailJobsItemSchema,
} from "../../../gen/ltb/v1/job_service_pb.ts";
import { storableError } from "../../error-text.ts";
import { limits } from "../../limits.ts";
import { messageOf } from "../../thrown.ts";
import { toDuration } from "../../wire/duration.ts";
import { abort, type HeldLease } from "./leases.ts";
import type { JobContext, JobHandler } from "./options.ts";
import { EvaluatedResult, JobAbortedError, JobError, RetryLater } from "./outcome.ts";

/** The outcome of a run, ready to be sent. */
export type Outcome =
  | { kind: "completed"; item: CompleteJobsItem; bytes: number }
  | { kind: "failed"; item: FailJobsItem }
  /** The job is given back: for later as its handler said, or at once because it was stopped halfway. */
  | { kind: "released"; later?: RetryLater }
  /** The timeout is not sent: the service ends attempts at their timeout itself, and records that. */
  | { kind: "timed_out" };

/** Runs a job to its end. Never throws. */
export async function runJob(
  held: HeldLease,
  handler: JobHandler | undefined,
  context: Omit<JobContext, "signal" | "useTokens">,
): Promise<Outcome> {
  const { job, aborter, deadlineAt } = held;
  if (handler === undefined) {
    const message = `this worker has no handler for jobs of type ${JSON.stringify(job.jobType)}`;
    return failed(held, new JobError(message, { retryable: false }));
  }
  let tokensUsed: number | undefined;
  const useTokens = (count: number) => {
    tokensUsed = Math.min((tokensUsed ?? 0) + Math.max(Math.round(count) || 0, 0), limits.tokens);
  };
  const left = deadlineAt - performance.now();
  const timer = left < 2 ** 31 ? setTimeout(() => abort(held, "timeout"), left) : undefined;
  try {
    const result = await handler(job, { ...context, signal: aborter.signal, useTokens });
    return completed(held, result, tokensUsed);
  } catch (error) {
    const { reason: cause } = aborter.signal;
    if (cause === undefined && error instanceof RetryLater) {
      const { afterMs, holdLimitKey, message } = error;
      context.log.info({ afterMs, holdLimitKey }, `the job is given back for later: ${message}`);
      return { kind: "released", later: error };
    }
    if (cause === undefined) context.log.warn({ err: error }, "the job failed");
    if (!(cause instanceof JobAbortedError)) return failed(held, error, tokensUsed);
    if (cause.reason === "timeout") return { kind: "timed_out" };
    return cause.reason === "stopped" ? { kind: "released" } : failed(held, cause, tokensUsed);
  } finally {
    clearTimeout(timer);
  }
}

function completed(
  { job, lease: { epoch } }: HeldLease,
  returned: unknown,
  tokensUsed: number | undefined,
): Outcome {
  const { result, evaluations } =
    returned instanceof EvaluatedResult ? returned : { result: returned, evaluations: [] };
  try {
    const resultJson = textOf(result);
    const content = { jobId: job.id, epoch, resultJson, evaluations: [...evaluations] };
    const item = create(CompleteJobsItemSchema, {
      ...content,
      ...(tokensUsed !== undefined && { tokensUsed }),
    });
    return { kind: "completed", item, bytes: toBinary(CompleteJobsItemSchema, item).length };
  } catch (cause) {
    throw new JobError(`the result cannot be sent: ${messageOf(cause)}`, { retryable: false, cause });
  }
}

/** A result as JSON text; none is empty. Half a surrogate pair, which the service refuses, is replaced. */
function textOf(result: unknown): string {
  const text = JSON.stringify(result) ?? "";
  if (!text.includes("\\ud")) return text;
  return JSON.stringify(result, (_, value) => (typeof value === "string" ? value.toWellFormed() : value));
}

export function failed(
  { job, lease: { epoch } }: HeldLease,
  thrown: unknown,
  tokensUsed?: number,
): Outcome & { kind: "failed" } {
  const { retryable, retryAfterMs } =
    thrown instanceof JobError ? thrown : { retryable: true, retryAfterMs: undefined };
  const item = create(FailJobsItemSchema, {
    jobId: job.id,
    epoch,
    error: errorText(thrown),
    retryable,
    ...(tokensUsed !== undefined && { tokensUsed }),
    ...(retryAfterMs !== undefined && {
      retryAfter: toDuration(Math.min(Math.max(retryAfterMs, 0), limits.retryAfterMs)),
    }),
  });
  return { kind: "failed", item };
}

function errorText(thrown: unknown): string {
  return storableError(messageOf(thrown) || (thrown instanceof Error ? thrown.name : ""));
}
