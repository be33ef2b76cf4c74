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
      lease.worker_id
    from
      jobs j
      left join job_leases lease on lease.job_id = j.id
    where
      j.status in ('pending', 'running')
      and j.id = any ($1::"uuid" [])
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
          wanted
      )
    order by
      worker_id
    for update
  ),
  leased as materialized (
    select
      lease.job_id,
      lease.epoch
    from
      job_leases lease,
      (
        select
          count(*)
        from
          slot
      ) s
    where
      lease.job_id in (
        select
          id
        from
          wanted
      )
    order by
      lease.job_id
    for update of
      lease
  ),
  unleased as (
    delete from job_leases lease using leased
    where
      lease.job_id = leased.job_id
      and lease.epoch = leased.epoch
    returning
      lease.job_id,
      lease.epoch,
      lease.attempt,
      lease.worker_id,
      lease.claimed_at
  ),
  lined as materialized (
    select
      ctid as tid
    from
      job_ready
    where
      ctid = any (
        array(
          select
            place.tid
          from
            wanted
            cross join lateral (
              select
                ctid as tid
              from
                job_ready
              where
                lane_id = wanted.lane_id
                and priority = wanted.priority
                and turn = 0
                and sequence = wanted.sequence
              union all
              select
                ctid
              from
                job_ready
              where
                job_id = wanted.id
                and turn > 0
            ) place,
            (
              select
                count(*)
              from
                leased
            ) s
          where
            wanted.status = 'pending'
        )
      )
    order by
      job_id
    for update
  ),
  due as materialized (
    select
      sched.run_at,
      sched.job_id
    from
      wanted
      join job_scheduled sched on sched.run_at = wanted.run_at
      and sched.job_id = wanted.id,
      (
        select
          count(*)
        from
          lined
      ) s
    where
      wanted.status = 'pending'
    order by
      sched.job_id
    for update of
      sched
  ),
  unready as (
    delete from job_ready
    where
      ctid = any (
        array(
          select
            tid
          from
            lined
        )
      )
    returning
      job_id,
      lane_id,
      priority,
      turn
  ),
  unscheduled as (
    delete from job_scheduled sched using due
    where
      sched.run_at = due.run_at
      and sched.job_id = due.job_id
    returning
      sched.job_id
  ),
  waiting as materialized (
    select
      j.id,
      j.depends_on
    from
      jobs j
    where
      (
        select
          count(*)
        from
          due
      ) >= 0
      and j.id in (
        select
          id
        from
          wanted
        where
          status = 'pending'
      )
      and j.status = 'pending'
      and j.waits_for > 0
    order by
      j.id
    for update of
      j
  ),
  left_turn as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(j.fair_key, '') as fair_key,
      sum(round(1000000 / j.fair_weight))::bigint as step
    from
      unready line
      join jobs j on j.id = line.job_id
      -- One that has started before stands in line without a turn of its own.
    where
      line.turn > 0
      and j.epoch = 0
    group by
      1,
      2,
      3
  ),
  locked_turn as materialized (
    select
      known.lane_id,
      known.priority,
      known.fair_key,
      left_turn.step
    from
      job_fair_turns known
      join left_turn using (lane_id, priority, fair_key)
    order by
      known.lane_id,
      known.priority,
      known.fair_key
    for update of
      known
  ),
  given_back as (
    update job_fair_turns known
    set
      next_turn = known.next_turn - locked_turn.step
    from
      locked_turn
    where
      known.lane_id = locked_turn.lane_id
      and known.priority = locked_turn.priority
      and known.fair_key = locked_turn.fair_key
  ),
  unawaited as (
    delete from job_dependencies dep using waiting
    where
      dep.dependency_id = any (waiting.depends_on)
      and dep.job_id = waiting.id
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
    union all
    select
      id,
      null,
      null,
      null,
      null,
      'pending'
    from
      waiting
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
      waits_for = 0,
      error = coalesce($2, j.error)
    from
      free,
      clock
    where
      j.id = free.job_id
      and j.status in ('pending', 'running')
    returning
      j.id,
      j.job_type,
      j.benchmark_id,
      j.unique_key,
      j.has_dependants,
      free.was,
      free.worker_id,
      free.epoch,
      free.attempt,
      free.claimed_at
  ),
  stopped as materialized (
    select
      *
    from
      ended
    where
      was = 'running'
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
    where
      true
  ),
  noted as (
    insert into
      job_ended_dependencies (job_id, status)
    select
      id,
      'cancelled'
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
      stopped,
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
      stopped
    having
      count(*) > 0
  ),
  freed_slots as (
    update worker_slots slot
    set
      used = greatest(slot.used - done.jobs, 0)
    from
      (
        select
          worker_id,
          count(*)::integer as jobs
        from
          stopped
        group by
          worker_id
      ) done
    where
      slot.worker_id = done.worker_id
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
        count(*) - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer
    from
      ended
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
        request_id,
        external
      )
    select
      ($4::uuid[]) [row_number() over ()] as id,
      'cancel' as action,
      'job' as entity_type,
      id::text as entity_id,
      jsonb_build_object(
        'before',
        jsonb_build_object(
          'status',
          (
            case was
              when 'scheduled' then 'pending'
              else was
            end
          )
        )
      ) || $5::jsonb as changes,
      $6::uuid as user_id,
      $7::uuid as api_key_id,
      $8::text as actor,
      $9::text as ip_address,
      $10::text as user_agent,
      $11::text as request_id,
      false as external
    from
      ended
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
