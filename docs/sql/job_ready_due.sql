-- job_ready_due
with
  due as materialized (
    select
      ctid as tid
    from
      job_scheduled
    where
      run_at <= clock_timestamp()
    order by
      run_at,
      job_id
    limit
      $1
    for update
      skip locked
  ),
  taken as (
    delete from job_scheduled
    where
      ctid = any (
        array(
          select
            tid
          from
            due
        )
      )
    returning
      job_id
  ),
  moved as materialized (
    select
      j.id,
      j.lane_id,
      j.priority,
      j.sequence,
      j.job_type,
      j.benchmark_id
    from
      taken
      join jobs j on j.id = taken.job_id
    where
      j.status = 'pending'
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority)
    select
      id,
      sequence,
      lane_id,
      priority
    from
      moved
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
    select
      job_type,
      null::uuid,
      (
        count(*) filter (
          where
            'pending' = 'pending'
        ) - count(*) filter (
          where
            'scheduled' = 'pending'
        )
      )::integer as pending,
      (
        count(*) filter (
          where
            'pending' = 'scheduled'
        ) - count(*) filter (
          where
            'scheduled' = 'scheduled'
        )
      )::integer as scheduled,
      (
        count(*) filter (
          where
            'pending' = 'running'
        ) - count(*) filter (
          where
            'scheduled' = 'running'
        )
      )::integer as running,
      (
        count(*) filter (
          where
            'pending' = 'completed'
        ) - count(*) filter (
          where
            'scheduled' = 'completed'
        )
      )::integer as completed,
      (
        count(*) filter (
          where
            'pending' = 'failed'
        ) - count(*) filter (
          where
            'scheduled' = 'failed'
        )
      )::integer as failed,
      (
        count(*) filter (
          where
            'pending' = 'cancelled'
        ) - count(*) filter (
          where
            'scheduled' = 'cancelled'
        )
      )::integer as cancelled
    from
      moved
    group by
      job_type
    union all
    select
      job_type,
      benchmark_id,
      (
        count(*) filter (
          where
            'pending' = 'pending'
        ) - count(*) filter (
          where
            'scheduled' = 'pending'
        )
      )::integer as pending,
      (
        count(*) filter (
          where
            'pending' = 'scheduled'
        ) - count(*) filter (
          where
            'scheduled' = 'scheduled'
        )
      )::integer as scheduled,
      (
        count(*) filter (
          where
            'pending' = 'running'
        ) - count(*) filter (
          where
            'scheduled' = 'running'
        )
      )::integer as running,
      (
        count(*) filter (
          where
            'pending' = 'completed'
        ) - count(*) filter (
          where
            'scheduled' = 'completed'
        )
      )::integer as completed,
      (
        count(*) filter (
          where
            'pending' = 'failed'
        ) - count(*) filter (
          where
            'scheduled' = 'failed'
        )
      )::integer as failed,
      (
        count(*) filter (
          where
            'pending' = 'cancelled'
        ) - count(*) filter (
          where
            'scheduled' = 'cancelled'
        )
      )::integer as cancelled
    from
      moved
    where
      benchmark_id is not null
    group by
      job_type,
      benchmark_id
  ),
  event as (
    insert into
      job_events (job_ids)
    select
      array_agg(id)
    from
      moved
    having
      count(*) > 0
  )
select
  id,
  lane_id
from
  moved;
-- $1 = 100
