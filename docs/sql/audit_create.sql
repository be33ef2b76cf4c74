-- audit_create
with
  l as (
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
    values
      ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, true)
    on conflict (id) do nothing
    returning
      *
  ),
  queued as (
    insert into
      audit_unsealed (entry_kind, entry_ids)
    select
      'audit_log',
      array[id]
    from
      l
  )
select
  r.id,
  r.epoch,
  r.user_id,
  r.api_key_id,
  r.actor,
  r.action,
  r.entity_type,
  r.entity_id,
  r.changes,
  r.ip_address,
  r.user_agent,
  r.request_id,
  r.at as created_at,
  r.started_at,
  r.external,
  false as sealed
from
  (
    select
      l.created_at as at,
      l.id,
      0 as epoch,
      l.user_id,
      l.api_key_id,
      l.actor::text as actor,
      l.action::text as action,
      l.entity_type::text as entity_type,
      l.entity_id::text as entity_id,
      l.changes,
      l.ip_address::text as ip_address,
      l.user_agent,
      l.request_id::text as request_id,
      null::timestamptz as started_at,
      l.external
    from
      l
  ) r;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 'deploy'
-- $3 = 'model'
-- $4 = 'm'
-- $5 = '{}'
-- $6 = null
-- $7 = null
-- $8 = null
-- $9 = null
-- $10 = null
-- $11 = null
