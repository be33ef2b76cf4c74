type Row = Record<string, unknown>;

const id = (n: number) => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, "0")}`;
const bytes = (count: number, fill: number) => `\\x${fill.toString(16).padStart(2, "0").repeat(count)}`;
const past = "2024-03-21T10:00:00.123456+00:00";
const later = "2024-03-21T10:00:05.654321+00:00";
const future = "2999-01-01T00:00:00+00:00";

export const benchmarkId = id(1);
export const runningId = id(2);
export const evaluationId = id(11);
export const pendingJobId = id(21);
export const runningJobId = id(23);
export const userId = id(31);
export const workerId = "worker-1";

const about = { provider: "openai", model: "gpt-4", dataset: "mmlu", created_at: past, updated_at: later };
const job = {
  job_type: "benchmark",
  payload: { model: "gpt-4", ключ: ["значение", null, 1.5] },
  lane_id: 1,
  created_at: past,
  updated_at: later,
  required_tags: ["gpu"],
};
const ended = { started_at: past, completed_at: later, assigned_worker_id: id(41), epoch: 1 };
const evaluation = {
  benchmark_id: benchmarkId,
  provider: "openai",
  model: "gpt-4",
  created_at: past,
  updated_at: past,
};

/**
 * One bench's data, of every kind, in an order that references allow. A row may have columns that come or go with a migration: it is
 * inserted with those that are there. What a migration adds to a table or as a table gets its rows here.
 */
export const rows: readonly [table: string, row: Row][] = [
  [
    "users",
    {
      id: userId,
      email: "Ada@example.org",
      username: "ada",
      password_hash: `$2b$12$${"x".repeat(53)}`,
      role: "admin",
      metadata: { team: "search" },
      created_at: past,
      updated_at: past,
    },
  ],
  [
    "users",
    {
      id: id(32),
      email: "gone@example.org",
      username: "gone",
      password_hash: "x",
      active: false,
      deleted_at: later,
    },
  ],
  [
    "api_keys",
    {
      id: id(33),
      user_id: userId,
      created_by: userId,
      key_id: "abcdefgh",
      key_hash: bytes(32, 1),
      name: "Production",
      scopes: ["jobs:write"],
      created_at: past,
    },
  ],
  [
    "sessions",
    {
      id: id(34),
      user_id: userId,
      created_at: past,
      expires_at: future,
      token_hash: bytes(32, 2),
      ip_address: "::1",
    },
  ],
  [
    "requests",
    {
      actor: userId,
      method: "CreateJob",
      request_id: "r-1",
      body_hash: bytes(32, 3),
      result: { id: pendingJobId },
    },
  ],
  ["login_attempts", { key: bytes(16, 4), last_attempt: past, next_attempt: later, failures: 3 }],
  [
    "monitoring_events",
    { id: id(35), timestamp: past, event_type: "started", source: "coordinator", data: { a: 1 } },
  ],

  [
    "benchmarks",
    {
      ...about,
      id: benchmarkId,
      name: "GPT-4 on MMLU",
      status: "completed",
      started_at: past,
      completed_at: later,
      total_iterations: 3,
      labels: { team: "search" },
      metrics: { accuracy: 0.5 },
      created_by: userId,
    },
  ],
  [
    "benchmarks",
    { ...about, id: runningId, name: "running", status: "running", started_at: past, total_iterations: 9 },
  ],
  ["benchmarks", { ...about, id: id(3), name: "being deleted", status: "pending" }],
  [
    "evaluations",
    {
      ...evaluation,
      id: evaluationId,
      sample_id: "s-1",
      content_hash: bytes(16, 5),
      input: "What is 1 + 1?",
      output: "2",
      expected: "2",
      score: 1,
      metrics: { accuracy: 1 },
      latency_ms: 12.5,
      cost_usd: 0.001,
      input_tokens: 7,
      output_tokens: 1,
      metadata: { run: 1 },
    },
  ],
  [
    "evaluations",
    {
      ...evaluation,
      id: id(12),
      sample_id: "s-2",
      content_hash: bytes(16, 6),
      input: "i",
      output: "ö😀",
      score: 0,
      metrics: { accuracy: 0 },
    },
  ],
  ["evaluations", { ...evaluation, id: id(13), content_hash: bytes(16, 7), input: "i", error: "timed out" }],
  ["benchmark_count_deltas", { benchmark_id: benchmarkId, completed: 2, failed: 1, created_at: past }],
  [
    "metric_rollups",
    {
      benchmark_id: runningId,
      dataset: "mmlu",
      metric: "accuracy",
      count: 1,
      sum: 0.5,
      m2: 0,
      min: 0.5,
      max: 0.5,
      bins: [-35],
      bin_counts: [1],
      bin_lows: [0.5],
      bin_highs: [0.5],
    },
  ],
  [
    "metric_deltas",
    {
      benchmark_id: runningId,
      metric: "accuracy",
      count: 1,
      sum: 1,
      m2: 0,
      min: 1,
      max: 1,
      bins: [0],
      bin_counts: [1],
      bin_lows: [1],
      bin_highs: [1],
    },
  ],
  ["stale_rollups", { benchmark_id: benchmarkId, since: past, is_missing: true }],
  ["benchmark_events", { created_at: past, benchmark_ids: [benchmarkId, runningId] }],
  ["benchmark_deletions", { benchmark_id: id(3), user_id: userId, requested_at: past, actor: "ada" }],

  [
    "workers",
    {
      id: id(41),
      worker_id: workerId,
      address: "10.0.0.1:50052",
      capacity: 4,
      current_tasks: 1,
      completed_tasks: 1,
      status: "busy",
      tags: ["gpu"],
      job_types: ["benchmark"],
      last_heartbeat: past,
      registered_at: past,
      updated_at: past,
    },
  ],
  ["worker_slots", { worker_id: workerId, id: id(41), capacity: 4, used: 1, completed: 1, failed: 1 }],

  ["job_lanes", { job_type: "benchmark", required_tags: ["gpu"], digest: bytes(32, 8), created_at: past }],
  ["jobs", { ...job, id: pendingJobId, unique_key: "nightly", priority: 10 }],
  ["jobs", { ...job, id: id(22), run_at: future }],
  [
    "jobs",
    {
      ...job,
      id: runningJobId,
      status: "running",
      started_at: past,
      assigned_worker_id: id(41),
      epoch: 1,
      progress: 0.5,
    },
  ],
  ["jobs", { ...job, id: id(24), status: "completed", ...ended, result: { score: 1 }, progress: 1 }],
  ["jobs", { ...job, id: id(25), status: "failed", ...ended, error: "out of memory" }],
  ["job_ready", { job_id: pendingJobId, sequence: 1, lane_id: 1, priority: 10 }],
  ["job_keys", { job_id: pendingJobId, job_type: "benchmark", unique_key: "nightly" }],
  ["job_scheduled", { run_at: future, job_id: id(22) }],
  [
    "job_leases",
    { job_id: runningJobId, claimed_at: past, expires_at: future, epoch: 1, worker_id: workerId },
  ],
  [
    "job_finished",
    { job_id: id(24), finished_at: later, status: "completed", job_type: "benchmark", worker_id: workerId },
  ],
  [
    "job_finished",
    { job_id: id(25), finished_at: later, status: "failed", job_type: "benchmark", worker_id: workerId },
  ],
  [
    "job_attempts",
    {
      job_id: id(24),
      epoch: 1,
      worker_id: workerId,
      started_at: past,
      ended_at: later,
      outcome: "completed",
    },
  ],
  [
    "job_attempts",
    {
      job_id: id(25),
      epoch: 1,
      worker_id: workerId,
      started_at: past,
      ended_at: later,
      outcome: "failed",
      error: "out of memory",
    },
  ],
  ["job_limits", { limit_key: "openai", max_running: 10, created_at: past, updated_at: past }],
  ["job_limit_starts", { limit_key: "openai", started_at: past, started: 2 }],
  ["job_pauses", { job_type: "paused", created_at: past }],
  ["job_events", { created_at: past, job_ids: [pendingJobId, runningJobId] }],
  [
    "job_stat_deltas",
    { job_type: "benchmark", pending: 1, scheduled: 1, running: 1, completed: 1, failed: 1 },
  ],

  [
    "audit_logs",
    {
      id: id(51),
      user_id: userId,
      api_key_id: id(33),
      created_at: past,
      action: "create",
      entity_type: "benchmark",
      entity_id: benchmarkId,
      ip_address: "127.0.0.1",
      actor: "ada",
      changes: { after: { name: "GPT-4 on MMLU" } },
    },
  ],
  ["audit_unsealed", { entry_kind: "audit_log", entry_ids: [id(51)], created_at: past }],
  [
    "audit_unsealed",
    { entry_kind: "job_attempt", entry_ids: [id(24), id(25)], epochs: [1, 1], created_at: past },
  ],
  [
    "audit_seals",
    {
      sequence: 1,
      sealed_at: past,
      kind: "checkpoint",
      entry_kind: "checkpoint",
      cutoff: past,
      entries: 0,
      key_id: bytes(8, 9),
      previous_mac: bytes(32, 0),
      mac: bytes(32, 9),
      content: "\\x",
    },
  ],
];
