-- Up Migration
--
-- What WatchBenchmarks reads, as job_events is what WatchJobs reads: one row for each statement that changed benchmarks or their
-- evaluations. Ids of rows commit out of order; xid tells which transactions are surely over, so a reader that stays below the oldest
-- running one misses nothing.
create table benchmark_events (
  xid bigint not null default txid_current(),
  id bigint generated always as identity,
  created_at timestamptz not null default now(),
  benchmark_ids uuid[] not null,
  primary key (xid, id)
);
alter table benchmark_events alter column benchmark_ids set storage external;

-- Down Migration

drop table benchmark_events;
