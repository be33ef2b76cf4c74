-- job_delete
with
  wanted as materialized (
    select
      id,
      lane_id,
      priority,
      sequence,
      run_at,
      status,
      completed_at
    from
      jobs
    where
      id = any ($1::"uuid" [])
      and status <> 'running'
  ),
  lined as materialized (
    select
      r.lane_id,
      r.priority,
      r.sequence
    from
      wanted w
      join job_ready r on r.lane_id = w.lane_id
      and r.priority = w.priority
      and r.sequence = w.sequence,
      (
        select
          count(*)
        from
          wanted
      ) s
    where
      w.status = 'pending'
    order by
      r.job_id
    for update of
      r
  ),
  due as materialized (
    select
      d.run_at,
      d.job_id
    from
      wanted w
      join job_scheduled d on d.run_at = w.run_at
      and d.job_id = w.id,
      (
        select
          count(*)
        from
          lined
      ) s
    where
      w.status = 'pending'
    order by
      d.job_id
    for update of
      d
  ),
  unready as (
    delete from job_ready r using lined i
    where
      r.lane_id = i.lane_id
      and r.priority = i.priority
      and r.sequence = i.sequence
    returning
      r.job_id
  ),
  unscheduled as (
    delete from job_scheduled d using due i
    where
      d.run_at = i.run_at
      and d.job_id = i.job_id
    returning
      d.job_id
  ),
  ended as materialized (
    select
      f.status,
      f.finished_at,
      f.job_id
    from
      wanted w
      join job_finished f on f.status = w.status
      and f.finished_at = w.completed_at
      and f.job_id = w.id,
      (
        select
          count(*)
        from
          due
      ) s
    order by
      f.job_id
    for update of
      f
  ),
  unfinished as (
    delete from job_finished f using ended i
    where
      f.status = i.status
      and f.finished_at = i.finished_at
      and f.job_id = i.job_id
    returning
      f.job_id,
      f.status
  ),
  free as materialized (
    select
      job_id,
      status as was
    from
      unfinished
    union all
    select
      job_id,
      'pending'
    from
      unready
    union all
    select
      job_id,
      'scheduled'
    from
      unscheduled
    order by
      job_id
  ),
  deleted as (
    delete from jobs j using free f
    where
      j.id = f.job_id
      and j.status <> 'running'
    returning
      j.id,
      j.job_type,
      j.benchmark_id,
      j.unique_key,
      f.was
  ),
  unlocked as (
    delete from job_keys k using deleted e
    where
      e.unique_key is not null
      and k.job_type = e.job_type
      and k.unique_key = e.unique_key
      and k.job_id = e.id
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, "pending", "scheduled", "running", "completed", "failed", "cancelled")
    select
      job_type,
      null::uuid,
      (
        count(*) filter (
          where
            null = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer as "pending",
      (
        count(*) filter (
          where
            null = 'scheduled'
        ) - count(*) filter (
          where
            was = 'scheduled'
        )
      )::integer as "scheduled",
      (
        count(*) filter (
          where
            null = 'running'
        ) - count(*) filter (
          where
            was = 'running'
        )
      )::integer as "running",
      (
        count(*) filter (
          where
            null = 'completed'
        ) - count(*) filter (
          where
            was = 'completed'
        )
      )::integer as "completed",
      (
        count(*) filter (
          where
            null = 'failed'
        ) - count(*) filter (
          where
            was = 'failed'
        )
      )::integer as "failed",
      (
        count(*) filter (
          where
            null = 'cancelled'
        ) - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer as "cancelled"
    from
      deleted
    group by
      job_type
    union all
    select
      job_type,
      benchmark_id,
      (
        count(*) filter (
          where
            null = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer as "pending",
      (
        count(*) filter (
          where
            null = 'scheduled'
        ) - count(*) filter (
          where
            was = 'scheduled'
        )
      )::integer as "scheduled",
      (
        count(*) filter (
          where
            null = 'running'
        ) - count(*) filter (
          where
            was = 'running'
        )
      )::integer as "running",
      (
        count(*) filter (
          where
            null = 'completed'
        ) - count(*) filter (
          where
            was = 'completed'
        )
      )::integer as "completed",
      (
        count(*) filter (
          where
            null = 'failed'
        ) - count(*) filter (
          where
            was = 'failed'
        )
      )::integer as "failed",
      (
        count(*) filter (
          where
            null = 'cancelled'
        ) - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer as "cancelled"
    from
      deleted
    where
      benchmark_id is not null
    group by
      job_type,
      benchmark_id
  ),
  event as (
    insert into
      "job_events" ("job_ids")
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
        request_id
      )
    select
      ($2::uuid[]) [row_number() over ()] as id,
      'delete' as action,
      'job' as entity_type,
      c.id::text as entity_id,
      jsonb_build_object(
        'before',
        jsonb_strip_nulls(
          jsonb_build_object(
            'status',
            (
              case c.was
                when 'scheduled' then 'pending'
                else c.was
              end
            ),
            'job_type',
            c.job_type,
            'benchmark_id',
            c.benchmark_id,
            'unique_key',
            c.unique_key
          )
        )
      ) as changes,
      $3::uuid as user_id,
      $4::uuid as api_key_id,
      $5::text as actor,
      $6::text as ip_address,
      $7::text as user_agent,
      $8::text as request_id
    from
      deleted c
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
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = made anew each time
-- $3 = null
-- $4 = null
-- $5 = 'service'
-- $6 = null
-- $7 = null
-- $8 = null
