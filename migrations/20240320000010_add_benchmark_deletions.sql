-- Up Migration
--
-- Benchmarks that are being deleted: millions of evaluations leave in small transactions, and a server that ends in the middle must not
-- leave the half. Whoever finds a row here, a call that waits or the maintenance of any server, takes it for one batch at a time.
-- The row goes with its benchmark.
create table benchmark_deletions (
  benchmark_id uuid primary key references benchmarks (id) on delete cascade,
  -- Who asked for it, and so did all that follows: as in audit_logs.
  user_id uuid,
  api_key_id uuid,
  requested_at timestamptz not null default now(),
  -- Evaluations up to here are gone, in the order of idx_evaluations_benchmark. Each batch would otherwise have to pass over the dead
  -- rows of all before it. Null: to be begun, or begun again.
  last_created_at timestamptz,
  last_id uuid,
  ip_address varchar(45),
  actor varchar(255),
  request_id varchar(128),
  user_agent text
) with (fillfactor = 50);

-- By default a table is vacuumed when a fifth of it is dead: of 20 million evaluations 4 million, so that deleting 3 million would give
-- back nothing.
alter table evaluations set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000);

-- Down Migration

alter table evaluations reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
drop table benchmark_deletions;
