/** The library: the service's database and repositories, usable without the server. */
export type { NewAuditLog } from "./audit/input.ts";
export type { ChainOptions } from "./audit/seal/seal-task.ts";
export { type BenchmarkStatus, benchmarkStatuses } from "./benchmarks/rows.ts";
export type { BenchmarkWatchFilter } from "./benchmarks/watch.ts";
export { withOrigin, withSignal } from "./call-scope.ts";
export { type DatabaseOptions, Secret, type SslMode } from "./config.ts";
export type { RequestKey } from "./database/requests.ts";
export { isConnectionError, isDuplicateKey, isNotFound } from "./database/statement/errors.ts";
export type { Executor } from "./database/statement/executor.ts";
export type { Page, PageOptions } from "./database/statement/page.ts";
export type { DatabaseStats } from "./database/statistics.ts";
export { type Reason, ServiceError, type Violation } from "./errors.ts";
export type { Clusters } from "./evaluations/clusters/clusters.ts";
export type { Comparison, ComparisonInput, ComparisonPage } from "./evaluations/compare/comparison.ts";
export type { Coverage } from "./evaluations/coverage/coverage.ts";
export type { Bounds } from "./evaluations/coverage/missing.ts";
export type { EvaluationCleanup } from "./evaluations/delete/cleanup.ts";
export type { MetricChange } from "./evaluations/history/history.ts";
export type { EvaluationChanges, EvaluationFilter } from "./evaluations/input.ts";
export type { LeaderboardInput } from "./evaluations/leaderboard/leaderboard.ts";
export type { ReductionInput, Repetitions } from "./evaluations/samples/reduce.ts";
export type { PairSlice, PairSlices } from "./evaluations/slices/pair-slices.ts";
export type { MetricSlice, MetricSlices } from "./evaluations/slices/slices.ts";
export type { StreamIssue, StreamTotals } from "./evaluations/stream.ts";
export type { Categories, CategoryCounts } from "./evaluations/summary/categories.ts";
export type { SummaryInput } from "./evaluations/summary/summarize.ts";
export type { BenchmarkSummary, MetricSummary } from "./evaluations/summary/summary.ts";
export type { EvaluationResult } from "./evaluations/write.ts";
export type {
  ClaimInput,
  Completion,
  Failure,
  JobFilter,
  LeaseRef,
  NewJobLimit,
  Pause,
  ProgressReport,
} from "./jobs/input.ts";
export type { JobLane } from "./jobs/limits/list-lanes.ts";
export type { JobListOptions } from "./jobs/lists/lists.ts";
export type { JobStats, JobTypeStats } from "./jobs/lists/stats.ts";
export type { JobStatus } from "./jobs/rows.ts";
export type { BulkResult } from "./jobs/transitions/bulk.ts";
export type { JobWatchOptions, WatchFilter } from "./jobs/watch.ts";
export type { LeaseOutcome } from "./jobs/writes.ts";
export { DatabaseConfig, type DatabaseConfigBuilder, databaseConfig } from "./library/config.ts";
export { Database, type Repositories } from "./library/database.ts";
export type * from "./library/models.ts";
export type { UserRole } from "./principal.ts";
export type { ConnectOptions } from "./storage.ts";
export type { Credentials, NewUser, PasswordChange, UserChanges, UserFilter } from "./users/input.ts";
export type { RotateOptions } from "./users/keys.ts";
export { parseToken, type Token } from "./users/tokens.ts";
export { version } from "./version.ts";
export type { WatchOptions } from "./watch/watch.ts";
export type { HeartbeatReply } from "./workers/heartbeat.ts";
export type { Heartbeat, NewWorker, WorkerChanges, WorkerFilter } from "./workers/input.ts";
export type { StaleRemoval } from "./workers/repository.ts";
export type { WorkerStatus } from "./workers/rows.ts";
