-- Up Migration
--
-- The tamper-evident chain in its final shape, and the one way in which entries leave. docs/security.md says what it defends.

-- One row per up to about 1,000 entries instead of one row each: 61 bytes an entry, and no index entry. Nobody has written to
-- the former table.
drop table audit_seals;

-- A link of the chain.
--   mac = HMAC-SHA-256(key, previous_mac and every other column, content as its SHA-256): src/audit/seal/hash-chain.ts has the bytes.
-- The key is kept outside the database. Sequences begin at 1 and have no gap, so that a missing row shows.
create table audit_seals (
  sequence bigint primary key,
  -- By the database's clock, never before that of the seal before.
  sealed_at timestamptz not null,
  -- Of the entries sealed here: the earliest and the latest time that one of them bears.
  first_at timestamptz,
  last_at timestamptz,
  -- Of a checkpoint: entries from before this time were removed, or may have been.
  cutoff timestamptz,
  entries integer not null,
  kind varchar(50) not null,
  -- Tells which key it was, and nothing about the key.
  key_id bytea not null,
  previous_mac bytea not null,
  mac bytea not null,
  -- Of entries: for each its kind, id, epoch, time and the SHA-256 of its canonical bytes (src/audit/seal/digest.ts). Stored as it
  -- was sealed, so that verifying the chain depends neither on the entries' rows nor on how a version of PostgreSQL prints values.
  -- Of a checkpoint: how many entries were removed, and the id of the entry that tells of it.
  content bytea not null,
  constraint audit_seals_sequence_positive check (sequence > 0),
  constraint audit_seals_kind_known check (kind in ('entries', 'checkpoint')),
  constraint audit_seals_kind_complete check (
    case kind
      when 'entries' then
        entries > 0 and first_at is not null and last_at is not null and cutoff is null and octet_length(content) = 61 * entries
      else entries = 0 and first_at is null and last_at is null and cutoff is not null
    end
  ),
  constraint audit_seals_lengths
    check (octet_length(key_id) = 8 and octet_length(previous_mac) = 32 and octet_length(mac) = 32)
);
-- Hashes do not compress.
alter table audit_seals alter column content set storage external;

create index idx_audit_seals_sealed_at on audit_seals (sealed_at, sequence);
create index idx_audit_seals_cutoff on audit_seals (cutoff) where kind = 'checkpoint';
-- Which seals may hold an entry of some time: entries commit in another order than their times.
create index idx_audit_seals_times on audit_seals using gist (tstzrange(first_at, last_at, '[]')) where kind = 'entries';

create trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function refuse_audit_change();

-- Verifying looks for attempts that no seal covers, and cleanup for old ones, both by time; lists of the trail read them newest first.
create index idx_job_attempts_ended_at on job_attempts (ended_at, job_id, epoch);

-- Lets audit_cleanup through. What keeps a role from deleting is that it lacks the privilege; anyone may set the setting, which
-- only keeps the owner from deleting by mistake.
create or replace function refuse_audit_change() returns trigger language plpgsql as $$
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

-- Removes at most `most` entries from before `cutoff`, the oldest first: audit logs, then attempts at jobs that are gone. It runs
-- with its owner's rights, so that the service's role needs none to delete. Who calls it without leaving a checkpoint, which
-- takes the key, is found out when the chain is verified.
create function audit_cleanup(cutoff timestamptz, most integer, out logs integer, out attempts integer)
language plpgsql security definer as $$
begin
  -- The same bound as that of CleanupAuditLogs.
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
-- Pinned, so that no caller can put other tables or functions before these.
do $$
begin
  execute format(
    'alter function audit_cleanup(timestamptz, integer) set search_path = pg_catalog, %I, pg_temp', current_schema()
  );
end
$$;

-- What was recorded before there was a sealer.
insert into audit_unsealed (entry_kind, entry_ids)
select 'audit_log', array_agg(id order by created_at)
from (
  select id, created_at, row_number() over (order by created_at, id) / 1000 as part from audit_logs l
  where not exists (
    select from audit_unsealed u, unnest(u.entry_ids) e (id) where u.entry_kind = 'audit_log' and e.id = l.id
  )
) l
group by part order by part;
insert into audit_unsealed (entry_kind, entry_ids, epochs)
select 'job_attempt', array_agg(job_id order by ended_at, job_id, epoch), array_agg(epoch order by ended_at, job_id, epoch)
from (
  select job_id, epoch, ended_at, row_number() over (order by ended_at, job_id, epoch) / 1000 as part from job_attempts a
  where not exists (
    select from audit_unsealed u, unnest(u.entry_ids, u.epochs) e (id, epoch)
    where u.entry_kind = 'job_attempt' and e.id = a.job_id and e.epoch = a.epoch
  )
) a
group by part order by part;

-- Down Migration

drop function audit_cleanup(timestamptz, integer);
drop index idx_job_attempts_ended_at;
drop table audit_seals;
create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
    using errcode = 'insufficient_privilege',
      hint = 'Entries leave only by the cleanup of audit logs, which leaves a checkpoint.';
end
$$;
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
create unique index idx_audit_seals_entry on audit_seals (entry_id, coalesce(epoch, 0)) where entry_id is not null;
create trigger audit_seals_append_only before update or delete or truncate on audit_seals
  for each statement execute function refuse_audit_change();
