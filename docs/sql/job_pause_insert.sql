-- job_pause_insert
with
  paused as (
    insert into
      job_pauses (job_type, limit_key, created_by, ends_at)
    values
      ($1, $2, $3, clock_timestamp() + $4::bigint * interval '1 ms')
    on conflict (job_type, limit_key) do update
    set
      ends_at = excluded.ends_at
    where
      job_pauses.ends_at is distinct from excluded.ends_at
    returning
      job_type
  ),
  audit_written as (
    insert into
      audit_logs (
        id,
        action,
        entity_type,
        entity_id,
        changes,
        user_id,
        api_key_id,
        actor,
        ip_address,
        user_agent,
        request_id,
        external
      )
    select
      entry.id,
      entry.action,
      entry.entity_type,
      entry.entity_id,
      entry.changes::jsonb,
      entry.user_id,
      entry.api_key_id,
      entry.actor,
      entry.ip_address,
      entry.user_agent,
      entry.request_id,
      false
    from
      unnest(
        $5::uuid[],
        $6::text[],
        $7::text[],
        $8::text[],
        $9::text[],
        $10::uuid[],
        $11::uuid[],
        $12::text[],
        $13::text[],
        $14::text[],
        $15::text[]
      ) as entry (
        id,
        action,
        entity_type,
        entity_id,
        changes,
        user_id,
        api_key_id,
        actor,
        ip_address,
        user_agent,
        request_id
      )
    where
      exists (
        select
        from
          paused
      )
    returning
      id
  ),
  audit_queued as (
    insert into
      audit_unsealed (entry_kind, entry_ids)
    select
      'audit_log',
      array_agg(id)
    from
      audit_written
    having
      count(*) > 0
  )
select
  job_type
from
  paused;
-- $1 = 't'
-- $2 = ''
-- $3 = null
-- $4 = null
-- $5 = made anew each time
-- $6 = '{pause}'
-- $7 = '{job_type}'
-- $8 = '{t}'
-- $9 = '{"{\"after\":{\"job_type\":\"t\"}}"}'
-- $10 = '{null}'
-- $11 = '{null}'
-- $12 = '{service}'
-- $13 = '{null}'
-- $14 = '{null}'
-- $15 = '{null}'
