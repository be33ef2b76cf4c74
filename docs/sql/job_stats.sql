-- job_stats, 1 of 2
with recursive
  totals as (
    select
      job_type,
      coalesce(sum(pending), 0)::integer as pending,
      coalesce(sum(scheduled), 0)::integer as scheduled,
      coalesce(sum(running), 0)::integer as running,
      coalesce(sum(completed), 0)::integer as completed,
      coalesce(sum(failed), 0)::integer as failed,
      coalesce(sum(cancelled), 0)::integer as cancelled
    from
      job_stat_deltas
    where
      benchmark_id is null
    group by
      job_type
  ),
  head (lane_id, priority, sequence, job_id) as (
    select
      lane.id,
      first.priority,
      first.sequence,
      first.job_id
    from
      (
        select
          id
        from
          job_lanes
        where
          $1
          and job_type in (
            select
              job_type
            from
              totals
            where
              pending > 0
          )
      ) lane
      cross join lateral (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
        order by
          priority desc,
          turn,
          sequence
        limit
          1
      ) first
    union all
    select
      head.lane_id,
      next.priority,
      next.sequence,
      next.job_id
    from
      head
      cross join lateral (
        select
          *
        from
          job_ready
        where
          lane_id = head.lane_id
          and priority < head.priority
        order by
          priority desc,
          turn,
          sequence
        limit
          1
      ) next
  ),
  oldest as (
    select
      lane.job_type,
      min(
        (
          select
            greatest(j.created_at, coalesce(j.run_at, j.created_at))
          from
            jobs j
          where
            j.id = head.job_id
        )
      ) as since
    from
      head
      join job_lanes lane on lane.id = head.lane_id
    group by
      lane.job_type
  )
select
  t.job_type,
  t.pending,
  t.scheduled,
  t.running,
  t.completed,
  t.failed,
  t.cancelled,
  (
    case
      when t.pending > 0 then greatest(
        extract(
          epoch
          from
            clock_timestamp() - o.since
        ) * 1000,
        0
      )
    end
  )::double precision as oldest_pending_age_ms
from
  totals t
  left join oldest o on o.job_type = t.job_type
order by
  t.job_type;
-- $1 = true

-- job_stats, 2 of 2
with recursive
  totals as (
    select
      job_type,
      coalesce(sum(pending), 0)::integer as pending,
      coalesce(sum(scheduled), 0)::integer as scheduled,
      coalesce(sum(running), 0)::integer as running,
      coalesce(sum(completed), 0)::integer as completed,
      coalesce(sum(failed), 0)::integer as failed,
      coalesce(sum(cancelled), 0)::integer as cancelled
    from
      job_stat_deltas
    where
      benchmark_id = $1
      and job_type = $2
    group by
      job_type
  ),
  head (lane_id, priority, sequence, job_id) as (
    select
      lane.id,
      first.priority,
      first.sequence,
      first.job_id
    from
      (
        select
          id
        from
          job_lanes
        where
          $3
          and job_type in (
            select
              job_type
            from
              totals
            where
              pending > 0
          )
      ) lane
      cross join lateral (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
        order by
          priority desc,
          turn,
          sequence
        limit
          1
      ) first
    union all
    select
      head.lane_id,
      next.priority,
      next.sequence,
      next.job_id
    from
      head
      cross join lateral (
        select
          *
        from
          job_ready
        where
          lane_id = head.lane_id
          and priority < head.priority
        order by
          priority desc,
          turn,
          sequence
        limit
          1
      ) next
  ),
  oldest as (
    select
      lane.job_type,
      min(
        (
          select
            greatest(j.created_at, coalesce(j.run_at, j.created_at))
          from
            jobs j
          where
            j.id = head.job_id
        )
      ) as since
    from
      head
      join job_lanes lane on lane.id = head.lane_id
    group by
      lane.job_type
  )
select
  t.job_type,
  t.pending,
  t.scheduled,
  t.running,
  t.completed,
  t.failed,
  t.cancelled,
  (
    case
      when t.pending > 0 then greatest(
        extract(
          epoch
          from
            clock_timestamp() - o.since
        ) * 1000,
        0
      )
    end
  )::double precision as oldest_pending_age_ms
from
  totals t
  left join oldest o on o.job_type = t.job_type
order by
  t.job_type;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 't'
-- $3 = false
