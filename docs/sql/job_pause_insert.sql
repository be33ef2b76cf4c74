-- job_pause_insert
with
  paused as (
    insert into
      job_pauses (job_type, limit_key, created_by)
    values
      ($1, $2, $3)
    on conflict do nothing
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
        $4::uuid[],
        $5::text[],
        $6::text[],
        $7::text[],
        $8::text[],
        $9::uuid[],
        $10::uuid[],
        $11::text[],
        $12::text[],
        $13::text[],
        $14::text[]
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
-- $4 = made anew each time
-- $5 = '{pause}'
-- $6 = '{job_type}'
-- $7 = '{t}'
-- $8 = '{"{\"after\":{\"job_type\":\"t\"}}"}'
-- $9 = '{null}'
-- $10 = '{null}'
-- $11 = '{service}'
-- $12 = '{null}'
-- $13 = '{null}'
-- $14 = '{null}'
