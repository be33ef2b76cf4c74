-- Tables and constraints. Indexes that only serve queries are in 20240320000002_add_indexes.sql, the audit
-- trail is in 20240320000003_add_audit_logs.sql. The SQL runs on PostgreSQL 12 to 18 without any extension.
--
-- These rules hold for every table:
-- * The service makes ids as UUIDv7, so they have no default. They ascend with time: indexes grow at their
--   right edge.
-- * Columns of a fixed width come first and wide ones last, so that no byte is lost to alignment.
-- * The statement that changes a row sets its updated_at. Triggers run only for rows that other programs
--   write by SQL (the last section): they cost on every row, and tables that are spread over several nodes
--   cannot have them.
-- * A unique key of evaluations contains benchmark_id, by which the table can later be spread.
-- * A double precision column that must be finite is compared with infinity: NaN sorts above it, and fails as
--   well.

-- psql and sqlx run the file as it stands: all of it or nothing.
begin;

-- Benchmarks ------------------------------------------------------------------------------------------------

-- A benchmark is a run of one model on one dataset.
-- The fillfactor leaves room on each page, so that folding counts into a row stays a heap-only update.
create table benchmarks (
  id uuid primary key,
  -- There is no reference to users: a benchmark outlives its creator.
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  -- named_samples, ids_hash and inputs_hash are a fingerprint of what was asked, over the evaluations with a
  -- sample_id that are repetition 0: their number, and the sums of two hashes of 64 bits, of the sample_id
  -- and of sample_id, input and expected. Their order does not matter, and what is deleted is taken out
  -- again. This too is a base beside benchmark_count_deltas.
  named_samples bigint not null default 0,
  total_iterations integer not null default 0,
  -- This is the base of the count: readers see base + benchmark_count_deltas. It has no check for >= 0: after
  -- a caller has set a lower count by hand, deleting evaluations may take the base below zero, and folding
  -- must never fail.
  completed_iterations integer not null default 0,
  failed_iterations integer not null default 0,
  -- The evaluations that each sample is to have; 0: not declared. See repeated_benchmarks.
  repetitions integer not null default 0,
  -- The samples that there are to be; 0: not declared.
  planned_samples integer not null default 0,
  -- The version grows with every change that a caller asks for, never with counts; expected_version is
  -- compared with it. 0, which the service never writes: see adopt_benchmark.
  version integer not null default 0,
  ids_hash numeric not null default 0,
  inputs_hash numeric not null default 0,
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
  constraint benchmarks_status_known
    check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  constraint benchmarks_running_has_start check (status <> 'running' or started_at is not null),
  constraint benchmarks_ended_has_completion
    check (status not in ('completed', 'failed', 'cancelled') or completed_at is not null),
  constraint benchmarks_total_not_negative check (total_iterations >= 0 and repetitions >= 0 and planned_samples >= 0),
  constraint benchmarks_labels_object check (jsonb_typeof(labels) = 'object'),
  constraint benchmarks_metrics_object check (jsonb_typeof(metrics) = 'object')
) with (fillfactor = 70);

-- A row is what one commit added to a benchmark's counts and fingerprint, or took from them. A counter on the
-- benchmark's own row would make every ingest into it wait for the one before. Maintenance folds rows into
-- the base and deletes them by ctid. The primary key begins with benchmark_id: reading base + deltas and
-- deleting a benchmark need no other index. The reference costs one lookup a batch and clears the rows of a
-- deleted benchmark, however it was deleted.
create table benchmark_count_deltas (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  id bigint generated always as identity,
  completed integer not null,
  failed integer not null,
  named_samples bigint not null default 0,
  ids_hash numeric not null default 0,
  inputs_hash numeric not null default 0,
  primary key (benchmark_id, id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Each deletion under way has a row: millions of evaluations leave in small transactions, and a server that
-- ends in the middle must not leave the other half. A call that waits, or the maintenance of any server,
-- takes a row here for one batch at a time. The row goes with its benchmark.
create table benchmark_deletions (
  benchmark_id uuid primary key references benchmarks (id) on delete cascade,
  -- This caller asked for it, and the rest follows on the caller's behalf: as in audit_logs.
  user_id uuid,
  api_key_id uuid,
  requested_at timestamptz not null default now(),
  -- Evaluations up to here are gone, in the order of idx_evaluations_benchmark. Each batch would otherwise
  -- have to pass over the dead rows of all before it. Null: the deletion is to begin, or to begin again.
  last_created_at timestamptz,
  last_id uuid,
  ip_address varchar(45),
  actor varchar(255),
  request_id varchar(128),
  user_agent text
) with (fillfactor = 50);

-- The benchmark that others on its dataset are compared with, where somebody has pinned one. It has the same
-- dataset, so it is the baseline of no other.
create table baselines (
  dataset varchar(255) primary key,
  benchmark_id uuid not null unique references benchmarks (id) on delete cascade,
  -- There is no reference to users: a baseline outlives who pinned it. Null: nobody was authenticated.
  set_by uuid,
  set_at timestamptz not null default now()
);

-- WatchBenchmarks reads these rows: one for each statement that changed benchmarks or their evaluations. Ids
-- commit out of order; xid tells which transactions are surely over, so a reader that stays below the oldest
-- running one misses nothing.
create table benchmark_events (
  xid bigint not null default txid_current(),
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  benchmark_ids uuid[] not null,
  primary key (xid, id)
);
-- Random ids do not get smaller by compression, and 8 kB of them take 0.4 ms to find that out (PostgreSQL 18,
-- 2 cores).
alter table benchmark_events alter column benchmark_ids set storage external;

-- Evaluations -----------------------------------------------------------------------------------------------

-- An evaluation is one scored input and output of a benchmark. Deviations from the specification:
-- benchmark_id is required, and part of the primary key (a lookup by id alone uses the same index). output
-- and score may be null, because a failed sample is a row too: it has an error instead.
create table evaluations (
  id uuid not null,
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  -- This is the time that the sender gives, or else that of storage. Retention goes by stored_at, which is
  -- the database's own: an imported log may be of last year.
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  stored_at timestamptz not null default now(),
  score double precision,
  latency_ms double precision,
  cost_usd double precision,
  created_by uuid,
  repetition integer not null default 0,
  input_tokens integer,
  output_tokens integer,
  -- The hash is of the evaluation as it was first sent. The same sample sent again is a duplicate if its hash
  -- is equal and a conflict if not, also after the row was re-scored. For the default see adopt_evaluation.
  content_hash bytea not null default '\x00000000000000000000000000000000',
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
  -- This key makes sending twice harmless. Rows without sample_id are never equal to each other: each is new.
  constraint evaluations_sample_key unique (benchmark_id, sample_id, repetition),
  constraint evaluations_output_or_error check (output is not null or error is not null),
  constraint evaluations_score_finite check (score > '-infinity' and score < 'infinity'),
  constraint evaluations_numbers_not_negative check (
    repetition >= 0 and input_tokens >= 0 and output_tokens >= 0
    and latency_ms >= 0 and latency_ms < 'infinity' and cost_usd >= 0 and cost_usd < 'infinity'
  ),
  constraint evaluations_content_hash_length check (octet_length(content_hash) = 16),
  constraint evaluations_metrics_object check (jsonb_typeof(metrics) = 'object')
-- By default a table is vacuumed when a fifth of it is dead: of 20 million evaluations that is 4 million, so
-- deleting 3 million would give back nothing.
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000);

-- The evaluations of a benchmark add up to these figures, metric by metric: base + deltas, as the counts of
-- benchmarks are kept. Summaries and leaderboards read these few rows instead of the evaluations.
--
-- A row holds a part of a benchmark's values of one metric, and merges with other parts by sums alone:
-- * count, sum, m2 (the sum of squared deviations from the part's own mean), min and max;
-- * failed: how many of the values are of evaluations with an error;
-- * a histogram whose bins are each 1 % wide (DDSketch; Masson, Rim and Lee, VLDB 2019), with one for 1 and
--   one for -1: bins[i] holds bin_counts[i] values from bin_lows[i] to bin_highs[i]. bins ascend, and so do
--   the values in them. While a metric has no more than 100 different values, each value has an entry of its
--   own, and a bin is there once for each of its values.
-- The metric "metrics.failed" is 1 for each evaluation with an error and 0 for each without: it counts both.
create table metric_rollups (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  count bigint not null,
  failed bigint not null,
  sum double precision not null,
  m2 double precision not null,
  min double precision not null,
  max double precision not null,
  metric varchar(255) not null,
  -- This is the benchmark's dataset, which never changes: leaderboards read one dataset's rows of one metric.
  dataset varchar(255) not null,
  bins integer[] not null,
  bin_counts bigint[] not null,
  bin_lows double precision[] not null,
  bin_highs double precision[] not null,
  primary key (benchmark_id, metric)
) with (fillfactor = 70);
-- Arrays are not compressed: reading a summary would mostly be unpacking them, for a third of their size.
alter table metric_rollups
  alter column bins set storage external,
  alter column bin_counts set storage external,
  alter column bin_lows set storage external,
  alter column bin_highs set storage external;

-- The statement that writes evaluations writes these too. There is no reference to benchmarks: it would cost
-- a lookup for each metric of each batch. Rows whose benchmark is gone are dropped where the others are
-- folded.
-- * count > 0: the part was added. Maintenance folds it into the base.
-- * count < 0: the part was taken away (an evaluation was deleted, or it is the old value of one that was
--   scored again); failed, sum, m2 and bin_counts are negative too. Such a part does not tell the least value
--   that remains, so it stays beside the base until the base is computed anew from the evaluations.
create table metric_deltas (
  benchmark_id uuid not null,
  id bigint generated always as identity,
  count bigint not null,
  failed bigint not null,
  sum double precision not null,
  m2 double precision not null,
  min double precision not null,
  max double precision not null,
  metric varchar(255) not null,
  bins integer[] not null,
  bin_counts bigint[] not null,
  bin_lows double precision[] not null,
  bin_highs double precision[] not null,
  primary key (benchmark_id, id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Benchmarks stand here whose base was, or is to be, computed anew.
create table stale_rollups (
  benchmark_id uuid primary key references benchmarks (id) on delete cascade,
  -- The base is not computed before this time: a large one takes long, which must not be all the time.
  compute_after timestamptz not null default now(),
  -- At least so many metrics have no rollup, because the benchmark has too many.
  names_left_out integer not null default 0,
  -- True: there is no base to read, and figures are computed from the evaluations meanwhile.
  is_missing boolean not null,
  -- The metrics of the benchmark's own that have a rollup, from when they were too many. The list never
  -- changes again: a name that was left out has no deltas from before. Null: all of them have one.
  names text[]
);

-- Samples ---------------------------------------------------------------------------------------------------

-- Benchmarks stand here whose samples may have several evaluations: they declared it, or a repetition above 0
-- came in. Their figures are over samples, each reduced to one value first, because the evaluations of one
-- sample say much the same. In all other benchmarks each evaluation is a sample, and metric_rollups have it
-- all.
create table repeated_benchmarks (
  benchmark_id uuid primary key references benchmarks (id) on delete cascade,
  -- True: it has evaluations from before it stood here, whose samples are in no figures yet.
  is_missing boolean not null,
  -- Transactions that may have begun to write evaluations before it stood here, and so may leave no marks:
  -- the samples are gathered once they have ended. Null: not known yet.
  writers text[]
);

-- The statement that inserts, changes or deletes evaluations of such a benchmark leaves a mark here, with the
-- samples that it touched. The figures of these are computed again from the evaluations: by maintenance,
-- which then drops the mark, and by every read until then. So the order of changes does not matter, and no
-- writer waits for another. A sample is 's' and its sample_id, or 'e' and the id of an evaluation without
-- one.
create table touched_samples (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  id bigint generated always as identity,
  samples text[] not null,
  primary key (benchmark_id, id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- What a sample has put into sample_rollups, by metric, so that it can be taken out again:
-- [tries, successes], and [tries, successes, mean, alike] where not all values are 0 or 1. See there.
create table sample_figures (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  sample text not null,
  figures jsonb not null,
  primary key (benchmark_id, sample)
);

-- The samples of a benchmark by the values that they have of a metric: `tries` values, `successes` of which
-- are 1. successes is -1 where a value is not between 0 and 1. The metric "metrics.failed" counts
-- evaluations. All figures are exact, however many samples came and went: sums of means are decimals.
create table sample_rollups (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  samples bigint not null,
  -- These samples have two values or more, which are all the same.
  alike bigint not null,
  -- These samples have a value that is neither 0 nor 1. The sums are those of their means, and of the
  -- squares.
  fractional bigint not null,
  -- An evaluation of these samples has an error, be it one with a value or another.
  failed bigint not null,
  tries integer not null,
  successes integer not null,
  metric varchar(255) not null,
  sum numeric not null,
  squares numeric not null,
  primary key (benchmark_id, metric, tries, successes)
) with (fillfactor = 70);

-- Workers ---------------------------------------------------------------------------------------------------

-- This is the registry of workers. worker_id is the worker's own name, which leases, attempts and lists
-- carry: it stays when the row goes and the worker registers again. The worker tells its address itself.
-- Claims and completions count in worker_slots. status, current_tasks, completed_tasks and failed_tasks are
-- copies for people who look into the table: heartbeats write them, and a task of the service (storeStatuses
-- in src/workers/maintenance.ts) refreshes them when the status changes. The service itself answers from
-- worker_slots.
create table workers (
  id uuid primary key,
  -- For the default, which does not stay, see adopt_worker.
  created_by uuid default '00000000-0000-0000-0000-000000000000',
  last_heartbeat timestamptz not null default now(),
  registered_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_tasks bigint not null default 0,
  failed_tasks bigint not null default 0,
  cpu_usage double precision,
  memory_usage double precision,
  capacity integer not null default 1,
  current_tasks integer not null default 0,
  -- Draining outlasts a time offline: a draining worker that comes back still gets no jobs.
  draining boolean not null default false,
  status varchar(50) not null default 'idle',
  worker_id varchar(255) not null,
  address varchar(255) not null,
  -- The worker tells the version of its software itself.
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

-- A claim locks this row and a completion frees it. It stands apart from the wide row of workers, which
-- heartbeats rewrite: one update here takes 0.14 ms instead of 0.21 ms there (PostgreSQL 18, 2 cores, through
-- the driver). Claims may fill capacity: it is the worker's own, and 0 while the worker is draining, so that
-- no claim under way can still give it a job. used may exceed it: after that, and after a worker has
-- registered again with less.
create table worker_slots (
  worker_id varchar(255) primary key references workers (worker_id) on delete cascade,
  -- This is workers.id, for jobs.assigned_worker_id without another look-up.
  id uuid not null,
  completed bigint not null default 0,
  failed bigint not null default 0,
  capacity integer not null,
  used integer not null default 0,
  constraint worker_slots_not_negative check (capacity >= 0 and used >= 0 and completed >= 0 and failed >= 0)
) with (fillfactor = 50);

-- Jobs ------------------------------------------------------------------------------------------------------
--
-- The job itself is one wide row, true at every moment. Everything that a claim searches stands beside it in
-- narrow tables whose rows are inserted and deleted, never updated in an indexed column. On one wide table
-- with partial indexes every change of status writes every index and leaves dead entries exactly where the
-- next claim looks: measured on 2 cores (PostgreSQL 18, claim + complete of 100k jobs in batches of 500) 8k
-- to 16k jobs/s, and 57k to 61k jobs/s in this shape.
--
-- The narrow tables do not reference jobs: the statement that moves a job writes all of them in one
-- transaction, and a reference would add a lookup and a row lock for each row of each.

-- The fillfactor of 50 lets claim and completion rewrite the row on its own page. No index may hold a column
-- that changes.
create table jobs (
  id uuid primary key,
  -- There is no reference: ended jobs of a benchmark can be many, and they outlive it. Its deletion fails
  -- those that are pending or running, and jobs are neither made nor retried for a benchmark that is gone.
  benchmark_id uuid,
  -- This is workers.id of the worker that runs the job, or ran it last; that worker's row may be gone.
  assigned_worker_id uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Null: the job may start at once.
  run_at timestamptz,
  -- The job is cancelled if no worker has started it by then: see job_start_deadlines. Null: it waits.
  start_by timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  -- The jobs that it was created to run after, ended or not. Null: none.
  depends_on uuid[],
  -- "Oldest first" goes by this. A job that failed keeps it, and with it its place. One whose lease ended, or
  -- that is given back again and again, gets a new one: it may be what brings its workers down.
  sequence bigint generated always as identity,
  progress double precision not null default 0,
  priority integer not null default 0,
  retry_count integer not null default 0,
  max_retries integer not null default 3,
  -- Workers have given the job back this often since it was created or retried by hand.
  release_count integer not null default 0,
  -- Workers have given it back for later this often since then, which costs no retry up to max_snoozes times.
  snooze_count integer not null default 0,
  max_snoozes integer not null default 1000,
  -- 0: there is no limit.
  timeout_seconds integer not null default 300,
  -- The tokens that an attempt is estimated to use, for job_limits.tokens_per_minute.
  tokens integer not null default 0,
  -- This is made of job_type, required_tags and limit_key: see job_lanes. For the default see adopt_job.
  lane_id uuid not null default '00000000-0000-0000-0000-000000000000',
  -- A message takes about as many bytes for the job, without its result and error. The service counts them
  -- once: those of the stored documents are compressed, and a claim cannot unpack all that it may take.
  bytes integer not null default 0,
  -- The epoch grows with every claim and every retry by hand, never back: it fences off a worker whose lease
  -- is gone.
  epoch integer not null default 0,
  version integer not null default 1,
  -- So many of depends_on have not been counted off. Until there are none, a pending job stands in neither
  -- job_ready nor job_scheduled, and its own row is what stands for its state.
  waits_for integer not null default 0,
  -- Whether it runs also after a dependency that did not complete. Else it is cancelled with it.
  runs_after_failure boolean not null default false,
  -- Whether others were created to run after this job: its end is then noted in job_ended_dependencies.
  has_dependants boolean not null default false,
  job_type varchar(100) not null,
  status varchar(50) not null default 'pending',
  limit_key varchar(255),
  unique_key varchar(255),
  -- Jobs of different keys take turns: see job_fair_turns. Null: the job has none.
  fair_key varchar(255),
  -- A job of weight 2 takes half a turn.
  fair_weight double precision not null default 1,
  progress_message text,
  error text,
  required_tags text[] not null default '{}',
  payload jsonb not null,
  metadata jsonb,
  result jsonb,
  -- The lists are one constant each. PostgreSQL reads the checks of a table anew for each statement, and
  -- lists of varchar take it several percent of the time of a statement that writes one job.
  constraint jobs_status_known check (status::text = any ('{pending,running,completed,failed,cancelled}')),
  constraint jobs_pending_has_no_worker check (status <> 'pending' or assigned_worker_id is null),
  constraint jobs_running_has_start_and_worker
    check (status <> 'running' or (started_at is not null and assigned_worker_id is not null)),
  constraint jobs_ended_has_completion
    check ((status::text = any ('{completed,failed,cancelled}')) = (completed_at is not null)),
  constraint jobs_counts_not_negative
    check (retry_count >= 0 and max_retries >= 0 and release_count >= 0 and snooze_count >= 0
      and max_snoozes >= 0 and timeout_seconds >= 0 and tokens >= 0 and epoch >= 0),
  constraint jobs_progress_is_share check (progress between 0 and 1)
) with (fillfactor = 50);

-- Jobs wait in one lane if they have the same type, required tags and limit key. A claim reads the heads of
-- the lanes that it may take from; jobs for others, paused or at their limit cost it nothing.
-- Nothing refers to a lane: whoever puts a job into line makes its lane if it is not there, and lanes in
-- which nobody has stood for long are deleted.
create table job_lanes (
  -- The id is half of the SHA-256 of type, tags and limit key, so it always means the same lane: servers may
  -- remember it, also when the database has been restored.
  id uuid primary key,
  -- Servers find lanes that are new to them by this.
  number bigint generated always as identity,
  -- Since then no job has been put into line here. Null: it may be in use.
  retired_at timestamptz,
  job_type varchar(100) not null,
  limit_key varchar(255),
  -- Jobs have stood here that have a fair_key: since then all that are put into line here take turns.
  fair boolean not null default false,
  -- The tags are sorted and without repeats, so that equal sets are one lane.
  required_tags text[] not null default '{}',
  constraint job_lanes_number_key unique (number)
);

-- This is where jobs stand that may start now. Rows are inserted and deleted, never updated; the one index is
-- idx_jobs_status_priority. Much comes and goes here and in the tables below: vacuum looks in after a number
-- of dead rows, not after a share of the table.
create table job_ready (
  job_id uuid not null,
  lane_id uuid not null,
  sequence bigint not null,
  priority integer not null,
  -- These are jobs.bytes and those of the job's error: a claim takes only as many jobs as one answer holds.
  bytes integer not null,
  -- Among jobs of one priority those with the lowest start first. In millionths; 0: the lane is not fair.
  turn bigint not null default 0
) with (
  autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);

-- Each fair_key that has jobs in a line (those of one priority in a fair lane) has a row; '': those without
-- one. A job's turn is settled as it is put into line, so no claim reads this: see src/jobs/turns.ts.
create table job_fair_turns (
  lane_id uuid not null,
  priority integer not null,
  fair_key varchar(255) not null,
  -- No job of the key that comes now has an earlier turn.
  next_turn bigint not null,
  -- The latest statement that put jobs of the key into line gave them the turns before next_turn, so many.
  step bigint not null,
  primary key (lane_id, priority, fair_key)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Jobs wait here whose time is still to come; maintenance moves them to job_ready. jobs.run_at is the same
-- value, so one index serves "which are due" and "take this job out".
create table job_scheduled (
  run_at timestamptz not null,
  job_id uuid not null,
  primary key (run_at, job_id)
) with (
  autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);

-- Jobs that are to start in time have a row here, from their creation on. A claim does not touch it: what has
-- started, ended or gone by then is left out when its time has come.
create table job_start_deadlines (
  start_by timestamptz not null,
  job_id uuid not null,
  primary key (start_by, job_id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Each job that waits has a row here for each job that it waits for. See src/jobs/dependencies/.
create table job_dependencies (
  dependency_id uuid not null,
  job_id uuid not null,
  primary key (dependency_id, job_id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Jobs that have ended, or were deleted, stand here until the jobs that wait for them know.
create table job_ended_dependencies (
  job_id uuid primary key,
  status varchar(50) not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Each running job has one row. expires_at has no index: every renewal would move the entry. There are at
-- most as many rows as the workers have capacity, so maintenance simply reads them all.
create table job_leases (
  job_id uuid primary key,
  claimed_at timestamptz not null,
  expires_at timestamptz not null,
  -- The attempt ends then, however often the lease is renewed (timeout_seconds). Null: there is no such end.
  deadline_at timestamptz,
  epoch integer not null,
  -- This is retry_count + 1 of the job when it was claimed.
  attempt integer not null default 1,
  worker_id varchar(255) not null,
  -- This is the job's own, so that the running ones of a key can be counted here.
  limit_key varchar(255),
  constraint job_leases_epoch_positive check (epoch > 0)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);

-- At most one live job has a unique key of its type. The row goes when the job ends.
create table job_keys (
  job_id uuid not null,
  job_type varchar(100) not null,
  unique_key varchar(255) not null,
  primary key (job_type, unique_key)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- Ended jobs stand here for lists by status and for cleanup; an index over jobs.completed_at would end the
-- heap-only updates of jobs. finished_at is jobs.completed_at: a retry or a deletion finds the row by what
-- the job itself says. Two more indexes of job_attempts in its place would take as much, and attempts do not
-- change when a job is retried.
create table job_finished (
  job_id uuid not null,
  finished_at timestamptz not null,
  status varchar(50) not null,
  job_type varchar(100) not null,
  -- Null: the job was cancelled before any worker had it.
  worker_id varchar(255),
  primary key (status, finished_at, job_id),
  constraint job_finished_status_known check (status::text = any ('{completed,failed,cancelled}'))
);

-- An attempt is inserted once, when it ends: worker, times and outcome. It outlives the job and the worker,
-- so it references neither. A completion that is sent twice is answered from here.
create table job_attempts (
  job_id uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  epoch integer not null,
  -- This is retry_count + 1 of the job when it began: it repeats after a release, and begins again after a
  -- retry by hand.
  attempt integer not null default 1,
  outcome varchar(50) not null,
  worker_id varchar(255) not null,
  error text,
  -- These count the evaluations that came with the completion, so that a repeat is answered as the first was.
  evaluations_inserted integer,
  evaluations_duplicate integer,
  evaluations_conflict integer,
  -- The tokens that the worker says it used. Null: it did not say.
  tokens_used integer,
  primary key (job_id, epoch),
  constraint job_attempts_outcome_known
    check (outcome::text = any ('{completed,failed,expired,timed_out,released,cancelled,snoozed}')),
  constraint job_attempts_failure_has_error check (outcome <> 'failed' or error is not null)
);

-- Limits hold per limit key. A claim locks the row and then counts the running and the started jobs: an exact
-- limit over several servers needs one place where claims of that key meet. Keys without a limit have no row
-- and never meet; completions never come here.
create table job_limits (
  limit_key varchar(255) primary key,
  updated_at timestamptz not null default now(),
  -- Null: there is no limit of this kind.
  max_running integer,
  per_minute integer,
  tokens_per_minute integer,
  constraint job_limits_not_negative
    check (max_running >= 0 and per_minute >= 0 and tokens_per_minute >= 0)
);

-- Limited keys keep their starts of the last minute here: one row a claim, and one for each start from before
-- the limit. A row without starts settles what an attempt used with what was estimated.
create table job_limit_starts (
  limit_key varchar(255) not null references job_limits (limit_key) on delete cascade,
  started_at timestamptz not null,
  -- The tokens that the started jobs were estimated to use, or those to be added to that.
  tokens bigint not null default 0,
  started integer not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- PauseJobs holds back every lane of a type, of a limit key, or of both together. Empty stands for any.
create table job_pauses (
  created_at timestamptz not null default now(),
  -- Maintenance then ends it. Null: it lasts until somebody resumes.
  ends_at timestamptz,
  created_by uuid,
  job_type varchar(100) not null default '',
  limit_key varchar(255) not null default '',
  primary key (job_type, limit_key),
  constraint job_pauses_names_something check (job_type <> '' or limit_key <> '')
);

-- WatchJobs reads these rows, one for each statement that changed jobs, as WatchBenchmarks reads
-- benchmark_events.
create table job_events (
  xid bigint not null default txid_current(),
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  job_ids uuid[] not null,
  primary key (xid, id)
);
-- As in benchmark_events: compressing in vain costs 1.5 µs per job claimed and completed (in 500s).
alter table job_events alter column job_ids set storage external;

-- These changes sum to how many jobs are in each state: exact after every commit, no hot row, no counting of
-- jobs. Each statement adds one row per type with benchmark_id null, and one per type and benchmark where
-- jobs have a benchmark: the total then sums as many rows as there are types, not benchmarks. Folding
-- replaces many rows of a kind by their sum.
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

-- Maintenance writes what the queue did in each minute, by job type; "" is all types. Nothing else writes
-- here.
create table job_history (
  minute timestamptz not null,
  created integer not null,
  started integer not null,
  completed integer not null,
  failed integer not null,
  -- These are as of when the row was written, seconds after the minute.
  ready integer not null,
  running integer not null,
  job_type varchar(100) not null,
  -- Element n + 1 counts times of more than 2^((n - 1) / 2) ms and up to 2^(n / 2).
  waits integer[] not null,
  runs integer[] not null,
  primary key (job_type, minute)
);

-- Users -----------------------------------------------------------------------------------------------------

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
  -- The deletion of a user frees both names: it puts the id in their place.
  constraint users_email_key unique (email),
  constraint users_username_key unique (username),
  constraint users_role_known check (role in ('admin', 'user', 'viewer', 'worker')),
  constraint users_deleted_not_active check (deleted_at is null or not active)
);

-- Names are also unique without regard to case. The specification's own unique keys stay beside these,
-- because `on conflict (email)` finds no index of an expression.
create unique index users_email_lower on users (lower(email));
create unique index users_username_lower on users (lower(username));

-- Deviation: key_hash is a plain SHA-256 of a random secret. A salted hash cannot be looked up, and a secret
-- of 178 bits or more needs no salt.
create table api_keys (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- The creator of the key is not always the user as whom it acts.
  created_by uuid,
  -- The key that its creator called by, if it was one: whoever had that key may have this one.
  created_by_key uuid,
  -- This is the key that the key has replaced.
  rotated_from uuid references api_keys (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used timestamptz,
  -- The specification's name is kept; the column cannot contradict revoked_at. Expiry is the clock's
  -- business.
  active boolean not null generated always as (revoked_at is null) stored,
  -- The public part of the key is shown in lists and logs.
  key_id varchar(32) not null,
  key_hash bytea not null,
  name varchar(255) not null,
  scopes text[] not null default '{}',
  constraint api_keys_key_id_key unique (key_id),
  constraint api_keys_key_hash_key unique (key_hash),
  constraint api_keys_key_hash_length check (octet_length(key_hash) = 32)
);

-- Login makes a session, Logout deletes it. The audit trail says from where.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  token_hash bytea not null,
  -- A code of that key began the session, which ends with the key.
  api_key_id uuid,
  -- True: this is such a code, which no session has begun with yet; token_hash is of the code.
  is_code boolean not null default false,
  constraint sessions_code_has_key check (not is_code or api_key_id is not null),
  constraint sessions_token_hash_key unique (token_hash),
  constraint sessions_token_hash_length check (octet_length(token_hash) = 32),
  constraint sessions_expiry_after_creation check (expires_at > created_at)
);

-- These rows slow down the guessing of passwords, on all servers together. Lately attempted accounts,
-- addresses and pairs of both have one row each; the key is a hash of those, because people type passwords
-- into the wrong field.
create table login_attempts (
  key bytea primary key,
  last_attempt timestamptz not null default now(),
  -- Attempts before this time are refused.
  next_attempt timestamptz not null default now(),
  -- An account and address last went together with the right password then.
  succeeded_at timestamptz,
  failures integer not null default 0,
  constraint login_attempts_key_length check (octet_length(key) = 16),
  constraint login_attempts_failures_not_negative check (failures >= 0)
);

-- Service ---------------------------------------------------------------------------------------------------

-- Request ids stay for 24 hours: the same id with the same body gets the first answer again. The answer is
-- rebuilt from result: an entity's id, or the results of a batch; never a secret.
create table requests (
  created_at timestamptz not null default now(),
  -- Empty: nobody is authenticated.
  actor text not null default '',
  method text not null,
  request_id varchar(128) not null,
  body_hash bytea not null,
  result jsonb,
  primary key (actor, method, request_id),
  constraint requests_request_id_not_empty check (request_id <> '')
);

-- Rows written by SQL ---------------------------------------------------------------------------------------
--
-- Other programs may insert rows with the columns of the specification alone, and change benchmarks. What is
-- ours beside these columns has defaults that the service itself never writes and that do not stay. By them
-- the triggers know such rows, and do what the service's statements do beside their own. For rows of the
-- service their conditions are false: docs/specification.md has what that costs.
--
-- Rows are adopted after they were inserted and not before, because `on conflict do nothing` may drop them.
-- Plans are kept for the session: one of an empty table would read all of it for each row of a million.

-- A job is put into its lane, like one that the service creates (src/jobs/create.ts). One that is inserted as
-- running has a lease that is over at once: it comes back into line as after the loss of its worker.
create function adopt_job() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  tags text[] := array(select distinct tag collate "C" from unnest(new.required_tags) tag order by 1);
  -- src/jobs/limits/lanes.ts makes the same id.
  lane uuid := encode(substring(sha256(convert_to(
    '[' || to_json(new.job_type::text) || ',' || array_to_json(tags) || ','
      || coalesce(to_json(new.limit_key::text)::text, 'null') || ']', 'UTF8'
  )) from 1 for 16), 'hex')::uuid;
  state text := case when new.status = 'pending' and new.run_at > now() then 'scheduled' else new.status end;
  -- No message takes more for a document than five times its text.
  size integer := least(
    1000 + 5 * octet_length(concat(new.payload, new.metadata, tags, new.limit_key, new.unique_key))::bigint,
    2000000000
  );
  worker text := coalesce(
    (select w.worker_id from workers w where w.id = new.assigned_worker_id), new.assigned_worker_id::text
  );
  place bigint := 0;
begin
  insert into job_lanes (id, job_type, required_tags, limit_key, fair)
  select lane, new.job_type, tags, new.limit_key, new.fair_key is not null
  where not exists (
    select from job_lanes where id = lane and retired_at is null and (fair or new.fair_key is null)
  )
  on conflict (id) do update set retired_at = null, fair = job_lanes.fair or excluded.fair;
  update jobs
  set lane_id = lane, required_tags = tags, bytes = size,
    epoch = greatest(new.epoch, (state = 'running')::integer)
  where id = new.id;
  if new.unique_key is not null and state in ('pending', 'scheduled', 'running') then
    insert into job_keys (job_type, unique_key, job_id) values (new.job_type, new.unique_key, new.id);
  end if;
  if new.start_by is not null and state in ('pending', 'scheduled') then
    insert into job_start_deadlines (start_by, job_id) values (new.start_by, new.id);
  end if;
  case state
    when 'pending' then
      if (select fair from job_lanes where id = lane) then
        -- src/jobs/turns.ts does the same.
        insert into job_fair_turns as known (lane_id, priority, fair_key, next_turn, step)
        select lane, new.priority, coalesce(new.fair_key, ''), line.turn + own.step, own.step
        from (select round(1000000 / new.fair_weight)::bigint as step) own, (
          select coalesce(
            (select min(turn) from job_ready where lane_id = lane and priority = new.priority and turn > 0),
            (select max(next_turn) from job_fair_turns where lane_id = lane and priority = new.priority), 1
          ) as turn
        ) line
        on conflict (lane_id, priority, fair_key) do update
        set next_turn = greatest(known.next_turn + excluded.step, excluded.next_turn), step = excluded.step
        returning next_turn - step into place;
      end if;
      insert into job_ready (job_id, sequence, lane_id, priority, bytes, turn)
      values (new.id, new.sequence, lane, new.priority, size + coalesce(octet_length(new.error), 0), place);
    when 'scheduled' then
      insert into job_scheduled (run_at, job_id) values (new.run_at, new.id);
    when 'running' then
      insert into job_leases (job_id, claimed_at, expires_at, epoch, attempt, worker_id, limit_key)
      values (
        new.id, new.started_at, now(), greatest(new.epoch, 1), new.retry_count + 1, worker, new.limit_key
      );
      update worker_slots set used = used + 1 where id = new.assigned_worker_id;
    else
      insert into job_finished (job_id, finished_at, status, job_type, worker_id)
      values (new.id, new.completed_at, state, new.job_type, worker);
  end case;
  insert into job_stat_deltas
    (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
  select
    new.job_type, total, (state = 'pending')::integer, (state = 'scheduled')::integer,
    (state = 'running')::integer, (state = 'completed')::integer, (state = 'failed')::integer,
    (state = 'cancelled')::integer
  from (select null::uuid union all select new.benchmark_id where new.benchmark_id is not null) kinds (total);
  insert into job_events (job_ids) values (array[new.id]);
  return null;
end
$$;
create trigger jobs_adopt after insert on jobs
  for each row when (new.bytes = 0) execute function adopt_job();

-- Where a job stands, and what evaluations add up to, is written beside them by the statement that changes
-- them. What another program changes in their rows alone would contradict that: workers would still get a
-- cancelled job, and summaries hold a deleted evaluation. The service's statements are known by their text,
-- which names the table that they keep true; rows that go with their benchmark are no statement of anybody's.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%', tg_argv[0] using errcode = 'object_not_in_prerequisite_state', hint = tg_argv[1];
end
$$;
create trigger jobs_keep_place after update of status, priority, job_type on jobs
  for each row when (
    new.version = old.version
    and (new.status, new.priority, new.job_type) is distinct from (old.status, old.priority, old.job_type)
  )
  execute function refuse_change(
    'status, priority and job_type of a job are not changed by SQL: they stand beside its row too',
    'Cancel, retry or delete it through the service (ltb job), and insert another one.'
  );
create trigger jobs_keep_rows before delete on jobs
  for each statement when (pg_trigger_depth() = 0 and current_query() not like '%insert into job_stat_deltas%')
  execute function refuse_change(
    'jobs are not deleted by SQL: they stand beside their rows too',
    'Use ltb job delete or ltb cleanup --jobs-older-than (DeleteJob, CleanupJobs).'
  );
create trigger evaluations_keep_figures
  before delete or update of
    benchmark_id, sample_id, repetition, metrics, score, error, latency_ms, cost_usd, input_tokens,
    output_tokens, input, expected
  on evaluations for each statement
  when (pg_trigger_depth() = 0 and current_query() not like '%insert into benchmark_count_deltas%')
  execute function refuse_change(
    'evaluations are not deleted or scored again by SQL, nor their inputs changed: counts and summaries would not follow',
    'Use UpdateEvaluation, DeleteEvaluation or ltb cleanup --evaluations-older-than (CleanupEvaluations).'
  );

-- The counts of a benchmark without evaluations are whatever a program says.
create function keep_counts() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  if exists (select from evaluations where benchmark_id = new.id) then
    raise exception 'completed_iterations and failed_iterations of a benchmark with evaluations are not changed by SQL: they are counted'
      using errcode = 'object_not_in_prerequisite_state', hint = 'Use UpdateBenchmark.';
  end if;
  return new;
end
$$;
create trigger benchmarks_keep_counts before update of completed_iterations, failed_iterations on benchmarks
  for each row when (
    (new.completed_iterations, new.failed_iterations)
      is distinct from (old.completed_iterations, old.failed_iterations)
    and current_query() not like '%delete from benchmark_count_deltas%'
  )
  execute function keep_counts();

-- Columns that may be null in the specification may be given as null: they get their defaults, and a job gets
-- what its status demands.
create function fill_nulls() returns trigger language plpgsql as $$
begin
  return jsonb_populate_record(new, (
    select jsonb_object_agg(key, case value when '"now"' then to_jsonb(now()) else value end)
    from jsonb_each(tg_argv[0]::jsonb) where to_jsonb(new) -> key = 'null'
  ));
end
$$;
create trigger benchmarks_fill before insert on benchmarks
  for each row when (num_nulls(
    new.created_at, new.updated_at, new.total_iterations, new.completed_iterations, new.failed_iterations
  ) > 0)
  execute function fill_nulls(
    '{"created_at": "now", "updated_at": "now", "total_iterations": 0, "completed_iterations": 0, "failed_iterations": 0}'
  );
create trigger evaluations_fill before insert on evaluations
  for each row when (new.created_at is null) execute function fill_nulls('{"created_at": "now"}');
create trigger jobs_fill before insert on jobs
  for each row when (num_nulls(
    new.created_at, new.updated_at, new.retry_count, new.max_retries, new.timeout_seconds
  ) > 0)
  execute function fill_nulls(
    '{"created_at": "now", "updated_at": "now", "retry_count": 0, "max_retries": 3, "timeout_seconds": 300}'
  );
create trigger jobs_fill_ended before insert on jobs
  for each row when (new.completed_at is null and new.status in ('completed', 'failed', 'cancelled'))
  execute function fill_nulls('{"completed_at": "now"}');
create trigger jobs_fill_running before insert on jobs
  for each row when (new.status = 'running' and num_nulls(new.started_at, new.assigned_worker_id) > 0)
  execute function fill_nulls(
    '{"started_at": "now", "assigned_worker_id": "00000000-0000-0000-0000-000000000000"}'
  );
create trigger workers_fill before insert on workers
  for each row when (num_nulls(
    new.last_heartbeat, new.registered_at, new.updated_at, new.current_tasks, new.completed_tasks,
    new.failed_tasks, new.tags
  ) > 0)
  execute function fill_nulls(
    '{"last_heartbeat": "now", "registered_at": "now", "updated_at": "now", "current_tasks": 0, "completed_tasks": 0, "failed_tasks": 0, "tags": []}'
  );
create trigger users_fill before insert on users
  for each row when (num_nulls(new.created_at, new.updated_at, new.active, new.email_verified) > 0)
  execute function fill_nulls(
    '{"created_at": "now", "updated_at": "now", "active": true, "email_verified": false}'
  );

-- An evaluation is counted. Its benchmark's figures are computed anew once for each transaction, and are read
-- from the evaluations until then. The hash is of the id: the same sample, sent to the service, conflicts.
create function adopt_evaluation() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  -- One value that is no double would stop every summary that reads it.
  wide text := (
    select key from jsonb_each(new.metrics)
    where case jsonb_typeof(value)
      when 'number' then value::numeric <> 0 and abs(value::numeric) not between 1e-307 and 1e308
    end
    limit 1
  );
  is_repeated boolean;
begin
  if wide is not null then
    raise exception 'metrics.% of an evaluation must be 0, or from 1e-307 to 1e308 in magnitude', wide
      using errcode = 'numeric_value_out_of_range';
  end if;
  -- As text, so that no index of the benchmark's rows is taken for the one of ids.
  update evaluations set content_hash = decode(md5(new.id::text), 'hex')
  where id = new.id and benchmark_id::text = new.benchmark_id::text;
  insert into benchmark_count_deltas (benchmark_id, completed, failed, named_samples, ids_hash, inputs_hash)
  select
    new.benchmark_id, (new.error is null)::integer, (new.error is not null)::integer,
    count(sample.hash), coalesce(sum(sample.hash), 0),
    coalesce(sum(
      hashtextextended(coalesce(new.expected, ''), hashtextextended(new.input, sample.hash))
    ), 0)
  from (select case when new.repetition = 0 then hashtextextended(new.sample_id, 0) end as hash) sample;
  is_repeated := exists (select from repeated_benchmarks where benchmark_id = new.benchmark_id);
  -- A transaction with one snapshot does not see that its benchmark has turned out to have repetitions since.
  -- So it leaves a mark in any case, which maintenance drops where the benchmark has none.
  if is_repeated or current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    insert into touched_samples (benchmark_id, samples)
    values (new.benchmark_id, array[coalesce('s' || new.sample_id, 'e' || new.id)]);
  end if;
  if not is_repeated and new.repetition > 0 then
    insert into repeated_benchmarks (benchmark_id, is_missing) values (new.benchmark_id, true)
    on conflict (benchmark_id) do nothing;
  end if;
  if exists (
    select from stale_rollups where benchmark_id = new.benchmark_id and is_missing
      and xmin::text = (txid_current() % 4294967296)::text
  ) then
    return null;
  end if;
  -- A mark that is there is set again: a computation under way sees by that that it came too early.
  insert into stale_rollups (benchmark_id, is_missing) values (new.benchmark_id, true)
  on conflict (benchmark_id) do update set is_missing = true;
  insert into benchmark_events (benchmark_ids) values (array[new.benchmark_id]);
  return null;
end
$$;
create trigger evaluations_adopt after insert on evaluations
  for each row when (new.content_hash = '\x00000000000000000000000000000000')
  execute function adopt_evaluation();

-- A benchmark gets the time of the status that it enters, and a new version. Counts are not watched: they
-- change with the deltas all the time.
create function adopt_benchmark() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  new.version := new.version + 1;
  if tg_op = 'UPDATE' then
    new.updated_at := now();
  end if;
  if new.status = 'running' then
    new.started_at := coalesce(new.started_at, now());
  elsif new.status in ('completed', 'failed', 'cancelled') then
    new.completed_at := coalesce(new.completed_at, now());
  end if;
  insert into benchmark_events (benchmark_ids) values (array[new.id]);
  return new;
end
$$;
create trigger benchmarks_adopt before insert on benchmarks
  for each row when (new.version = 0) execute function adopt_benchmark();
create trigger benchmarks_change before update of
  name, description, provider, model, dataset, status, total_iterations, planned_samples, results, metrics, error, started_at,
  completed_at, created_by, labels, metadata
  on benchmarks for each row when (new.version = old.version) execute function adopt_benchmark();

-- A worker gets its slots.
create function adopt_worker() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  update workers set created_by = null where id = new.id;
  insert into worker_slots (worker_id, id, capacity)
  values (new.worker_id, new.id, case when new.draining then 0 else new.capacity end)
  on conflict (worker_id) do nothing;
  return null;
end
$$;
create trigger workers_adopt after insert on workers
  for each row when (new.created_by = '00000000-0000-0000-0000-000000000000') execute function adopt_worker();

-- The pending jobs in the order in which they are claimed, as the specification asks for them:
--   select * from jobs where status = 'pending' order by priority desc, created_at limit 50
-- has no index, because one over status would be written, with all others of jobs, by every claim and every
-- completion. This reads the same from idx_jobs_status_priority, a few rows of each lane.
create function pending_jobs(most integer default 50) returns setof jobs language sql stable as $$
  select j.*
  from (
    select ready.*
    from job_lanes lane cross join lateral (
      select job_id, priority, turn, sequence from job_ready
      where lane_id = lane.id order by priority desc, turn, sequence limit most
    ) ready
    order by ready.priority desc, ready.turn, ready.sequence limit most
  ) head
  -- With a limit it is no join that might read the whole table.
  cross join lateral (select * from jobs where id = head.job_id limit 1) j
  order by head.priority desc, head.turn, head.sequence
$$;

commit;
