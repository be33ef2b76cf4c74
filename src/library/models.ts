import type * as auditInput from "../audit/input.ts";
import type * as auditRepository from "../audit/repository.ts";
import type * as auditRows from "../audit/rows.ts";
import type * as auditTrail from "../audit/seal/trail.ts";
import type * as auditVerify from "../audit/seal/verify.ts";
import type * as benchmarksBaselines from "../benchmarks/baselines.ts";
import type * as benchmarksInput from "../benchmarks/input.ts";
import type * as benchmarksRepository from "../benchmarks/repository.ts";
import type * as benchmarksRows from "../benchmarks/rows.ts";
import type * as benchmarksWatch from "../benchmarks/watch.ts";
import type * as history from "../evaluations/history/history.ts";
import type * as evaluationsInput from "../evaluations/input.ts";
import type * as leaderboard from "../evaluations/leaderboard/leaderboard.ts";
import type * as evaluationsList from "../evaluations/lists/list.ts";
import type * as evaluationsRepository from "../evaluations/repository.ts";
import type * as evaluationsRows from "../evaluations/rows.ts";
import type * as claim from "../jobs/claim/taking.ts";
import type * as claimWorker from "../jobs/claim/worker.ts";
import type * as jobsInput from "../jobs/input.ts";
import type * as jobLimits from "../jobs/limits/statements.ts";
import type * as jobLists from "../jobs/lists/lists.ts";
import type * as jobsRepository from "../jobs/repository.ts";
import type * as jobsRows from "../jobs/rows.ts";
import type * as jobsWatch from "../jobs/watch.ts";
import type * as jobsWrites from "../jobs/writes.ts";
import type * as principal from "../principal.ts";
import type * as usersInput from "../users/input.ts";
import type * as usersKeys from "../users/keys.ts";
import type * as usersLogin from "../users/login.ts";
import type * as usersRepository from "../users/repository.ts";
import type * as usersRows from "../users/rows.ts";
import type * as workersCluster from "../workers/cluster.ts";
import type * as workersRepository from "../workers/repository.ts";
import type * as workersRows from "../workers/rows.ts";
import type { Shown } from "./database.ts";
import type { FromDates, WithDates } from "./values.ts";

// The types of the library: those of the repositories, with dates.

/** Changes of a benchmark. A field that is absent stays as it is; null clears it. */
export type BenchmarkChanges = FromDates<benchmarksInput.BenchmarkChanges>;
/** A list holds the benchmarks that match every filter. `createdAfter` is inclusive, `createdBefore` not. */
export type BenchmarkFilter = FromDates<benchmarksInput.BenchmarkFilter>;
/** A benchmark to create. The service makes its id unless one is given; its status is pending. */
export type NewBenchmark = FromDates<benchmarksInput.NewBenchmark>;
/**
 * An evaluation to be stored. (benchmarkId, sampleId, repetition) given twice is one row; without a sample id
 * each is new unless its id is repeated. Provider and model default to the benchmark's, createdAt to now.
 */
export type NewEvaluation = FromDates<evaluationsInput.NewEvaluation>;
/** A bulk change cancels or retries the jobs that match every given filter. */
export type BulkFilter = FromDates<jobsInput.BulkFilter>;
/**
 * A job to create. At most one live job has a type's `uniqueKey`. It is ready at once, from `runAt` on, or
 * once `delayMs` have passed by the database's clock.
 */
export type NewJob = FromDates<jobsInput.NewJob>;
/**
 * An API key. Without scopes it may do all that its user's role allows. It ends at `expiresAt`, after
 * `expiresInMs` by the database's clock, or never, and with the key `createdByKey` at the latest.
 */
export type NewApiKey = FromDates<usersInput.NewApiKey>;
/** A list holds the entries that match every given filter. `after` is inclusive, `before` is not. */
export type AuditFilter = FromDates<auditInput.AuditFilter>;
export type VerifyOptions = FromDates<auditVerify.VerifyOptions>;
/** A run of one model on one dataset. */
export type Benchmark = WithDates<benchmarksRows.Benchmark>;
/** The benchmark that others on its dataset are compared with. `setBy` is null if nobody was known. */
export type Baseline = WithDates<benchmarksBaselines.Baseline>;
export type BaselinePage = WithDates<benchmarksRepository.BaselinePage>;
export type BenchmarkPage = WithDates<benchmarksRepository.BenchmarkPage>;
/** A change of a benchmark or its evaluations. Without benchmark and deleted it only moves the cursor. */
export type BenchmarkChange = WithDates<benchmarksWatch.BenchmarkChange>;
/** A benchmark without its large fields. The mean score of its evaluations is null while none is known. */
export type BenchmarkProgress = WithDates<benchmarksWatch.BenchmarkProgress>;
/** One scored input and output of a benchmark; a failed sample has an error. */
export type Evaluation = WithDates<evaluationsRows.Evaluation>;
export type EvaluationPage = WithDates<evaluationsList.EvaluationPage>;
/** A benchmark and its place among all that match. Figures that its values do not tell are null. */
export type LeaderboardEntry = WithDates<leaderboard.LeaderboardEntry>;
export type LeaderboardPage = WithDates<leaderboard.LeaderboardPage>;
/** A benchmark in the history of a metric. Figures that its values do not tell are null. */
export type MetricRun = WithDates<history.MetricRun>;
export type HistoryPage = WithDates<history.HistoryPage>;
/** The runs of a configuration on one dataset, by the mean of one metric. */
export type HistoryInput = FromDates<history.HistoryInput>;
/** A piece of work for a worker, with the state it is in. */
export type Job = WithDates<jobsRows.Job>;
/** One run of a job by a worker. */
export type JobAttempt = WithDates<jobsRows.JobAttempt>;
/** A page of jobs. It may hold fewer than asked for, even none, and still have a next. */
export type JobPage = WithDates<jobLists.JobPage>;
export type JobLimit = WithDates<jobLimits.JobLimit>;
export type Lease = WithDates<claim.Lease>;
/** The answer to a worker's claim. */
export type WorkerClaim = WithDates<claimWorker.WorkerClaim>;
/** A change of a job, or neither job nor deleted: then it only moves the cursor. */
export type JobChange = WithDates<jobsWatch.JobChange>;
export type EndResult = WithDates<jobsWrites.EndResult>;
/** A process that claims and runs jobs. */
export type Worker = WithDates<workersRows.Worker>;
/** Figures of all workers and the queue. */
export type ClusterStats = WithDates<workersCluster.ClusterStats>;
/** A key that authenticates its user. */
export type ApiKey = WithDates<usersRows.ApiKey>;
/** An account. */
export type User = WithDates<usersRows.User>;
export type UserPage = WithDates<usersRepository.UserPage>;
export type ApiKeyPage = WithDates<usersKeys.ApiKeyPage>;
export type MadeApiKey = WithDates<usersKeys.MadeApiKey>;
/** A code that Login takes once. */
export type LoginCode = WithDates<usersKeys.LoginCode>;
export type RotatedApiKey = WithDates<usersKeys.RotatedApiKey>;
/** A new session. */
export type Login = WithDates<usersLogin.Login>;
/** The user that a credential stands for, and its scopes. */
export type Principal = WithDates<principal.Principal>;
export type AuditLog = WithDates<auditRows.AuditLog>;
/** A short or empty page may have a next one. */
export type AuditPage = WithDates<auditRepository.AuditPage>;
export type Verification = WithDates<auditVerify.Verification>;
/** Benchmarks: `db.benchmarks`. */
export type BenchmarkRepository = Shown<benchmarksRepository.BenchmarkRepository>;
/** Evaluations: `db.evaluations`. Each write keeps the benchmark's counts true in the same transaction. */
export type EvaluationRepository = Shown<evaluationsRepository.EvaluationRepository>;
/** The job queue: `db.jobs`. */
export type JobRepository = Shown<jobsRepository.JobRepository>;
/** The registry of workers: `db.workers`. */
export type WorkerRepository = Shown<workersRepository.WorkerRepository>;
/** Users, their API keys and sessions: `db.users`. Its answers never contain a hash. */
export type UserRepository = Shown<usersRepository.UserRepository>;
/**
 * The audit trail: `db.audit`. Other repositories write their entries themselves, with each change. Attempts
 * of workers at jobs are read as entries too, with entity type "job" and action "attempt".
 */
export type AuditRepository = Shown<auditRepository.AuditRepository>;
/** Makes the audit trail tamper-evident: it seals, verifies, and is the only way in which entries leave. */
export type AuditTrail = Shown<auditTrail.AuditTrail>;
