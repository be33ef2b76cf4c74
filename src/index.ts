/** The library: the service's database and repositories, usable without the server. */
export type {
  BenchmarkChanges,
  BenchmarkFilter,
  BenchmarkPosition,
  NewBenchmark,
} from "./benchmarks/input.ts";
export { type BenchmarkPage, BenchmarkRepository } from "./benchmarks/repository.ts";
export { type Benchmark, type BenchmarkStatus, benchmarkStatuses } from "./benchmarks/rows.ts";
export type { BenchmarkChange, BenchmarkProgress, BenchmarkWatchFilter } from "./benchmarks/watch.ts";
export { withSignal } from "./call-scope.ts";
export { ConfigError, type DatabaseConfig, type DatabaseOptions, databaseConfig, Secret } from "./config.ts";
export type { RequestKey } from "./database/requests.ts";
export { isConnectionError, isDuplicateKey, isNotFound } from "./database/statement/errors.ts";
export type { Executor } from "./database/statement/executor.ts";
export type { DatabaseStats } from "./database/statistics.ts";
export { type Reason, ServiceError, type Violation } from "./errors.ts";
export type { EvaluationCleanup } from "./evaluations/delete/cleanup.ts";
export type {
  EvaluationChanges,
  EvaluationFilter,
  EvaluationPosition,
  LeaderboardPosition,
  NewEvaluation,
} from "./evaluations/input.ts";
export type {
  LeaderboardEntry,
  LeaderboardInput,
  LeaderboardPage,
} from "./evaluations/leaderboard/leaderboard.ts";
export { type EvaluationPage, EvaluationRepository } from "./evaluations/repository.ts";
export type { Evaluation } from "./evaluations/rows.ts";
export type { StreamIssue, StreamTotals } from "./evaluations/stream.ts";
export type { BenchmarkSummary, MetricSummary } from "./evaluations/summary/summary.ts";
export type { EvaluationResult } from "./evaluations/write.ts";
export type {
  ClaimInput,
  Completion,
  Failure,
  JobFilter,
  NewJob,
  NewJobLimit,
  ProgressReport,
} from "./jobs/input.ts";
export type { JobListOptions, JobPage } from "./jobs/lists/lists.ts";
export type { JobStats } from "./jobs/lists/stats.ts";
export { JobRepository } from "./jobs/repository.ts";
export type { Job, JobAttempt, JobStatus } from "./jobs/rows.ts";
export type { JobChange, JobWatchOptions, WatchFilter } from "./jobs/watch.ts";
export type { EndResult, LeaseOutcome } from "./jobs/writes.ts";
export type { Principal, UserRole } from "./principal.ts";
export { type ConnectOptions, Database, type Repositories } from "./storage.ts";
export type { NewApiKey, NewUser, UserChanges, UserFilter } from "./users/input.ts";
export type { ApiKeyPage, MadeApiKey, RotatedApiKey } from "./users/keys.ts";
export type { Login } from "./users/login.ts";
export { type UserPage, UserRepository } from "./users/repository.ts";
export type { ApiKey, User } from "./users/rows.ts";
export { parseToken, type Token } from "./users/tokens.ts";
export { version } from "./version.ts";
export type { WatchOptions } from "./watch/watch.ts";
export { WorkerRepository } from "./workers/repository.ts";
export type { Worker } from "./workers/rows.ts";
