-- job_pause_delete
with
  resumed as (
    delete from job_pauses
    where
      job_type = $1
      and limit_key = $2
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
        $3::uuid[],
        $4::text[],
        $5::text[],
        $6::text[],
        $7::text[],
        $8::uuid[],
        $9::uuid[],
        $10::text[],
        $11::text[],
        $12::text[],
        $13::text[]
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
          resumed
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
  resumed;
-- $1 = 't'
-- $2 = ''
-- $3 = made anew each time
-- $4 = '{resume}'
-- $5 = '{job_type}'
-- $6 = '{t}'
-- $7 = '{"{\"before\":{\"job_type\":\"t\"}}"}'
-- $8 = '{null}'
-- $9 = '{null}'
-- $10 = '{service}'
-- $11 = '{null}'
-- $12 = '{null}'
-- $13 = '{null}'
