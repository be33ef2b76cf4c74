begin;
drop index idx_requests_created_at, idx_login_attempts_last_attempt, idx_sessions_expires_at,
  idx_sessions_user, idx_api_keys_created_by_key, idx_api_keys_rotated_from, idx_api_keys_user, idx_users_created_at;
drop index idx_workers_last_heartbeat;
drop index idx_job_stat_deltas_benchmark, idx_job_stat_deltas_type, idx_job_finished_worker,
  idx_job_limit_starts, idx_job_leases_limit_key, idx_jobs_benchmark,
  idx_jobs_created_at, idx_jobs_status_priority;
drop index idx_repeated_benchmarks_missing, idx_stale_rollups_missing, idx_metric_deltas_taken, idx_metric_rollups_dataset;
drop index idx_evaluations_dated, idx_evaluations_failed, idx_evaluations_score,
  idx_evaluations_benchmark;
drop index idx_benchmarks_labels, idx_benchmarks_name, idx_benchmarks_created_by, idx_benchmarks_dataset,
  idx_benchmarks_model, idx_benchmarks_provider, idx_benchmarks_status, idx_benchmarks_created_at;
commit;
