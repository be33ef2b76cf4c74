begin;
drop function pending_jobs(integer);
drop table requests, login_attempts, sessions, api_keys, users;
drop table job_history;
drop table job_events, job_stat_deltas, job_pauses, job_fair_turns, job_start_deadlines, job_dependencies, job_ended_dependencies, job_limit_starts, job_limits, job_attempts, job_finished,
  job_keys, job_leases, job_scheduled, job_ready, job_lanes, jobs;
drop table worker_slots, workers;
drop table sample_rollups, sample_figures, touched_samples, repeated_benchmarks;
drop table stale_rollups, metric_deltas, metric_rollups, evaluations;
drop table benchmark_events, baselines, benchmark_deletions, benchmark_count_deltas, benchmarks;
drop function adopt_worker(), adopt_benchmark(), adopt_evaluation(), refuse_change(), keep_counts(), fill_nulls(),
  adopt_job();
commit;
