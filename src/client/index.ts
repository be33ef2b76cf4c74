/** The client: typed calls to a service anywhere, and the runtime of workers. It needs no database. */
export { type ClientOptions, createClient, type LtbClient } from "./client.ts";
export { errorMetadataOf, reasonOf, retryAfterMsOf, violationsOf } from "./errors.ts";
export type { RetryOptions } from "./retry.ts";
export type { TlsOptions } from "./tls-options.ts";
export type { WorkerLog } from "./worker/log.ts";
export type { JobContext, JobHandler, WorkerOptions } from "./worker/options.ts";
export {
  type AbortCause,
  type EvaluatedResult,
  JobAbortedError,
  JobError,
  type JobEvaluation,
  RetryLater,
  withEvaluations,
} from "./worker/outcome.ts";
export { type RunningWorker, runWorker } from "./worker/run-worker.ts";
