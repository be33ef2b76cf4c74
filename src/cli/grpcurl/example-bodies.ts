import type { JsonObject } from "../../validation.ts";

/** Ids that the examples share, so that those of one method name what those of another made. */
function id(number: number): string {
  return `01890a5d-ac96-774b-bcce-b30209900${String(number).padStart(3, "0")}`;
}

const benchmark = id(1);
const otherBenchmark = id(2);
const evaluation = id(11);
const [job, secondJob, thirdJob, waitingJob] = [id(21), id(22), id(23), id(24)];
const user = id(31);
const key = id(41);
const entry = id(51);
const worker = "worker-1";
const password = "correct horse battery staple";

/**
 * A request of every method, as `Service/Method` of `ltb.v1`, in the JSON of protobuf with the names of the
 * proto. Sent in this order to a service that is empty but for a second benchmark to compare with, each
 * succeeds; Logout needs the session token that Login gave.
 */
export const exampleBodies: Readonly<Record<string, JsonObject>> = {
  "SystemService/GetInfo": {},
  "SystemService/GetStats": {},

  "BenchmarkService/CreateBenchmark": {
    id: benchmark,
    name: "GPT-4 on MMLU",
    description: "Five-shot, temperature 0",
    provider: "openai",
    model: "gpt-4",
    dataset: "mmlu",
    total_iterations: 4,
    labels: { team: "evals" },
    metadata: { temperature: 0, shots: 5 },
    request_id: "create-benchmark-1",
  },
  "BenchmarkService/GetBenchmark": { id: benchmark },
  "BenchmarkService/UpdateBenchmark": {
    id: benchmark,
    status: "BENCHMARK_STATUS_RUNNING",
    total_iterations: 5,
    metrics: { accuracy: 0.5 },
    update_mask: "description",
    expected_version: 1,
  },
  "BenchmarkService/ListBenchmarks": {
    page_size: 10,
    status: "BENCHMARK_STATUS_RUNNING",
    dataset: "mmlu",
    labels: { team: "evals" },
    created_after: "2024-01-01T00:00:00Z",
    view: "BENCHMARK_VIEW_FULL",
  },
  "BenchmarkService/CreateEvaluation": {
    id: evaluation,
    benchmark_id: benchmark,
    sample_id: "q1",
    input: "1 + 1 = ?",
    output: "2",
    expected: "2",
    metrics: { exact_match: true },
    score: 1,
    latency_ms: 320,
    input_tokens: 9,
    output_tokens: 1,
    cost_usd: 0.0003,
    request_id: "create-evaluation-1",
  },
  "BenchmarkService/BatchCreateEvaluations": {
    benchmark_id: benchmark,
    evaluations: [
      { sample_id: "q2", input: "2 + 2 = ?", output: "5", expected: "4", score: 0 },
      { sample_id: "q3", input: "3 + 3 = ?", error: "timeout" },
    ],
  },
  "BenchmarkService/StreamEvaluations": {
    benchmark_id: benchmark,
    evaluations: [{ sample_id: "q4", input: "4 + 4 = ?", output: "8", expected: "8", score: 1 }],
  },
  "BenchmarkService/GetEvaluation": { id: evaluation, benchmark_id: benchmark },
  "BenchmarkService/BatchGetEvaluations": {
    ids: [evaluation],
    view: "EVALUATION_VIEW_PREVIEW",
    preview_chars: 100,
  },
  "BenchmarkService/UpdateEvaluation": {
    id: evaluation,
    benchmark_id: benchmark,
    score: 0.5,
    metrics: { exact_match: true, judged: "partly" },
  },
  "BenchmarkService/CleanupEvaluations": { older_than_days: 365, benchmark_id: benchmark },
  "BenchmarkService/ListEvaluations": {
    benchmark_id: benchmark,
    page_size: 10,
    min_score: 0.5,
    order_by: "EVALUATION_ORDER_SCORE_DESC",
    view: "EVALUATION_VIEW_FULL",
  },
  "BenchmarkService/ListFailureGroups": { benchmark_id: benchmark, limit: 10 },
  "BenchmarkService/ExportEvaluations": { benchmark_id: benchmark, failed_only: true },
  "BenchmarkService/GetBenchmarkSummary": { benchmark_id: benchmark, metrics: ["score", "latency_ms"] },
  "BenchmarkService/GetMetricHistogram": { benchmark_ids: [benchmark], metric: "score", bins: 20 },
  "BenchmarkService/CompareBenchmarks": {
    baseline_id: benchmark,
    candidate_ids: [otherBenchmark],
    metric: "score",
    bootstrap_samples: 1000,
  },
  "BenchmarkService/ListComparedSamples": {
    benchmark_ids: [benchmark, otherBenchmark],
    metric: "score",
    state: "COMPARED_STATE_REGRESSED",
    page_size: 10,
  },
  "BenchmarkService/GetLeaderboard": { dataset: "mmlu", metric: "score", page_size: 10 },
  "BenchmarkService/GetMetricHistory": { dataset: "mmlu", model: "gpt-4", metric: "score", page_size: 10 },
  "BenchmarkService/SetBaseline": { benchmark_id: benchmark },
  "BenchmarkService/GetBaseline": { dataset: "mmlu" },
  "BenchmarkService/ListBaselines": { page_size: 10 },
  "BenchmarkService/ListDatasets": { page_size: 10 },
  "BenchmarkService/ListBenchmarkFieldValues": {
    field: "BENCHMARK_FIELD_LABEL_VALUE",
    label_key: "team",
    limit: 10,
  },
  "BenchmarkService/UnsetBaseline": { dataset: "mmlu" },
  "BenchmarkService/WatchBenchmarks": { ids: [benchmark] },
  "BenchmarkService/DeleteEvaluation": { id: evaluation, benchmark_id: benchmark },

  "WorkerService/RegisterWorker": {
    worker_id: worker,
    address: "gpu-1:50052",
    capacity: 4,
    tags: ["gpu"],
    job_types: ["benchmark"],
    metadata: { region: "eu" },
    version: "1.0.0",
  },
  "JobService/CreateJob": {
    id: job,
    job_type: "benchmark",
    payload: { prompt: "What is 2 + 2?" },
    priority: 10,
    max_retries: 3,
    timeout_seconds: 600,
    required_tags: ["gpu"],
    benchmark_id: benchmark,
    limit_key: "openai/gpt-4",
    unique_key: "mmlu/q5",
    request_id: "create-job-1",
  },
  "JobService/BatchCreateJobs": {
    jobs: [
      { id: secondJob, job_type: "benchmark", payload: { prompt: "What is 3 + 3?" }, priority: 9 },
      { id: thirdJob, job_type: "benchmark", payload: { prompt: "What is 4 + 4?" }, priority: 8 },
      { id: waitingJob, job_type: "benchmark", run_at: "2099-01-01T00:00:00Z" },
    ],
    request_id: "create-jobs-1",
  },
  "JobService/GetJob": { id: job },
  "JobService/ListJobs": { page_size: 10, status: "JOB_STATUS_PENDING", order_by: "JOB_ORDER_PRIORITY" },
  "JobService/SetJobLimit": { limit_key: "openai/gpt-4", max_running: 8, per_minute: 600 },
  "JobService/GetJobLimit": { limit_key: "openai/gpt-4" },
  "JobService/ListJobLimits": { page_size: 10 },
  "JobService/ListJobFieldValues": { field: "JOB_FIELD_LIMIT_KEY", prefix: "openai", limit: 10 },
  "JobService/PauseJobs": { job_type: "benchmark", limit_key: "openai/gpt-4" },
  "JobService/ListJobPauses": { page_size: 10 },
  "JobService/ListJobLanes": { page_size: 10, job_type: "benchmark" },
  "JobService/ResumeJobs": { job_type: "benchmark", limit_key: "openai/gpt-4" },
  "JobService/ClaimJobs": { worker_id: worker, request_id: "claim-1", max_jobs: 3, wait: "5s", lease: "60s" },
  "JobService/UpdateJobProgress": {
    worker_id: worker,
    items: [{ job_id: job, epoch: 1, progress: 0.5, message: "half way" }],
    lease: "60s",
  },
  "WorkerService/Heartbeat": {
    worker_id: worker,
    leases: [
      { job_id: job, epoch: 1 },
      { job_id: secondJob, epoch: 1 },
    ],
    cpu: 0.4,
    memory: 0.6,
    lease: "60s",
  },
  "JobService/CompleteJobs": {
    worker_id: worker,
    items: [
      {
        job_id: job,
        epoch: 1,
        result: { answer: "4" },
        evaluations: [{ sample_id: "q5", input: "What is 2 + 2?", output: "4", expected: "4", score: 1 }],
      },
    ],
  },
  "JobService/FailJobs": {
    worker_id: worker,
    items: [{ job_id: secondJob, epoch: 1, error: "rate limited", retryable: true, retry_after: "3600s" }],
  },
  "JobService/ReleaseJobs": { worker_id: worker, items: [{ job_id: thirdJob, epoch: 1 }] },
  "JobService/UpdateJob": { id: thirdJob, priority: 10, delay: "60s" },
  "JobService/CancelJob": { id: thirdJob, reason: "no longer needed" },
  "JobService/RetryJob": { id: thirdJob },
  "JobService/ListJobFailureGroups": { job_type: "benchmark", limit: 10 },
  "JobService/GetJobStats": { job_type: "benchmark" },
  "JobService/GetQueueHistory": { job_type: "benchmark", step: "300s" },
  "JobService/WatchJobs": { ids: [job], view: "JOB_VIEW_FULL" },
  "JobService/CancelJobs": {
    status: "JOB_STATUS_PENDING",
    job_type: "benchmark",
    reason: "no longer needed",
  },
  "JobService/RetryJobs": { status: "JOB_STATUS_FAILED", job_type: "benchmark", limit_key: "openai/gpt-4" },
  "JobService/DeleteJob": { id: job },
  "JobService/CleanupJobs": {
    older_than_days: 30,
    statuses: ["JOB_STATUS_COMPLETED", "JOB_STATUS_CANCELLED"],
  },
  "JobService/DeleteJobLimit": { limit_key: "openai/gpt-4" },
  "WorkerService/GetWorker": { worker_id: worker },
  "WorkerService/ListWorkers": { page_size: 10, tags: ["gpu"], active_within: "60s" },
  "WorkerService/GetClusterStats": {},
  "WorkerService/DrainWorker": { worker_id: worker, reason: "new version" },
  "WorkerService/DeregisterWorker": { worker_id: worker, reason: "new version" },
  "WorkerService/RemoveStaleWorkers": { older_than: "86400s" },
  "BenchmarkService/DeleteBenchmark": { id: benchmark },

  "UserService/CreateUser": {
    id: user,
    email: "ada@example.org",
    username: "ada",
    password: "only for the first day",
    role: "USER_ROLE_USER",
    request_id: "create-user-1",
  },
  "UserService/GetUser": { username: "ada" },
  "UserService/ListUsers": { page_size: 10, role: "USER_ROLE_USER", active: true },
  "UserService/UpdateUser": {
    id: user,
    email_verified: true,
    metadata: { team: "evals" },
    expected_version: 1,
  },
  "UserService/ChangePassword": {
    id: user,
    current_password: "only for the first day",
    new_password: password,
  },
  "UserService/Login": { email: "ada@example.org", password },
  "UserService/WhoAmI": {},
  "UserService/Logout": {},
  "UserService/CreateApiKey": {
    id: key,
    user_id: user,
    name: "laptop",
    scopes: ["jobs:read", "benchmarks:read"],
    expires_at: "2099-01-01T00:00:00Z",
  },
  "UserService/ListApiKeys": { user_id: user, page_size: 10 },
  "UserService/CreateLoginCode": {},
  "UserService/RotateApiKey": { id: key, overlap: "3600s" },
  "UserService/RevokeApiKey": { id: key },
  "UserService/DeleteUser": { id: user },

  "AuditService/CreateAuditLog": {
    id: entry,
    action: "deploy",
    entity_type: "model",
    entity_id: "gpt-4",
    changes: { before: { version: 1 }, after: { version: 2 } },
    ip_address: "192.0.2.1",
    user_agent: "deployer/1.0",
    request_id: "create-audit-log-1",
  },
  "AuditService/GetAuditLog": { id: entry },
  "AuditService/ListAuditLogs": { page_size: 10, entity_type: "benchmark", after: "2024-01-01T00:00:00Z" },
  "AuditService/ExportAuditLogs": { action: "deploy" },
  "AuditService/VerifyAuditLog": { from: "2024-01-01T00:00:00Z" },
  "AuditService/GetAuditStatus": {},
  "AuditService/CleanupAuditLogs": { older_than_days: 365 },
};
