-- This adds the audit trail and the tamper-evident chain over it. docs/security.md says what it defends.

-- psql and sqlx run the file as it stands: all of it or nothing.
begin;

-- The transaction that makes a change inserts its entry, and entries never change themselves. Deviations from
-- the specification: entity_id is text, because workers, limits and lanes are named, not numbered; user_id
-- does not reference users (see there); the actor, the key and the request are kept beside it.
create table audit_logs (
  id uuid primary key,
  -- Users are never deleted, so a reference would guard against little, but every entry would share-lock its
  -- user's row: with 32 connections inserting for one user, 19k instead of 23k rows/s (PostgreSQL 18, 2
  -- cores). It may also be the id of a user of another system that reports here.
  user_id uuid,
  api_key_id uuid,
  created_at timestamptz not null default now(),
  action varchar(100) not null,
  entity_type varchar(100) not null,
  entity_id varchar(255),
  ip_address varchar(45),
  -- This is the actor's name as it was then: a username, a worker, or the service itself.
  actor varchar(255),
  request_id varchar(128),
  user_agent text,
  changes jsonb,
  -- CreateAuditLog added the entry, or another program by SQL: what it says is its word, not what the
  -- service did. The service always sets it; without it see adopt_audit_log.
  external boolean not null
);

-- Lists go newest first: by user, by entity, and of all. Other filters are applied while reading one of them:
-- each index is paid by every change that is made anywhere. By user and of all, the index ascends and is read
-- backwards: entries then arrive at its right edge, where full pages are left behind, and not at its left
-- edge, where every page is split into halves. Of 1M entries idx_audit_logs_created_at takes 40 MB instead of
-- 70 MB. By entity, entries arrive anywhere.
create index idx_audit_logs_user on audit_logs (user_id, created_at, id) where user_id is not null;
create index idx_audit_logs_entity on audit_logs (entity_type, entity_id, created_at desc, id desc);
create index idx_audit_logs_created_at on audit_logs (created_at, id);

-- Attempts are part of the trail: jobs may be deleted, their attempts stay. Verifying looks for attempts that
-- no seal covers, and cleanup for old ones, both by time; lists of the trail read them newest first.
create index idx_job_attempts_ended_at on job_attempts (ended_at, job_id, epoch);

-- Entries wait here for the sealer to chain them: one row per statement that inserted entries or attempts. It
-- is a queue and not "ids above the last one", because transactions end in another order than they begin: an
-- entry that commits late would never be sealed.
create table audit_unsealed (
  id bigint generated always as identity primary key,
  created_at timestamptz not null default now(),
  entry_kind varchar(50) not null,
  -- These are audit_logs.id, or job_attempts.job_id with the epoch at the same place of epochs.
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
-- As in benchmark_events: random ids are not compressed in vain.
alter table audit_unsealed alter column entry_ids set storage external;

-- A row is a link of the chain: a seal of up to about 1,000 entries, a checkpoint, which cleanup leaves, or a
-- rotation, which says that a new key seals from there on.
--   mac = HMAC-SHA-256(key, previous_mac and every other column, content as its SHA-256)
-- src/audit/seal/hash-chain.ts has the bytes. The key is kept outside the database. Sequences begin at 1 and
-- have no gap, so that a missing row shows.
create table audit_seals (
  sequence bigint primary key,
  -- The database's clock says so; it is never before that of the seal before.
  sealed_at timestamptz not null,
  -- The entries sealed here bear times from first_at to last_at.
  first_at timestamptz,
  last_at timestamptz,
  -- Only a checkpoint has it: entries from before this time were removed, or may have been.
  cutoff timestamptz,
  entries integer not null,
  kind varchar(50) not null,
  -- The id tells which key it was, and nothing about the key.
  key_id bytea not null,
  previous_mac bytea not null,
  mac bytea not null,
  -- A seal has for each entry its kind, id, epoch, time and the SHA-256 of its canonical bytes
  -- (src/audit/seal/digest.ts). It is stored as it was sealed, so that verifying the chain depends neither on
  -- the entries' rows nor on how a version of PostgreSQL prints values. A checkpoint has how many entries
  -- were removed, and the id of the entry that tells of it; a rotation the last sequence of the former key.
  content bytea not null,
  constraint audit_seals_sequence_positive check (sequence > 0),
  constraint audit_seals_kind_known check (kind in ('entries', 'checkpoint', 'rotation')),
  constraint audit_seals_kind_complete check (
    case kind
      when 'entries' then
        entries > 0 and first_at is not null and last_at is not null and cutoff is null
        and octet_length(content) = 61 * entries
      else
        entries = 0 and first_at is null and last_at is null and (cutoff is not null) = (kind = 'checkpoint')
    end
  ),
  constraint audit_seals_lengths
    check (octet_length(key_id) = 8 and octet_length(previous_mac) = 32 and octet_length(mac) = 32)
);
-- Hashes do not compress.
alter table audit_seals alter column content set storage external;

create index idx_audit_seals_sealed_at on audit_seals (sealed_at, sequence);
create index idx_audit_seals_cutoff on audit_seals (cutoff) where kind = 'checkpoint';
-- This finds the seals that may hold an entry of some time: entries commit in another order than their times.
create index idx_audit_seals_times on audit_seals
  using gist (tstzrange(first_at, last_at, '[]')) where kind = 'entries';

-- Privileges keep the service's own role from changing entries; these triggers stop everybody else's mistake,
-- the owner's and a superuser's included. They run per statement, so that one that matches no row is refused
-- too, and inserting pays nothing. audit_cleanup is let through. A role that must not delete lacks the
-- privilege; anyone may set the setting, which only keeps the owner from deleting by mistake.
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name <> 'audit_seals' and current_setting('ltb.audit_cleanup', true) = 'on'
    and current_user = (select pg_get_userbyid(relowner) from pg_catalog.pg_class where oid = tg_relid)
  then
    return null;
  end if;
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
    using errcode = 'insufficient_privilege',
      hint = 'Entries leave only by the cleanup of audit logs, which leaves a checkpoint.';
end
$$;

-- An entry that another program inserts by SQL, with the columns of the specification alone, waits to be
-- sealed like any other. Entries that pretend to be the service's own do not, and verifying finds them.
create function adopt_audit_log() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  new.external := true;
  -- `on conflict do nothing` may drop the row: what is there already is sealed once.
  if not exists (select from audit_logs where id = new.id) then
    insert into audit_unsealed (entry_kind, entry_ids) values ('audit_log', array[new.id]);
  end if;
  return new;
end
$$;
create trigger audit_logs_adopt before insert on audit_logs
  for each row when (new.external is null) execute function adopt_audit_log();

create trigger audit_logs_fill before insert on audit_logs
  for each row when (new.created_at is null) execute function fill_nulls('{"created_at": "now"}');

create trigger audit_logs_append_only before update or delete or truncate on audit_logs
  for each statement execute function refuse_audit_change();
create trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function refuse_audit_change();
create trigger job_attempts_append_only before update or delete or truncate on job_attempts
  for each statement execute function refuse_audit_change();

-- Entries leave in this way only. It removes at most `most` entries from before `cutoff`, the oldest first:
-- audit logs, then attempts at jobs that are gone. It runs with its owner's rights, so that the service's
-- role needs none to delete. A caller who leaves no checkpoint, which takes the key, is found out when the
-- chain is verified.
create function audit_cleanup(cutoff timestamptz, most integer, out logs integer, out attempts integer)
language plpgsql security definer as $$
begin
  -- The bound is that of CleanupAuditLogs.
  if cutoff is null or cutoff > now() - interval '24 hours' then
    raise exception 'entries of the last day stay' using errcode = 'insufficient_privilege';
  end if;
  perform set_config('ltb.audit_cleanup', 'on', true);
  delete from audit_logs where ctid = any (array(
    select l.ctid from audit_logs l where l.created_at < cutoff order by l.created_at limit most
  ));
  get diagnostics logs = row_count;
  delete from job_attempts where ctid = any (array(
    select a.ctid from job_attempts a
    where a.ended_at < cutoff and not exists (select from jobs j where j.id = a.job_id)
    order by a.ended_at limit most - logs
  ));
  get diagnostics attempts = row_count;
  perform set_config('ltb.audit_cleanup', 'off', true);
end
$$;
revoke all on function audit_cleanup(timestamptz, integer) from public;
-- The search path is pinned, so that no caller can put other tables or functions before these.
do $$
begin
  execute format(
    'alter function audit_cleanup(timestamptz, integer) set search_path = pg_catalog, %I, pg_temp',
    current_schema()
  );
end
$$;

commit;
