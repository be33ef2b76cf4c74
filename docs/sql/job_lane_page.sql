-- job_lane_page, 1 of 2
with recursive
  run as materialized (
    select
      j.lane_id as id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      count(*) as running
    from
      job_leases lease
      join jobs j on j.id = lease.job_id
    group by
      1,
      2,
      3,
      4
  ),
  lane as materialized (
    select
      *
    from
      (
        select
          id,
          job_type,
          required_tags,
          limit_key
        from
          job_lanes lane
        where
          exists (
            select
            from
              job_ready ready
            where
              ready.lane_id = lane.id
          )
        union
        select
          id,
          job_type,
          required_tags,
          limit_key
        from
          run
      ) lane
    where
      true
    order by
      job_type,
      coalesce(limit_key, ''),
      id
    limit
      $1
  ),
  head (lane_id, priority, sequence, job_id) as (
    select
      lane.id,
      first.priority,
      first.sequence,
      first.job_id
    from
      lane
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
      lane_id,
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
    group by
      lane_id
  )
select
  lane.id,
  lane.job_type,
  lane.required_tags,
  lane.limit_key,
  ready.count as ready,
  case
    when oldest.since is not null then greatest(
      extract(
        epoch
        from
          clock_timestamp() - oldest.since
      ) * 1000,
      0
    )
  end::double precision as oldest_ready_age_ms,
  coalesce(run.running, 0) as running,
  exists (
    select
    from
      job_pauses pause
    where
      pause.job_type in ('', lane.job_type)
      and pause.limit_key in ('', coalesce(lane.limit_key, ''))
      and (
        pause.limit_key = ''
        or lane.limit_key is not null
      )
  ) as paused,
  exists (
    select
    from
      job_limits lim
    where
      lim.limit_key = lane.limit_key
      and (
        lim.max_running <= (
          select
            count(*)
          from
            job_leases lease
          where
            lease.limit_key = lim.limit_key
        )
        or lim.per_minute <= (
          select
            coalesce(sum(start.started), 0)
          from
            job_limit_starts start
          where
            start.limit_key = lim.limit_key
            and start.started_at > (
              select
                clock_timestamp()
            ) - interval '1 minute'
        )
        or lim.tokens_per_minute < (
          select
            coalesce(sum(start.tokens), 0)
          from
            job_limit_starts start
          where
            start.limit_key = lim.limit_key
            and start.started_at > (
              select
                clock_timestamp()
            ) - interval '1 minute'
        ) + least(
          greatest(lim.tokens_per_minute, 1),
          coalesce(
            (
              select
                j.tokens
              from
                job_ready ready
                join jobs j on j.id = ready.job_id
              where
                ready.lane_id = lane.id
              order by
                ready.priority desc,
                ready.turn,
                ready.sequence
              limit
                1
            ),
            1
          )
        )
      )
  ) as at_limit,
  (
    select
      count(*)
    from
      workers w
    where
      w.last_heartbeat > statement_timestamp() - $2 * interval '1 ms'
      and not w.draining
      and (
        w.job_types = '{}'
        or lane.job_type = any (w.job_types)
      )
      and lane.required_tags <@ w.tags
  ) as matching_workers
from
  lane
  cross join lateral (
    select
      count(*)
    from
      (
        select
        from
          job_ready
        where
          lane_id = lane.id
        limit
          $3
      ) counted
  ) ready
  left join oldest on oldest.lane_id = lane.id
  left join run on run.id = lane.id
order by
  lane.job_type,
  coalesce(lane.limit_key, ''),
  lane.id;
-- $1 = 10
-- $2 = 30000
-- $3 = 10000

-- job_lane_page, 2 of 2
with recursive
  run as materialized (
    select
      j.lane_id as id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      count(*) as running
    from
      job_leases lease
      join jobs j on j.id = lease.job_id
    group by
      1,
      2,
      3,
      4
  ),
  lane as materialized (
    select
      *
    from
      (
        select
          id,
          job_type,
          required_tags,
          limit_key
        from
          job_lanes lane
        where
          exists (
            select
            from
              job_ready ready
            where
              ready.lane_id = lane.id
          )
        union
        select
          id,
          job_type,
          required_tags,
          limit_key
        from
          run
      ) lane
    where
      job_type = $1
      and limit_key = $2
      and (job_type, coalesce(limit_key, ''), id) > ($3::text, $4::text, $5::uuid)
    order by
      job_type,
      coalesce(limit_key, ''),
      id
    limit
      $6
  ),
  head (lane_id, priority, sequence, job_id) as (
    select
      lane.id,
      first.priority,
      first.sequence,
      first.job_id
    from
      lane
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
      lane_id,
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
    group by
      lane_id
  )
select
  lane.id,
  lane.job_type,
  lane.required_tags,
  lane.limit_key,
  ready.count as ready,
  case
    when oldest.since is not null then greatest(
      extract(
        epoch
        from
          clock_timestamp() - oldest.since
      ) * 1000,
      0
    )
  end::double precision as oldest_ready_age_ms,
  coalesce(run.running, 0) as running,
  exists (
    select
    from
      job_pauses pause
    where
      pause.job_type in ('', lane.job_type)
      and pause.limit_key in ('', coalesce(lane.limit_key, ''))
      and (
        pause.limit_key = ''
        or lane.limit_key is not null
      )
  ) as paused,
  exists (
    select
    from
      job_limits lim
    where
      lim.limit_key = lane.limit_key
      and (
        lim.max_running <= (
          select
            count(*)
          from
            job_leases lease
          where
            lease.limit_key = lim.limit_key
        )
        or lim.per_minute <= (
          select
            coalesce(sum(start.started), 0)
          from
            job_limit_starts start
          where
            start.limit_key = lim.limit_key
            and start.started_at > (
              select
                clock_timestamp()
            ) - interval '1 minute'
        )
        or lim.tokens_per_minute < (
          select
            coalesce(sum(start.tokens), 0)
          from
            job_limit_starts start
          where
            start.limit_key = lim.limit_key
            and start.started_at > (
              select
                clock_timestamp()
            ) - interval '1 minute'
        ) + least(
          greatest(lim.tokens_per_minute, 1),
          coalesce(
            (
              select
                j.tokens
              from
                job_ready ready
                join jobs j on j.id = ready.job_id
              where
                ready.lane_id = lane.id
              order by
                ready.priority desc,
                ready.turn,
                ready.sequence
              limit
                1
            ),
            1
          )
        )
      )
  ) as at_limit,
  (
    select
      count(*)
    from
      workers w
    where
      w.last_heartbeat > statement_timestamp() - $7 * interval '1 ms'
      and not w.draining
      and (
        w.job_types = '{}'
        or lane.job_type = any (w.job_types)
      )
      and lane.required_tags <@ w.tags
  ) as matching_workers
from
  lane
  cross join lateral (
    select
      count(*)
    from
      (
        select
        from
          job_ready
        where
          lane_id = lane.id
        limit
          $8
      ) counted
  ) ready
  left join oldest on oldest.lane_id = lane.id
  left join run on run.id = lane.id
order by
  lane.job_type,
  coalesce(lane.limit_key, ''),
  lane.id;
-- $1 = 't'
-- $2 = 'k'
-- $3 = 't'
-- $4 = ''
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 10
-- $7 = 30000
-- $8 = 10000
