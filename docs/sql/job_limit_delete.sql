-- job_limit_delete
with
  gone as (
    delete from job_limits
    where
      limit_key = $1
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
      'job_limit' as entity_type,
      gone.limit_key as entity_id,
      jsonb_build_object(
        'before',
        jsonb_strip_nulls(
          jsonb_build_object(
            'max_running',
            gone.max_running,
            'per_minute',
            gone.per_minute,
            'tokens_per_minute',
            gone.tokens_per_minute
          )
        )
      ) as changes,
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
  limit_key
from
  gone;
-- $1 = 'k'
-- $2 = made anew each time
-- $3 = null
-- $4 = null
-- $5 = 'service'
-- $6 = null
-- $7 = null
-- $8 = null
