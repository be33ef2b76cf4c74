-- job_ready_due
with
  due as materialized (
    select
      ctid as tid
    from
      job_scheduled
    where
      run_at <= (
        select
          clock_timestamp()
      )
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
      j.benchmark_id,
      j.lane_id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      j.sequence,
      j.priority,
      j.bytes,
      j.error
    from
      taken
      join jobs j on j.id = taken.job_id
    where
      j.status = 'pending'
  ),
  made as (
    insert into
      job_lanes (id, job_type, required_tags, limit_key)
    select distinct
      on (lane_id) lane_id,
      job_type,
      required_tags,
      limit_key
    from
      moved j
    where
      not exists (
        select
        from
          job_lanes lane
        where
          lane.id = j.lane_id
          and lane.retired_at is null
      )
    order by
      lane_id
    on conflict (id) do update
    set
      retired_at = null
    returning
      id
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority, bytes)
    select
      id,
      sequence,
      lane_id,
      priority,
      bytes + coalesce(octet_length(error), 0)
    from
      moved
    where
      true
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, scheduled)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (count(*) - 0)::integer,
      (0 - count(*))::integer
    from
      moved
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
