-- Up Migration
--
-- Every index serves a query that is named beside it. Lists go newest first by (created_at, id): the id makes the order total,
-- so a page ends at one row and the next begins after it. The last two columns of each list's index are that order.

-- Benchmarks: few writes, so one index for each filter that a list may have.
create index idx_benchmarks_created_at on benchmarks (created_at desc, id desc);
create index idx_benchmarks_status on benchmarks (status, created_at desc, id desc);
create index idx_benchmarks_provider on benchmarks (provider, created_at desc, id desc);
create index idx_benchmarks_model on benchmarks (model, created_at desc, id desc);
create index idx_benchmarks_dataset on benchmarks (dataset, created_at desc, id desc);
create index idx_benchmarks_created_by on benchmarks (created_by, created_at desc, id desc) where created_by is not null;
-- A benchmark by its name, on the command line.
create index idx_benchmarks_name on benchmarks (name);
-- labels @> '{"team": "search"}'
create index idx_benchmarks_labels on benchmarks using gin (labels jsonb_path_ops);

-- Evaluations: every index is paid on every ingested row, so only these three; filters by provider and model are applied while
-- reading one of them. Deleting a benchmark finds its rows by any of them.
create index idx_evaluations_benchmark on evaluations (benchmark_id, created_at desc, id desc);
-- Ordered by score, and between a lowest and a highest score.
create index idx_evaluations_score on evaluations (benchmark_id, score, id);
-- Failed samples, which are few.
create index idx_evaluations_failed on evaluations (benchmark_id, created_at desc, id desc) where error is not null;

-- Deviation: the specification has idx_jobs_status_priority on jobs (status, priority desc, created_at). There every change of a
-- status would write it, and all other indexes with it, and claims would walk over what has just been taken. On job_ready it
-- orders exactly what a claim reads: one lane's rows, best first. It replaces status (all rows are ready) by lane and created_at
-- by sequence, which is unique. Unique, so that a job can never stand in line twice.
create unique index idx_jobs_status_priority on job_ready (lane_id, priority desc, sequence);

-- Lists of jobs by age, of all and of one benchmark. All three columns are written once, so updates of jobs stay heap-only.
create index idx_jobs_created_at on jobs (created_at desc, id desc);
create index idx_jobs_benchmark on jobs (benchmark_id, created_at desc, id desc) where benchmark_id is not null;

-- Running jobs of a limit key, counted by claims of it. The column never changes, so renewals stay heap-only.
create index idx_job_leases_limit_key on job_leases (limit_key) where limit_key is not null;
-- Starts of a limit key within the last minute.
create index idx_job_limit_starts on job_limit_starts (limit_key, started_at);
-- What a worker has finished.
create index idx_job_finished_worker on job_finished (worker_id, finished_at desc, job_id desc) where worker_id is not null;

-- Totals of a type, and of a benchmark.
create index idx_job_stat_deltas_type on job_stat_deltas (job_type) where benchmark_id is null;
create index idx_job_stat_deltas_benchmark on job_stat_deltas (benchmark_id) where benchmark_id is not null;

-- Active workers, latest first; silent ones for maintenance. The registry is small: status and tags are filtered while reading.
create index idx_workers_last_heartbeat on workers (last_heartbeat desc);

create index idx_users_created_at on users (created_at desc, id desc);
-- Keys and sessions of a user: for lists, and when sessions of a disabled user end.
create index idx_api_keys_user on api_keys (user_id, created_at desc, id desc);
create index idx_api_keys_rotated_from on api_keys (rotated_from) where rotated_from is not null;
create index idx_sessions_user on sessions (user_id);
-- Cleanup of what is over.
create index idx_sessions_expires_at on sessions (expires_at);
create index idx_requests_created_at on requests (created_at);

create index idx_monitoring_events_type on monitoring_events (event_type, timestamp desc, id desc);
create index idx_monitoring_events_timestamp on monitoring_events (timestamp desc, id desc);

-- Down Migration

drop index idx_monitoring_events_timestamp, idx_monitoring_events_type;
drop index idx_requests_created_at, idx_sessions_expires_at, idx_sessions_user, idx_api_keys_rotated_from, idx_api_keys_user,
  idx_users_created_at;
drop index idx_workers_last_heartbeat;
drop index idx_job_limit_starts, idx_job_leases_limit_key;
drop index idx_job_stat_deltas_benchmark, idx_job_stat_deltas_type, idx_job_finished_worker, idx_jobs_benchmark,
  idx_jobs_created_at, idx_jobs_status_priority;
drop index idx_evaluations_failed, idx_evaluations_score, idx_evaluations_benchmark;
drop index idx_benchmarks_labels, idx_benchmarks_name, idx_benchmarks_created_by, idx_benchmarks_dataset, idx_benchmarks_model,
  idx_benchmarks_provider, idx_benchmarks_status, idx_benchmarks_created_at;
