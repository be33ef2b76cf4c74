-- job_pause_delete
with
  resumed as (
    delete from job_pauses
    where
      job_type = $1
      and limit_key = $2
    returning
      job_type,
      limit_key
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
      ($3::uuid[]) [row_number() over ()] as id,
      'resume' as action,
      case
        when job_type <> '' then 'job_type'
        else 'job_limit'
      end as entity_type,
      coalesce(nullif(job_type, ''), limit_key) as entity_id,
      jsonb_build_object(
        'before',
        jsonb_strip_nulls(jsonb_build_object('job_type', nullif(job_type, ''), 'limit_key', nullif(limit_key, '')))
      ) as changes,
      $4::uuid as user_id,
      $5::uuid as api_key_id,
      $6::text as actor,
      $7::text as ip_address,
      $8::text as user_agent,
      $9::text as request_id,
      false as external
    from
      resumed
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
-- $4 = null
-- $5 = null
-- $6 = 'service'
-- $7 = null
-- $8 = null
-- $9 = null
