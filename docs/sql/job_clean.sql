-- job_clean
with
  old as materialized (
    select
      job_id,
      finished_at
    from
      job_finished
    where
      status = $1
      and finished_at < now() - make_interval(days => $2)
    order by
      finished_at,
      job_id
    limit
      $3
    for update
      skip locked
  ),
  unfinished as (
    delete from job_finished fin using old
    where
      fin.status = $4
      and fin.finished_at = old.finished_at
      and fin.job_id = old.job_id
    returning
      fin.job_id,
      fin.status
  ),
  deleted as (
    delete from jobs j using unfinished fin
    where
      j.id = fin.job_id
    returning
      j.id,
      j.job_type,
      j.benchmark_id,
      fin.status as was
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (
        0 - count(*) filter (
          where
            was = 'pending'
        )
      )::integer,
      (
        0 - count(*) filter (
          where
            was = 'scheduled'
        )
      )::integer,
      (
        0 - count(*) filter (
          where
            was = 'running'
        )
      )::integer,
      (
        0 - count(*) filter (
          where
            was = 'completed'
        )
      )::integer,
      (
        0 - count(*) filter (
          where
            was = 'failed'
        )
      )::integer,
      (
        0 - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer
    from
      deleted
    group by
      grouping sets ((job_type), (job_type, benchmark_id))
    having
      grouping(benchmark_id) = 1
      or benchmark_id is not null
  ),
  event as (
    insert into
      job_events (job_ids)
    select
      array_agg(id)
    from
      deleted
    having
      count(*) > 0
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
      ($5::uuid[]) [row_number() over ()] as id,
      'cleanup' as action,
      'job' as entity_type,
      null::text as entity_id,
      jsonb_build_object(
        'older_than_days',
        $6::integer,
        'before',
        jsonb_build_object('status', $7::text, 'count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
      ) as changes,
      $8::uuid as user_id,
      $9::uuid as api_key_id,
      $10::text as actor,
      $11::text as ip_address,
      $12::text as user_agent,
      $13::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          deleted
        having
          count(*) > 0
      ) c
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
  deleted;
-- $1 = 'completed'
-- $2 = 30
-- $3 = 100
-- $4 = 'completed'
-- $5 = made anew each time
-- $6 = 30
-- $7 = 'completed'
-- $8 = null
-- $9 = null
-- $10 = 'service'
-- $11 = null
-- $12 = null
-- $13 = null
