"""Every method of the service. Made from proto/ by `npm run generate`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._calls import Calls, Export, Items, Method, Watch
from . import models as m

AUDIT_CREATE_AUDIT_LOG = Method(
    "/ltb.v1.AuditService/CreateAuditLog",
    m.CreateAuditLogResponse,
    "with request_id",
    (
        ("id", "id", "plain"),
        ("action", "action", "plain"),
        ("entity_type", "entityType", "plain"),
        ("entity_id", "entityId", "plain"),
        ("changes", "changes", "json"),
        ("user_id", "userId", "plain"),
        ("ip_address", "ipAddress", "plain"),
        ("user_agent", "userAgent", "plain"),
        ("request_id", "requestId", "plain"),
    ),
    False,
)

AUDIT_GET_AUDIT_LOG = Method(
    "/ltb.v1.AuditService/GetAuditLog",
    m.GetAuditLogResponse,
    "always",
    (
        ("id", "id", "plain"),
    ),
    False,
)

AUDIT_LIST_AUDIT_LOGS = Method(
    "/ltb.v1.AuditService/ListAuditLogs",
    m.ListAuditLogsResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("user_id", "userId", "plain"),
        ("entity_type", "entityType", "plain"),
        ("entity_id", "entityId", "plain"),
        ("action", "action", "plain"),
        ("after", "after", "timestamp"),
        ("before", "before", "timestamp"),
    ),
    False,
)

AUDIT_EXPORT_AUDIT_LOGS = Method(
    "/ltb.v1.AuditService/ExportAuditLogs",
    m.ExportAuditLogsResponse,
    "always",
    (
        ("user_id", "userId", "plain"),
        ("entity_type", "entityType", "plain"),
        ("entity_id", "entityId", "plain"),
        ("action", "action", "plain"),
        ("after", "after", "timestamp"),
        ("before", "before", "timestamp"),
        ("page_token", "pageToken", "plain"),
    ),
    False,
)

AUDIT_GET_AUDIT_STATUS = Method(
    "/ltb.v1.AuditService/GetAuditStatus",
    m.GetAuditStatusResponse,
    "always",
    (),
    False,
)

AUDIT_VERIFY_AUDIT_LOG = Method(
    "/ltb.v1.AuditService/VerifyAuditLog",
    m.VerifyAuditLogResponse,
    "always",
    (
        ("from_", "from", "timestamp"),
        ("to", "to", "timestamp"),
        ("known_heads", "knownHeads", "list message AuditChainHead"),
    ),
    False,
)

AUDIT_CLEANUP_AUDIT_LOGS = Method(
    "/ltb.v1.AuditService/CleanupAuditLogs",
    m.CleanupAuditLogsResponse,
    "never",
    (
        ("older_than_days", "olderThanDays", "int32"),
    ),
    False,
)

BENCHMARK_CREATE_BENCHMARK = Method(
    "/ltb.v1.BenchmarkService/CreateBenchmark",
    m.CreateBenchmarkResponse,
    "with request_id",
    (
        ("id", "id", "plain"),
        ("name", "name", "plain"),
        ("description", "description", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("dataset", "dataset", "plain"),
        ("total_iterations", "totalIterations", "int32"),
        ("labels", "labels", "plain"),
        ("metadata", "metadata", "document"),
        ("request_id", "requestId", "plain"),
        ("repetitions", "repetitions", "int32"),
        ("planned_samples", "plannedSamples", "int32"),
    ),
    True,
)

BENCHMARK_GET_BENCHMARK = Method(
    "/ltb.v1.BenchmarkService/GetBenchmark",
    m.GetBenchmarkResponse,
    "always",
    (
        ("id", "id", "plain"),
    ),
    True,
)

BENCHMARK_UPDATE_BENCHMARK = Method(
    "/ltb.v1.BenchmarkService/UpdateBenchmark",
    m.UpdateBenchmarkResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("completed_iterations", "completedIterations", "int32"),
        ("failed_iterations", "failedIterations", "int32"),
        ("total_iterations", "totalIterations", "int32"),
        ("results", "results", "document"),
        ("metrics", "metrics", "document"),
        ("error", "error", "plain"),
        ("started_at", "startedAt", "timestamp"),
        ("completed_at", "completedAt", "timestamp"),
        ("name", "name", "plain"),
        ("description", "description", "plain"),
        ("labels", "labels", "plain"),
        ("metadata", "metadata", "document"),
        ("update_mask", "updateMask", "mask"),
        ("expected_version", "expectedVersion", "int32"),
        ("repetitions", "repetitions", "int32"),
        ("planned_samples", "plannedSamples", "int32"),
    ),
    True,
)

BENCHMARK_DELETE_BENCHMARK = Method(
    "/ltb.v1.BenchmarkService/DeleteBenchmark",
    m.DeleteBenchmarkResponse,
    "never",
    (
        ("id", "id", "plain"),
    ),
    False,
)

BENCHMARK_LIST_BENCHMARKS = Method(
    "/ltb.v1.BenchmarkService/ListBenchmarks",
    m.ListBenchmarksResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("dataset", "dataset", "plain"),
        ("created_by", "createdBy", "plain"),
        ("labels", "labels", "plain"),
        ("created_after", "createdAfter", "timestamp"),
        ("created_before", "createdBefore", "timestamp"),
        ("order_by", "orderBy", "enum BENCHMARK_ORDER_"),
        ("view", "view", "enum BENCHMARK_VIEW_"),
        ("name", "name", "plain"),
        ("name_contains", "nameContains", "plain"),
    ),
    True,
)

BENCHMARK_CREATE_EVALUATION = Method(
    "/ltb.v1.BenchmarkService/CreateEvaluation",
    m.CreateEvaluationResponse,
    "with request_id",
    (
        ("id", "id", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("sample_id", "sampleId", "plain"),
        ("repetition", "repetition", "int32"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("input", "input", "plain"),
        ("output", "output", "plain"),
        ("expected", "expected", "plain"),
        ("metrics", "metrics", "document"),
        ("score", "score", "double"),
        ("error", "error", "plain"),
        ("latency_ms", "latencyMs", "double"),
        ("input_tokens", "inputTokens", "int32"),
        ("output_tokens", "outputTokens", "int32"),
        ("cost_usd", "costUsd", "double"),
        ("metadata", "metadata", "document"),
        ("created_at", "createdAt", "timestamp"),
        ("request_id", "requestId", "plain"),
    ),
    True,
)

BENCHMARK_BATCH_CREATE_EVALUATIONS = Method(
    "/ltb.v1.BenchmarkService/BatchCreateEvaluations",
    m.BatchCreateEvaluationsResponse,
    "with request_id",
    (
        ("benchmark_id", "benchmarkId", "plain"),
        ("evaluations", "evaluations", "list message NewEvaluation"),
        ("request_id", "requestId", "plain"),
    ),
    False,
)

BENCHMARK_UPDATE_EVALUATION = Method(
    "/ltb.v1.BenchmarkService/UpdateEvaluation",
    m.UpdateEvaluationResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("score", "score", "double"),
        ("metrics", "metrics", "document"),
        ("expected", "expected", "plain"),
        ("error", "error", "plain"),
        ("metadata", "metadata", "document"),
        ("update_mask", "updateMask", "mask"),
    ),
    True,
)

BENCHMARK_STREAM_EVALUATIONS = Method(
    "/ltb.v1.BenchmarkService/StreamEvaluations",
    m.StreamEvaluationsResponse,
    "never",
    (
        ("benchmark_id", "benchmarkId", "plain"),
        ("evaluations", "evaluations", "list message NewEvaluation"),
    ),
    False,
)

BENCHMARK_GET_EVALUATION = Method(
    "/ltb.v1.BenchmarkService/GetEvaluation",
    m.GetEvaluationResponse,
    "always",
    (
        ("id", "id", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
    ),
    True,
)

BENCHMARK_BATCH_GET_EVALUATIONS = Method(
    "/ltb.v1.BenchmarkService/BatchGetEvaluations",
    m.BatchGetEvaluationsResponse,
    "always",
    (
        ("ids", "ids", "list plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("view", "view", "enum EVALUATION_VIEW_"),
        ("preview_chars", "previewChars", "int32"),
    ),
    True,
)

BENCHMARK_DELETE_EVALUATION = Method(
    "/ltb.v1.BenchmarkService/DeleteEvaluation",
    m.DeleteEvaluationResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
    ),
    False,
)

BENCHMARK_CLEANUP_EVALUATIONS = Method(
    "/ltb.v1.BenchmarkService/CleanupEvaluations",
    m.CleanupEvaluationsResponse,
    "never",
    (
        ("older_than_days", "olderThanDays", "int32"),
        ("benchmark_id", "benchmarkId", "plain"),
    ),
    False,
)

BENCHMARK_LIST_EVALUATIONS = Method(
    "/ltb.v1.BenchmarkService/ListEvaluations",
    m.ListEvaluationsResponse,
    "always",
    (
        ("benchmark_id", "benchmarkId", "plain"),
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("min_score", "minScore", "double"),
        ("max_score", "maxScore", "double"),
        ("failed_only", "failedOnly", "plain"),
        ("sample_id", "sampleId", "plain"),
        ("order_by", "orderBy", "enum EVALUATION_ORDER_"),
        ("view", "view", "enum EVALUATION_VIEW_"),
        ("metadata", "metadata", "json"),
        ("text", "text", "plain"),
        ("preview_chars", "previewChars", "int32"),
        ("metric", "metric", "plain"),
        ("min_value", "minValue", "double"),
        ("max_value", "maxValue", "double"),
        ("error_contains", "errorContains", "plain"),
        ("around_id", "aroundId", "plain"),
    ),
    True,
)

BENCHMARK_LIST_FAILURE_GROUPS = Method(
    "/ltb.v1.BenchmarkService/ListFailureGroups",
    m.ListFailureGroupsResponse,
    "always",
    (
        ("benchmark_id", "benchmarkId", "plain"),
        ("limit", "limit", "int32"),
    ),
    False,
)

BENCHMARK_EXPORT_EVALUATIONS = Method(
    "/ltb.v1.BenchmarkService/ExportEvaluations",
    m.ExportEvaluationsResponse,
    "always",
    (
        ("benchmark_id", "benchmarkId", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("min_score", "minScore", "double"),
        ("max_score", "maxScore", "double"),
        ("failed_only", "failedOnly", "plain"),
        ("sample_id", "sampleId", "plain"),
        ("view", "view", "enum EVALUATION_VIEW_"),
        ("page_token", "pageToken", "plain"),
        ("metadata", "metadata", "json"),
        ("text", "text", "plain"),
        ("preview_chars", "previewChars", "int32"),
        ("metric", "metric", "plain"),
        ("min_value", "minValue", "double"),
        ("max_value", "maxValue", "double"),
        ("error_contains", "errorContains", "plain"),
    ),
    True,
)

BENCHMARK_GET_BENCHMARK_SUMMARY = Method(
    "/ltb.v1.BenchmarkService/GetBenchmarkSummary",
    m.GetBenchmarkSummaryResponse,
    "always",
    (
        ("benchmark_id", "benchmarkId", "plain"),
        ("metrics", "metrics", "list plain"),
        ("exact", "exact", "plain"),
        ("categories", "categories", "plain"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("group_by", "groupBy", "plain"),
        ("missing", "missing", "enum MISSING_"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("cluster_by", "clusterBy", "plain"),
    ),
    False,
)

BENCHMARK_GET_METRIC_HISTOGRAM = Method(
    "/ltb.v1.BenchmarkService/GetMetricHistogram",
    m.GetMetricHistogramResponse,
    "always",
    (
        ("benchmark_ids", "benchmarkIds", "list plain"),
        ("metric", "metric", "plain"),
        ("bins", "bins", "int32"),
    ),
    False,
)

BENCHMARK_COMPARE_BENCHMARKS = Method(
    "/ltb.v1.BenchmarkService/CompareBenchmarks",
    m.CompareBenchmarksResponse,
    "always",
    (
        ("baseline_id", "baselineId", "plain"),
        ("candidate_ids", "candidateIds", "list plain"),
        ("metric", "metric", "plain"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("tie_tolerance", "tieTolerance", "double"),
        ("bootstrap_samples", "bootstrapSamples", "int32"),
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("margin", "margin", "double"),
        ("detect", "detect", "double"),
        ("allow_different_inputs", "allowDifferentInputs", "plain"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("cluster_by", "clusterBy", "plain"),
        ("group_by", "groupBy", "plain"),
        ("missing", "missing", "enum MISSING_"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
        ("alpha", "alpha", "double"),
        ("exclude_failed", "excludeFailed", "plain"),
    ),
    False,
)

BENCHMARK_LIST_COMPARED_SAMPLES = Method(
    "/ltb.v1.BenchmarkService/ListComparedSamples",
    m.ListComparedSamplesResponse,
    "always",
    (
        ("benchmark_ids", "benchmarkIds", "list plain"),
        ("metric", "metric", "plain"),
        ("state", "state", "enum COMPARED_STATE_"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("tie_tolerance", "tieTolerance", "double"),
        ("threshold", "threshold", "double"),
        ("order_by", "orderBy", "enum COMPARED_ORDER_"),
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("allow_different_inputs", "allowDifferentInputs", "plain"),
    ),
    False,
)

BENCHMARK_GET_LEADERBOARD = Method(
    "/ltb.v1.BenchmarkService/GetLeaderboard",
    m.GetLeaderboardResponse,
    "always",
    (
        ("dataset", "dataset", "plain"),
        ("metric", "metric", "plain"),
        ("provider", "provider", "plain"),
        ("labels", "labels", "plain"),
        ("created_after", "createdAfter", "timestamp"),
        ("created_before", "createdBefore", "timestamp"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("min_count", "minCount", "int32"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("min_coverage", "minCoverage", "double"),
        ("missing", "missing", "enum MISSING_"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
    ),
    False,
)

BENCHMARK_GET_METRIC_HISTORY = Method(
    "/ltb.v1.BenchmarkService/GetMetricHistory",
    m.GetMetricHistoryResponse,
    "always",
    (
        ("dataset", "dataset", "plain"),
        ("metric", "metric", "plain"),
        ("provider", "provider", "plain"),
        ("model", "model", "plain"),
        ("labels", "labels", "plain"),
        ("created_after", "createdAfter", "timestamp"),
        ("created_before", "createdBefore", "timestamp"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("lower_is_better", "lowerIsBetter", "plain"),
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("min_count", "minCount", "int32"),
        ("baseline_id", "baselineId", "plain"),
        ("reducer", "reducer", "enum REDUCER_"),
        ("k", "k", "int32"),
        ("range_low", "rangeLow", "double"),
        ("range_high", "rangeHigh", "double"),
    ),
    False,
)

BENCHMARK_SET_BASELINE = Method(
    "/ltb.v1.BenchmarkService/SetBaseline",
    m.SetBaselineResponse,
    "always",
    (
        ("benchmark_id", "benchmarkId", "plain"),
    ),
    False,
)

BENCHMARK_GET_BASELINE = Method(
    "/ltb.v1.BenchmarkService/GetBaseline",
    m.GetBaselineResponse,
    "always",
    (
        ("dataset", "dataset", "plain"),
    ),
    False,
)

BENCHMARK_LIST_BASELINES = Method(
    "/ltb.v1.BenchmarkService/ListBaselines",
    m.ListBaselinesResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
    ),
    False,
)

BENCHMARK_UNSET_BASELINE = Method(
    "/ltb.v1.BenchmarkService/UnsetBaseline",
    m.UnsetBaselineResponse,
    "never",
    (
        ("dataset", "dataset", "plain"),
    ),
    False,
)

BENCHMARK_LIST_DATASETS = Method(
    "/ltb.v1.BenchmarkService/ListDatasets",
    m.ListDatasetsResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
    ),
    False,
)

BENCHMARK_LIST_BENCHMARK_FIELD_VALUES = Method(
    "/ltb.v1.BenchmarkService/ListBenchmarkFieldValues",
    m.ListBenchmarkFieldValuesResponse,
    "always",
    (
        ("field", "field", "enum BENCHMARK_FIELD_"),
        ("prefix", "prefix", "plain"),
        ("limit", "limit", "int32"),
        ("label_key", "labelKey", "plain"),
    ),
    False,
)

BENCHMARK_WATCH_BENCHMARKS = Method(
    "/ltb.v1.BenchmarkService/WatchBenchmarks",
    m.WatchBenchmarksResponse,
    "always",
    (
        ("ids", "ids", "list plain"),
        ("status", "status", "enum BENCHMARK_STATUS_"),
        ("provider", "provider", "plain"),
        ("dataset", "dataset", "plain"),
        ("labels", "labels", "plain"),
        ("after_cursor", "afterCursor", "plain"),
    ),
    True,
)

JOB_CREATE_JOB = Method(
    "/ltb.v1.JobService/CreateJob",
    m.CreateJobResponse,
    "with request_id",
    (
        ("id", "id", "plain"),
        ("job_type", "jobType", "plain"),
        ("payload", "payload", "document"),
        ("priority", "priority", "int32"),
        ("max_retries", "maxRetries", "int32"),
        ("timeout_seconds", "timeoutSeconds", "int32"),
        ("required_tags", "requiredTags", "list plain"),
        ("run_at", "runAt", "timestamp"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("metadata", "metadata", "document"),
        ("unique_key", "uniqueKey", "plain"),
        ("request_id", "requestId", "plain"),
        ("delay", "delay", "duration"),
        ("max_snoozes", "maxSnoozes", "int32"),
        ("start_within", "startWithin", "duration"),
        ("fair_key", "fairKey", "plain"),
        ("fair_weight", "fairWeight", "double"),
        ("on_unique_conflict", "onUniqueConflict", "enum UNIQUE_CONFLICT_"),
        ("depends_on", "dependsOn", "list plain"),
        ("on_dependency_failure", "onDependencyFailure", "enum DEPENDENCY_FAILURE_"),
        ("tokens", "tokens", "int32"),
    ),
    True,
)

JOB_BATCH_CREATE_JOBS = Method(
    "/ltb.v1.JobService/BatchCreateJobs",
    m.BatchCreateJobsResponse,
    "with request_id",
    (
        ("jobs", "jobs", "list message NewJob"),
        ("request_id", "requestId", "plain"),
    ),
    False,
)

JOB_GET_JOB = Method(
    "/ltb.v1.JobService/GetJob",
    m.GetJobResponse,
    "always",
    (
        ("id", "id", "plain"),
    ),
    True,
)

JOB_LIST_JOBS = Method(
    "/ltb.v1.JobService/ListJobs",
    m.ListJobsResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("status", "status", "enum JOB_STATUS_"),
        ("job_type", "jobType", "plain"),
        ("worker_id", "workerId", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("order_by", "orderBy", "enum JOB_ORDER_"),
        ("view", "view", "enum JOB_VIEW_"),
        ("limit_key", "limitKey", "plain"),
        ("created_after", "createdAfter", "timestamp"),
        ("created_before", "createdBefore", "timestamp"),
        ("created_by", "createdBy", "plain"),
        ("ids", "ids", "list plain"),
        ("ended_after", "endedAfter", "timestamp"),
        ("ended_before", "endedBefore", "timestamp"),
        ("required_tags", "requiredTags", "list plain"),
        ("error_contains", "errorContains", "plain"),
        ("metadata", "metadata", "json"),
        ("fair_key", "fairKey", "plain"),
    ),
    True,
)

JOB_CLAIM_JOBS = Method(
    "/ltb.v1.JobService/ClaimJobs",
    m.ClaimJobsResponse,
    "with request_id",
    (
        ("worker_id", "workerId", "plain"),
        ("request_id", "requestId", "plain"),
        ("max_jobs", "maxJobs", "int32"),
        ("job_types", "jobTypes", "list plain"),
        ("wait", "wait", "duration"),
        ("lease", "lease", "duration"),
    ),
    True,
)

JOB_COMPLETE_JOBS = Method(
    "/ltb.v1.JobService/CompleteJobs",
    m.CompleteJobsResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("items", "items", "list message CompleteJobsItem"),
        ("next", "next", "message NextClaim"),
    ),
    False,
)

JOB_FAIL_JOBS = Method(
    "/ltb.v1.JobService/FailJobs",
    m.FailJobsResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("items", "items", "list message FailJobsItem"),
        ("next", "next", "message NextClaim"),
    ),
    False,
)

JOB_RELEASE_JOBS = Method(
    "/ltb.v1.JobService/ReleaseJobs",
    m.ReleaseJobsResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("items", "items", "list message ReleaseJobsItem"),
    ),
    False,
)

JOB_UPDATE_JOB_PROGRESS = Method(
    "/ltb.v1.JobService/UpdateJobProgress",
    m.UpdateJobProgressResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("items", "items", "list message UpdateJobProgressItem"),
        ("lease", "lease", "duration"),
    ),
    False,
)

JOB_UPDATE_JOB = Method(
    "/ltb.v1.JobService/UpdateJob",
    m.UpdateJobResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("payload", "payload", "document"),
        ("priority", "priority", "int32"),
        ("max_retries", "maxRetries", "int32"),
        ("timeout_seconds", "timeoutSeconds", "int32"),
        ("required_tags", "requiredTags", "list plain"),
        ("run_at", "runAt", "timestamp"),
        ("delay", "delay", "duration"),
        ("limit_key", "limitKey", "plain"),
        ("metadata", "metadata", "document"),
        ("update_mask", "updateMask", "mask"),
        ("expected_version", "expectedVersion", "int32"),
        ("tokens", "tokens", "int32"),
    ),
    True,
)

JOB_CANCEL_JOB = Method(
    "/ltb.v1.JobService/CancelJob",
    m.CancelJobResponse,
    "always",
    (
        ("id", "id", "plain"),
        ("reason", "reason", "plain"),
    ),
    True,
)

JOB_RETRY_JOB = Method(
    "/ltb.v1.JobService/RetryJob",
    m.RetryJobResponse,
    "never",
    (
        ("id", "id", "plain"),
    ),
    True,
)

JOB_CANCEL_JOBS = Method(
    "/ltb.v1.JobService/CancelJobs",
    m.CancelJobsResponse,
    "never",
    (
        ("status", "status", "enum JOB_STATUS_"),
        ("job_type", "jobType", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("created_after", "createdAfter", "timestamp"),
        ("created_before", "createdBefore", "timestamp"),
        ("reason", "reason", "plain"),
        ("ids", "ids", "list plain"),
        ("dry_run", "dryRun", "plain"),
        ("created_by", "createdBy", "plain"),
        ("required_tags", "requiredTags", "list plain"),
        ("error_contains", "errorContains", "plain"),
        ("metadata", "metadata", "json"),
        ("fair_key", "fairKey", "plain"),
    ),
    False,
)

JOB_RETRY_JOBS = Method(
    "/ltb.v1.JobService/RetryJobs",
    m.RetryJobsResponse,
    "never",
    (
        ("status", "status", "enum JOB_STATUS_"),
        ("job_type", "jobType", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("created_after", "createdAfter", "timestamp"),
        ("created_before", "createdBefore", "timestamp"),
        ("ids", "ids", "list plain"),
        ("dry_run", "dryRun", "plain"),
        ("created_by", "createdBy", "plain"),
        ("required_tags", "requiredTags", "list plain"),
        ("error_contains", "errorContains", "plain"),
        ("metadata", "metadata", "json"),
        ("ended_after", "endedAfter", "timestamp"),
        ("ended_before", "endedBefore", "timestamp"),
        ("fair_key", "fairKey", "plain"),
    ),
    False,
)

JOB_DELETE_JOB = Method(
    "/ltb.v1.JobService/DeleteJob",
    m.DeleteJobResponse,
    "never",
    (
        ("id", "id", "plain"),
    ),
    False,
)

JOB_SET_JOB_LIMIT = Method(
    "/ltb.v1.JobService/SetJobLimit",
    m.SetJobLimitResponse,
    "always",
    (
        ("limit_key", "limitKey", "plain"),
        ("max_running", "maxRunning", "int32"),
        ("per_minute", "perMinute", "int32"),
        ("tokens_per_minute", "tokensPerMinute", "int32"),
    ),
    False,
)

JOB_GET_JOB_LIMIT = Method(
    "/ltb.v1.JobService/GetJobLimit",
    m.GetJobLimitResponse,
    "always",
    (
        ("limit_key", "limitKey", "plain"),
    ),
    False,
)

JOB_LIST_JOB_LIMITS = Method(
    "/ltb.v1.JobService/ListJobLimits",
    m.ListJobLimitsResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
    ),
    False,
)

JOB_LIST_JOB_FIELD_VALUES = Method(
    "/ltb.v1.JobService/ListJobFieldValues",
    m.ListJobFieldValuesResponse,
    "always",
    (
        ("field", "field", "enum JOB_FIELD_"),
        ("prefix", "prefix", "plain"),
        ("limit", "limit", "int32"),
    ),
    False,
)

JOB_DELETE_JOB_LIMIT = Method(
    "/ltb.v1.JobService/DeleteJobLimit",
    m.DeleteJobLimitResponse,
    "never",
    (
        ("limit_key", "limitKey", "plain"),
    ),
    False,
)

JOB_PAUSE_JOBS = Method(
    "/ltb.v1.JobService/PauseJobs",
    m.PauseJobsResponse,
    "always",
    (
        ("job_type", "jobType", "plain"),
        ("limit_key", "limitKey", "plain"),
        ("duration", "duration", "duration"),
    ),
    False,
)

JOB_RESUME_JOBS = Method(
    "/ltb.v1.JobService/ResumeJobs",
    m.ResumeJobsResponse,
    "always",
    (
        ("job_type", "jobType", "plain"),
        ("limit_key", "limitKey", "plain"),
    ),
    False,
)

JOB_LIST_JOB_PAUSES = Method(
    "/ltb.v1.JobService/ListJobPauses",
    m.ListJobPausesResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
    ),
    False,
)

JOB_LIST_JOB_LANES = Method(
    "/ltb.v1.JobService/ListJobLanes",
    m.ListJobLanesResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("job_type", "jobType", "plain"),
        ("limit_key", "limitKey", "plain"),
    ),
    False,
)

JOB_LIST_JOB_FAILURE_GROUPS = Method(
    "/ltb.v1.JobService/ListJobFailureGroups",
    m.ListJobFailureGroupsResponse,
    "always",
    (
        ("job_type", "jobType", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("ended_after", "endedAfter", "timestamp"),
        ("ended_before", "endedBefore", "timestamp"),
        ("limit", "limit", "int32"),
    ),
    False,
)

JOB_GET_JOB_STATS = Method(
    "/ltb.v1.JobService/GetJobStats",
    m.GetJobStatsResponse,
    "always",
    (
        ("job_type", "jobType", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
    ),
    False,
)

JOB_GET_QUEUE_HISTORY = Method(
    "/ltb.v1.JobService/GetQueueHistory",
    m.GetQueueHistoryResponse,
    "always",
    (
        ("job_type", "jobType", "plain"),
        ("from_", "from", "timestamp"),
        ("to", "to", "timestamp"),
        ("step", "step", "duration"),
    ),
    False,
)

JOB_CLEANUP_JOBS = Method(
    "/ltb.v1.JobService/CleanupJobs",
    m.CleanupJobsResponse,
    "never",
    (
        ("older_than_days", "olderThanDays", "int32"),
        ("statuses", "statuses", "list enum JOB_STATUS_"),
    ),
    False,
)

JOB_WATCH_JOBS = Method(
    "/ltb.v1.JobService/WatchJobs",
    m.WatchJobsResponse,
    "always",
    (
        ("ids", "ids", "list plain"),
        ("job_type", "jobType", "plain"),
        ("benchmark_id", "benchmarkId", "plain"),
        ("after_cursor", "afterCursor", "plain"),
        ("view", "view", "enum JOB_VIEW_"),
    ),
    True,
)

SYSTEM_GET_STATS = Method(
    "/ltb.v1.SystemService/GetStats",
    m.GetStatsResponse,
    "always",
    (),
    False,
)

SYSTEM_GET_INFO = Method(
    "/ltb.v1.SystemService/GetInfo",
    m.GetInfoResponse,
    "always",
    (),
    False,
)

USER_CREATE_USER = Method(
    "/ltb.v1.UserService/CreateUser",
    m.CreateUserResponse,
    "with request_id",
    (
        ("id", "id", "plain"),
        ("email", "email", "plain"),
        ("username", "username", "plain"),
        ("password", "password", "plain"),
        ("password_hash", "passwordHash", "plain"),
        ("role", "role", "enum USER_ROLE_"),
        ("metadata", "metadata", "json"),
        ("request_id", "requestId", "plain"),
    ),
    False,
)

USER_GET_USER = Method(
    "/ltb.v1.UserService/GetUser",
    m.GetUserResponse,
    "always",
    (
        ("id", "id", "plain"),
        ("email", "email", "plain"),
        ("username", "username", "plain"),
    ),
    False,
)

USER_LIST_USERS = Method(
    "/ltb.v1.UserService/ListUsers",
    m.ListUsersResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("role", "role", "enum USER_ROLE_"),
        ("active", "active", "plain"),
    ),
    False,
)

USER_UPDATE_USER = Method(
    "/ltb.v1.UserService/UpdateUser",
    m.UpdateUserResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("email", "email", "plain"),
        ("username", "username", "plain"),
        ("role", "role", "enum USER_ROLE_"),
        ("active", "active", "plain"),
        ("email_verified", "emailVerified", "plain"),
        ("metadata", "metadata", "json"),
        ("update_mask", "updateMask", "mask"),
        ("expected_version", "expectedVersion", "int32"),
    ),
    False,
)

USER_DELETE_USER = Method(
    "/ltb.v1.UserService/DeleteUser",
    m.DeleteUserResponse,
    "never",
    (
        ("id", "id", "plain"),
    ),
    False,
)

USER_CHANGE_PASSWORD = Method(
    "/ltb.v1.UserService/ChangePassword",
    m.ChangePasswordResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("current_password", "currentPassword", "plain"),
        ("new_password", "newPassword", "plain"),
    ),
    False,
)

USER_LOGIN = Method(
    "/ltb.v1.UserService/Login",
    m.LoginResponse,
    "never",
    (
        ("email", "email", "plain"),
        ("password", "password", "plain"),
        ("code", "code", "plain"),
    ),
    False,
)

USER_CREATE_LOGIN_CODE = Method(
    "/ltb.v1.UserService/CreateLoginCode",
    m.CreateLoginCodeResponse,
    "never",
    (),
    False,
)

USER_LOGOUT = Method(
    "/ltb.v1.UserService/Logout",
    m.LogoutResponse,
    "never",
    (),
    False,
)

USER_WHO_AM_I = Method(
    "/ltb.v1.UserService/WhoAmI",
    m.WhoAmIResponse,
    "always",
    (),
    False,
)

USER_CREATE_API_KEY = Method(
    "/ltb.v1.UserService/CreateApiKey",
    m.CreateApiKeyResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("user_id", "userId", "plain"),
        ("name", "name", "plain"),
        ("scopes", "scopes", "list plain"),
        ("expires_at", "expiresAt", "timestamp"),
        ("request_id", "requestId", "plain"),
        ("expires_in", "expiresIn", "duration"),
    ),
    False,
)

USER_LIST_API_KEYS = Method(
    "/ltb.v1.UserService/ListApiKeys",
    m.ListApiKeysResponse,
    "always",
    (
        ("user_id", "userId", "plain"),
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
    ),
    False,
)

USER_REVOKE_API_KEY = Method(
    "/ltb.v1.UserService/RevokeApiKey",
    m.RevokeApiKeyResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("with_descendants", "withDescendants", "plain"),
    ),
    False,
)

USER_ROTATE_API_KEY = Method(
    "/ltb.v1.UserService/RotateApiKey",
    m.RotateApiKeyResponse,
    "never",
    (
        ("id", "id", "plain"),
        ("overlap", "overlap", "duration"),
        ("request_id", "requestId", "plain"),
    ),
    False,
)

WORKER_REGISTER_WORKER = Method(
    "/ltb.v1.WorkerService/RegisterWorker",
    m.RegisterWorkerResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("address", "address", "plain"),
        ("capacity", "capacity", "int32"),
        ("tags", "tags", "list plain"),
        ("job_types", "jobTypes", "list plain"),
        ("metadata", "metadata", "json"),
        ("version", "version", "plain"),
    ),
    False,
)

WORKER_HEARTBEAT = Method(
    "/ltb.v1.WorkerService/Heartbeat",
    m.HeartbeatResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("leases", "leases", "list message LeaseRef"),
        ("cpu", "cpu", "double"),
        ("memory", "memory", "double"),
        ("lease", "lease", "duration"),
    ),
    False,
)

WORKER_DRAIN_WORKER = Method(
    "/ltb.v1.WorkerService/DrainWorker",
    m.DrainWorkerResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
        ("reason", "reason", "plain"),
    ),
    False,
)

WORKER_DEREGISTER_WORKER = Method(
    "/ltb.v1.WorkerService/DeregisterWorker",
    m.DeregisterWorkerResponse,
    "never",
    (
        ("worker_id", "workerId", "plain"),
        ("reason", "reason", "plain"),
    ),
    False,
)

WORKER_GET_WORKER = Method(
    "/ltb.v1.WorkerService/GetWorker",
    m.GetWorkerResponse,
    "always",
    (
        ("worker_id", "workerId", "plain"),
    ),
    False,
)

WORKER_LIST_WORKERS = Method(
    "/ltb.v1.WorkerService/ListWorkers",
    m.ListWorkersResponse,
    "always",
    (
        ("page_size", "pageSize", "int32"),
        ("page_token", "pageToken", "plain"),
        ("status", "status", "enum WORKER_STATUS_"),
        ("tags", "tags", "list plain"),
        ("active_within", "activeWithin", "duration"),
    ),
    False,
)

WORKER_REMOVE_STALE_WORKERS = Method(
    "/ltb.v1.WorkerService/RemoveStaleWorkers",
    m.RemoveStaleWorkersResponse,
    "never",
    (
        ("older_than", "olderThan", "duration"),
    ),
    False,
)

WORKER_GET_CLUSTER_STATS = Method(
    "/ltb.v1.WorkerService/GetClusterStats",
    m.GetClusterStatsResponse,
    "always",
    (),
    False,
)


class AuditService(Calls):
    """AuditService serves the audit log, which is append-only and tamper-evident. Reading the entries of others,
    exporting, verifying and cleaning require role admin; every user may list its own entries.
    """

    def create_audit_log(
        self,
        *,
        id: str | None = None,
        action: str,
        entity_type: str,
        entity_id: str | None = None,
        changes: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        ip_address: str | None = None,
        user_agent: str | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> m.CreateAuditLogResponse:
        """Adds an entry for something that an outside system did; it has `external` set.
        INVALID_ARGUMENT: the action is one that the service itself records of that entity_type, such as "delete"
        of "benchmark".
        ALREADY_EXISTS: the id is taken, or request_id was used with another body. NOT_FOUND: no user with
        user_id.

        Args:
            id: Identifier: a UUID. Default: a UUIDv7 made by the service.
            action: The action, for example "deploy". 1 to 100 characters. Required.
            entity_type: Kind of the entity that was acted on, 1 to 100 characters. Required.
            entity_id: Id of the entity, at most 255 characters; not necessarily a UUID. Default: none.
            changes: The change, at most 1 MiB encoded. Secrets are replaced by "[redacted]". Default: none.
            user_id: Id of the user who acted. Default: the caller. Naming another user requires role admin.
            ip_address: IP address that the user acted from, IPv4 or IPv6. Default: the caller's.
            user_agent: User agent that the user acted with, at most 1024 characters. Default: the caller's.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
        """
        return self._call(AUDIT_CREATE_AUDIT_LOG, m.CreateAuditLogResponse, {"id": id, "action": action, "entity_type": entity_type, "entity_id": entity_id, "changes": changes, "user_id": user_id, "ip_address": ip_address, "user_agent": user_agent, "request_id": request_id}, timeout)

    def get_audit_log(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.GetAuditLogResponse:
        """Returns one entry.
        NOT_FOUND: no such entry.

        Args:
            id: Id of the entry. Required.
        """
        return self._call(AUDIT_GET_AUDIT_LOG, m.GetAuditLogResponse, {"id": id}, timeout)

    def list_audit_logs(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        user_id: str | None = None,
        entity_type: str | None = None,
        entity_id: str | None = None,
        action: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        timeout: float | None = None,
    ) -> m.ListAuditLogsResponse:
        """Lists entries, newest first. They include the attempts of workers at jobs, with entity_type "job" and
        action "attempt".
        INVALID_ARGUMENT: page_token does not belong to these filters, or entity_id without entity_type.

        Args:
            page_size: Most entries to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            user_id: Only entries of the user with this id.
            entity_type: Only entries about this kind of entity.
            entity_id: Only entries about the entity with this id. Needs entity_type.
            action: Only entries with this action.
            after: Only entries created at this time or later.
            before: Only entries created before this time.
        """
        return self._call(AUDIT_LIST_AUDIT_LOGS, m.ListAuditLogsResponse, {"page_size": page_size, "page_token": page_token, "user_id": user_id, "entity_type": entity_type, "entity_id": entity_id, "action": action, "after": after, "before": before}, timeout)

    def iter_audit_logs(
        self,
        *,
        page_size: int | None = None,
        user_id: str | None = None,
        entity_type: str | None = None,
        entity_id: str | None = None,
        action: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        timeout: float | None = None,
    ) -> Items[m.AuditLog]:
        """Yields the ``audit_logs`` of all pages of ``list_audit_logs``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most entries to return. 0: 50; at most 1000.
            user_id: Only entries of the user with this id.
            entity_type: Only entries about this kind of entity.
            entity_id: Only entries about the entity with this id. Needs entity_type.
            action: Only entries with this action.
            after: Only entries created at this time or later.
            before: Only entries created before this time.
        """
        return self._pages(AUDIT_LIST_AUDIT_LOGS, m.AuditLog, "audit_logs", {"page_size": page_size, "user_id": user_id, "entity_type": entity_type, "entity_id": entity_id, "action": action, "after": after, "before": before}, timeout)

    def export_audit_logs(
        self,
        *,
        user_id: str | None = None,
        entity_type: str | None = None,
        entity_id: str | None = None,
        action: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        page_token: str | None = None,
        timeout: float | None = None,
    ) -> Export[m.AuditLog]:
        """Streams all entries that match, oldest first, in chunks.
        INVALID_ARGUMENT: page_token does not belong to these filters, or entity_id without entity_type.

        Yields each of the ``audit_logs``. An export that breaks goes on after its last chunk. `timeout`:
        seconds for the whole. Default: none.

        Args:
            user_id: Only entries of the user with this id.
            entity_type: Only entries about this kind of entity.
            entity_id: Only entries about the entity with this id. Needs entity_type.
            action: Only entries with this action.
            after: Only entries created at this time or later.
            before: Only entries created before this time.
            page_token: next_page_token of the last chunk received, to resume a broken export. Empty: from the beginning.
        """
        return self._export(AUDIT_EXPORT_AUDIT_LOGS, m.AuditLog, "audit_logs", {"user_id": user_id, "entity_type": entity_type, "entity_id": entity_id, "action": action, "after": after, "before": before, "page_token": page_token}, timeout)

    def get_audit_status(
        self,
        *,
        timeout: float | None = None,
    ) -> m.GetAuditStatusResponse:
        """Returns how the trail stands: the end of its chain, what waits to be sealed, and the last verification.
        It proves nothing: VerifyAuditLog does.
        """
        return self._call(AUDIT_GET_AUDIT_STATUS, m.GetAuditStatusResponse, {}, timeout)

    def verify_audit_log(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        known_heads: Sequence[m.AuditChainHead] | None = None,
        timeout: float | None = None,
    ) -> m.VerifyAuditLogResponse:
        """Recomputes the tamper-evident chain over a range of time and compares the entries with their seals. A
        broken chain is a result, not an error. Entries are sealed within about 2 seconds, or later while the
        server is behind; until then nothing protects them. The call takes about 10 seconds per million entries,
        so a long chain needs a longer deadline than the default. A verification that comes to an end is an entry
        of the trail: action "verify" of entity_type "audit_log" and entity_id "chain".
        FAILED_PRECONDITION: the server has no sealing key.

        Args:
            from_: Verify entries sealed at this time or later, and look for inserted ones from this time on. Default: from
                the first.
            to: Verify entries sealed before this time, and look for inserted ones up to it. Default: to the last.
            known_heads: Chain heads kept from earlier answers, at most 100, which the chain must still contain.
        """
        return self._call(AUDIT_VERIFY_AUDIT_LOG, m.VerifyAuditLogResponse, {"from_": from_, "to": to, "known_heads": known_heads}, timeout)

    def cleanup_audit_logs(
        self,
        *,
        older_than_days: int,
        timeout: float | None = None,
    ) -> m.CleanupAuditLogsResponse:
        """Removes old entries in bounded batches: first audit logs, then attempts at jobs that are deleted.
        Attempts at jobs that still exist stay until the job is deleted. The seals stay, so later entries can
        still be verified. The removal itself is audited.
        FAILED_PRECONDITION: the server has no sealing key, or the chain does not hold.

        Args:
            older_than_days: Remove entries created more than this many days ago, 1 to 36500. Required.
        """
        return self._call(AUDIT_CLEANUP_AUDIT_LOGS, m.CleanupAuditLogsResponse, {"older_than_days": older_than_days}, timeout)


class BenchmarkService(Calls):
    """BenchmarkService stores benchmarks and their evaluations, and computes statistics over them. Writing
    requires role admin, or role user for the caller's own benchmarks; role worker may write evaluations. Every
    role may read.
    """

    def create_benchmark(
        self,
        *,
        id: str | None = None,
        name: str,
        description: str | None = None,
        provider: str,
        model: str,
        dataset: str,
        total_iterations: int | None = None,
        labels: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        repetitions: int | None = None,
        planned_samples: int | None = None,
        timeout: float | None = None,
    ) -> m.CreateBenchmarkResponse:
        """Creates a benchmark in status PENDING.
        ALREADY_EXISTS: the id is taken, or request_id was used with another body.

        Args:
            id: Identifier: a UUID. Default: a UUIDv7 made by the service.
            name: Human-readable name, 1 to 255 characters. Required.
            description: Free text, at most 64 KiB.
            provider: Provider of the model, 1 to 100 characters. Required.
            model: Model under test, 1 to 255 characters. Required.
            dataset: Dataset the model is run on, 1 to 255 characters. Required.
            total_iterations: Planned number of evaluations, 0 or more. Default: 0, unknown.
            labels: Labels to filter by: at most 64 entries, keys of 1 to 63 characters, values of at most 255.
            metadata: Additional data of the client, at most 1 MiB encoded.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
            repetitions: Number of evaluations that each sample is to have, 0 to 1000000. Default: 0, not declared. What is not
                declared is found out: repetitions are where an evaluation with a repetition above 0 is stored.
            planned_samples: Number of samples that there are to be, 0 or more. Default: 0, not declared; then total_iterations
                divided by repetitions is taken for it, see Coverage.planned.
        """
        return self._call(BENCHMARK_CREATE_BENCHMARK, m.CreateBenchmarkResponse, {"id": id, "name": name, "description": description, "provider": provider, "model": model, "dataset": dataset, "total_iterations": total_iterations, "labels": labels, "metadata": metadata, "request_id": request_id, "repetitions": repetitions, "planned_samples": planned_samples}, timeout)

    def get_benchmark(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.GetBenchmarkResponse:
        """Returns one benchmark with every field.
        NOT_FOUND: no such benchmark.

        Args:
            id: Id of the benchmark. Required.
        """
        return self._call(BENCHMARK_GET_BENCHMARK, m.GetBenchmarkResponse, {"id": id}, timeout)

    def update_benchmark(
        self,
        id: str,
        *,
        status: m.BenchmarkStatus | None = None,
        completed_iterations: int | None = None,
        failed_iterations: int | None = None,
        total_iterations: int | None = None,
        results: Any = None,
        metrics: Mapping[str, Any] | None = None,
        error: str | None = None,
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
        name: str | None = None,
        description: str | None = None,
        labels: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        update_mask: Sequence[str] | None = None,
        expected_version: int | None = None,
        repetitions: int | None = None,
        planned_samples: int | None = None,
        timeout: float | None = None,
    ) -> m.UpdateBenchmarkResponse:
        """Changes fields of a benchmark.
        NOT_FOUND: no such benchmark. FAILED_PRECONDITION: the change of status is not allowed. ABORTED:
        expected_version does not match.

        Args:
            id: Id of the benchmark. Required.
            status: New status; see BenchmarkStatus for the allowed changes. Entering RUNNING sets started_at, entering a
                final status completed_at, unless this request gives them. Cannot be cleared.
            completed_iterations: Replaces the number of completed evaluations, 0 or more; later evaluations count from there.
            failed_iterations: Replaces the number of failed evaluations, 0 or more; later evaluations count from there.
            total_iterations: New planned number of evaluations, 0 or more.
            results: New results: any JSON, at most 1 MiB encoded. JSON null clears them.
            metrics: New aggregate metrics, at most 1 MiB encoded. Replaces the former object as a whole.
            error: New error text, at most 64 KiB. Empty clears it.
            started_at: New start time. Default on entering RUNNING: now.
            completed_at: New end time. Default on entering a final status: now.
            name: New name, 1 to 255 characters. Cannot be cleared.
            description: New description, at most 64 KiB. Empty clears it.
            labels: New labels, which replace the former ones as a whole: at most 64 entries, keys of 1 to 63 characters,
                values of at most 255. Empty labels are only written if update_mask names them.
            metadata: New metadata, at most 1 MiB encoded. Replaces the former object as a whole.
            update_mask: Fields of this request to write even if unset, which clears them.
            expected_version: Version that the benchmark must have. Default: any.
            repetitions: New number of evaluations that each sample is to have, 0 to 1000000.
            planned_samples: New number of samples that there are to be, 0 or more.
        """
        return self._call(BENCHMARK_UPDATE_BENCHMARK, m.UpdateBenchmarkResponse, {"id": id, "status": status, "completed_iterations": completed_iterations, "failed_iterations": failed_iterations, "total_iterations": total_iterations, "results": results, "metrics": metrics, "error": error, "started_at": started_at, "completed_at": completed_at, "name": name, "description": description, "labels": labels, "metadata": metadata, "update_mask": update_mask, "expected_version": expected_version, "repetitions": repetitions, "planned_samples": planned_samples}, timeout)

    def delete_benchmark(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.DeleteBenchmarkResponse:
        """Deletes a benchmark with its evaluations, and returns when all are deleted. They are deleted in bounded
        batches. Until the end the benchmark can be read, with counts that shrink, and accepts no evaluations and
        no jobs. If a call ends early, at its deadline or with its server, the service finishes the deletion;
        calling again waits for that. Its pending and running jobs end FAILED at once, with an error that says
        so; those that have ended are kept.
        NOT_FOUND: no such benchmark.

        Args:
            id: Id of the benchmark. Required.
        """
        return self._call(BENCHMARK_DELETE_BENCHMARK, m.DeleteBenchmarkResponse, {"id": id}, timeout)

    def list_benchmarks(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        status: m.BenchmarkStatus | None = None,
        provider: str | None = None,
        model: str | None = None,
        dataset: str | None = None,
        created_by: str | None = None,
        labels: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        order_by: m.BenchmarkOrder | None = None,
        view: m.BenchmarkView | None = None,
        name: str | None = None,
        name_contains: str | None = None,
        timeout: float | None = None,
    ) -> m.ListBenchmarksResponse:
        """Lists benchmarks, newest first by default.
        INVALID_ARGUMENT: page_token does not belong to these filters.

        Args:
            page_size: Most benchmarks to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            status: Only benchmarks in this status.
            provider: Only benchmarks of this provider.
            model: Only benchmarks of this model.
            dataset: Only benchmarks on this dataset.
            created_by: Only benchmarks created by the user with this id.
            labels: Only benchmarks that have all these labels with these values.
            created_after: Only benchmarks created at this time or later.
            created_before: Only benchmarks created before this time.
            order_by: Order. Default: newest first.
            view: Fields to return. Default: BASIC.
            name: Only benchmarks with exactly this name.
            name_contains: Only benchmarks whose name has this text in it, in capital letters or small ones; at most 255 characters.
                There is no index for it: names are read in the order of the list until the page is full. Default: any.
        """
        return self._call(BENCHMARK_LIST_BENCHMARKS, m.ListBenchmarksResponse, {"page_size": page_size, "page_token": page_token, "status": status, "provider": provider, "model": model, "dataset": dataset, "created_by": created_by, "labels": labels, "created_after": created_after, "created_before": created_before, "order_by": order_by, "view": view, "name": name, "name_contains": name_contains}, timeout)

    def iter_benchmarks(
        self,
        *,
        page_size: int | None = None,
        status: m.BenchmarkStatus | None = None,
        provider: str | None = None,
        model: str | None = None,
        dataset: str | None = None,
        created_by: str | None = None,
        labels: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        order_by: m.BenchmarkOrder | None = None,
        view: m.BenchmarkView | None = None,
        name: str | None = None,
        name_contains: str | None = None,
        timeout: float | None = None,
    ) -> Items[m.Benchmark]:
        """Yields the ``benchmarks`` of all pages of ``list_benchmarks``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most benchmarks to return. 0: 50; at most 1000.
            status: Only benchmarks in this status.
            provider: Only benchmarks of this provider.
            model: Only benchmarks of this model.
            dataset: Only benchmarks on this dataset.
            created_by: Only benchmarks created by the user with this id.
            labels: Only benchmarks that have all these labels with these values.
            created_after: Only benchmarks created at this time or later.
            created_before: Only benchmarks created before this time.
            order_by: Order. Default: newest first.
            view: Fields to return. Default: BASIC.
            name: Only benchmarks with exactly this name.
            name_contains: Only benchmarks whose name has this text in it, in capital letters or small ones; at most 255 characters.
                There is no index for it: names are read in the order of the list until the page is full. Default: any.
        """
        return self._pages(BENCHMARK_LIST_BENCHMARKS, m.Benchmark, "benchmarks", {"page_size": page_size, "status": status, "provider": provider, "model": model, "dataset": dataset, "created_by": created_by, "labels": labels, "created_after": created_after, "created_before": created_before, "order_by": order_by, "view": view, "name": name, "name_contains": name_contains}, timeout)

    def create_evaluation(
        self,
        *,
        id: str | None = None,
        benchmark_id: str,
        sample_id: str | None = None,
        repetition: int | None = None,
        provider: str | None = None,
        model: str | None = None,
        input: str | None = None,
        output: str | None = None,
        expected: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        score: float | None = None,
        error: str | None = None,
        latency_ms: float | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        created_at: datetime | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> m.CreateEvaluationResponse:
        """Stores one evaluation and counts it in its benchmark in the same transaction, whatever the benchmark's
        status. Storing the same evaluation again returns the stored one.
        NOT_FOUND: no such benchmark. ALREADY_EXISTS: the id, or the benchmark's sample_id and repetition, is
        stored with other content, or request_id was used with another body.

        Args:
            id: Identifier: a UUID. Default: a UUIDv7 made by the service.
            benchmark_id: Id of the benchmark. Required.
            sample_id: Id of the sample within the dataset, at most 255 characters. Default: none, then the evaluation is a new
                row each time.
            repetition: Repetition of the sample, 0 or more. Default: 0.
            provider: Provider of the model, at most 100 characters. Default: the benchmark's.
            model: Model that gave the output, at most 255 characters. Default: the benchmark's.
            input: Input of the model, at most 2 MiB. May be empty.
            output: Output of the model, at most 2 MiB. It may be empty, but it may be unset only with an error.
            expected: Expected output, at most 2 MiB. Default: none.
            metrics: Further metrics by name, at most 1 MiB encoded; numbers must be finite. Default: empty.
            score: Main score; must be finite. Default: none.
            error: Error of the sample, at most 64 KiB. If it is not empty, the sample counts as failed.
            latency_ms: Time the model took in milliseconds, 0 or more. Default: none.
            input_tokens: Tokens read by the model, 0 or more. Default: none.
            output_tokens: Tokens written by the model, 0 or more. Default: none.
            cost_usd: Cost of the sample in US dollars, 0 or more. Default: none.
            metadata: Additional data of the client, at most 1 MiB encoded. Default: none.
            created_at: When the sample was evaluated. Default: now.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
        """
        return self._call(BENCHMARK_CREATE_EVALUATION, m.CreateEvaluationResponse, {"id": id, "benchmark_id": benchmark_id, "sample_id": sample_id, "repetition": repetition, "provider": provider, "model": model, "input": input, "output": output, "expected": expected, "metrics": metrics, "score": score, "error": error, "latency_ms": latency_ms, "input_tokens": input_tokens, "output_tokens": output_tokens, "cost_usd": cost_usd, "metadata": metadata, "created_at": created_at, "request_id": request_id}, timeout)

    def batch_create_evaluations(
        self,
        *,
        benchmark_id: str | None = None,
        evaluations: Sequence[m.NewEvaluation] | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> m.BatchCreateEvaluationsResponse:
        """Stores up to 1000 evaluations in one transaction. Items are independent: if one is refused, the others
        are still stored, and its result says why.
        ALREADY_EXISTS: request_id was used with another body.

        Args:
            benchmark_id: Id of the benchmark for items that name none.
            evaluations: Evaluations to store, 1 to 1000. They may belong to several benchmarks.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
        """
        return self._call(BENCHMARK_BATCH_CREATE_EVALUATIONS, m.BatchCreateEvaluationsResponse, {"benchmark_id": benchmark_id, "evaluations": evaluations, "request_id": request_id}, timeout)

    def update_evaluation(
        self,
        id: str,
        *,
        benchmark_id: str | None = None,
        score: float | None = None,
        metrics: Mapping[str, Any] | None = None,
        expected: str | None = None,
        error: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        update_mask: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> m.UpdateEvaluationResponse:
        """Changes the score and other judgements of an evaluation (re-scoring). The counts of the benchmark are
        updated.
        NOT_FOUND: no such evaluation. FAILED_PRECONDITION: the change would clear the error of an evaluation
        without output.

        Args:
            id: Id of the evaluation. Required.
            benchmark_id: Id of its benchmark. Optional. It makes the look-up cheaper on a distributed database.
            score: New score; must be finite.
            metrics: New metrics, at most 1 MiB encoded. Replaces the former object as a whole.
            expected: New expected output, at most 2 MiB.
            error: New error, at most 64 KiB. Empty clears it, which is allowed only if the evaluation has an output.
            metadata: New metadata, at most 1 MiB encoded. Replaces the former object as a whole.
            update_mask: Fields of this request to write even if unset, which clears them: for example "score" to remove the
                score.
        """
        return self._call(BENCHMARK_UPDATE_EVALUATION, m.UpdateEvaluationResponse, {"id": id, "benchmark_id": benchmark_id, "score": score, "metrics": metrics, "expected": expected, "error": error, "metadata": metadata, "update_mask": update_mask}, timeout)

    def stream_evaluations(
        self,
        evaluations: Iterable[m.NewEvaluation],
        *,
        benchmark_id: str | None = None,
        timeout: float | None = None,
    ) -> m.StreamEvaluationsResponse:
        """Stores any number of evaluations, sent as a stream of messages, and answers with the totals when the
        client ends the stream. Rows are committed as they arrive, so committed rows stay after a broken stream.
        Sending the same evaluations again stores none twice that has an id or a sample_id.

        Args:
            evaluations: Any number of them; they are read as they are sent.
            benchmark_id: Id of the benchmark of those that name none.
            timeout: Seconds for the whole, at most 300 over HTTP. Without it the service has, over HTTP, 70 s to take
                each message, and 45 s to answer after the last. Default: none.
        """
        return self._upload(BENCHMARK_STREAM_EVALUATIONS, m.StreamEvaluationsResponse, evaluations, benchmark_id, timeout)

    def get_evaluation(
        self,
        id: str,
        *,
        benchmark_id: str | None = None,
        timeout: float | None = None,
    ) -> m.GetEvaluationResponse:
        """Returns one evaluation with every field.
        NOT_FOUND: no such evaluation, or it belongs to another benchmark.

        Args:
            id: Id of the evaluation. Required.
            benchmark_id: Id of its benchmark. Optional. It makes the look-up cheaper on a distributed database.
        """
        return self._call(BENCHMARK_GET_EVALUATION, m.GetEvaluationResponse, {"id": id, "benchmark_id": benchmark_id}, timeout)

    def batch_get_evaluations(
        self,
        ids: Sequence[str],
        *,
        benchmark_id: str | None = None,
        view: m.EvaluationView | None = None,
        preview_chars: int | None = None,
        timeout: float | None = None,
    ) -> m.BatchGetEvaluationsResponse:
        """Returns evaluations by their ids. The answer ends at about 3 MiB, and names those that are left.

        Args:
            ids: Ids of the evaluations, 1 to 100, each once. Required.
            benchmark_id: Id of the benchmark that they belong to; those of others count as missing. Default: of any.
            view: Fields to return. Default: FULL.
            preview_chars: As in ListEvaluationsRequest.
        """
        return self._call(BENCHMARK_BATCH_GET_EVALUATIONS, m.BatchGetEvaluationsResponse, {"ids": ids, "benchmark_id": benchmark_id, "view": view, "preview_chars": preview_chars}, timeout)

    def delete_evaluation(
        self,
        id: str,
        *,
        benchmark_id: str | None = None,
        timeout: float | None = None,
    ) -> m.DeleteEvaluationResponse:
        """Deletes one evaluation. The counts of its benchmark are updated.
        NOT_FOUND: no such evaluation, or it belongs to another benchmark.

        Args:
            id: Id of the evaluation. Required.
            benchmark_id: Id of its benchmark. Optional. It makes the look-up cheaper on a distributed database.
        """
        return self._call(BENCHMARK_DELETE_EVALUATION, m.DeleteEvaluationResponse, {"id": id, "benchmark_id": benchmark_id}, timeout)

    def cleanup_evaluations(
        self,
        *,
        older_than_days: int,
        benchmark_id: str | None = None,
        timeout: float | None = None,
    ) -> m.CleanupEvaluationsResponse:
        """Deletes evaluations that were stored long ago, whatever their created_at, in bounded batches, and ends
        after about 100000 of them. The counts and summaries of their benchmarks are updated.
        NOT_FOUND: no such benchmark. INVALID_ARGUMENT: older_than_days is not given.

        Args:
            older_than_days: Delete evaluations stored more than this many days ago, 0 to 36500; 0: all stored before now. Required.
            benchmark_id: Only evaluations of this benchmark. Default: of all.
        """
        return self._call(BENCHMARK_CLEANUP_EVALUATIONS, m.CleanupEvaluationsResponse, {"older_than_days": older_than_days, "benchmark_id": benchmark_id}, timeout)

    def list_evaluations(
        self,
        benchmark_id: str,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
        failed_only: bool | None = None,
        sample_id: str | None = None,
        order_by: m.EvaluationOrder | None = None,
        view: m.EvaluationView | None = None,
        metadata: Mapping[str, Any] | None = None,
        text: str | None = None,
        preview_chars: int | None = None,
        metric: str | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        error_contains: str | None = None,
        around_id: str | None = None,
        timeout: float | None = None,
    ) -> m.ListEvaluationsResponse:
        """Lists the evaluations of a benchmark, newest first by default. All filters and orders can be combined,
        except failed_only and error_contains with an order by score. There is an index of scores and none of
        other metrics: by their values each page reads all evaluations of the benchmark.
        NOT_FOUND: no such benchmark, or no evaluation around_id. INVALID_ARGUMENT: page_token does not belong to
        these filters, or failed_only or error_contains with an order by score. RESOURCE_EXHAUSTED: an order or
        filter reads many rows, and too many such reads wait.
        FAILED_PRECONDITION: the database lacks the index that `text`, or `metadata` of a benchmark with more
        than 100000 evaluations, needs.

        Args:
            benchmark_id: Id of the benchmark. Required.
            page_size: Most evaluations to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            provider: Only evaluations of this provider.
            model: Only evaluations of this model.
            min_score: Only evaluations with this score or a higher one; those without a score are left out.
            max_score: Only evaluations with this score or a lower one; those without a score are left out.
            failed_only: True: only evaluations with an error.
            sample_id: Only evaluations of this sample.
            order_by: Order. Default: newest first.
            view: Fields to return. Default: BASIC.
            metadata: Only evaluations whose metadata contains all of this: every given key must have the given value, at any
                depth. A list contains another if it has all of its items. At least one key must have a value that is
                neither an empty object nor an empty list. At most 16 KiB encoded. Default, and if empty: any metadata or
                none.
            text: Only evaluations with all of these words in input and output together, 1 to 1024 characters with at least
                one letter or digit. The syntax is that of PostgreSQL's websearch_to_tsquery: "quoted words" must be next
                to each other, `or` separates alternatives, and a word after - must be absent. Words are compared whole,
                without regard to case, in no particular language. Only the first 50,000 characters of each text are
                searched. Default: any text.
            preview_chars: How many characters of each text the PREVIEW view has, 1 to 1000. 0: 200.
            metric: Name of the metric that min_value, max_value and an order by metric are of, as in MetricSummary.name.
                Default: "score".
            min_value: Only evaluations with this value of the metric or a higher one; those without a value are left out.
            max_value: Only evaluations with this value of the metric or a lower one; those without a value are left out.
            error_contains: Only evaluations whose error has this text in it, letter for letter; at most 1024 characters. Default:
                any.
            around_id: Id of an evaluation of the benchmark: the page has it, and what stands before and after it in the list;
                in the FULL view only what stands after it. If it does not match the filters, the page is where it would
                stand. Not looked at together with page_token. Default: the first page.
        """
        return self._call(BENCHMARK_LIST_EVALUATIONS, m.ListEvaluationsResponse, {"benchmark_id": benchmark_id, "page_size": page_size, "page_token": page_token, "provider": provider, "model": model, "min_score": min_score, "max_score": max_score, "failed_only": failed_only, "sample_id": sample_id, "order_by": order_by, "view": view, "metadata": metadata, "text": text, "preview_chars": preview_chars, "metric": metric, "min_value": min_value, "max_value": max_value, "error_contains": error_contains, "around_id": around_id}, timeout)

    def iter_evaluations(
        self,
        benchmark_id: str,
        *,
        page_size: int | None = None,
        provider: str | None = None,
        model: str | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
        failed_only: bool | None = None,
        sample_id: str | None = None,
        order_by: m.EvaluationOrder | None = None,
        view: m.EvaluationView | None = None,
        metadata: Mapping[str, Any] | None = None,
        text: str | None = None,
        preview_chars: int | None = None,
        metric: str | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        error_contains: str | None = None,
        around_id: str | None = None,
        timeout: float | None = None,
    ) -> Items[m.Evaluation]:
        """Yields the ``evaluations`` of all pages of ``list_evaluations``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            benchmark_id: Id of the benchmark. Required.
            page_size: Most evaluations to return. 0: 50; at most 1000.
            provider: Only evaluations of this provider.
            model: Only evaluations of this model.
            min_score: Only evaluations with this score or a higher one; those without a score are left out.
            max_score: Only evaluations with this score or a lower one; those without a score are left out.
            failed_only: True: only evaluations with an error.
            sample_id: Only evaluations of this sample.
            order_by: Order. Default: newest first.
            view: Fields to return. Default: BASIC.
            metadata: Only evaluations whose metadata contains all of this: every given key must have the given value, at any
                depth. A list contains another if it has all of its items. At least one key must have a value that is
                neither an empty object nor an empty list. At most 16 KiB encoded. Default, and if empty: any metadata or
                none.
            text: Only evaluations with all of these words in input and output together, 1 to 1024 characters with at least
                one letter or digit. The syntax is that of PostgreSQL's websearch_to_tsquery: "quoted words" must be next
                to each other, `or` separates alternatives, and a word after - must be absent. Words are compared whole,
                without regard to case, in no particular language. Only the first 50,000 characters of each text are
                searched. Default: any text.
            preview_chars: How many characters of each text the PREVIEW view has, 1 to 1000. 0: 200.
            metric: Name of the metric that min_value, max_value and an order by metric are of, as in MetricSummary.name.
                Default: "score".
            min_value: Only evaluations with this value of the metric or a higher one; those without a value are left out.
            max_value: Only evaluations with this value of the metric or a lower one; those without a value are left out.
            error_contains: Only evaluations whose error has this text in it, letter for letter; at most 1024 characters. Default:
                any.
            around_id: Id of an evaluation of the benchmark: the page has it, and what stands before and after it in the list;
                in the FULL view only what stands after it. If it does not match the filters, the page is where it would
                stand. Not looked at together with page_token. Default: the first page.
        """
        return self._pages(BENCHMARK_LIST_EVALUATIONS, m.Evaluation, "evaluations", {"benchmark_id": benchmark_id, "page_size": page_size, "provider": provider, "model": model, "min_score": min_score, "max_score": max_score, "failed_only": failed_only, "sample_id": sample_id, "order_by": order_by, "view": view, "metadata": metadata, "text": text, "preview_chars": preview_chars, "metric": metric, "min_value": min_value, "max_value": max_value, "error_contains": error_contains, "around_id": around_id}, timeout)

    def list_failure_groups(
        self,
        benchmark_id: str,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> m.ListFailureGroupsResponse:
        """Groups the failed evaluations of a benchmark by their error, the largest group first. The newest 20000
        failures are looked at.
        NOT_FOUND: no such benchmark. RESOURCE_EXHAUSTED: too many reads of many rows wait for their turn.

        Args:
            benchmark_id: Id of the benchmark. Required.
            limit: Most groups to return. 0: 50; at most 200.
        """
        return self._call(BENCHMARK_LIST_FAILURE_GROUPS, m.ListFailureGroupsResponse, {"benchmark_id": benchmark_id, "limit": limit}, timeout)

    def export_evaluations(
        self,
        benchmark_id: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        min_score: float | None = None,
        max_score: float | None = None,
        failed_only: bool | None = None,
        sample_id: str | None = None,
        view: m.EvaluationView | None = None,
        page_token: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        text: str | None = None,
        preview_chars: int | None = None,
        metric: str | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        error_contains: str | None = None,
        timeout: float | None = None,
    ) -> Export[m.Evaluation]:
        """Streams all evaluations of a benchmark that match, oldest first, in chunks. The server sends as fast as
        the client reads.
        NOT_FOUND: no such benchmark. INVALID_ARGUMENT: page_token does not belong to these filters.
        FAILED_PRECONDITION: as for ListEvaluations.

        Yields each of the ``evaluations``. An export that breaks goes on after its last chunk. `timeout`:
        seconds for the whole. Default: none.

        Args:
            benchmark_id: Id of the benchmark. Required.
            provider: Only evaluations of this provider.
            model: Only evaluations of this model.
            min_score: Only evaluations with this score or a higher one; those without a score are left out.
            max_score: Only evaluations with this score or a lower one; those without a score are left out.
            failed_only: True: only evaluations with an error.
            sample_id: Only evaluations of this sample.
            view: Fields to return. Default: FULL.
            page_token: next_page_token of the last chunk received, to resume a broken export. Empty: from the beginning.
            metadata: As in ListEvaluationsRequest.
            text: As in ListEvaluationsRequest.
            preview_chars: As in ListEvaluationsRequest.
            metric: As in ListEvaluationsRequest.
            min_value: As in ListEvaluationsRequest.
            max_value: As in ListEvaluationsRequest.
            error_contains: As in ListEvaluationsRequest.
        """
        return self._export(BENCHMARK_EXPORT_EVALUATIONS, m.Evaluation, "evaluations", {"benchmark_id": benchmark_id, "provider": provider, "model": model, "min_score": min_score, "max_score": max_score, "failed_only": failed_only, "sample_id": sample_id, "view": view, "page_token": page_token, "metadata": metadata, "text": text, "preview_chars": preview_chars, "metric": metric, "min_value": min_value, "max_value": max_value, "error_contains": error_contains}, timeout)

    def get_benchmark_summary(
        self,
        benchmark_id: str,
        *,
        metrics: Sequence[str] | None = None,
        exact: bool | None = None,
        categories: bool | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        group_by: str | None = None,
        missing: m.Missing | None = None,
        range_low: float | None = None,
        range_high: float | None = None,
        lower_is_better: bool | None = None,
        cluster_by: str | None = None,
        timeout: float | None = None,
    ) -> m.GetBenchmarkSummaryResponse:
        """Returns statistics over the evaluations of a benchmark: one summary per metric, and totals of tokens,
        cost and failures. They are read from aggregates that are stored with the evaluations. So they are true
        as soon as the evaluations are stored, and as fast for millions of them as for a few.
        NOT_FOUND: no such benchmark. RESOURCE_EXHAUSTED: `exact`, `cluster_by` or, for more than 1,000
        evaluations, `categories` is set, and too many reads of many rows wait.

        Args:
            benchmark_id: Id of the benchmark. Required.
            metrics: Names of the metrics to summarize, as in MetricSummary.name, at most 100. Empty: all that have a value.
            exact: True: compute every figure from the evaluations themselves, which takes time in proportion to their
                number. False (default): answer from the stored aggregates. All figures are exact then too, except the
                percentiles, which may be approximate of more than 1,000 evaluations.
            categories: True: count categories too, which reads up to 250,000 evaluations. Default: false.
            reducer: How the repetitions of a sample become one value. Default: MEAN. With MEDIAN, MODE and MAX every figure
                of a benchmark with repetitions is computed from the evaluations, as with `exact`.
            k: The k of the reducer, 1 to 1000000. Required for AT_LEAST_K, PASS_AT_K and PASS_HAT_K; 0 for the others.
            group_by: Asks for `slices`: groups of the evaluations, by one of these, which reads every evaluation. At most 1000
                characters. Empty (default): none.
                - "provider" or "model", of the evaluation;
                - "label.NAME", a label of the benchmark, and so one group;
                - else a key of Evaluation.metadata: "subject", or "doc.subject" for one within another. A number is a
                  place in a list. A name with dots is found as it stands at the top, and elsewhere in backticks. None
                  is empty. "metadata." may stand before it, for keys that are named like one of the above. What the
                  metadata lack is looked for in objects "metadata" and "doc" of theirs, as the samples of Inspect and of
                  lm-eval have them.
                Groups leave out samples without a value, and say how many: `missing` has to be EXCLUDE then, and
                cluster_by empty.
            missing: What means do with samples and repetitions that have no value. Default: EXCLUDE. AS_WORST needs the
                worse end of the range of each metric that is named in `metrics`, and BOUNDS both; where it is not known
                and not given, the call fails with INVALID_ARGUMENT. By MEDIAN, MODE and MAX repetitions that lack take
                one more reading of all evaluations, as one of the reads of many rows.
            range_low: The least value that the metric can have, if it is the only one in `metrics`. Default: 0 for latency_ms,
                input_tokens, output_tokens and cost_usd, for the reducers with a k, and for scores and the benchmark's
                own metrics if all values are from 0 to 1; else not known.
            range_high: The greatest value that the metric can have. Default: 1 for the reducers with a k, and for scores and the
                benchmark's own metrics if all values are from 0 to 1; else not known.
            lower_is_better: Whether lower values are better, for AS_WORST. Unset: as in CompareBenchmarksRequest.
            cluster_by: What makes samples dependent, such as the text that questions are about: a key as in group_by. Those with
                the same value of it are a cluster; see Clusters. Computes every figure from the evaluations, as with
                `exact`. Empty (default): samples are independent.
        """
        return self._call(BENCHMARK_GET_BENCHMARK_SUMMARY, m.GetBenchmarkSummaryResponse, {"benchmark_id": benchmark_id, "metrics": metrics, "exact": exact, "categories": categories, "reducer": reducer, "k": k, "group_by": group_by, "missing": missing, "range_low": range_low, "range_high": range_high, "lower_is_better": lower_is_better, "cluster_by": cluster_by}, timeout)

    def get_metric_histogram(
        self,
        *,
        benchmark_ids: Sequence[str],
        metric: str | None = None,
        bins: int | None = None,
        timeout: float | None = None,
    ) -> m.GetMetricHistogramResponse:
        """Returns how the values of a metric are spread in some benchmarks, all on one scale. It is read from the
        aggregates of GetBenchmarkSummary, and so as fast for millions of evaluations as for a few.
        NOT_FOUND: one of the benchmarks does not exist. RESOURCE_EXHAUSTED: there are no aggregates to read, and
        too many reads of many rows wait.

        Args:
            benchmark_ids: Ids of the benchmarks, 1 to 21, each once: a baseline and as many candidates as CompareBenchmarks takes.
                Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            bins: Most bins of the scale, 2 to 100. 0: 30.
        """
        return self._call(BENCHMARK_GET_METRIC_HISTOGRAM, m.GetMetricHistogramResponse, {"benchmark_ids": benchmark_ids, "metric": metric, "bins": bins}, timeout)

    def compare_benchmarks(
        self,
        baseline_id: str,
        *,
        candidate_ids: Sequence[str] | None = None,
        metric: str | None = None,
        lower_is_better: bool | None = None,
        tie_tolerance: float | None = None,
        bootstrap_samples: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        margin: float | None = None,
        detect: float | None = None,
        allow_different_inputs: bool | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        cluster_by: str | None = None,
        group_by: str | None = None,
        missing: m.Missing | None = None,
        range_low: float | None = None,
        range_high: float | None = None,
        alpha: float | None = None,
        exclude_failed: bool | None = None,
        timeout: float | None = None,
    ) -> m.CompareBenchmarksResponse:
        """Compares candidate benchmarks with a baseline on one metric, paired by sample_id.
        NOT_FOUND: one of the benchmarks does not exist. INVALID_ARGUMENT: page_token does not belong to this
        request. RESOURCE_EXHAUSTED: too many reads of many rows wait for their turn.

        Args:
            baseline_id: Id of the benchmark to compare with. Required.
            candidate_ids: Ids of the benchmarks to compare, 1 to 20, each once, without the baseline.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            lower_is_better: Whether lower values are better. Unset: true of latency_ms, input_tokens, output_tokens and cost_usd,
                false of every other metric.
            tie_tolerance: Largest absolute difference that counts as a tie, 0 or more. Default: 0.
            bootstrap_samples: Number of bootstrap resamples, 0 to 100000; 0: no bootstrap interval. Default: 10000. Resampling is
                seeded by the data, so the same request gives the same interval. Above 5,000 pairs, blocks of pairs are
                drawn as wholes, 5,000 of them.
            page_size: Most samples to return in each of the lists `regressed` and `improved`. 0: 50; at most 1000.
            page_token: next_page_token of the page before, which continues both lists of every candidate. Empty: the first page.
            margin: The largest mean difference that does not matter, above 0: asks for no_worse_p_value and
                equivalence_p_value. Default: none.
            detect: A mean difference that one would like to see, above 0: asks for pairs_needed. Default: none.
            allow_different_inputs: True: also compares samples whose inputs or expected answers differ between the benchmarks, as those of
                different prompts do. An expected answer that only one side has is no difference. Default: false.
            reducer: How the repetitions of a sample become one value. Default: MEAN.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            cluster_by: Key of the metadata by which pairs are clustered, as in GetBenchmarkSummaryRequest. Empty (default):
                pairs are independent.
            group_by: Asks for `slices`: groups of the pairs, by a key as in GetBenchmarkSummaryRequest. A sample is in the
                group that its baseline names, and if that names none, in its candidate's. With AS_WORST groups count
                what the candidate lacks too; they have no bounds and no clusters. Empty (default): none.
            missing: What the comparison does with samples and repetitions that have no value. Default: EXCLUDE, so that only
                samples with a value on both sides are pairs. AS_WORST also pairs those of which the baseline alone has a
                value, and counts the worst for the candidate; what the baseline lacks is no pair, as the worst would
                favour the candidate there, and without a sample that both have a value of there are no pairs. Each
                repetition that the candidate lacks is the worst, too, before the sample is reduced. BOUNDS tells what
                the mean difference may be over all that either side has tried, and tests harm and equivalence with the
                worst that it may be. The first needs the worse end of the metric's range, the other both; where samples
                are missing and it is not known and not given, the call fails with INVALID_ARGUMENT. They do not go with
                cluster_by.
            range_low: The least value that the metric can have. Default: as in GetBenchmarkSummaryRequest, by the values of all
                benchmarks of the request.
            range_high: The greatest value that the metric can have. Default: as in GetBenchmarkSummaryRequest, by the values of
                all benchmarks of the request.
            alpha: The level of significance that detectable_difference and pairs_needed are of, above 0 and below 0.5.
                Default: 0.05.
            exclude_failed: True: leaves out pairs of which either value is of an evaluation that failed, as latencies until a crash
                are. With repetitions one that failed is enough. Goes with missing EXCLUDE alone. Default: false.
        """
        return self._call(BENCHMARK_COMPARE_BENCHMARKS, m.CompareBenchmarksResponse, {"baseline_id": baseline_id, "candidate_ids": candidate_ids, "metric": metric, "lower_is_better": lower_is_better, "tie_tolerance": tie_tolerance, "bootstrap_samples": bootstrap_samples, "page_size": page_size, "page_token": page_token, "margin": margin, "detect": detect, "allow_different_inputs": allow_different_inputs, "reducer": reducer, "k": k, "cluster_by": cluster_by, "group_by": group_by, "missing": missing, "range_low": range_low, "range_high": range_high, "alpha": alpha, "exclude_failed": exclude_failed}, timeout)

    def list_compared_samples(
        self,
        *,
        benchmark_ids: Sequence[str],
        metric: str | None = None,
        state: m.ComparedState | None = None,
        lower_is_better: bool | None = None,
        tie_tolerance: float | None = None,
        threshold: float | None = None,
        order_by: m.ComparedOrder | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        allow_different_inputs: bool | None = None,
        timeout: float | None = None,
    ) -> m.ListComparedSamplesResponse:
        """Lists samples with their values in several benchmarks: those that regressed, that all have wrong, that
        one alone has right. Samples are paired as in CompareBenchmarks. Each page reads all of them.
        NOT_FOUND: one of the benchmarks does not exist. INVALID_ARGUMENT: page_token does not belong to this
        request. RESOURCE_EXHAUSTED: too many reads of many rows wait for their turn.

        Args:
            benchmark_ids: Ids of the benchmarks, 2 to 20, each once. The first is the baseline. Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            state: Which samples. Default: all.
            lower_is_better: Whether lower values are better. Unset: as in CompareBenchmarksRequest.
            tie_tolerance: Largest difference that is none, 0 or more. Default: 0.
            threshold: The value from which on a sample counts as right, or down from which if lower is better. Default: 0.5.
            order_by: Order. Default: by the state.
            page_size: Most samples to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            reducer: How the repetitions of a sample become one value. Default: MEAN.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            allow_different_inputs: True: also samples whose inputs or expected answers differ between any two of the benchmarks, as in
                CompareBenchmarksRequest. Default: false.
        """
        return self._call(BENCHMARK_LIST_COMPARED_SAMPLES, m.ListComparedSamplesResponse, {"benchmark_ids": benchmark_ids, "metric": metric, "state": state, "lower_is_better": lower_is_better, "tie_tolerance": tie_tolerance, "threshold": threshold, "order_by": order_by, "page_size": page_size, "page_token": page_token, "reducer": reducer, "k": k, "allow_different_inputs": allow_different_inputs}, timeout)

    def iter_compared_samples(
        self,
        *,
        benchmark_ids: Sequence[str],
        metric: str | None = None,
        state: m.ComparedState | None = None,
        lower_is_better: bool | None = None,
        tie_tolerance: float | None = None,
        threshold: float | None = None,
        order_by: m.ComparedOrder | None = None,
        page_size: int | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        allow_different_inputs: bool | None = None,
        timeout: float | None = None,
    ) -> Items[m.ComparedSample]:
        """Yields the ``samples`` of all pages of ``list_compared_samples``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            benchmark_ids: Ids of the benchmarks, 2 to 20, each once. The first is the baseline. Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            state: Which samples. Default: all.
            lower_is_better: Whether lower values are better. Unset: as in CompareBenchmarksRequest.
            tie_tolerance: Largest difference that is none, 0 or more. Default: 0.
            threshold: The value from which on a sample counts as right, or down from which if lower is better. Default: 0.5.
            order_by: Order. Default: by the state.
            page_size: Most samples to return. 0: 50; at most 1000.
            reducer: How the repetitions of a sample become one value. Default: MEAN.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            allow_different_inputs: True: also samples whose inputs or expected answers differ between any two of the benchmarks, as in
                CompareBenchmarksRequest. Default: false.
        """
        return self._pages(BENCHMARK_LIST_COMPARED_SAMPLES, m.ComparedSample, "samples", {"benchmark_ids": benchmark_ids, "metric": metric, "state": state, "lower_is_better": lower_is_better, "tie_tolerance": tie_tolerance, "threshold": threshold, "order_by": order_by, "page_size": page_size, "reducer": reducer, "k": k, "allow_different_inputs": allow_different_inputs}, timeout)

    def get_leaderboard(
        self,
        *,
        dataset: str,
        metric: str | None = None,
        provider: str | None = None,
        labels: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        status: m.BenchmarkStatus | None = None,
        lower_is_better: bool | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        min_count: int | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        min_coverage: float | None = None,
        missing: m.Missing | None = None,
        range_low: float | None = None,
        range_high: float | None = None,
        timeout: float | None = None,
    ) -> m.GetLeaderboardResponse:
        """Ranks the benchmarks of a dataset by the mean of a metric. Those without a value of the metric are left
        out. Evaluations count as soon as they are stored.
        INVALID_ARGUMENT: page_token does not belong to this request.

        Args:
            dataset: Dataset to rank on. Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            provider: Only benchmarks of this provider.
            labels: Only benchmarks that have all these labels with these values.
            created_after: Only benchmarks created at this time or later.
            created_before: Only benchmarks created before this time.
            status: Only benchmarks in this status. Default: any.
            lower_is_better: Whether the lowest mean ranks first. Unset: as in CompareBenchmarksRequest.
            page_size: Most entries to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            min_count: Only benchmarks with at least this many samples that have a value of the metric, 0 or more. Default: 1,
                as those without a value are never listed.
            reducer: How the repetitions of a sample become one value. Default: MEAN. By AT_LEAST_K, PASS_AT_K and PASS_HAT_K
                only benchmarks with repetitions are ranked. MEDIAN, MODE and MAX read all evaluations of these.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            min_coverage: Only benchmarks of whose samples, planned or tried, at least this share has a value, 0 to 1. Default: 0.
            missing: What means do with samples and repetitions that have no value. Default: EXCLUDE. AS_WORST needs the
                worse end of the metric's range, and BOUNDS both; where it is not known and not given, and an entry
                lacks some, the call fails with INVALID_ARGUMENT.
            range_low: The least value that the metric can have. Default: as in GetBenchmarkSummaryRequest, by the values of all
                entries.
            range_high: The greatest value that the metric can have. Default: as in GetBenchmarkSummaryRequest, by the values of
                all entries.
        """
        return self._call(BENCHMARK_GET_LEADERBOARD, m.GetLeaderboardResponse, {"dataset": dataset, "metric": metric, "provider": provider, "labels": labels, "created_after": created_after, "created_before": created_before, "status": status, "lower_is_better": lower_is_better, "page_size": page_size, "page_token": page_token, "min_count": min_count, "reducer": reducer, "k": k, "min_coverage": min_coverage, "missing": missing, "range_low": range_low, "range_high": range_high}, timeout)

    def iter_leaderboard(
        self,
        *,
        dataset: str,
        metric: str | None = None,
        provider: str | None = None,
        labels: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        status: m.BenchmarkStatus | None = None,
        lower_is_better: bool | None = None,
        page_size: int | None = None,
        min_count: int | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        min_coverage: float | None = None,
        missing: m.Missing | None = None,
        range_low: float | None = None,
        range_high: float | None = None,
        timeout: float | None = None,
    ) -> Items[m.LeaderboardEntry]:
        """Yields the ``entries`` of all pages of ``get_leaderboard``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            dataset: Dataset to rank on. Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            provider: Only benchmarks of this provider.
            labels: Only benchmarks that have all these labels with these values.
            created_after: Only benchmarks created at this time or later.
            created_before: Only benchmarks created before this time.
            status: Only benchmarks in this status. Default: any.
            lower_is_better: Whether the lowest mean ranks first. Unset: as in CompareBenchmarksRequest.
            page_size: Most entries to return. 0: 50; at most 1000.
            min_count: Only benchmarks with at least this many samples that have a value of the metric, 0 or more. Default: 1,
                as those without a value are never listed.
            reducer: How the repetitions of a sample become one value. Default: MEAN. By AT_LEAST_K, PASS_AT_K and PASS_HAT_K
                only benchmarks with repetitions are ranked. MEDIAN, MODE and MAX read all evaluations of these.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            min_coverage: Only benchmarks of whose samples, planned or tried, at least this share has a value, 0 to 1. Default: 0.
            missing: What means do with samples and repetitions that have no value. Default: EXCLUDE. AS_WORST needs the
                worse end of the metric's range, and BOUNDS both; where it is not known and not given, and an entry
                lacks some, the call fails with INVALID_ARGUMENT.
            range_low: The least value that the metric can have. Default: as in GetBenchmarkSummaryRequest, by the values of all
                entries.
            range_high: The greatest value that the metric can have. Default: as in GetBenchmarkSummaryRequest, by the values of
                all entries.
        """
        return self._pages(BENCHMARK_GET_LEADERBOARD, m.LeaderboardEntry, "entries", {"dataset": dataset, "metric": metric, "provider": provider, "labels": labels, "created_after": created_after, "created_before": created_before, "status": status, "lower_is_better": lower_is_better, "page_size": page_size, "min_count": min_count, "reducer": reducer, "k": k, "min_coverage": min_coverage, "missing": missing, "range_low": range_low, "range_high": range_high}, timeout)

    def get_metric_history(
        self,
        *,
        dataset: str,
        metric: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        labels: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        status: m.BenchmarkStatus | None = None,
        lower_is_better: bool | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        min_count: int | None = None,
        baseline_id: str | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        range_low: float | None = None,
        range_high: float | None = None,
        timeout: float | None = None,
    ) -> m.GetMetricHistoryResponse:
        """Returns the runs on a dataset that match, in the order of their creation: mean and interval of one
        metric, and how it changed since the run before and since the baseline. Those without a value of the
        metric are left out. The first page has the newest runs, each further page older ones. Runs are compared
        as independent groups by Welch's t-test (Biometrika 34, 1947), from stored aggregates. That is as fast
        for millions of evaluations as for a few, and less sensitive than CompareBenchmarks, which pairs samples.
        Means are over the samples that have a value; each run says how many have none.
        NOT_FOUND: there is no benchmark baseline_id. INVALID_ARGUMENT: it is on another dataset, or page_token
        does not belong to this request.

        Args:
            dataset: Dataset of the runs. Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            provider: Only benchmarks of this provider.
            model: Only benchmarks of this model.
            labels: Only benchmarks that have all these labels with these values.
            created_after: Only benchmarks created at this time or later.
            created_before: Only benchmarks created before this time.
            status: Only benchmarks in this status. Default: any.
            lower_is_better: Whether lower values are better. Unset: as in CompareBenchmarksRequest. It changes no figure; the
                response repeats it.
            page_size: Most runs to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the newest runs.
            min_count: Only benchmarks with at least this many samples that have a value of the metric, 0 or more. Default: 1,
                as those without a value are never listed.
            baseline_id: Id of the benchmark that since_baseline is about; it must be on the dataset, and need not match the
                filters. Default: the dataset's baseline (SetBaseline), and without one the oldest run of the response.
            reducer: How the repetitions of a sample become one value. Default: MEAN. By AT_LEAST_K, PASS_AT_K and PASS_HAT_K
                only benchmarks with repetitions are listed. MEDIAN, MODE and MAX read all evaluations of these.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            range_low: The least value that the metric can have, which MetricChange.first_significant takes missing samples to
                have. Default: as in GetBenchmarkSummaryRequest, by the values of all runs of the response.
            range_high: The greatest value that the metric can have, like range_low.
        """
        return self._call(BENCHMARK_GET_METRIC_HISTORY, m.GetMetricHistoryResponse, {"dataset": dataset, "metric": metric, "provider": provider, "model": model, "labels": labels, "created_after": created_after, "created_before": created_before, "status": status, "lower_is_better": lower_is_better, "page_size": page_size, "page_token": page_token, "min_count": min_count, "baseline_id": baseline_id, "reducer": reducer, "k": k, "range_low": range_low, "range_high": range_high}, timeout)

    def iter_metric_history(
        self,
        *,
        dataset: str,
        metric: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        labels: Mapping[str, str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        status: m.BenchmarkStatus | None = None,
        lower_is_better: bool | None = None,
        page_size: int | None = None,
        min_count: int | None = None,
        baseline_id: str | None = None,
        reducer: m.Reducer | None = None,
        k: int | None = None,
        range_low: float | None = None,
        range_high: float | None = None,
        timeout: float | None = None,
    ) -> Items[m.MetricRun]:
        """Yields the ``runs`` of all pages of ``get_metric_history``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            dataset: Dataset of the runs. Required.
            metric: Name of the metric, as in MetricSummary.name. Default: "score".
            provider: Only benchmarks of this provider.
            model: Only benchmarks of this model.
            labels: Only benchmarks that have all these labels with these values.
            created_after: Only benchmarks created at this time or later.
            created_before: Only benchmarks created before this time.
            status: Only benchmarks in this status. Default: any.
            lower_is_better: Whether lower values are better. Unset: as in CompareBenchmarksRequest. It changes no figure; the
                response repeats it.
            page_size: Most runs to return. 0: 50; at most 1000.
            min_count: Only benchmarks with at least this many samples that have a value of the metric, 0 or more. Default: 1,
                as those without a value are never listed.
            baseline_id: Id of the benchmark that since_baseline is about; it must be on the dataset, and need not match the
                filters. Default: the dataset's baseline (SetBaseline), and without one the oldest run of the response.
            reducer: How the repetitions of a sample become one value. Default: MEAN. By AT_LEAST_K, PASS_AT_K and PASS_HAT_K
                only benchmarks with repetitions are listed. MEDIAN, MODE and MAX read all evaluations of these.
            k: The k of the reducer, as in GetBenchmarkSummaryRequest.
            range_low: The least value that the metric can have, which MetricChange.first_significant takes missing samples to
                have. Default: as in GetBenchmarkSummaryRequest, by the values of all runs of the response.
            range_high: The greatest value that the metric can have, like range_low.
        """
        return self._pages(BENCHMARK_GET_METRIC_HISTORY, m.MetricRun, "runs", {"dataset": dataset, "metric": metric, "provider": provider, "model": model, "labels": labels, "created_after": created_after, "created_before": created_before, "status": status, "lower_is_better": lower_is_better, "page_size": page_size, "min_count": min_count, "baseline_id": baseline_id, "reducer": reducer, "k": k, "range_low": range_low, "range_high": range_high}, timeout)

    def set_baseline(
        self,
        benchmark_id: str,
        *,
        timeout: float | None = None,
    ) -> m.SetBaselineResponse:
        """Pins a benchmark as the baseline of its dataset, in place of the former one. Pinning it again changes
        nothing. Of a dataset whose baseline is another user's benchmark, only role admin may change it. The
        deletion of the benchmark leaves the dataset without a baseline.
        NOT_FOUND: no such benchmark.

        Args:
            benchmark_id: Id of the benchmark. Required. Its dataset is the one that gets the baseline.
        """
        return self._call(BENCHMARK_SET_BASELINE, m.SetBaselineResponse, {"benchmark_id": benchmark_id}, timeout)

    def get_baseline(
        self,
        *,
        dataset: str,
        timeout: float | None = None,
    ) -> m.GetBaselineResponse:
        """Returns the baseline of a dataset.
        NOT_FOUND: the dataset has none.

        Args:
            dataset: The dataset. Required.
        """
        return self._call(BENCHMARK_GET_BASELINE, m.GetBaselineResponse, {"dataset": dataset}, timeout)

    def list_baselines(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        timeout: float | None = None,
    ) -> m.ListBaselinesResponse:
        """Lists the baselines by dataset.
        INVALID_ARGUMENT: page_token is not valid.

        Args:
            page_size: Most baselines to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
        """
        return self._call(BENCHMARK_LIST_BASELINES, m.ListBaselinesResponse, {"page_size": page_size, "page_token": page_token}, timeout)

    def iter_baselines(
        self,
        *,
        page_size: int | None = None,
        timeout: float | None = None,
    ) -> Items[m.Baseline]:
        """Yields the ``baselines`` of all pages of ``list_baselines``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most baselines to return. 0: 50; at most 1000.
        """
        return self._pages(BENCHMARK_LIST_BASELINES, m.Baseline, "baselines", {"page_size": page_size}, timeout)

    def unset_baseline(
        self,
        *,
        dataset: str,
        timeout: float | None = None,
    ) -> m.UnsetBaselineResponse:
        """Removes the baseline of a dataset; the benchmark stays. Without a baseline it changes nothing.

        Args:
            dataset: The dataset. Required.
        """
        return self._call(BENCHMARK_UNSET_BASELINE, m.UnsetBaselineResponse, {"dataset": dataset}, timeout)

    def list_datasets(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        timeout: float | None = None,
    ) -> m.ListDatasetsResponse:
        """Lists the datasets that benchmarks are on, by name.
        INVALID_ARGUMENT: page_token is not valid.

        Args:
            page_size: Most datasets to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
        """
        return self._call(BENCHMARK_LIST_DATASETS, m.ListDatasetsResponse, {"page_size": page_size, "page_token": page_token}, timeout)

    def iter_datasets(
        self,
        *,
        page_size: int | None = None,
        timeout: float | None = None,
    ) -> Items[m.Dataset]:
        """Yields the ``datasets`` of all pages of ``list_datasets``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most datasets to return. 0: 50; at most 1000.
        """
        return self._pages(BENCHMARK_LIST_DATASETS, m.Dataset, "datasets", {"page_size": page_size}, timeout)

    def list_benchmark_field_values(
        self,
        *,
        field: m.BenchmarkField,
        prefix: str | None = None,
        limit: int | None = None,
        label_key: str | None = None,
        timeout: float | None = None,
    ) -> m.ListBenchmarkFieldValuesResponse:
        """Lists some of the different values of a field of benchmarks, as for suggestions.

        Args:
            field: The field. Required.
            prefix: Only values that begin with this text, letter for letter; at most 255 characters. Default: any.
            limit: Most values to return. 0: 50; at most 1000.
            label_key: The label whose values are asked for. Required for LABEL_VALUE, and only there.
        """
        return self._call(BENCHMARK_LIST_BENCHMARK_FIELD_VALUES, m.ListBenchmarkFieldValuesResponse, {"field": field, "prefix": prefix, "limit": limit, "label_key": label_key}, timeout)

    def watch_benchmarks(
        self,
        *,
        ids: Sequence[str] | None = None,
        status: m.BenchmarkStatus | None = None,
        provider: str | None = None,
        dataset: str | None = None,
        labels: Mapping[str, str] | None = None,
        after_cursor: str | None = None,
        timeout: float | None = None,
    ) -> Watch[m.WatchBenchmarksResponse]:
        """Streams changes of benchmarks, including those of their counts and mean score, until the client cancels.
        Changes that follow each other closely are sent as one, with the latest state. A benchmark is sent at
        most about five times a second, and no more often than the client reads. A stream that breaks is resumed
        with after_cursor. Changes are held up while an older transaction stays open in the database server; a
        watch with ids then looks at its benchmarks every 3 s.
        OUT_OF_RANGE: after_cursor is older than the changes that are kept; read the benchmarks and watch without
        it. UNAVAILABLE: the server is shutting down.

        A stream that breaks is resumed after its last message, for as long as it takes. `timeout`: seconds
        until it ends with DEADLINE_EXCEEDED. Default: never.

        Args:
            ids: Only these benchmarks, at most 1000. Without after_cursor the present state of each is sent first.
                Default: all.
            status: Only benchmarks that are in this status after the change.
            provider: Only benchmarks of this provider.
            dataset: Only benchmarks on this dataset.
            labels: Only benchmarks that have all these labels with these values.
            after_cursor: Cursor of the last message received: the stream goes on after it. Default: changes from now on.
        """
        return self._watch(BENCHMARK_WATCH_BENCHMARKS, m.WatchBenchmarksResponse, {"ids": ids, "status": status, "provider": provider, "dataset": dataset, "labels": labels, "after_cursor": after_cursor}, timeout)


class JobService(Calls):
    """JobService keeps the queue of jobs. Creating and changing jobs requires role admin, or role user for the
    caller's own jobs. Claiming and finishing them requires role worker or admin; limits, pauses and cleanup
    require role admin. Every role may read.
    """

    def create_job(
        self,
        *,
        id: str | None = None,
        job_type: str,
        payload: Mapping[str, Any] | None = None,
        priority: int | None = None,
        max_retries: int | None = None,
        timeout_seconds: int | None = None,
        required_tags: Sequence[str] | None = None,
        run_at: datetime | None = None,
        benchmark_id: str | None = None,
        limit_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        unique_key: str | None = None,
        request_id: str | None = None,
        delay: timedelta | float | None = None,
        max_snoozes: int | None = None,
        start_within: timedelta | float | None = None,
        fair_key: str | None = None,
        fair_weight: float | None = None,
        on_unique_conflict: m.UniqueConflict | None = None,
        depends_on: Sequence[str] | None = None,
        on_dependency_failure: m.DependencyFailure | None = None,
        tokens: int | None = None,
        timeout: float | None = None,
    ) -> m.CreateJobResponse:
        """Creates a job in status PENDING. Where a call of ClaimJobs waits that may have it, and no better job is
        ready, the job is given to that worker at once, and is answered as RUNNING.
        ALREADY_EXISTS: the id is taken, another pending or running job of the type has the unique_key (the error
        names it), or request_id was used with another body. NOT_FOUND: no benchmark with benchmark_id.

        Args:
            id: Identifier: a UUID. Default: a UUIDv7 made by the service.
            job_type: Kind of work, 1 to 100 characters. Required.
            payload: Input for the worker, at most 1 MiB encoded. Default: empty.
            priority: Priority: higher is claimed first. Default: 0.
            max_retries: Number of retries allowed, 0 to 100. Default: 3.
            timeout_seconds: Longest time one attempt may run, in seconds, 0 to 604800; 0: no limit. Default: 300.
            required_tags: Tags a worker must have, all of them. At most 64, of 1 to 100 characters. Default: none.
            run_at: Not claimed before this time. Default: at once. See delay for a time from now.
            benchmark_id: Id of the benchmark that the job works for, which must exist. Default: none.
            limit_key: Key of the limit that the job counts against, for example "openai/gpt-4"; at most 255 characters.
                Default: none.
            metadata: Additional data of the client, at most 1 MiB encoded. Default: none.
            unique_key: Key that only one pending or running job of the type may have, at most 255 characters. Default: none.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
            delay: Not claimed before this time has passed by the database's clock, 0 s to 100 years; Job.run_at tells when
                that is. Refused together with run_at. Default: at once.
            max_snoozes: How often workers may give the job back for later at no cost of a retry, 0 to 10,000. Default: 1,000.
            start_within: The job is cancelled, with that reason as its error, if no worker has started it within this time, by the
                database's clock and to half a second: since its creation, or since it was due for the first time; 1 s to
                100 years. Job.start_by tells when that is. Default: it waits for as long as it takes.
            fair_key: Jobs of different keys take turns, where they are of the same job_type, required_tags, limit_key and
                priority: each key has one start a round, however many jobs wait. At most 255 characters. Jobs without a
                key take turns as if they had one in common. Default: none or, if LTB_JOBS_FAIR_BY says so, the id of the
                job's benchmark or of the user who creates it.
            fair_weight: How much of a start in a round the job is due, 0.01 to 100: of weight 2, jobs take half a turn each, and
                two start for one of weight 1. Default: 1.
            on_unique_conflict: What happens where another live job has the unique_key. Default: REFUSE. Others need a unique_key.
            depends_on: Ids of jobs that it runs after, at most 1,000: they exist or, in a batch, stand earlier in it with an id.
                It is pending until all of them have ended. An unknown one is refused: NOT_FOUND. Default: none.
            on_dependency_failure: What becomes of it when one of these fails, or is cancelled or deleted while it waits, also if that was
                before it was created. Default: it is cancelled too. RetryJob of one that failed brings back none that
                was cancelled with it; what is retried itself waits for nothing.
            tokens: The tokens that an attempt is estimated to use, 0 to 1000000000, for JobLimit.tokens_per_minute. More
                than the limit of limit_key allows in a minute is refused. Default: 0.
        """
        return self._call(JOB_CREATE_JOB, m.CreateJobResponse, {"id": id, "job_type": job_type, "payload": payload, "priority": priority, "max_retries": max_retries, "timeout_seconds": timeout_seconds, "required_tags": required_tags, "run_at": run_at, "benchmark_id": benchmark_id, "limit_key": limit_key, "metadata": metadata, "unique_key": unique_key, "request_id": request_id, "delay": delay, "max_snoozes": max_snoozes, "start_within": start_within, "fair_key": fair_key, "fair_weight": fair_weight, "on_unique_conflict": on_unique_conflict, "depends_on": depends_on, "on_dependency_failure": on_dependency_failure, "tokens": tokens}, timeout)

    def batch_create_jobs(
        self,
        *,
        jobs: Sequence[m.NewJob] | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> m.BatchCreateJobsResponse:
        """Creates up to 1000 jobs in one transaction: all of them or, on an error, none. Errors are those of
        CreateJob; they name the position of the wrong job.

        Args:
            jobs: Jobs to create, 1 to 1000.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
        """
        return self._call(JOB_BATCH_CREATE_JOBS, m.BatchCreateJobsResponse, {"jobs": jobs, "request_id": request_id}, timeout)

    def get_job(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.GetJobResponse:
        """Returns one job with every field, including its attempts.
        NOT_FOUND: no such job.

        Args:
            id: Id of the job. Required.
        """
        return self._call(JOB_GET_JOB, m.GetJobResponse, {"id": id}, timeout)

    def list_jobs(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        status: m.JobStatus | None = None,
        job_type: str | None = None,
        worker_id: str | None = None,
        benchmark_id: str | None = None,
        order_by: m.JobOrder | None = None,
        view: m.JobView | None = None,
        limit_key: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        created_by: str | None = None,
        ids: Sequence[str] | None = None,
        ended_after: datetime | None = None,
        ended_before: datetime | None = None,
        required_tags: Sequence[str] | None = None,
        error_contains: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        fair_key: str | None = None,
        timeout: float | None = None,
    ) -> m.ListJobsResponse:
        """Lists jobs, newest first by default. A page looks at up to 5,000 jobs, or 1,000 where their errors or
        metadata decide, so where few match it may be short, or even empty, and still have a next one.
        INVALID_ARGUMENT: page_token does not belong to these filters, or the order does not allow the filters.

        Args:
            page_size: Most jobs to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            status: Only jobs in this status. Scheduled jobs are PENDING.
            job_type: Only jobs of this type.
            worker_id: Only jobs that the worker with this worker_id holds or last held.
            benchmark_id: Only jobs of this benchmark.
            order_by: Order. Default: newest first.
            view: Fields to return. Default: BASIC.
            limit_key: Only jobs with this limit_key.
            created_after: Only jobs created at this time or later.
            created_before: Only jobs created before this time.
            created_by: Only jobs that the user with this id created.
            ids: Only these jobs, at most 1000; those that there are not are left out.
            ended_after: Only jobs that ended at this time or later. Needs an ended status (COMPLETED, FAILED, CANCELLED).
            ended_before: Only jobs that ended before this time. Needs an ended status.
            required_tags: Only jobs that require all of these tags, at most 64.
            error_contains: Only jobs whose error has this text in it, in any case; 1 to 1024 characters. A pending job has the error
                of its last attempt.
            metadata: Only jobs whose metadata contain this, as the JSON operator @> of PostgreSQL has it: each key with this
                value, objects within objects likewise. At most 1 MiB encoded.
            fair_key: Only jobs with this fair_key.
        """
        return self._call(JOB_LIST_JOBS, m.ListJobsResponse, {"page_size": page_size, "page_token": page_token, "status": status, "job_type": job_type, "worker_id": worker_id, "benchmark_id": benchmark_id, "order_by": order_by, "view": view, "limit_key": limit_key, "created_after": created_after, "created_before": created_before, "created_by": created_by, "ids": ids, "ended_after": ended_after, "ended_before": ended_before, "required_tags": required_tags, "error_contains": error_contains, "metadata": metadata, "fair_key": fair_key}, timeout)

    def iter_jobs(
        self,
        *,
        page_size: int | None = None,
        status: m.JobStatus | None = None,
        job_type: str | None = None,
        worker_id: str | None = None,
        benchmark_id: str | None = None,
        order_by: m.JobOrder | None = None,
        view: m.JobView | None = None,
        limit_key: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        created_by: str | None = None,
        ids: Sequence[str] | None = None,
        ended_after: datetime | None = None,
        ended_before: datetime | None = None,
        required_tags: Sequence[str] | None = None,
        error_contains: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        fair_key: str | None = None,
        timeout: float | None = None,
    ) -> Items[m.Job]:
        """Yields the ``jobs`` of all pages of ``list_jobs``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most jobs to return. 0: 50; at most 1000.
            status: Only jobs in this status. Scheduled jobs are PENDING.
            job_type: Only jobs of this type.
            worker_id: Only jobs that the worker with this worker_id holds or last held.
            benchmark_id: Only jobs of this benchmark.
            order_by: Order. Default: newest first.
            view: Fields to return. Default: BASIC.
            limit_key: Only jobs with this limit_key.
            created_after: Only jobs created at this time or later.
            created_before: Only jobs created before this time.
            created_by: Only jobs that the user with this id created.
            ids: Only these jobs, at most 1000; those that there are not are left out.
            ended_after: Only jobs that ended at this time or later. Needs an ended status (COMPLETED, FAILED, CANCELLED).
            ended_before: Only jobs that ended before this time. Needs an ended status.
            required_tags: Only jobs that require all of these tags, at most 64.
            error_contains: Only jobs whose error has this text in it, in any case; 1 to 1024 characters. A pending job has the error
                of its last attempt.
            metadata: Only jobs whose metadata contain this, as the JSON operator @> of PostgreSQL has it: each key with this
                value, objects within objects likewise. At most 1 MiB encoded.
            fair_key: Only jobs with this fair_key.
        """
        return self._pages(JOB_LIST_JOBS, m.Job, "jobs", {"page_size": page_size, "status": status, "job_type": job_type, "worker_id": worker_id, "benchmark_id": benchmark_id, "order_by": order_by, "view": view, "limit_key": limit_key, "created_after": created_after, "created_before": created_before, "created_by": created_by, "ids": ids, "ended_after": ended_after, "ended_before": ended_before, "required_tags": required_tags, "error_contains": error_contains, "metadata": metadata, "fair_key": fair_key}, timeout)

    def claim_jobs(
        self,
        worker_id: str,
        *,
        request_id: str | None = None,
        max_jobs: int | None = None,
        job_types: Sequence[str] | None = None,
        wait: timedelta | float | None = None,
        lease: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.ClaimJobsResponse:
        """Gives a worker leases on ready jobs that match its job types and tags: highest priority first, then
        oldest. It never gives more than the worker's free capacity, and skips jobs that are paused, at their
        limit or not yet due. With `wait` the call waits for a job to become ready (long poll), and returns no
        lease when the time is up. A draining worker gets none: its waiting calls return at once, those on other
        servers than the one that was told within a second or so. So do those of a worker that deregisters.
        NOT_FOUND: the worker is not registered.

        Args:
            worker_id: worker_id of the registered worker. Required.
            request_id: Names this claim, 1 to 128 characters. If it is repeated after a lost answer, it returns the same leases
                again, as far as they are still held. So it does while the first still waits on a connection that is
                dead, also on another server, which finds what that one gets within a second or so. Default: none; then
                leases of a lost answer wait for their expiry.
            max_jobs: Most leases to return, 0 to 1000. 0: 1. Fewer are returned if their jobs would not fit into about 3 MiB.
            job_types: Only jobs of these types, at most 100. Default: the types that the worker registered.
            wait: How long to wait for a job when none is ready, 0 to 30 s. Default: 0, do not wait.
            lease: How long the leases last unless renewed, 1 s to 1 h. Default: 30 s.
        """
        return self._call(JOB_CLAIM_JOBS, m.ClaimJobsResponse, {"worker_id": worker_id, "request_id": request_id, "max_jobs": max_jobs, "job_types": job_types, "wait": wait, "lease": lease}, timeout)

    def complete_jobs(
        self,
        worker_id: str,
        *,
        items: Sequence[m.CompleteJobsItem] | None = None,
        next: m.NextClaim | None = None,
        timeout: float | None = None,
    ) -> m.CompleteJobsResponse:
        """Completes jobs with their results, and stores their evaluations in the same transaction. An item that is
        sent again after its attempt was completed stores nothing, and gets the result of the first time. An item
        that is REJECTED can never be stored as it is, and a retry would be rejected as well: its job is FAILED
        at once, without a retry, with the error "result rejected: FIELD: REASON".

        Args:
            worker_id: worker_id of the worker that holds the leases. Required.
            items: Jobs to complete, 1 to 1000, each once.
            next: Jobs to claim then. Default: none.
        """
        return self._call(JOB_COMPLETE_JOBS, m.CompleteJobsResponse, {"worker_id": worker_id, "items": items, "next": next}, timeout)

    def fail_jobs(
        self,
        worker_id: str,
        *,
        items: Sequence[m.FailJobsItem] | None = None,
        next: m.NextClaim | None = None,
        timeout: float | None = None,
    ) -> m.FailJobsResponse:
        """Ends attempts with an error. Each result says whether the job is retried or fails. An item that is sent
        again changes nothing. An item that is REJECTED ends its attempt too, with its own `retryable` and the
        default pause; field and reason stand before its error.

        Args:
            worker_id: worker_id of the worker that holds the leases. Required.
            items: Jobs whose attempt failed, 1 to 1000, each once.
            next: Jobs to claim then. Default: none.
        """
        return self._call(JOB_FAIL_JOBS, m.FailJobsResponse, {"worker_id": worker_id, "items": items, "next": next}, timeout)

    def release_jobs(
        self,
        worker_id: str,
        *,
        items: Sequence[m.ReleaseJobsItem] | None = None,
        timeout: float | None = None,
    ) -> m.ReleaseJobsResponse:
        """Gives jobs back without having run them to an end. They become pending at once: the first time in their
        old place, later behind the jobs of their priority that wait. From the eleventh time on since the job was
        created or retried by RetryJob, it counts as a failed attempt. With `delay` a job becomes due later, in
        its old place, as often as its max_snoozes allows; more often it counts as a failed attempt. An item that
        is sent again changes nothing, and one that is REJECTED gives nothing back.

        Args:
            worker_id: worker_id of the worker that holds the leases. Required.
            items: Jobs to give back, 1 to 1000, each once.
        """
        return self._call(JOB_RELEASE_JOBS, m.ReleaseJobsResponse, {"worker_id": worker_id, "items": items}, timeout)

    def update_job_progress(
        self,
        worker_id: str,
        *,
        items: Sequence[m.UpdateJobProgressItem] | None = None,
        lease: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.UpdateJobProgressResponse:
        """Records the progress of running jobs and renews their leases.

        Args:
            worker_id: worker_id of the worker that holds the leases. Required.
            items: Jobs to report on, 1 to 1000, each once.
            lease: How long the leases last from now, 1 s to 1 h. Default: 30 s.
        """
        return self._call(JOB_UPDATE_JOB_PROGRESS, m.UpdateJobProgressResponse, {"worker_id": worker_id, "items": items, "lease": lease}, timeout)

    def update_job(
        self,
        id: str,
        *,
        payload: Mapping[str, Any] | None = None,
        priority: int | None = None,
        max_retries: int | None = None,
        timeout_seconds: int | None = None,
        required_tags: Sequence[str] | None = None,
        run_at: datetime | None = None,
        delay: timedelta | float | None = None,
        limit_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        update_mask: Sequence[str] | None = None,
        expected_version: int | None = None,
        tokens: int | None = None,
        timeout: float | None = None,
    ) -> m.UpdateJobResponse:
        """Changes a pending job, also one whose time is still to come: what is given or named in update_mask. It
        keeps its age, and so its place among jobs of equal priority. A claim at the same time gets the job as it
        was, and the change is refused, or as it is then.
        NOT_FOUND: no such job. FAILED_PRECONDITION: the job is not pending. ABORTED: it is at another version
        than expected_version, or keeps changing. RESOURCE_EXHAUSTED: its limit_key or tags are one combination
        too many.

        Args:
            id: Id of the job. Required.
            payload: New input for the worker, at most 1 MiB encoded. Replaces the former object as a whole.
            priority: New priority.
            max_retries: New number of retries allowed, 0 to 100. Cannot be cleared.
            timeout_seconds: New longest time of one attempt, in seconds, 0 to 604800; 0: no limit.
            required_tags: New tags that a worker must have, which replace the former ones as a whole: at most 64, of 1 to 100
                characters. No tags are only written if update_mask names them.
            run_at: New time before which the job is not claimed. Cleared, it is due at once. Its start_by stays.
            delay: The same from now on, by the database's clock, 0 to 100 years. Refused together with run_at.
            limit_key: New key of the limit that the job counts against, at most 255 characters. Empty clears it.
            metadata: New metadata, at most 1 MiB encoded. Replaces the former object as a whole.
            update_mask: Fields of this request to write even if unset, which clears them.
            expected_version: Version that the job must have. Default: any.
            tokens: New estimate of the tokens that an attempt uses, 0 to 1000000000.
        """
        return self._call(JOB_UPDATE_JOB, m.UpdateJobResponse, {"id": id, "payload": payload, "priority": priority, "max_retries": max_retries, "timeout_seconds": timeout_seconds, "required_tags": required_tags, "run_at": run_at, "delay": delay, "limit_key": limit_key, "metadata": metadata, "update_mask": update_mask, "expected_version": expected_version, "tokens": tokens}, timeout)

    def cancel_job(
        self,
        id: str,
        *,
        reason: str | None = None,
        timeout: float | None = None,
    ) -> m.CancelJobResponse:
        """Cancels a job. A pending or running job ends at once. The worker of a running job learns of it by its
        next heartbeat or progress report, and its late result is refused. A job that is already cancelled is
        returned as it is.
        NOT_FOUND: no such job. FAILED_PRECONDITION: the job is completed or failed.

        Args:
            id: Id of the job. Required.
            reason: Reason, at most 1024 characters; stored as the job's error. Default: none.
        """
        return self._call(JOB_CANCEL_JOB, m.CancelJobResponse, {"id": id, "reason": reason}, timeout)

    def retry_job(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.RetryJobResponse:
        """Makes a failed or cancelled job pending again, with retry_count 0 and a new epoch, due at once.
        NOT_FOUND: no such job, or its benchmark was deleted. FAILED_PRECONDITION: the job is neither failed nor
        cancelled. ALREADY_EXISTS: its unique_key was taken by another job, which the error names.

        Args:
            id: Id of the job. Required.
        """
        return self._call(JOB_RETRY_JOB, m.RetryJobResponse, {"id": id}, timeout)

    def cancel_jobs(
        self,
        *,
        status: m.JobStatus | None = None,
        job_type: str | None = None,
        benchmark_id: str | None = None,
        limit_key: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        reason: str | None = None,
        ids: Sequence[str] | None = None,
        dry_run: bool | None = None,
        created_by: str | None = None,
        required_tags: Sequence[str] | None = None,
        error_contains: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        fair_key: str | None = None,
        timeout: float | None = None,
    ) -> m.CancelJobsResponse:
        """Cancels all pending and running jobs that match, in bounded batches. With dry_run it only counts them.
        INVALID_ARGUMENT: no filter is given.

        Args:
            status: Only jobs in this status: PENDING or RUNNING. Default: both.
            job_type: Only jobs of this type.
            benchmark_id: Only jobs of this benchmark.
            limit_key: Only jobs with this limit_key.
            created_after: Only jobs created at this time or later.
            created_before: Only jobs created before this time.
            reason: Reason, at most 1024 characters; stored as the jobs' error. Default: none. Not a filter.
            ids: Only these jobs, 1 to 1000. Default: all that match the others.
            dry_run: Changes nothing, and counts what the call would do, as of now, up to 100,000 jobs. Default: false. Not a
                filter.
            created_by: Only jobs that the user with this id created.
            required_tags: Only jobs that require all of these tags, at most 64.
            error_contains: Only jobs whose error has this text in it, in any case; 1 to 1024 characters. A pending job has the error
                of its last attempt.
            metadata: Only jobs whose metadata contain this, as the JSON operator @> of PostgreSQL has it: each key with this
                value, objects within objects likewise. At most 1 MiB encoded.
            fair_key: Only jobs with this fair_key.
        """
        return self._call(JOB_CANCEL_JOBS, m.CancelJobsResponse, {"status": status, "job_type": job_type, "benchmark_id": benchmark_id, "limit_key": limit_key, "created_after": created_after, "created_before": created_before, "reason": reason, "ids": ids, "dry_run": dry_run, "created_by": created_by, "required_tags": required_tags, "error_contains": error_contains, "metadata": metadata, "fair_key": fair_key}, timeout)

    def retry_jobs(
        self,
        *,
        status: m.JobStatus | None = None,
        job_type: str | None = None,
        benchmark_id: str | None = None,
        limit_key: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        ids: Sequence[str] | None = None,
        dry_run: bool | None = None,
        created_by: str | None = None,
        required_tags: Sequence[str] | None = None,
        error_contains: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        ended_after: datetime | None = None,
        ended_before: datetime | None = None,
        fair_key: str | None = None,
        timeout: float | None = None,
    ) -> m.RetryJobsResponse:
        """Makes all failed and cancelled jobs that match pending again, in bounded batches. Jobs whose unique_key
        is taken, or whose benchmark was deleted, are left as they are. With dry_run it only counts.
        INVALID_ARGUMENT: no filter is given.

        Args:
            status: Only jobs in this status: FAILED or CANCELLED. Default: both.
            job_type: Only jobs of this type.
            benchmark_id: Only jobs of this benchmark.
            limit_key: Only jobs with this limit_key.
            created_after: Only jobs created at this time or later.
            created_before: Only jobs created before this time.
            ids: Only these jobs, 1 to 1000. Default: all that match the others.
            dry_run: Changes nothing, and counts what the call would do, as of now, up to 100,000 jobs. Default: false. Not a
                filter.
            created_by: Only jobs that the user with this id created.
            required_tags: Only jobs that require all of these tags, at most 64.
            error_contains: Only jobs whose error has this text in it, in any case; 1 to 1024 characters. A pending job has the error
                of its last attempt.
            metadata: Only jobs whose metadata contain this, as the JSON operator @> of PostgreSQL has it: each key with this
                value, objects within objects likewise. At most 1 MiB encoded.
            ended_after: Only jobs that ended at this time or later.
            ended_before: Only jobs that ended before this time.
            fair_key: Only jobs with this fair_key.
        """
        return self._call(JOB_RETRY_JOBS, m.RetryJobsResponse, {"status": status, "job_type": job_type, "benchmark_id": benchmark_id, "limit_key": limit_key, "created_after": created_after, "created_before": created_before, "ids": ids, "dry_run": dry_run, "created_by": created_by, "required_tags": required_tags, "error_contains": error_contains, "metadata": metadata, "ended_after": ended_after, "ended_before": ended_before, "fair_key": fair_key}, timeout)

    def delete_job(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.DeleteJobResponse:
        """Deletes a job that is not running. Its attempts stay in the audit log.
        NOT_FOUND: no such job. FAILED_PRECONDITION: the job is running.

        Args:
            id: Id of the job. Required.
        """
        return self._call(JOB_DELETE_JOB, m.DeleteJobResponse, {"id": id}, timeout)

    def set_job_limit(
        self,
        *,
        limit_key: str,
        max_running: int | None = None,
        per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        timeout: float | None = None,
    ) -> m.SetJobLimitResponse:
        """Sets the limit of a limit_key, replacing a former one as a whole. Running jobs go on.

        Args:
            limit_key: The key, 1 to 255 characters. Required.
            max_running: Most jobs running at the same time, 0 to 1000000; 0: none starts. Default: no limit.
            per_minute: Most jobs started in a minute, 0 to 1000000; 0: none starts. Starts from before the limit was set count,
                but for jobs that were deleted. Default: no limit.
            tokens_per_minute: Most tokens that the jobs started in a minute are estimated to use, 0 to 1000000000; see
                JobLimit.tokens_per_minute. Default: no limit.
        """
        return self._call(JOB_SET_JOB_LIMIT, m.SetJobLimitResponse, {"limit_key": limit_key, "max_running": max_running, "per_minute": per_minute, "tokens_per_minute": tokens_per_minute}, timeout)

    def get_job_limit(
        self,
        *,
        limit_key: str,
        timeout: float | None = None,
    ) -> m.GetJobLimitResponse:
        """Returns the limit of a limit_key, with what counts of it now.
        NOT_FOUND: no such limit.

        Args:
            limit_key: The key. Required.
        """
        return self._call(JOB_GET_JOB_LIMIT, m.GetJobLimitResponse, {"limit_key": limit_key}, timeout)

    def list_job_limits(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        timeout: float | None = None,
    ) -> m.ListJobLimitsResponse:
        """Lists limits, by limit_key.
        INVALID_ARGUMENT: page_token is not valid.

        Args:
            page_size: Most limits to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
        """
        return self._call(JOB_LIST_JOB_LIMITS, m.ListJobLimitsResponse, {"page_size": page_size, "page_token": page_token}, timeout)

    def iter_job_limits(
        self,
        *,
        page_size: int | None = None,
        timeout: float | None = None,
    ) -> Items[m.JobLimit]:
        """Yields the ``limits`` of all pages of ``list_job_limits``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most limits to return. 0: 50; at most 1000.
        """
        return self._pages(JOB_LIST_JOB_LIMITS, m.JobLimit, "limits", {"page_size": page_size}, timeout)

    def list_job_field_values(
        self,
        *,
        field: m.JobField,
        prefix: str | None = None,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> m.ListJobFieldValuesResponse:
        """Lists some of the different values of a field of jobs, as for suggestions.

        Args:
            field: The field. Required.
            prefix: Only values that begin with this text, letter for letter; at most 255 characters. Default: any.
            limit: Most values to return. 0: 50; at most 1000.
        """
        return self._call(JOB_LIST_JOB_FIELD_VALUES, m.ListJobFieldValuesResponse, {"field": field, "prefix": prefix, "limit": limit}, timeout)

    def delete_job_limit(
        self,
        *,
        limit_key: str,
        timeout: float | None = None,
    ) -> m.DeleteJobLimitResponse:
        """Removes the limit of a limit_key; its jobs are then unlimited.
        NOT_FOUND: no such limit.

        Args:
            limit_key: The key. Required.
        """
        return self._call(JOB_DELETE_JOB_LIMIT, m.DeleteJobLimitResponse, {"limit_key": limit_key}, timeout)

    def pause_jobs(
        self,
        *,
        job_type: str | None = None,
        limit_key: str | None = None,
        duration: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.PauseJobsResponse:
        """Stops jobs of a job type or limit key from being claimed, also those created later, until ResumeJobs or
        the end of `duration`. Running jobs go on. Where the same is paused already, the pause now lasts as this
        call says.
        INVALID_ARGUMENT: neither job_type nor limit_key is given.

        Args:
            job_type: Job type to pause.
            limit_key: Limit key to pause.
            duration: The pause ends by itself once this has passed by the database's clock, within half a second; 1 s to 100
                years. Default: it lasts until ResumeJobs.
        """
        return self._call(JOB_PAUSE_JOBS, m.PauseJobsResponse, {"job_type": job_type, "limit_key": limit_key, "duration": duration}, timeout)

    def resume_jobs(
        self,
        *,
        job_type: str | None = None,
        limit_key: str | None = None,
        timeout: float | None = None,
    ) -> m.ResumeJobsResponse:
        """Ends a pause made with the same job_type and limit_key. Without such a pause nothing changes.
        INVALID_ARGUMENT: neither job_type nor limit_key is given.

        Args:
            job_type: Job type to resume.
            limit_key: Limit key to resume.
        """
        return self._call(JOB_RESUME_JOBS, m.ResumeJobsResponse, {"job_type": job_type, "limit_key": limit_key}, timeout)

    def list_job_pauses(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        timeout: float | None = None,
    ) -> m.ListJobPausesResponse:
        """Lists the pauses that hold now, by job type and limit key.
        INVALID_ARGUMENT: page_token is not valid.

        Args:
            page_size: Most pauses to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
        """
        return self._call(JOB_LIST_JOB_PAUSES, m.ListJobPausesResponse, {"page_size": page_size, "page_token": page_token}, timeout)

    def iter_job_pauses(
        self,
        *,
        page_size: int | None = None,
        timeout: float | None = None,
    ) -> Items[m.JobPause]:
        """Yields the ``pauses`` of all pages of ``list_job_pauses``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most pauses to return. 0: 50; at most 1000.
        """
        return self._pages(JOB_LIST_JOB_PAUSES, m.JobPause, "pauses", {"page_size": page_size}, timeout)

    def list_job_lanes(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        job_type: str | None = None,
        limit_key: str | None = None,
        timeout: float | None = None,
    ) -> m.ListJobLanesResponse:
        """Lists the lanes that have jobs ready or running, by job type and limit key, and what holds these up.
        INVALID_ARGUMENT: page_token does not belong to these filters.

        Args:
            page_size: Most lanes to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            job_type: Only lanes of this job type.
            limit_key: Only lanes with this limit key.
        """
        return self._call(JOB_LIST_JOB_LANES, m.ListJobLanesResponse, {"page_size": page_size, "page_token": page_token, "job_type": job_type, "limit_key": limit_key}, timeout)

    def iter_job_lanes(
        self,
        *,
        page_size: int | None = None,
        job_type: str | None = None,
        limit_key: str | None = None,
        timeout: float | None = None,
    ) -> Items[m.JobLane]:
        """Yields the ``lanes`` of all pages of ``list_job_lanes``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most lanes to return. 0: 50; at most 1000.
            job_type: Only lanes of this job type.
            limit_key: Only lanes with this limit key.
        """
        return self._pages(JOB_LIST_JOB_LANES, m.JobLane, "lanes", {"page_size": page_size, "job_type": job_type, "limit_key": limit_key}, timeout)

    def list_job_failure_groups(
        self,
        *,
        job_type: str | None = None,
        benchmark_id: str | None = None,
        ended_after: datetime | None = None,
        ended_before: datetime | None = None,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> m.ListJobFailureGroupsResponse:
        """Groups failed jobs by their error, the largest group first. Of the jobs that failed in the time asked
        for, the newest 5,000 are looked at.

        Args:
            job_type: Only jobs of this type.
            benchmark_id: Only jobs of this benchmark.
            ended_after: Only jobs that failed at this time or later.
            ended_before: Only jobs that failed before this time.
            limit: Most groups to return. 0: 50; at most 200.
        """
        return self._call(JOB_LIST_JOB_FAILURE_GROUPS, m.ListJobFailureGroupsResponse, {"job_type": job_type, "benchmark_id": benchmark_id, "ended_after": ended_after, "ended_before": ended_before, "limit": limit}, timeout)

    def get_job_stats(
        self,
        *,
        job_type: str | None = None,
        benchmark_id: str | None = None,
        timeout: float | None = None,
    ) -> m.GetJobStatsResponse:
        """Returns the numbers of jobs by status, in total and by job type.

        Args:
            job_type: Only jobs of this type.
            benchmark_id: Only jobs of this benchmark.
        """
        return self._call(JOB_GET_JOB_STATS, m.GetJobStatsResponse, {"job_type": job_type, "benchmark_id": benchmark_id}, timeout)

    def get_queue_history(
        self,
        *,
        job_type: str | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
        step: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.GetQueueHistoryResponse:
        """Returns what the queue did in the last 14 days, step by step. It is written by the minute, seconds after
        each, for all types together and for the 50 types that did most in that minute. Jobs that are deleted
        before that are not counted.
        INVALID_ARGUMENT: step is not of whole minutes, or there would be more than 1500 steps.

        Args:
            job_type: Only jobs of this type. Default: all.
            from_: Begin, inclusive. Default: an hour before `to`.
            to: End, exclusive. Default: now.
            step: Length of a step, in whole minutes. Steps begin at multiples of it since 1970, in UTC. Default: a minute.
        """
        return self._call(JOB_GET_QUEUE_HISTORY, m.GetQueueHistoryResponse, {"job_type": job_type, "from_": from_, "to": to, "step": step}, timeout)

    def cleanup_jobs(
        self,
        *,
        older_than_days: int | None = None,
        statuses: Sequence[m.JobStatus] | None = None,
        timeout: float | None = None,
    ) -> m.CleanupJobsResponse:
        """Deletes old jobs that ended, in bounded batches.

        Args:
            older_than_days: Delete jobs that ended more than this many days ago, 0 to 36500; 0: all that ended. Default: 30.
            statuses: Only jobs in these statuses: COMPLETED, FAILED, CANCELLED. Default: all three.
        """
        return self._call(JOB_CLEANUP_JOBS, m.CleanupJobsResponse, {"older_than_days": older_than_days, "statuses": statuses}, timeout)

    def watch_jobs(
        self,
        *,
        ids: Sequence[str] | None = None,
        job_type: str | None = None,
        benchmark_id: str | None = None,
        after_cursor: str | None = None,
        view: m.JobView | None = None,
        timeout: float | None = None,
    ) -> Watch[m.WatchJobsResponse]:
        """Streams changes of jobs until the client cancels. Changes that follow each other closely may be sent as
        one, with the latest state. A stream that breaks is resumed with after_cursor. Watching holds no job;
        ownership never depends on a stream. Changes are held up while an older transaction stays open in the
        database server; a watch with ids then looks at its jobs every 3 s.
        OUT_OF_RANGE: after_cursor is older than the changes that are kept; read the jobs and watch without it.
        UNAVAILABLE: the server is shutting down.

        A stream that breaks is resumed after its last message, for as long as it takes. `timeout`: seconds
        until it ends with DEADLINE_EXCEEDED. Default: never.

        Args:
            ids: Only these jobs, at most 1000. Without after_cursor the present state of each is sent first. Default:
                all.
            job_type: Only jobs of this type.
            benchmark_id: Only jobs of this benchmark.
            after_cursor: Cursor of the last message received: the stream goes on after it. Default: changes from now on.
            view: Fields to return. Default: BASIC.
        """
        return self._watch(JOB_WATCH_JOBS, m.WatchJobsResponse, {"ids": ids, "job_type": job_type, "benchmark_id": benchmark_id, "after_cursor": after_cursor, "view": view}, timeout)


class SystemService(Calls):
    """SystemService describes the service and what it stores. Every role may call it."""

    def get_stats(
        self,
        *,
        timeout: float | None = None,
    ) -> m.GetStatsResponse:
        """Returns sizes and counts of the database and the state of the connection pool.
        UNAVAILABLE: the database cannot be reached.
        """
        return self._call(SYSTEM_GET_STATS, m.GetStatsResponse, {}, timeout)

    def get_info(
        self,
        *,
        timeout: float | None = None,
    ) -> m.GetInfoResponse:
        """Returns the version, features and limits of the service. Needs no database."""
        return self._call(SYSTEM_GET_INFO, m.GetInfoResponse, {}, timeout)


class UserService(Calls):
    """UserService manages users and their API keys. Role admin may do everything; other users may read and change
    themselves and manage their own API keys.
    """

    def create_user(
        self,
        *,
        id: str | None = None,
        email: str,
        username: str,
        password: str | None = None,
        password_hash: str | None = None,
        role: m.UserRole | None = None,
        metadata: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> m.CreateUserResponse:
        """Creates an active user. Requires role admin.
        ALREADY_EXISTS: the id, email or user name is taken, or request_id was used with another body.

        Args:
            id: Identifier: a UUID. Default: a UUIDv7 made by the service.
            email: Email address, 3 to 255 characters, unique without regard to case. Required.
            username: User name, 1 to 100 characters, unique without regard to case. Required.
            password: Password, 8 to 1024 characters. Only an argon2id hash of it is stored.
            password_hash: Hash of the password in PHC string format (argon2id) or a bcrypt string, at most 255 characters, to
                take over users of another system.
            role: What the user may do. Default: USER.
            metadata: Additional data, at most 1 MiB encoded. Default: none.
            request_id: Makes the call safe to repeat, 1 to 128 characters. Default: none.
        """
        return self._call(USER_CREATE_USER, m.CreateUserResponse, {"id": id, "email": email, "username": username, "password": password, "password_hash": password_hash, "role": role, "metadata": metadata, "request_id": request_id}, timeout)

    def get_user(
        self,
        *,
        id: str | None = None,
        email: str | None = None,
        username: str | None = None,
        timeout: float | None = None,
    ) -> m.GetUserResponse:
        """Returns one user.
        NOT_FOUND: no such user.

        Args:
            id: Id of the user.
            email: Email address, in any case.
            username: User name, in any case.
        """
        return self._call(USER_GET_USER, m.GetUserResponse, {"id": id, "email": email, "username": username}, timeout)

    def list_users(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        role: m.UserRole | None = None,
        active: bool | None = None,
        timeout: float | None = None,
    ) -> m.ListUsersResponse:
        """Lists users, newest first. Requires role admin.
        INVALID_ARGUMENT: page_token does not belong to these filters.

        Args:
            page_size: Most users to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            role: Only users with this role.
            active: True: only active users; false: only inactive ones. Default: both.
        """
        return self._call(USER_LIST_USERS, m.ListUsersResponse, {"page_size": page_size, "page_token": page_token, "role": role, "active": active}, timeout)

    def iter_users(
        self,
        *,
        page_size: int | None = None,
        role: m.UserRole | None = None,
        active: bool | None = None,
        timeout: float | None = None,
    ) -> Items[m.User]:
        """Yields the ``users`` of all pages of ``list_users``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most users to return. 0: 50; at most 1000.
            role: Only users with this role.
            active: True: only active users; false: only inactive ones. Default: both.
        """
        return self._pages(USER_LIST_USERS, m.User, "users", {"page_size": page_size, "role": role, "active": active}, timeout)

    def update_user(
        self,
        id: str,
        *,
        email: str | None = None,
        username: str | None = None,
        role: m.UserRole | None = None,
        active: bool | None = None,
        email_verified: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
        update_mask: Sequence[str] | None = None,
        expected_version: int | None = None,
        timeout: float | None = None,
    ) -> m.UpdateUserResponse:
        """Changes fields of a user. Changing role, active or email_verified requires role admin. Deactivating a
        user ends its sessions.
        NOT_FOUND: no such user. ALREADY_EXISTS: the email or user name is taken. ABORTED: expected_version does
        not match.
        FAILED_PRECONDITION: no active admin would be left.

        Args:
            id: Id of the user. Required.
            email: New email address, 3 to 255 characters. Sets email_verified to false unless that is given. Cannot be
                cleared.
            username: New user name, 1 to 100 characters. Cannot be cleared.
            role: New role. Cannot be cleared.
            active: False: the user can neither log in nor use its API keys and sessions.
            email_verified: Whether the email address is known to be the user's.
            metadata: New additional data, at most 1 MiB encoded. Replaces the former object as a whole.
            update_mask: Fields of this request to write even if unset, which clears them.
            expected_version: Version that the user must have. Default: any.
        """
        return self._call(USER_UPDATE_USER, m.UpdateUserResponse, {"id": id, "email": email, "username": username, "role": role, "active": active, "email_verified": email_verified, "metadata": metadata, "update_mask": update_mask, "expected_version": expected_version}, timeout)

    def delete_user(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> m.DeleteUserResponse:
        """Deletes a user: it can no longer be read or act, its sessions end, and its API keys are revoked. The
        entities that it created and its audit log entries stay. Its email and user name become free. Requires
        role admin.
        NOT_FOUND: no such user. FAILED_PRECONDITION: no active admin would be left.

        Args:
            id: Id of the user. Required.
        """
        return self._call(USER_DELETE_USER, m.DeleteUserResponse, {"id": id}, timeout)

    def change_password(
        self,
        id: str,
        *,
        current_password: str | None = None,
        new_password: str,
        timeout: float | None = None,
    ) -> m.ChangePasswordResponse:
        """Changes a password. Other sessions of the user end; API keys stay.
        NOT_FOUND: no such user. PERMISSION_DENIED: current_password is wrong.

        Args:
            id: Id of the user. Required.
            current_password: The present password. Required, except for an admin who changes another user's.
            new_password: The new password, 8 to 1024 characters. Required.
        """
        return self._call(USER_CHANGE_PASSWORD, m.ChangePasswordResponse, {"id": id, "current_password": current_password, "new_password": new_password}, timeout)

    def login(
        self,
        *,
        email: str | None = None,
        password: str | None = None,
        code: str | None = None,
        timeout: float | None = None,
    ) -> m.LoginResponse:
        """Starts a session, by email and password or by a code of CreateLoginCode. Needs no authorization.
        UNAUTHENTICATED: email or password is wrong, the code is wrong, was used or is over, the user is inactive
        or has no password; the answer does not say which. RESOURCE_EXHAUSTED: too many attempts;
        google.rpc.RetryInfo says when to try again.

        Args:
            email: Email address, in any case. Required without code.
            password: Password. Required without code.
            code: Code of CreateLoginCode, instead of email and password. It is used up by this.
        """
        return self._call(USER_LOGIN, m.LoginResponse, {"email": email, "password": password, "code": code}, timeout)

    def create_login_code(
        self,
        *,
        timeout: float | None = None,
    ) -> m.CreateLoginCodeResponse:
        """Makes a code for a session of the caller, for the sign-in link of a browser: Login takes it once, within
        10 minutes, on any server. The session ends when the API key that makes this call is revoked or expires,
        and what it makes counts as made by that key.
        PERMISSION_DENIED: the API key is limited to scopes, which a session is not. FAILED_PRECONDITION: the
        call is not authenticated by an API key, or the key has just ended.
        """
        return self._call(USER_CREATE_LOGIN_CODE, m.CreateLoginCodeResponse, {}, timeout)

    def logout(
        self,
        *,
        timeout: float | None = None,
    ) -> m.LogoutResponse:
        """Ends the session that authenticates this call.
        FAILED_PRECONDITION: the call is authenticated by an API key.
        """
        return self._call(USER_LOGOUT, m.LogoutResponse, {}, timeout)

    def who_am_i(
        self,
        *,
        timeout: float | None = None,
    ) -> m.WhoAmIResponse:
        """Returns who the caller is and how the call is authenticated."""
        return self._call(USER_WHO_AM_I, m.WhoAmIResponse, {}, timeout)

    def create_api_key(
        self,
        *,
        id: str | None = None,
        user_id: str | None = None,
        name: str,
        scopes: Sequence[str] | None = None,
        expires_at: datetime | None = None,
        request_id: str | None = None,
        expires_in: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.CreateApiKeyResponse:
        """Makes an API key. Its secret is in this answer and never again. A key for another user requires role
        admin. A key cannot get scopes that the caller's own key lacks.
        NOT_FOUND: no such user. ALREADY_EXISTS: the id is taken, or request_id was used with another body.

        Args:
            id: Identifier: a UUID. Default: a UUIDv7 made by the service.
            user_id: Id of the user that the key acts as. Default: the caller.
            name: Human-readable name, 1 to 255 characters. Required.
            scopes: Scopes to limit the key to, within its user's role, at most 64: names of the form "jobs:read" or
                "jobs:write", as listed by SystemService.GetInfo. Default: everything that the role allows.
            expires_at: When the key stops working; must be in the future by the database's clock. If an API key makes the call,
                the new key stops no later than that one. Default: never, or with the key that makes the call.
            request_id: Makes the call safe to repeat, 1 to 128 characters. The answer to a repetition has no secret. Default:
                none.
            expires_in: How long the key works, by the database's clock: 1 ms to 100 years. Refused together with expires_at.
                Default: for ever.
        """
        return self._call(USER_CREATE_API_KEY, m.CreateApiKeyResponse, {"id": id, "user_id": user_id, "name": name, "scopes": scopes, "expires_at": expires_at, "request_id": request_id, "expires_in": expires_in}, timeout)

    def list_api_keys(
        self,
        *,
        user_id: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        timeout: float | None = None,
    ) -> m.ListApiKeysResponse:
        """Lists the API keys of a user, newest first, revoked and expired ones included.
        NOT_FOUND: no such user. INVALID_ARGUMENT: page_token does not belong to this user.

        Args:
            user_id: Id of the user. Default: the caller.
            page_size: Most keys to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
        """
        return self._call(USER_LIST_API_KEYS, m.ListApiKeysResponse, {"user_id": user_id, "page_size": page_size, "page_token": page_token}, timeout)

    def iter_api_keys(
        self,
        *,
        user_id: str | None = None,
        page_size: int | None = None,
        timeout: float | None = None,
    ) -> Items[m.ApiKey]:
        """Yields the ``api_keys`` of all pages of ``list_api_keys``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            user_id: Id of the user. Default: the caller.
            page_size: Most keys to return. 0: 50; at most 1000.
        """
        return self._pages(USER_LIST_API_KEYS, m.ApiKey, "api_keys", {"user_id": user_id, "page_size": page_size}, timeout)

    def revoke_api_key(
        self,
        id: str,
        *,
        with_descendants: bool | None = None,
        timeout: float | None = None,
    ) -> m.RevokeApiKeyResponse:
        """Revokes an API key at once. A revoked key is returned as it is. Keys that it made stay good unless
        with_descendants is set: after a leak, set it.
        NOT_FOUND: no such key.

        Args:
            id: Id of the key. Required.
            with_descendants: True: the keys that it made by CreateApiKey or RotateApiKey are revoked too, with those that they made,
                of whichever user. Default: false.
        """
        return self._call(USER_REVOKE_API_KEY, m.RevokeApiKeyResponse, {"id": id, "with_descendants": with_descendants}, timeout)

    def rotate_api_key(
        self,
        id: str,
        *,
        overlap: timedelta | float | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> m.RotateApiKeyResponse:
        """Replaces an API key by a new one with the same user, name, scopes and expiry, or the expiry of the key
        that makes the call if that is earlier. The old key keeps working for `overlap`. The new secret is in
        this answer and never again.
        NOT_FOUND: no such key. FAILED_PRECONDITION: the key is revoked or expired. ALREADY_EXISTS: request_id
        was used with another body.

        Args:
            id: Id of the key to replace. Required.
            overlap: How long the old key keeps working, 0 to 30 days, but not past its own expiry. Default: 0, it ends at
                once.
            request_id: Makes the call safe to repeat, 1 to 128 characters. The answer to a repetition has no secret. Default:
                none.
        """
        return self._call(USER_ROTATE_API_KEY, m.RotateApiKeyResponse, {"id": id, "overlap": overlap, "request_id": request_id}, timeout)


class WorkerService(Calls):
    """WorkerService keeps the registry of workers. RegisterWorker, Heartbeat, DrainWorker and DeregisterWorker
    require role worker, for workers that the caller registered, or role admin. RemoveStaleWorkers requires
    role admin. Every role may read.
    """

    def register_worker(
        self,
        worker_id: str,
        *,
        address: str | None = None,
        capacity: int | None = None,
        tags: Sequence[str] | None = None,
        job_types: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        version: str | None = None,
        timeout: float | None = None,
    ) -> m.RegisterWorkerResponse:
        """Registers a worker. If the worker_id is already registered, the call updates that registration, keeps its
        counters and leases, and ends a drain.

        Args:
            worker_id: Name of the worker, 1 to 255 characters, unique among all workers. A worker keeps its counters if it has
                the same name after a restart. Required.
            address: Address that the worker states, at most 255 characters, for example "host:50052". Informative: the
                service never connects to it.
            capacity: Most jobs it runs at the same time, 1 to 10000. Default: 1.
            tags: Tags it offers, at most 64 of 1 to 100 characters. It only gets jobs whose required_tags are all among
                them. Default: none.
            job_types: Job types it runs, at most 100 of 1 to 100 characters. Default: every type.
            metadata: Additional data of the worker, at most 1 MiB encoded. Default: none.
            version: Version of the worker's software, at most 100 characters. Default: none.
        """
        return self._call(WORKER_REGISTER_WORKER, m.RegisterWorkerResponse, {"worker_id": worker_id, "address": address, "capacity": capacity, "tags": tags, "job_types": job_types, "metadata": metadata, "version": version}, timeout)

    def heartbeat(
        self,
        worker_id: str,
        *,
        leases: Sequence[m.LeaseRef] | None = None,
        cpu: float | None = None,
        memory: float | None = None,
        lease: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.HeartbeatResponse:
        """Reports that a worker is alive and renews its leases. The answer has the worker's instructions: drain,
        cancelled jobs and lost leases.
        NOT_FOUND: the worker is not registered; register again.

        Args:
            worker_id: worker_id of the worker. Required.
            leases: Leases of the jobs that the worker runs now, at most 10000. Those that the worker still holds are
                renewed.
            cpu: Processor use, 0 to 1. Default: not reported.
            memory: Memory use, 0 to 1. Default: not reported.
            lease: How long the leases last from now, 1 s to 1 h. Default: 30 s.
        """
        return self._call(WORKER_HEARTBEAT, m.HeartbeatResponse, {"worker_id": worker_id, "leases": leases, "cpu": cpu, "memory": memory, "lease": lease}, timeout)

    def drain_worker(
        self,
        worker_id: str,
        *,
        reason: str | None = None,
        timeout: float | None = None,
    ) -> m.DrainWorkerResponse:
        """Stops a worker from getting new jobs. It finishes the jobs that it holds. RegisterWorker ends the drain.
        NOT_FOUND: the worker is not registered.

        Args:
            worker_id: worker_id of the worker. Required.
            reason: Reason, at most 1024 characters. Default: none.
        """
        return self._call(WORKER_DRAIN_WORKER, m.DrainWorkerResponse, {"worker_id": worker_id, "reason": reason}, timeout)

    def deregister_worker(
        self,
        worker_id: str,
        *,
        reason: str | None = None,
        timeout: float | None = None,
    ) -> m.DeregisterWorkerResponse:
        """Removes a worker. It gives the jobs that it holds back, as by ReleaseJobs.
        NOT_FOUND: the worker is not registered.

        Args:
            worker_id: worker_id of the worker. Required.
            reason: Reason, at most 1024 characters; stored in the audit log. Default: none.
        """
        return self._call(WORKER_DEREGISTER_WORKER, m.DeregisterWorkerResponse, {"worker_id": worker_id, "reason": reason}, timeout)

    def get_worker(
        self,
        worker_id: str,
        *,
        timeout: float | None = None,
    ) -> m.GetWorkerResponse:
        """Returns one worker.
        NOT_FOUND: the worker is not registered.

        Args:
            worker_id: worker_id of the worker. Required.
        """
        return self._call(WORKER_GET_WORKER, m.GetWorkerResponse, {"worker_id": worker_id}, timeout)

    def list_workers(
        self,
        *,
        page_size: int | None = None,
        page_token: str | None = None,
        status: m.WorkerStatus | None = None,
        tags: Sequence[str] | None = None,
        active_within: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> m.ListWorkersResponse:
        """Lists workers, latest registration first.
        INVALID_ARGUMENT: page_token does not belong to these filters.

        Args:
            page_size: Most workers to return. 0: 50; at most 1000.
            page_token: next_page_token of the page before. Empty: the first page.
            status: Only workers in this status.
            tags: Only workers that have all these tags, at most 64.
            active_within: Only workers heard from within this time; must be greater than 0. Default: all.
        """
        return self._call(WORKER_LIST_WORKERS, m.ListWorkersResponse, {"page_size": page_size, "page_token": page_token, "status": status, "tags": tags, "active_within": active_within}, timeout)

    def iter_workers(
        self,
        *,
        page_size: int | None = None,
        status: m.WorkerStatus | None = None,
        tags: Sequence[str] | None = None,
        active_within: timedelta | float | None = None,
        timeout: float | None = None,
    ) -> Items[m.Worker]:
        """Yields the ``workers`` of all pages of ``list_workers``, which it reads as they are needed.
        `timeout` is for each page.

        Args:
            page_size: Most workers to return. 0: 50; at most 1000.
            status: Only workers in this status.
            tags: Only workers that have all these tags, at most 64.
            active_within: Only workers heard from within this time; must be greater than 0. Default: all.
        """
        return self._pages(WORKER_LIST_WORKERS, m.Worker, "workers", {"page_size": page_size, "status": status, "tags": tags, "active_within": active_within}, timeout)

    def remove_stale_workers(
        self,
        *,
        older_than: timedelta | float,
        timeout: float | None = None,
    ) -> m.RemoveStaleWorkersResponse:
        """Removes workers that have been silent for longer than a given time. Leases that they still hold expire at
        once: the job is retried or, with no retry left, fails.

        Args:
            older_than: Remove workers silent for longer than this; must be greater than 0. Required.
        """
        return self._call(WORKER_REMOVE_STALE_WORKERS, m.RemoveStaleWorkersResponse, {"older_than": older_than}, timeout)

    def get_cluster_stats(
        self,
        *,
        timeout: float | None = None,
    ) -> m.GetClusterStatsResponse:
        """Returns figures of all workers and of the queue, and the overall health."""
        return self._call(WORKER_GET_CLUSTER_STATS, m.GetClusterStatsResponse, {}, timeout)
