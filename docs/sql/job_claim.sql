-- job_claim
with
  demand as materialized (
    select
      *
    from
      unnest($1::text[], $2::int4[], $3::int4[], $4::text[]) with ordinality as d (worker_id, max_jobs, lease_ms, request_id, place)
  ),
  slot as materialized (
    select
      s.worker_id,
      s.id,
      s.capacity - s.used as free
    from
      worker_slots s
    where
      s.worker_id in (
        select
          worker_id
        from
          demand
      )
    order by
      s.worker_id
    for update
  ),
  granted as materialized (
    -- A worker may be there with several demands, which share its free slots in their order.
    select
      *,
      sum(free) over (
        order by
          place
      ) as upto,
      sum(free) over (
        order by
          place
      ) - free as after
    from
      (
        select
          d.*,
          s.id as slot_id,
          least(
            d.max_jobs,
            greatest(
              s.free - (
                sum(d.max_jobs) over (
                  partition by
                    d.worker_id
                  order by
                    d.place
                ) - d.max_jobs
              ),
              0
            )
          ) as free
        from
          demand d
          join slot s using (worker_id)
      ) d
  ),
  total as materialized (
    -- The clock is read once the slots are locked.
    select
      coalesce(sum(free), 0)::integer as wanted,
      clock_timestamp() as at
    from
      granted
  ),
  lane as materialized (
    select
      l.id,
      l.limit_key,
      case
        when k.limit_key is not null then coalesce(u.left_now, 0)
      end as left_now
    from
      (
        select
          l.*
        from
          job_lanes l
        where
          l.id = any ($5::int4[])
          and not exists (
            select
            from
              job_pauses p
            where
              p.job_type in ('', l.job_type)
              and p.limit_key in ('', coalesce(l.limit_key, ''))
              and (
                p.limit_key = ''
                or l.limit_key is not null
              )
          )
      ) l
      left join job_limits k on k.limit_key = l.limit_key
      left join unnest($6::text[], $7::int4[]) as u (limit_key, left_now) on u.limit_key = l.limit_key
  ),
  head as materialized (
    select
      lane.limit_key,
      lane.left_now,
      r.*
    from
      lane
      cross join lateral (
        select
          r.ctid as tid,
          r.priority,
          r.sequence
        from
          job_ready r
        where
          r.lane_id = lane.id
        order by
          r.priority desc,
          r.sequence
        limit
          (
            select
              least(wanted, coalesce(lane.left_now, wanted))
            from
              total
          )
      ) r
  ),
  best as materialized (
    select
      tid
    from
      (
        select
          tid,
          priority,
          sequence,
          left_now,
          row_number() over (
            partition by
              limit_key
            order by
              priority desc,
              sequence
          ) as place_in_key
        from
          head
      ) h
    where
      left_now is null
      or place_in_key <= left_now
    order by
      priority desc,
      sequence
    limit
      (
        select
          wanted
        from
          total
      )
  ),
  taken as (
    delete from job_ready
    where
      ctid = any (
        array(
          select
            ctid
          from
            job_ready
          where
            ctid = any (
              array(
                select
                  tid
                from
                  best
              )
            )
          for update
            skip locked
        )
      )
    returning
      job_id,
      priority,
      sequence
  ),
  placed as materialized (
    select
      job_id,
      row_number() over (
        order by
          priority desc,
          sequence
      ) as place
    from
      taken
  ),
  given as materialized (
    select
      p.job_id,
      p.place,
      g.place as demand,
      g.worker_id,
      g.slot_id,
      g.lease_ms,
      g.request_id
    from
      placed p
      join granted g on p.place > g.after
      and p.place <= g.upto
    order by
      p.job_id
  ),
  job as (
    update jobs j
    set
      status = 'running',
      epoch = j.epoch + 1,
      assigned_worker_id = g.slot_id,
      started_at = total.at,
      updated_at = total.at,
      version = j.version + 1,
      progress = 0,
      progress_message = null
    from
      given g,
      total
    where
      j.id = g.job_id
      and j.status = 'pending'
      -- What the parts below read comes first: a row is unpacked up to the last column that is asked for.
    returning
      j.id,
      j.epoch,
      j.job_type,
      j.benchmark_id,
      g.worker_id,
      g.request_id,
      g.place,
      g.lease_ms,
      j.timeout_seconds,
      j.retry_count,
      j.limit_key,
      j.lane_id,
      j.priority,
      j.max_retries,
      j.version,
      j.created_at,
      j.created_by,
      j.run_at,
      j.unique_key,
      j.error,
      g.demand,
      j.payload,
      j.metadata
  ),
  lease as (
    insert into
      job_leases (job_id, claimed_at, expires_at, deadline_at, epoch, attempt, worker_id, limit_key)
    select
      j.id,
      total.at,
      total.at + j.lease_ms * interval '1 ms',
      case
        when j.timeout_seconds > 0 then total.at + j.timeout_seconds * interval '1 s'
      end,
      j.epoch,
      j.retry_count + 1,
      j.worker_id,
      j.limit_key
    from
      job j,
      total
  ),
  occupied as (
    update worker_slots s
    set
      used = s.used + g.jobs
    from
      (
        select
          worker_id,
          count(*)::integer as jobs
        from
          job
        group by
          worker_id
      ) g
    where
      s.worker_id = g.worker_id
  ),
  answered as (
    insert into
      requests (actor, method, request_id, body_hash, result)
    select
      worker_id,
      'ClaimJobs',
      request_id,
      '',
      jsonb_agg(
        jsonb_build_array(id, epoch)
        order by
          place
      )
    from
      job
    where
      request_id is not null
    group by
      worker_id,
      request_id
      -- The same claim sent again before the first was answered: either answer may be the one that was lost.
    on conflict (actor, method, request_id) do update
    set
      result = requests.result || excluded.result
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
            'running' = 'pending'
        ) - count(*) filter (
          where
            'pending' = 'pending'
        )
      )::integer as "pending",
      (
        count(*) filter (
          where
            'running' = 'scheduled'
        ) - count(*) filter (
          where
            'pending' = 'scheduled'
        )
      )::integer as "scheduled",
      (
        count(*) filter (
          where
            'running' = 'running'
        ) - count(*) filter (
          where
            'pending' = 'running'
        )
      )::integer as "running",
      (
        count(*) filter (
          where
            'running' = 'completed'
        ) - count(*) filter (
          where
            'pending' = 'completed'
        )
      )::integer as "completed",
      (
        count(*) filter (
          where
            'running' = 'failed'
        ) - count(*) filter (
          where
            'pending' = 'failed'
        )
      )::integer as "failed",
      (
        count(*) filter (
          where
            'running' = 'cancelled'
        ) - count(*) filter (
          where
            'pending' = 'cancelled'
        )
      )::integer as "cancelled"
    from
      job
    group by
      job_type
    union all
    select
      job_type,
      benchmark_id,
      (
        count(*) filter (
          where
            'running' = 'pending'
        ) - count(*) filter (
          where
            'pending' = 'pending'
        )
      )::integer as "pending",
      (
        count(*) filter (
          where
            'running' = 'scheduled'
        ) - count(*) filter (
          where
            'pending' = 'scheduled'
        )
      )::integer as "scheduled",
      (
        count(*) filter (
          where
            'running' = 'running'
        ) - count(*) filter (
          where
            'pending' = 'running'
        )
      )::integer as "running",
      (
        count(*) filter (
          where
            'running' = 'completed'
        ) - count(*) filter (
          where
            'pending' = 'completed'
        )
      )::integer as "completed",
      (
        count(*) filter (
          where
            'running' = 'failed'
        ) - count(*) filter (
          where
            'pending' = 'failed'
        )
      )::integer as "failed",
      (
        count(*) filter (
          where
            'running' = 'cancelled'
        ) - count(*) filter (
          where
            'pending' = 'cancelled'
        )
      )::integer as "cancelled"
    from
      job
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
      job
    having
      count(*) > 0
  )
select
  id,
  lane_id,
  demand,
  epoch,
  version,
  priority,
  retry_count,
  max_retries,
  timeout_seconds,
  payload,
  metadata,
  error,
  unique_key,
  benchmark_id,
  run_at,
  created_at,
  created_by,
  case
    when place = (
      select
        min(place)
      from
        job
    ) then (
      select
        at
      from
        total
    )
  end as started_at,
  case
    when place = (
      select
        min(place)
      from
        job
    ) then (
      select
        count(*)
      from
        best
    )
  end as seen
from
  job
order by
  place;
-- $1 = '{w}'
-- $2 = '{1}'
-- $3 = '{30000}'
-- $4 = '{r}'
-- $5 = '{1}'
-- $6 = '{k}'
-- $7 = '{1}'
