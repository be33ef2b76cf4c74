-- job_cancel
with
  wanted as materialized (
    select
      j.id,
      j.lane_id,
      j.priority,
      j.sequence,
      j.run_at,
      j.status,
      l.worker_id
    from
      jobs j
      left join job_leases l on l.job_id = j.id
    where
      j.id = any ($1::"uuid" [])
      and j.status in ('pending', 'running')
  ),
  slot as materialized (
    select
      worker_id
    from
      worker_slots
    where
      worker_id in (
        select
          worker_id
        from
          wanted
      )
    order by
      worker_id
    for update
  ),
  leased as materialized (
    select
      l.job_id,
      l.epoch,
      l.attempt,
      l.worker_id,
      l.claimed_at
    from
      job_leases l,
      (
        select
          count(*)
        from
          slot
      ) s
    where
      l.job_id in (
        select
          id
        from
          wanted
      )
    order by
      l.job_id
    for update of
      l
  ),
  unleased as (
    delete from job_leases l using leased i
    where
      l.job_id = i.job_id
      and l.epoch = i.epoch
    returning
      l.job_id,
      l.epoch,
      l.attempt,
      l.worker_id,
      l.claimed_at
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
          leased
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
  free as materialized (
    select
      job_id,
      worker_id,
      epoch,
      attempt,
      claimed_at,
      'running' as was
    from
      unleased
    union all
    select
      job_id,
      null,
      null,
      null,
      null,
      'pending'
    from
      unready
    union all
    select
      job_id,
      null,
      null,
      null,
      null,
      'scheduled'
    from
      unscheduled
    order by
      job_id
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      free
  ),
  ended as (
    update jobs j
    set
      status = 'cancelled',
      completed_at = clock.at,
      updated_at = clock.at,
      version = j.version + 1,
      error = coalesce($2, j.error)
    from
      free f,
      clock
    where
      j.id = f.job_id
      and j.status in ('pending', 'running')
    returning
      j.id,
      j.job_type,
      j.benchmark_id,
      j.unique_key,
      f.was,
      f.worker_id,
      f.epoch,
      f.attempt,
      f.claimed_at
  ),
  finished as (
    insert into
      job_finished (job_id, finished_at, status, job_type, worker_id)
    select
      id,
      clock.at,
      'cancelled',
      job_type,
      worker_id
    from
      ended,
      clock
  ),
  attempt as (
    insert into
      job_attempts (job_id, epoch, attempt, worker_id, started_at, ended_at, outcome, error)
    select
      id,
      epoch,
      attempt,
      worker_id,
      claimed_at,
      clock.at,
      'cancelled',
      $3::text
    from
      ended,
      clock
    where
      was = 'running'
  ),
  unsealed as (
    insert into
      audit_unsealed (entry_kind, entry_ids, epochs)
    select
      'job_attempt',
      array_agg(id),
      array_agg(epoch)
    from
      (
        select
          *
        from
          ended
        where
          was = 'running'
      ) e
    having
      count(*) > 0
  ),
  freed as (
    update worker_slots s
    set
      used = greatest(s.used - e.jobs, 0)
    from
      (
        select
          worker_id,
          count(*)::integer as jobs
        from
          ended
        where
          was = 'running'
        group by
          worker_id
      ) e
    where
      s.worker_id = e.worker_id
  ),
  unlocked as (
    delete from job_keys k using ended e
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
            'cancelled' = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer as "pending",
      (
        count(*) filter (
          where
            'cancelled' = 'scheduled'
        ) - count(*) filter (
          where
            was = 'scheduled'
        )
      )::integer as "scheduled",
      (
        count(*) filter (
          where
            'cancelled' = 'running'
        ) - count(*) filter (
          where
            was = 'running'
        )
      )::integer as "running",
      (
        count(*) filter (
          where
            'cancelled' = 'completed'
        ) - count(*) filter (
          where
            was = 'completed'
        )
      )::integer as "completed",
      (
        count(*) filter (
          where
            'cancelled' = 'failed'
        ) - count(*) filter (
          where
            was = 'failed'
        )
      )::integer as "failed",
      (
        count(*) filter (
          where
            'cancelled' = 'cancelled'
        ) - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer as "cancelled"
    from
      ended
    group by
      job_type
    union all
    select
      job_type,
      benchmark_id,
      (
        count(*) filter (
          where
            'cancelled' = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer as "pending",
      (
        count(*) filter (
          where
            'cancelled' = 'scheduled'
        ) - count(*) filter (
          where
            was = 'scheduled'
        )
      )::integer as "scheduled",
      (
        count(*) filter (
          where
            'cancelled' = 'running'
        ) - count(*) filter (
          where
            was = 'running'
        )
      )::integer as "running",
      (
        count(*) filter (
          where
            'cancelled' = 'completed'
        ) - count(*) filter (
          where
            was = 'completed'
        )
      )::integer as "completed",
      (
        count(*) filter (
          where
            'cancelled' = 'failed'
        ) - count(*) filter (
          where
            was = 'failed'
        )
      )::integer as "failed",
      (
        count(*) filter (
          where
            'cancelled' = 'cancelled'
        ) - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer as "cancelled"
    from
      ended
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
      ended
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
      ($4::uuid[]) [row_number() over ()] as id,
      'cancel' as action,
      'job' as entity_type,
      c.id::text as entity_id,
      jsonb_build_object(
        'before',
        jsonb_build_object(
          'status',
          (
            case c.was
              when 'scheduled' then 'pending'
              else c.was
            end
          )
        )
      ) || $5::jsonb as changes,
      $6::uuid as user_id,
      $7::uuid as api_key_id,
      $8::text as actor,
      $9::text as ip_address,
      $10::text as user_agent,
      $11::text as request_id
    from
      ended c
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
  ended;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 'reason'
-- $3 = 'reason'
-- $4 = made anew each time
-- $5 = '{"after":{"status":"cancelled","error":"reason"}}'
-- $6 = null
-- $7 = null
-- $8 = 'service'
-- $9 = null
-- $10 = null
-- $11 = null
