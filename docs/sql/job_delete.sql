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
                wanted
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
  ended as materialized (
    select
      fin.status,
      fin.finished_at,
      fin.job_id
    from
      wanted
      join job_finished fin on fin.status = wanted.status
      and fin.finished_at = wanted.completed_at
      and fin.job_id = wanted.id,
      (
        select
          count(*)
        from
          due
      ) s
    order by
      fin.job_id
    for update of
      fin
  ),
  unfinished as (
    delete from job_finished fin using ended
    where
      fin.status = ended.status
      and fin.finished_at = ended.finished_at
      and fin.job_id = ended.job_id
    returning
      fin.job_id,
      fin.status
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
    union all
    select
      id,
      'pending'
    from
      waiting
    order by
      job_id
  ),
  deleted as (
    delete from jobs j using free
    where
      j.id = free.job_id
      and j.status <> 'running'
    returning
      j.id,
      j.job_type,
      j.benchmark_id,
      j.unique_key,
      j.has_dependants,
      free.was
  ),
  noted as (
    insert into
      job_ended_dependencies (job_id, status)
    select
      id,
      'deleted'
    from
      deleted
    where
      has_dependants
      and was in ('pending', 'scheduled')
    order by
      id
    on conflict (job_id) do update
    set
      status = excluded.status
  ),
  freed_keys as (
    delete from job_keys key using deleted
    where
      true
      and deleted.unique_key is not null
      and key.job_type = deleted.job_type
      and key.unique_key = deleted.unique_key
      and key.job_id = deleted.id
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
        0 - count(*) filter (
          where
            was = 'cancelled'
        )
      )::integer
    from
      deleted
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
        request_id,
        external
      )
    select
      ($2::uuid[]) [row_number() over ()] as id,
      'delete' as action,
      'job' as entity_type,
      id::text as entity_id,
      jsonb_build_object(
        'before',
        jsonb_strip_nulls(
          jsonb_build_object(
            'status',
            (
              case was
                when 'scheduled' then 'pending'
                else was
              end
            ),
            'job_type',
            job_type,
            'benchmark_id',
            benchmark_id,
            'unique_key',
            unique_key
          )
        )
      ) as changes,
      $3::uuid as user_id,
      $4::uuid as api_key_id,
      $5::text as actor,
      $6::text as ip_address,
      $7::text as user_agent,
      $8::text as request_id,
      false as external
    from
      deleted
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
