-- audit_insert
with
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
        request_id
      )
    select
      e.id,
      e.action,
      e.entity_type,
      e.entity_id,
      e.changes::jsonb,
      e.user_id,
      e.api_key_id,
      e.actor,
      e.ip_address,
      e.user_agent,
      e.request_id
    from
      unnest(
        $1::uuid[],
        $2::text[],
        $3::text[],
        $4::text[],
        $5::text[],
        $6::uuid[],
        $7::uuid[],
        $8::text[],
        $9::text[],
        $10::text[],
        $11::text[]
      ) as e (
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
      true
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
  id
from
  audit_written;
-- $1 = made anew each time
-- $2 = '{create}'
-- $3 = '{benchmark}'
-- $4 = '{b}'
-- $5 = '{"{\"after\":{\"name\":\"n\"}}"}'
-- $6 = '{null}'
-- $7 = '{null}'
-- $8 = '{service}'
-- $9 = '{null}'
-- $10 = '{null}'
-- $11 = '{null}'
