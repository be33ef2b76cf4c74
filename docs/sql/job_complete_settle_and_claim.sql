-- job_complete_settle_and_claim
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::jsonb[], $5::int4[], $6::int4[], $7::int4[], $8::int4[]) with ordinality as item (
        job_id,
        epoch,
        worker_id,
        result,
        evaluations_inserted,
        evaluations_duplicate,
        evaluations_conflict,
        tokens_used,
        ordinality
      )
  ),
  slot as materialized (
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
          item
      )
    order by
      worker_id
    for update
  ),
  gone as (
    delete from job_leases lease using (
      select
        item.*
      from
        item,
        (
          select
            count(*)
          from
            slot
        ) s
      order by
        item.job_id
    ) item
    where
      lease.job_id = item.job_id
      and lease.epoch = item.epoch
      and lease.worker_id = item.worker_id
    returning
      lease.claimed_at,
      lease.attempt,
      item.*
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      gone
  ),
  ended as (
    update jobs j
    set
      status = 'completed',
      result = gone.result,
      error = null,
      progress = 1,
      completed_at = clock.at,
      updated_at = clock.at,
      version = j.version + 1
    from
      gone,
      clock
    where
      j.id = gone.job_id
      and j.status = 'running'
      and j.epoch = gone.epoch
    returning
      j.id,
      j.epoch,
      j.job_type,
      j.benchmark_id,
      j.unique_key,
      j.has_dependants,
      gone.worker_id,
      gone.claimed_at,
      gone.attempt,
      gone.ordinality,
      gone.evaluations_inserted,
      gone.evaluations_duplicate,
      gone.evaluations_conflict,
      j.limit_key,
      j.tokens,
      gone.tokens_used
  ),
  finished as (
    insert into
      job_finished (job_id, finished_at, status, job_type, worker_id)
    select
      id,
      clock.at,
      'completed',
      job_type,
      worker_id
    from
      ended,
      clock
    where
      true
  ),
  noted as (
    insert into
      job_ended_dependencies (job_id, status)
    select
      id,
      'completed'
    from
      ended
    where
      has_dependants
      and true
    order by
      id
    on conflict (job_id) do update
    set
      status = excluded.status
  ),
  settled_limit as materialized (
    select
      limit_key
    from
      job_limits
    where
      tokens_per_minute is not null
      and limit_key in (
        select
          limit_key
        from
          ended
        where
          tokens_used is not null
      )
    order by
      limit_key
    for key share
  ),
  settled as (
    insert into
      job_limit_starts (limit_key, started_at, started, tokens)
    select
      limit_key,
      case
        when difference > 0 then clock.at
        else claimed_at
      end,
      0,
      difference
    from
      (
        select
          limit_key,
          claimed_at,
          tokens_used - tokens as difference
        from
          ended
        where
          limit_key in (
            select
              limit_key
            from
              settled_limit
          )
      ) used,
      clock
    where
      difference > 0
      or (
        difference < 0
        and claimed_at > clock.at - interval '1 minute'
      )
  ),
  attempt as (
    insert into
      job_attempts (
        job_id,
        epoch,
        attempt,
        worker_id,
        started_at,
        ended_at,
        outcome,
        error,
        evaluations_inserted,
        evaluations_duplicate,
        evaluations_conflict,
        tokens_used
      )
    select
      id,
      epoch,
      attempt,
      worker_id,
      claimed_at,
      clock.at,
      'completed',
      null,
      evaluations_inserted,
      evaluations_duplicate,
      evaluations_conflict,
      tokens_used
    from
      ended,
      clock
  ),
  unsealed as (
    insert into
      audit_unsealed (entry_kind, entry_ids, epochs)
    select
      'job_attempt',
      array_agg(id),
      array_agg(epoch)
    from
      ended
    having
      count(*) > 0
  ),
  freed_keys as (
    delete from job_keys key using ended
    where
      true
      and ended.unique_key is not null
      and key.job_type = ended.job_type
      and key.unique_key = ended.unique_key
      and key.job_id = ended.id
  ),
  freed as materialized (
    select
      worker_id,
      count(*)::integer as jobs
    from
      ended
    group by
      worker_id
  ),
  demand as materialized (
    select
      demand.*
    from
      unnest($9::text[], $10::int4[], $11::int4[], $12::text[]) with ordinality as demand (worker_id, max_jobs, lease_ms, request_id, ordinality)
      join workers w using (worker_id)
    where
      w.tags = $13::"text" []
      and not w.draining
      and (
        not $14::boolean
        or w.job_types = $15::"text" []
      )
      -- Where a limit may hold back jobs, an ordinary claim counts what runs.
      and not exists (
        select
        from
          job_lanes lane
        where
          lane.id = any ($16::uuid[])
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
          and exists (
            select
            from
              job_limits lim
            where
              lim.limit_key = lane.limit_key
          )
          and exists (
            select
            from
              job_ready ready
            where
              ready.lane_id = lane.id
          )
      )
      and not exists (
        select
        from
          requests req
        where
          req.actor = demand.worker_id
          and req.method = 'ClaimJobs'
          and req.request_id = demand.request_id
      )
  ),
  room as materialized (
    select
      slot.worker_id,
      slot.id,
      slot.free + coalesce(freed.jobs, 0) as free
    from
      slot
      left join freed using (worker_id)
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
  first as materialized (
    select
      ready.*
    from
      (
        select
          lane.id
        from
          job_lanes lane
        where
          lane.id = any ($17::uuid[])
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
          and not exists (
            select
            from
              job_limits lim
            where
              lim.limit_key = lane.limit_key
          )
      ) lane
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
              wanted + least(wanted, 100)
            from
              total
          )
      ) ready
    order by
      priority desc,
      turn,
      sequence
    limit
      (
        select
          wanted + least(wanted, 100)
        from
          total
      )
  ),
  best as materialized (
    select
      tid,
      row_number() over running = 1
      or sum(bytes) over running <= $18 as fits
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
      used = greatest(ws.used - coalesce(freed.jobs, 0), 0) + coalesce(held.jobs, 0),
      completed = ws.completed + coalesce(freed.jobs, 0)
    from
      room
      left join freed using (worker_id)
      left join (
        select
          worker_id,
          count(*)::integer as jobs
        from
          job
        group by
          worker_id
      ) held using (worker_id)
    where
      ws.worker_id = room.worker_id
      and (
        freed.jobs > 0
        or held.jobs > 0
      )
  ),
  changed as (
    select
      id,
      job_type,
      benchmark_id,
      'running' as left_state,
      'completed' as entered_state
    from
      ended
    union all
    select
      id,
      job_type,
      benchmark_id,
      'pending',
      'running'
    from
      job
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, running, completed)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (
        0 - count(*) filter (
          where
            left_state = 'pending'
        )
      )::integer,
      (
        count(*) filter (
          where
            entered_state = 'running'
        ) - count(*) filter (
          where
            left_state = 'running'
        )
      )::integer,
      (
        count(*) filter (
          where
            entered_state = 'completed'
        ) - 0
      )::integer
    from
      changed
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
      changed
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
  end as is_full,
  answer.*
from
  (
    select
      completions.positions as completed,
      coalesce(
        (
          select
            array_agg(ordinality::integer)
          from
            demand
        ),
        '{}'
      ) as served,
      coalesce(
        (
          select
            least(count(*), max(wanted))::integer
          from
            best,
            total
          where
            fits
        ),
        0
      ) as found
    from
      (
        select
          case
            when count(*) < (
              select
                count(*)
              from
                item
            ) then coalesce(array_agg(ordinality::integer), '{}')
          end as positions
        from
          ended
      ) completions
  ) answer
  left join job on true
order by
  job.place;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{"{}"}'
-- $5 = '{0}'
-- $6 = '{0}'
-- $7 = '{0}'
-- $8 = '{1000}'
-- $9 = '{w}'
-- $10 = '{1}'
-- $11 = '{30000}'
-- $12 = '{r}'
-- $13 = '{t}'
-- $14 = true
-- $15 = '{j}'
-- $16 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $17 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $18 = 3145728
