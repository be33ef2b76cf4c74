-- Up Migration
--
-- The audit trail: entries are inserted by the transaction that makes the change, and never change themselves.

-- Deviations from the specification: entity_id is text, because workers, limits and lanes are named, not numbered; user_id does
-- not reference users (see there); who acted, by which key and in which request is kept beside it.
create table audit_logs (
  id uuid primary key,
  -- Users are never deleted, so a reference would guard against little, but every entry would share-lock its user's row: with 32
  -- connections inserting for one user, 19k instead of 23k rows/s (PostgreSQL 18, 2 cores). It may also be the id of a user of
  -- another system that reports here.
  user_id uuid,
  api_key_id uuid,
  created_at timestamptz not null default now(),
  action varchar(100) not null,
  entity_type varchar(100) not null,
  entity_id varchar(255),
  ip_address varchar(45),
  -- The actor's name as it was then: a username, a worker, or the service itself.
  actor varchar(255),
  request_id varchar(128),
  user_agent text,
  changes jsonb
);

-- Lists by user and by entity, and of all, newest first. Other filters are applied while reading one of them: each index is paid
-- by every change that is made anywhere.
create index idx_audit_logs_user on audit_logs (user_id, created_at desc, id desc) where user_id is not null;
create index idx_audit_logs_entity on audit_logs (entity_type, entity_id, created_at desc, id desc);
create index idx_audit_logs_created_at on audit_logs (created_at desc, id desc);

-- What the sealer has not chained yet: one row per statement that inserted entries or attempts. A queue and not "ids above the
-- last one", because transactions end in another order than they begin: an entry that commits late would never be sealed.
create table audit_unsealed (
  id bigint generated always as identity primary key,
  created_at timestamptz not null default now(),
  entry_kind varchar(50) not null,
  -- audit_logs.id, or job_attempts.job_id with the epoch at the same place of epochs.
  entry_ids uuid[] not null,
  epochs integer[],
  constraint audit_unsealed_kind_known check (entry_kind in ('audit_log', 'job_attempt')),
  constraint audit_unsealed_epochs_match check (
    case entry_kind
      when 'job_attempt' then epochs is not null and cardinality(epochs) = cardinality(entry_ids)
      else epochs is null
    end
  )
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- The chain. mac = HMAC-SHA-256(key, previous mac, sequence, content); the key is kept outside the database. content holds the
-- exact bytes that were sealed, so verifying depends neither on how a version of PostgreSQL prints a value nor on the entry's
-- own row, with which it is compared. The sealer numbers without a gap, so a missing row shows. A checkpoint is what cleanup
-- leaves.
create table audit_seals (
  sequence bigint primary key,
  entry_id uuid,
  sealed_at timestamptz not null default now(),
  epoch integer,
  entry_kind varchar(50) not null,
  mac bytea not null,
  content bytea not null,
  constraint audit_seals_sequence_positive check (sequence > 0),
  constraint audit_seals_kind_known check (entry_kind in ('audit_log', 'job_attempt', 'checkpoint')),
  constraint audit_seals_entry_named check (
    (entry_kind = 'checkpoint') = (entry_id is null) and (entry_kind = 'job_attempt') = (epoch is not null)
  ),
  constraint audit_seals_mac_length check (octet_length(mac) = 32)
);

-- An entry is sealed once. coalesce, because nulls are never equal to each other.
create unique index idx_audit_seals_entry on audit_seals (entry_id, coalesce(epoch, 0)) where entry_id is not null;

-- Guards. Privileges are what keeps the service's own role from changing entries; these triggers stop everyone else's mistake,
-- the owner's and a superuser's included. Per statement, so that also one that matches no row is refused, and inserting pays
-- nothing.
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
    using errcode = 'insufficient_privilege',
      hint = 'Entries leave only by the cleanup of audit logs, which leaves a checkpoint.';
end
$$;

create trigger audit_logs_append_only before update or delete or truncate on audit_logs
  for each statement execute function refuse_audit_change();
create trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function refuse_audit_change();
-- Attempts are part of the trail: jobs may be deleted, what was done for them stays.
create trigger job_attempts_append_only before update or delete or truncate on job_attempts
  for each statement execute function refuse_audit_change();

-- Down Migration

drop trigger job_attempts_append_only on job_attempts;
drop table audit_seals, audit_unsealed, audit_logs;
drop function refuse_audit_change();
