-- baseline_unset
with
  gone as (
    delete from baselines
    where
      dataset = $1
    returning
      *
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
      ($2::uuid[]) [row_number() over ()] as id,
      'delete' as action,
      'baseline' as entity_type,
      gone.dataset as entity_id,
      jsonb_build_object('before', jsonb_build_object('benchmark_id', gone.benchmark_id)) as changes,
      $3::uuid as user_id,
      $4::uuid as api_key_id,
      $5::text as actor,
      $6::text as ip_address,
      $7::text as user_agent,
      $8::text as request_id,
      false as external
    from
      gone
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
  dataset
from
  gone;
-- $1 = 'd'
-- $2 = made anew each time
-- $3 = null
-- $4 = null
-- $5 = 'service'
-- $6 = null
-- $7 = null
-- $8 = null
