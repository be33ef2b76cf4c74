-- audit_get
with
  line as materialized (
    select
      created_at,
      entry_ids
    from
      audit_unsealed
    order by
      id
    limit
      $1
  ),
  line_head as materialized (
    select
      min(created_at) as oldest,
      count(*) >= $2 as is_long
    from
      line
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
  (
    case
      when h.oldest is null
      or r.at < h.oldest then true
      when h.is_long then false
      else not exists (
        select
        from
          line
        where
          r.id = any (line.entry_ids)
      )
    end
  ) as sealed
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
      audit_logs l
    where
      l.id = $3
    union all
    select
      a.ended_at as at,
      a.job_id as id,
      a.epoch,
      null::uuid as user_id,
      null::uuid as api_key_id,
      a.worker_id::text as actor,
      'attempt' as action,
      'job' as entity_type,
      a.job_id::text as entity_id,
      jsonb_build_object(
        'epoch',
        a.epoch,
        'attempt',
        a.attempt,
        'worker_id',
        a.worker_id,
        'outcome',
        a.outcome,
        'error',
        a.error
      ) as changes,
      null::text as ip_address,
      null::text as user_agent,
      null::text as request_id,
      a.started_at,
      false as external
    from
      job_attempts a
    where
      a.job_id between $4::uuid and $5::uuid
  ) r
  cross join line_head h;
-- $1 = 200
-- $2 = 200
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = '01890a5d-ac96-774b-bcce-b30200000000'
-- $5 = '01890a5d-ac96-774b-bcce-b302ffffffff'
