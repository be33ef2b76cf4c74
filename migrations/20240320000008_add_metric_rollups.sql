-- Up Migration
--
-- What the evaluations of a benchmark add up to, metric by metric: base + deltas, as the counts of benchmarks are kept. Summaries and
-- leaderboards read these few rows instead of the evaluations.
--
-- Each row holds a part of a benchmark's values of one metric that merges with others by sums alone:
-- * count, sum, m2 (the sum of squared deviations from the part's own mean), min and max;
-- * a histogram whose bins are each 1 % wide (DDSketch; Masson, Rim and Lee, VLDB 2019): bins[i] holds bin_counts[i] values from
--   bin_lows[i] to bin_highs[i]. bins ascend, and so do the values in them.
-- The metric "metrics.failed" is 1 for each evaluation with an error and 0 for each without: it counts both.

create table metric_rollups (
  benchmark_id uuid not null references benchmarks (id) on delete cascade,
  count bigint not null,
  sum double precision not null,
  m2 double precision not null,
  min double precision not null,
  max double precision not null,
  metric varchar(255) not null,
  -- Of the benchmark, where it never changes: leaderboards read one dataset's rows of one metric.
  dataset varchar(255) not null,
  bins integer[] not null,
  bin_counts bigint[] not null,
  bin_lows double precision[] not null,
  bin_highs double precision[] not null,
  primary key (benchmark_id, metric)
) with (fillfactor = 70);

-- Uncompressed: reading a summary is mostly unpacking these otherwise, for a third of their size.
alter table metric_rollups
  alter column bins set storage external,
  alter column bin_counts set storage external,
  alter column bin_lows set storage external,
  alter column bin_highs set storage external;

-- A leaderboard reads nothing but this index. A benchmark's metrics stand together, so 10,000 benchmarks are as many pages of the table:
-- 37 ms beside 3 ms when all were cached, 267 ms when they were not.
create index idx_metric_rollups_dataset on metric_rollups (dataset, metric, benchmark_id) include (count, sum, m2);

-- Written with the evaluations, in their statement. No reference to benchmarks: it would cost a lookup for each metric of each batch.
-- Rows whose benchmark is gone are dropped where the others are folded.
-- * count > 0: was added. Maintenance folds these into the base.
-- * count < 0: was taken away (an evaluation deleted, or the old value of one that was scored again), with negative sum, m2 and
--   bin_counts. What is the least value without them cannot be told from such a part: it stays beside the base until that is computed
--   anew from the evaluations.
create table metric_deltas (
  benchmark_id uuid not null,
  id bigint generated always as identity,
  count bigint not null,
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

-- Whose base is to be computed anew.
create index idx_metric_deltas_taken on metric_deltas (benchmark_id) where count < 0;

-- Benchmarks whose base was, or is to be, computed anew.
create table stale_rollups (
  benchmark_id uuid primary key references benchmarks (id) on delete cascade,
  -- Not before: computing a large base takes its time, which must not be all the time.
  compute_after timestamptz not null default now(),
  -- At least so many metrics have no rollup, because the benchmark has too many.
  names_left_out integer not null default 0,
  -- True: there is no base to read, and figures are computed from the evaluations meanwhile.
  is_missing boolean not null,
  -- The metrics of the benchmark's own that have a rollup, from when they were too many. Never changed again: a name that was left out
  -- has no deltas of before. Null: all of them.
  names text[]
);

-- Those without a base, which maintenance looks for all the time, and every leaderboard.
create index idx_stale_rollups_missing on stale_rollups (benchmark_id) where is_missing;

-- All that were evaluated before there were rollups.
insert into stale_rollups (benchmark_id, is_missing)
select id, true from benchmarks b where exists (select from evaluations e where e.benchmark_id = b.id);

-- Down Migration

drop table stale_rollups, metric_deltas, metric_rollups;
