-- Up Migration
--
-- Tables and constraints. Indexes that only serve queries are in 20240320000002_add_indexes.sql, the audit trail in
-- 20240320000003_add_audit_logs.sql. The SQL runs on PostgreSQL 12 to 18 without any extension.
--
-- Rules that hold for every table:
-- * Ids are UUIDv7 made by the service (time-ordered, so indexes grow at their right edge): they have no default.
-- * Fixed-width columns come first, the wide ones last: no byte is lost to alignment.
-- * updated_at is set by the statement that changes the row. There are no triggers on benchmarks and evaluations: they cost
--   on every row, and tables spread over several nodes cannot have them.
-- * A unique key of evaluations contains benchmark_id, by which the table can later be spread.
-- * A double precision column that must be finite is compared with infinity: NaN sorts above it and fails the same test.

-- Benchmarks -------------------------------------------------------------------------------------------------------------

-- A run of one model on one dataset.
-- fillfactor leaves room on each page, so that folding counts into a row stays a heap-only update.
create table benchmarks (
  id uuid primary key,
  -- No reference to users: a benchmark outlives whoever made it.
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  total_iterations integer not null default 0,
  -- The base of each count: what is shown is base + benchmark_count_deltas. No check for >= 0 here: after a caller has set
  -- a lower count by hand, deleting evaluations may take the base below zero, and folding must never fail on that.
  completed_iterations integer not null default 0,
  failed_iterations integer not null default 0,
  -- Grows with every change that a caller asks for, never with counts: what expected_version is compared with.
  version integer not null default 1,
  status varchar(50) not null default 'pending',
  name varchar(255) not null,
  provider varchar(100) not null,
  model varchar(255) not null,
  dataset varchar(255) not null,
  labels jsonb not null default '{}',
  description text,
  error text,
  metadata jsonb,
  metrics jsonb,
  results jsonb,
  constraint benchmarks_status_known check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  constraint benchmarks_running_has_start check (status <> 'running' or started_at is not null),
  constraint benchmarks_ended_has_completion
    check (status not in ('completed', 'failed', 'cancelled') or completed_at is not null),
  constraint benchmarks_total_not_negative check (total_iterations >= 0),
  constraint benchmarks_labels_object check (jsonb_typeof(labels) = 'object'),
  constraint benchmarks_metrics_object check (jsonb_typeof(metrics) = 'object')
) with (fillfactor = 70);

-- What commits added to (or took from) a benchmark's counts. A counter on the benchmark's own row would make every ingest
-- into it wait for the one before. Maintenance folds rows into the base and deletes them by ctid.
-- The primary key begins with benchmark_id: reading base + deltas and deleting a benchmark need no other index. The
-- reference costs one lookup a batch and clears the rows of a deleted benchmark whoever deletes it.
create table benchmark_count_deltas (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  completed integer not null,
  failed integer not null,
  primary key (benchmark_id, id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- One scored input and output of a benchmark.
-- Deviations from the specification: benchmark_id is required, and part of the primary key (a lookup by id alone uses the
-- same index). output and score may be null, because a failed sample is a row too: it has an error instead.
create table evaluations (
  id uuid not null,
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  score double precision,
  latency_ms double precision,
  cost_usd double precision,
  created_by uuid,
  repetition integer not null default 0,
  input_tokens integer,
  output_tokens integer,
  -- Of what was first sent. The same sample sent again is a duplicate if its hash is equal and a conflict if not, also
  -- after the row was re-scored.
  content_hash bytea not null,
  sample_id varchar(255),
  provider varchar(100) not null,
  model varchar(255) not null,
  metrics jsonb not null default '{}',
  input text not null,
  output text,
  expected text,
  error text,
  metadata jsonb,
  primary key (id, benchmark_id),
  -- Makes sending twice harmless. Rows without sample_id are never equal to each other: each is new.
  constraint evaluations_sample_key unique (benchmark_id, sample_id, repetition),
  constraint evaluations_output_or_error check (output is not null or error is not null),
  constraint evaluations_score_finite check (score > '-infinity' and score < 'infinity'),
  constraint evaluations_numbers_not_negative check (
    repetition >= 0 and input_tokens >= 0 and output_tokens >= 0
    and latency_ms >= 0 and latency_ms < 'infinity' and cost_usd >= 0 and cost_usd < 'infinity'
  ),
  constraint evaluations_content_hash_length check (octet_length(content_hash) = 16),
  constraint evaluations_metrics_object check (jsonb_typeof(metrics) = 'object')
);

-- Workers ----------------------------------------------------------------------------------------------------------------

-- The registry. worker_id is the worker's own name and what leases, attempts and lists carry: it stays when the row goes and
-- the worker registers again. The address is what the worker says of itself.
-- What claims and completions count is in worker_slots. status, current_tasks, completed_tasks and failed_tasks are copies as of
-- the last heartbeat or change of status, for those who look into the table; the service answers what is true at the moment.
create table workers (
  id uuid primary key,
  created_by uuid,
  last_heartbeat timestamptz not null default now(),
  registered_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_tasks bigint not null default 0,
  failed_tasks bigint not null default 0,
  cpu_usage double precision,
  memory_usage double precision,
  capacity integer not null default 1,
  current_tasks integer not null default 0,
  -- Outlasts a time offline: a draining worker that comes back still gets no jobs.
  draining boolean not null default false,
  status varchar(50) not null default 'idle',
  worker_id varchar(255) not null,
  address varchar(255) not null,
  -- Of the worker's software, as it says itself.
  worker_version varchar(100),
  tags text[] not null default '{}',
  job_types text[] not null default '{}',
  drain_reason text,
  metadata jsonb,
  constraint workers_worker_id_key unique (worker_id),
  constraint workers_status_known check (status in ('idle', 'busy', 'draining', 'offline')),
  constraint workers_draining_agrees
    check (case status when 'draining' then draining when 'offline' then true else not draining end),
  constraint workers_counts_not_negative
    check (capacity >= 0 and current_tasks >= 0 and completed_tasks >= 0 and failed_tasks >= 0),
  constraint workers_usage_is_share check (cpu_usage between 0 and 1 and memory_usage between 0 and 1)
);

-- The row that a claim locks and a completion frees, apart from the wide and often beating row of workers: one update here takes
-- 0.14 ms instead of 0.21 ms there (PostgreSQL 18, 2 cores, through the driver). capacity is what claims may fill: the worker's
-- own, 0 while it is draining, so that no claim under way can still give it a job. used may exceed it: after that, and after a
-- worker has registered again with less.
create table worker_slots (
  worker_id varchar(255) primary key references workers (worker_id) on delete cascade,
  -- workers.id, for jobs.assigned_worker_id without another look-up.
  id uuid not null,
  completed bigint not null default 0,
  failed bigint not null default 0,
  capacity integer not null,
  used integer not null default 0,
  constraint worker_slots_not_negative check (capacity >= 0 and used >= 0 and completed >= 0 and failed >= 0)
) with (fillfactor = 50);

-- Jobs -------------------------------------------------------------------------------------------------------------------
--
-- The job itself is one wide row, true at every moment. Everything a claim searches stands beside it in narrow tables whose
-- rows are inserted and deleted, never updated in an indexed column. On one wide table with partial indexes every change of
-- status writes every index and leaves dead entries exactly where the next claim looks: measured on 2 cores (PostgreSQL 18,
-- claim + complete of 100k jobs in batches of 500) 8k to 16k jobs/s, and 57k to 61k jobs/s in this shape.
--
-- The narrow tables do not reference jobs: the statement that moves a job writes all of them in one transaction, and a
-- reference would add a lookup and a row lock for each row of each.

-- fillfactor 50: claim and completion rewrite the row on its own page. No index may hold a column that changes.
create table jobs (
  id uuid primary key,
  -- No reference: jobs of a benchmark can be many, and its deletion does not touch them. Results that arrive for a benchmark
  -- that is gone are refused when they are written.
  benchmark_id uuid,
  -- workers.id while the job runs, and afterwards who ran it last; that worker's row may be gone.
  assigned_worker_id uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Null: at once.
  run_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  -- "Oldest first". A retried job keeps it, and with it its place.
  sequence bigint generated always as identity,
  progress double precision not null default 0,
  priority integer not null default 0,
  retry_count integer not null default 0,
  max_retries integer not null default 3,
  -- 0: no limit.
  timeout_seconds integer not null default 300,
  lane_id integer not null,
  -- Grows with every claim and every retry by hand, never back: what fences off a worker whose lease is gone.
  epoch integer not null default 0,
  version integer not null default 1,
  job_type varchar(100) not null,
  status varchar(50) not null default 'pending',
  limit_key varchar(255),
  unique_key varchar(255),
  progress_message text,
  error text,
  required_tags text[] not null default '{}',
  payload jsonb not null,
  metadata jsonb,
  result jsonb,
  constraint jobs_status_known check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  constraint jobs_pending_has_no_worker check (status <> 'pending' or assigned_worker_id is null),
  constraint jobs_running_has_start_and_worker
    check (status <> 'running' or (started_at is not null and assigned_worker_id is not null)),
  constraint jobs_ended_has_completion
    check ((status in ('completed', 'failed', 'cancelled')) = (completed_at is not null)),
  constraint jobs_counts_not_negative
    check (retry_count >= 0 and max_retries >= 0 and timeout_seconds >= 0 and epoch >= 0),
  constraint jobs_progress_is_share check (progress between 0 and 1)
) with (fillfactor = 50);

-- A lane is what jobs must have in common to wait in one line: type, required tags and limit key. A claim reads the heads of
-- the lanes it may take from; jobs for others, paused or at their limit cost it nothing.
create table job_lanes (
  id integer generated always as identity primary key,
  created_at timestamptz not null default now(),
  job_type varchar(100) not null,
  limit_key varchar(255),
  -- SHA-256 of type, tags and limit key. A unique index over the tags themselves would refuse sets beyond 2,700 bytes.
  digest bytea not null,
  -- Sorted and without repeats, so that equal sets are one lane.
  required_tags text[] not null default '{}',
  constraint job_lanes_digest_key unique (digest),
  constraint job_lanes_digest_length check (octet_length(digest) = 32)
);

-- The jobs that may start now. Rows are inserted and deleted, never updated; one index, idx_jobs_status_priority.
-- Much comes and goes here and in the tables below: vacuum looks in after a number of dead rows, not a share of the table.
create table job_ready (
  job_id uuid not null,
  sequence bigint not null,
  lane_id integer not null,
  priority integer not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- Jobs whose time is still to come; maintenance moves them to job_ready. jobs.run_at is the same value, so one index serves
-- "what is due" and "take this job out".
create table job_scheduled (
  run_at timestamptz not null,
  job_id uuid not null,
  primary key (run_at, job_id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- One row per running job. No index on expires_at: every renewal would move it. There are at most as many rows as the workers
-- have capacity, so maintenance simply reads them all.
create table job_leases (
  job_id uuid primary key,
  claimed_at timestamptz not null,
  expires_at timestamptz not null,
  -- The end of the attempt however often the lease is renewed (timeout_seconds); null: none.
  deadline_at timestamptz,
  epoch integer not null,
  -- retry_count + 1 of the job when it was claimed.
  attempt integer not null default 1,
  worker_id varchar(255) not null,
  -- Of the job, so that the running ones of a key can be counted here.
  limit_key varchar(255),
  constraint job_leases_epoch_positive check (epoch > 0)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);

-- At most one live job per type and unique key. The row goes when the job ends.
create table job_keys (
  job_id uuid not null,
  job_type varchar(100) not null,
  unique_key varchar(255) not null,
  primary key (job_type, unique_key)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Ended jobs, for lists by status and for cleanup; an index over jobs.completed_at would end the heap-only updates of jobs.
-- finished_at is jobs.completed_at: a retry or a deletion finds the row by what the job itself says.
create table job_finished (
  job_id uuid not null,
  finished_at timestamptz not null,
  status varchar(50) not null,
  job_type varchar(100) not null,
  -- Null: cancelled before any worker had it.
  worker_id varchar(255),
  primary key (status, finished_at, job_id),
  constraint job_finished_status_known check (status in ('completed', 'failed', 'cancelled'))
);

-- Who ran what, when, with what outcome: inserted once, when the attempt ends. It outlives the job and the worker, so it
-- references neither. A completion that is sent twice is answered from here.
create table job_attempts (
  job_id uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  epoch integer not null,
  -- retry_count + 1 of the job when it began: repeats after a release, begins again after a retry by hand.
  attempt integer not null default 1,
  outcome varchar(50) not null,
  worker_id varchar(255) not null,
  error text,
  primary key (job_id, epoch),
  constraint job_attempts_outcome_known
    check (outcome in ('completed', 'failed', 'expired', 'timed_out', 'released', 'cancelled')),
  constraint job_attempts_failure_has_error check (outcome <> 'failed' or error is not null)
);

-- Limits per limit key. A claim locks the row and then counts what runs and what started: an exact limit over several servers
-- needs one place where claims of that key meet. Keys without a limit have no row and never meet; completions never come here.
create table job_limits (
  limit_key varchar(255) primary key,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Null: no limit of this kind.
  max_running integer,
  per_minute integer,
  constraint job_limits_not_negative check (max_running >= 0 and per_minute >= 0)
);

-- Starts of the last minute of keys that are limited per minute, one row a claim.
create table job_limit_starts (
  limit_key varchar(255) not null references job_limits (limit_key) on delete cascade,
  started_at timestamptz not null,
  started integer not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- What PauseJobs holds back: every lane of a type, of a limit key, or of both together. Empty stands for any.
create table job_pauses (
  created_by uuid,
  created_at timestamptz not null default now(),
  job_type varchar(100) not null default '',
  limit_key varchar(255) not null default '',
  primary key (job_type, limit_key),
  constraint job_pauses_names_something check (job_type <> '' or limit_key <> '')
);

-- What WatchJobs reads: one row for each statement that changed jobs. Ids of rows commit out of order; xid tells which
-- transactions are surely over, so a reader that stays below the oldest running one misses nothing.
create table job_events (
  xid bigint not null default txid_current(),
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  job_ids uuid[] not null,
  primary key (xid, id)
);

-- How many jobs are in each state, as changes to be summed: exact after every commit, no hot row, no counting of jobs.
-- Each statement adds one row per type with benchmark_id null, and one per type and benchmark where jobs have a benchmark: the
-- total then sums as many rows as there are types, not benchmarks. Folding replaces many rows of a kind by their sum.
create table job_stat_deltas (
  id bigint generated always as identity primary key,
  benchmark_id uuid,
  pending integer not null default 0,
  scheduled integer not null default 0,
  running integer not null default 0,
  completed integer not null default 0,
  failed integer not null default 0,
  cancelled integer not null default 0,
  job_type varchar(100) not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Users ------------------------------------------------------------------------------------------------------------------

-- Users are tombstoned (deleted_at), never deleted: entries of the audit trail name them.
create table users (
  id uuid primary key,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_login timestamptz,
  deleted_at timestamptz,
  version integer not null default 1,
  active boolean not null default true,
  email_verified boolean not null default false,
  email varchar(255) not null,
  username varchar(100) not null,
  password_hash varchar(255) not null,
  role varchar(50) not null default 'user',
  metadata jsonb,
  constraint users_role_known check (role in ('admin', 'user', 'viewer', 'worker')),
  constraint users_deleted_not_active check (deleted_at is null or not active)
);

-- Deviation: the specification's unique email and username hold without regard to case, and a deleted user's are free again.
-- An expression can be unique only by an index, hence here and not with the other indexes.
create unique index users_email_key on users (lower(email)) where deleted_at is null;
create unique index users_username_key on users (lower(username)) where deleted_at is null;

-- Deviation: key_hash is a plain SHA-256 of a random secret. A salted hash cannot be looked up, and a secret of 178 bits or more
-- needs no salt.
create table api_keys (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- The key that this one replaced.
  rotated_from uuid references api_keys (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used timestamptz,
  -- Kept under the name of the specification; it cannot contradict revoked_at. Expiry is the clock's business.
  active boolean not null generated always as (revoked_at is null) stored,
  -- The public part of the key, shown in lists and logs.
  key_id varchar(32) not null,
  key_hash bytea not null,
  name varchar(255) not null,
  scopes text[] not null default '{}',
  constraint api_keys_key_id_key unique (key_id),
  constraint api_keys_key_hash_key unique (key_hash),
  constraint api_keys_key_hash_length check (octet_length(key_hash) = 32)
);

-- What Login made. Logout deletes the row.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used timestamptz,
  token_hash bytea not null,
  ip_address varchar(45),
  user_agent text,
  constraint sessions_token_hash_key unique (token_hash),
  constraint sessions_token_hash_length check (octet_length(token_hash) = 32),
  constraint sessions_expiry_after_creation check (expires_at > created_at)
);

-- Service ----------------------------------------------------------------------------------------------------------------

-- Request ids of the last 24 hours: the same id with the same body gets the first answer again. result is what that is rebuilt
-- from: an entity's id, or the results of a batch; never a secret.
create table requests (
  created_at timestamptz not null default now(),
  -- Empty while nobody is authenticated.
  actor text not null default '',
  method text not null,
  request_id varchar(128) not null,
  body_hash bytea not null,
  result jsonb,
  primary key (actor, method, request_id),
  constraint requests_request_id_not_empty check (request_id <> '')
);

create table monitoring_events (
  id uuid primary key,
  timestamp timestamptz not null default now(),
  event_type varchar(100) not null,
  source varchar(255) not null,
  data jsonb not null
);

-- Down Migration

drop table monitoring_events, requests, sessions, api_keys, users;
drop table job_events, job_stat_deltas, job_pauses, job_limit_starts, job_limits, job_attempts, job_finished, job_keys, job_leases, job_scheduled, job_ready,
  job_lanes, jobs;
drop table worker_slots, workers;
drop table evaluations, benchmark_count_deltas, benchmarks;
