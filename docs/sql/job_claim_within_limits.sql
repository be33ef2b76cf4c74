-- job_claim_within_limits
with
  demand as materialized (
    select
      *
    from
      unnest($1::text[], $2::int4[], $3::int4[], $4::text[]) with ordinality as demand (worker_id, max_jobs, lease_ms, request_id, ordinality)
  ),
  room as materialized (
    select
      worker_id,
      id,
      capacity - used as free
    from
      worker_slots
    where
      worker_id in (
        select
          worker_id
        from
          demand
      )
    order by
      worker_id
    for update
  ),
  granted as materialized (
    -- A worker may be there with several demands, which share its free slots in their order.
    select
      *,
      sum(free) over (
        order by
          ordinality
      ) as upto,
      sum(free) over (
        order by
          ordinality
      ) - free as after
    from
      (
        select
          dem.*,
          room.id as slot_id,
          least(dem.max_jobs, greatest(room.free - (sum(dem.max_jobs) over earlier - dem.max_jobs), 0)) as free
        from
          demand dem
          join room using (worker_id)
        window
          earlier as (
            partition by
              dem.worker_id
            order by
              dem.ordinality
          )
      ) dem
  ),
  total as materialized (
    -- The clock is read once the slots are locked.
    select
      least(coalesce(sum(free), 0), 3146)::integer as wanted,
      clock_timestamp() as at
    from
      granted
  ),
  lane as materialized (
    select
      ln.id,
      ln.limit_key,
      quota.tokens_free,
      quota.tokens_per_minute,
      case
        when lim.limit_key is not null then coalesce(quota.free, 0)
      end as left_now
    from
      (
        select
          lane.*
        from
          job_lanes lane
        where
          lane.id = any ($5::uuid[])
          and not exists (
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
          )
      ) ln
      left join job_limits lim on lim.limit_key = ln.limit_key
      left join unnest($6::text[], $7::int4[], $8::int8[], $9::int4[]) as quota (limit_key, free, tokens_free, tokens_per_minute) on quota.limit_key = ln.limit_key
  ),
  first as materialized (
    select
      tid,
      priority,
      turn,
      sequence,
      bytes
    from
      (
        select
          lane.left_now,
          lane.tokens_free,
          ready.*,
          row_number() over in_key as place_in_key,
          sum(
            case
              when lane.tokens_per_minute is not null then least(
                (
                  select
                    j.tokens
                  from
                    jobs j
                  where
                    j.id = ready.job_id
                ),
                lane.tokens_per_minute
              )
            end
          ) over in_key as tokens_in_key
        from
          lane
          cross join lateral (
            select
              ready.ctid as tid,
              ready.job_id,
              ready.priority,
              ready.turn,
              ready.sequence,
              ready.bytes
            from
              job_ready ready
            where
              ready.lane_id = lane.id
            order by
              priority desc,
              turn,
              sequence
            limit
              (
                select
                  least(wanted, coalesce(lane.left_now, wanted))
                from
                  total
              )
          ) ready
        window
          in_key as (
            partition by
              lane.limit_key
            order by
              priority desc,
              turn,
              sequence rows unbounded preceding
          )
      ) ranked
    where
      (
        left_now is null
        or place_in_key <= left_now
      )
      and (
        tokens_free is null
        or tokens_in_key <= tokens_free
      )
    order by
      priority desc,
      turn,
      sequence
    limit
      (
        select
          wanted
        from
          total
      )
  ),
  best as materialized (
    select
      tid,
      row_number() over running = 1
      or sum(bytes) over running <= $10 as fits
    from
      first
    window
      running as (
        order by
          priority desc,
          turn,
          sequence rows unbounded preceding
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
                where
                  fits
              )
            )
          order by
            priority desc,
            turn,
            sequence
          limit
            (
              select
                wanted
              from
                total
            )
          for update
            skip locked
        )
      )
    returning
      job_id,
      priority,
      turn,
      sequence
  ),
  placed as materialized (
    select
      job_id,
      row_number() over (
        order by
          priority desc,
          turn,
          sequence
      ) as place
    from
      taken
  ),
  given as materialized (
    select
      placed.job_id,
      placed.place,
      gr.ordinality as demand,
      gr.worker_id,
      gr.slot_id,
      gr.lease_ms,
      gr.request_id
    from
      placed
      join granted gr on placed.place > gr.after
      and placed.place <= gr.upto
    order by
      placed.job_id
  ),
  job as (
    update jobs j
    set
      status = 'running',
      epoch = j.epoch + 1,
      assigned_worker_id = given.slot_id,
      started_at = total.at,
      updated_at = total.at,
      version = j.version + 1,
      progress = 0,
      progress_message = null
    from
      given,
      total
    where
      j.id = given.job_id
      and j.status = 'pending'
      -- What the parts below read comes first: a row is unpacked up to the last column that is asked for.
    returning
      j.id,
      j.epoch,
      j.job_type,
      j.benchmark_id,
      given.worker_id,
      given.request_id,
      given.place,
      given.lease_ms,
      j.timeout_seconds,
      j.retry_count,
      j.limit_key,
      j.lane_id,
      j.priority,
      j.max_retries,
      j.snooze_count,
      j.max_snoozes,
      j.tokens,
      j.start_by,
      j.version,
      j.created_at,
      j.created_by,
      j.run_at,
      j.unique_key,
      j.error,
      j.depends_on,
      j.runs_after_failure,
      j.fair_key,
      j.fair_weight,
      given.demand,
      j.payload,
      j.metadata
  ),
  lease as (
    insert into
      job_leases (job_id, claimed_at, expires_at, deadline_at, epoch, attempt, worker_id, limit_key)
    select
      job.id,
      total.at,
      total.at + job.lease_ms * interval '1 ms',
      case
        when job.timeout_seconds > 0 then total.at + job.timeout_seconds * interval '1 s'
      end,
      job.epoch,
      job.retry_count + 1,
      job.worker_id,
      job.limit_key
    from
      job,
      total
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
      -- The same claim that was sent to another server is waited for here, and its answer is that of both.
    on conflict (actor, method, request_id) do nothing
    returning
      actor,
      request_id
  ),
  occupied as (
    update worker_slots ws
    set
      used = ws.used + held.jobs
    from
      (
        select
          worker_id,
          count(*)::integer as jobs
        from
          job
        group by
          worker_id
      ) held
    where
      ws.worker_id = held.worker_id
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, running)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (0 - count(*))::integer,
      (count(*) - 0)::integer
    from
      job
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
      job
    having
      count(*) > 0
  )
select
  job.id,
  job.payload::text as payload,
  job.priority,
  job.error,
  job.retry_count,
  job.max_retries,
  job.snooze_count,
  job.max_snoozes,
  job.timeout_seconds,
  job.tokens,
  job.run_at,
  job.start_by,
  job.benchmark_id,
  job.unique_key,
  job.fair_key,
  job.fair_weight,
  job.metadata::text as metadata,
  job.epoch,
  case
    when job.place = (
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
  job.created_at,
  job.created_by,
  job.version,
  job.depends_on,
  job.runs_after_failure,
  job.lane_id,
  job.demand,
  job.request_id is not null
  and (job.worker_id, job.request_id) not in (
    select
      actor,
      request_id
    from
      answered
  ) as is_repeat,
  case
    when job.place = (
      select
        min(place)
      from
        job
    ) then (
      select
        least(count(*), max(wanted))::integer
      from
        best,
        total
      where
        fits
    )
  end as seen,
  case
    when job.place = (
      select
        min(place)
      from
        job
    ) then exists (
      select
      from
        best
      where
        not fits
    )
  end as is_full
from
  job
order by
  job.place;
-- $1 = '{w}'
-- $2 = '{1}'
-- $3 = '{30000}'
-- $4 = '{r}'
-- $5 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $6 = '{k}'
-- $7 = '{1}'
-- $8 = '{1000}'
-- $9 = '{1000}'
-- $10 = 3145728
