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
