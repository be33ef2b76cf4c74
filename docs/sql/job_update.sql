-- job_update, 1 of 3
with
  wanted as materialized (
    select
      j.id,
      j.lane_id,
      j.priority,
      j.sequence,
      j.run_at,
      j.status
    from
      jobs j
    where
      j.id = $1
      and j.version = $2
      and j.status = 'pending'
      and (
        exists (
          select
          from
            job_lanes
          where
            id = $3
        )
        or (
          select
            count(*)
          from
            job_lanes
        ) < $4
      )
  ),
  lined as materialized (
    select
      ready.lane_id,
      ready.priority,
      ready.sequence
    from
      wanted
      join job_ready ready on ready.lane_id = wanted.lane_id
      and ready.priority = wanted.priority
      and ready.sequence = wanted.sequence,
      (
        select
          count(*)
        from
          wanted
      ) s
    where
      wanted.status = 'pending'
    order by
      ready.job_id
    for update of
      ready
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
    delete from job_ready ready using lined
    where
      ready.lane_id = lined.lane_id
      and ready.priority = lined.priority
      and ready.sequence = lined.sequence
    returning
      ready.job_id
  ),
  unscheduled as (
    delete from job_scheduled sched using due
    where
      sched.run_at = due.run_at
      and sched.job_id = due.job_id
    returning
      sched.job_id
  ),
  free as materialized (
    select
      job_id,
      'pending' as was
    from
      unready
    union all
    select
      job_id,
      'scheduled'
    from
      unscheduled
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      free
  ),
  updated as (
    update jobs j
    set
      version = j.version + 1,
      updated_at = clock.at,
      lane_id = $5,
      bytes = $6
    from
      free,
      clock
    where
      j.id = free.job_id
      and j.status = 'pending'
    returning
      j.id,
      j.benchmark_id,
      j.lane_id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      j.sequence,
      j.priority,
      j.bytes,
      j.error,
      j.run_at,
      free.was,
      case
        when j.run_at > clock.at then 'scheduled'
        else 'pending'
      end as becomes
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
      updated j
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
      updated
    where
      becomes = 'pending'
  ),
  scheduled as (
    insert into
      job_scheduled (run_at, job_id)
    select
      run_at,
      id
    from
      updated
    where
      becomes = 'scheduled'
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
        count(*) filter (
          where
            becomes = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer,
      (
        count(*) filter (
          where
            becomes = 'scheduled'
        ) - count(*) filter (
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
      updated
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
      updated
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
      entry.id,
      entry.action,
      entry.entity_type,
      entry.entity_id,
      entry.changes::jsonb,
      entry.user_id,
      entry.api_key_id,
      entry.actor,
      entry.ip_address,
      entry.user_agent,
      entry.request_id,
      false
    from
      unnest(
        $7::uuid[],
        $8::text[],
        $9::text[],
        $10::text[],
        $11::text[],
        $12::uuid[],
        $13::uuid[],
        $14::text[],
        $15::text[],
        $16::text[],
        $17::text[]
      ) as entry (
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
    where
      exists (
        select
        from
          updated
      )
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
  updated;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 1
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 5000
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 1000
-- $7 = made anew each time
-- $8 = '{update}'
-- $9 = '{job}'
-- $10 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $11 = '{null}'
-- $12 = '{null}'
-- $13 = '{null}'
-- $14 = '{service}'
-- $15 = '{null}'
-- $16 = '{null}'
-- $17 = '{null}'

-- job_update, 2 of 3
with
  wanted as materialized (
    select
      j.id,
      j.lane_id,
      j.priority,
      j.sequence,
      j.run_at,
      j.status
    from
      jobs j
    where
      j.id = $1
      and j.version = $2
      and j.status = 'pending'
      and (
        exists (
          select
          from
            job_lanes
          where
            id = $3
        )
        or (
          select
            count(*)
          from
            job_lanes
        ) < $4
      )
  ),
  lined as materialized (
    select
      ready.lane_id,
      ready.priority,
      ready.sequence
    from
      wanted
      join job_ready ready on ready.lane_id = wanted.lane_id
      and ready.priority = wanted.priority
      and ready.sequence = wanted.sequence,
      (
        select
          count(*)
        from
          wanted
      ) s
    where
      wanted.status = 'pending'
    order by
      ready.job_id
    for update of
      ready
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
    delete from job_ready ready using lined
    where
      ready.lane_id = lined.lane_id
      and ready.priority = lined.priority
      and ready.sequence = lined.sequence
    returning
      ready.job_id
  ),
  unscheduled as (
    delete from job_scheduled sched using due
    where
      sched.run_at = due.run_at
      and sched.job_id = due.job_id
    returning
      sched.job_id
  ),
  free as materialized (
    select
      job_id,
      'pending' as was
    from
      unready
    union all
    select
      job_id,
      'scheduled'
    from
      unscheduled
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      free
  ),
  updated as (
    update jobs j
    set
      version = j.version + 1,
      updated_at = clock.at,
      priority = $5,
      payload = $6,
      metadata = $7,
      limit_key = $8,
      required_tags = $9::"text" [],
      lane_id = $10,
      bytes = $11,
      run_at = clock.at + $12 * interval '1 ms'
    from
      free,
      clock
    where
      j.id = free.job_id
      and j.status = 'pending'
    returning
      j.id,
      j.benchmark_id,
      j.lane_id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      j.sequence,
      j.priority,
      j.bytes,
      j.error,
      j.run_at,
      free.was,
      case
        when j.run_at > clock.at then 'scheduled'
        else 'pending'
      end as becomes
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
      updated j
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
      updated
    where
      becomes = 'pending'
  ),
  scheduled as (
    insert into
      job_scheduled (run_at, job_id)
    select
      run_at,
      id
    from
      updated
    where
      becomes = 'scheduled'
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
        count(*) filter (
          where
            becomes = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer,
      (
        count(*) filter (
          where
            becomes = 'scheduled'
        ) - count(*) filter (
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
      updated
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
      updated
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
      entry.id,
      entry.action,
      entry.entity_type,
      entry.entity_id,
      entry.changes::jsonb,
      entry.user_id,
      entry.api_key_id,
      entry.actor,
      entry.ip_address,
      entry.user_agent,
      entry.request_id,
      false
    from
      unnest(
        $13::uuid[],
        $14::text[],
        $15::text[],
        $16::text[],
        $17::text[],
        $18::uuid[],
        $19::uuid[],
        $20::text[],
        $21::text[],
        $22::text[],
        $23::text[]
      ) as entry (
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
    where
      exists (
        select
        from
          updated
      )
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
  updated;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 1
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 5000
-- $5 = 1
-- $6 = '{}'
-- $7 = null
-- $8 = 'k'
-- $9 = '{t}'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = 1000
-- $12 = 1
-- $13 = made anew each time
-- $14 = '{update}'
-- $15 = '{job}'
-- $16 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $17 = '{null}'
-- $18 = '{null}'
-- $19 = '{null}'
-- $20 = '{service}'
-- $21 = '{null}'
-- $22 = '{null}'
-- $23 = '{null}'

-- job_update, 3 of 3
with
  wanted as materialized (
    select
      j.id,
      j.lane_id,
      j.priority,
      j.sequence,
      j.run_at,
      j.status
    from
      jobs j
    where
      j.id = $1
      and j.version = $2
      and j.status = 'pending'
      and (
        exists (
          select
          from
            job_lanes
          where
            id = $3
        )
        or (
          select
            count(*)
          from
            job_lanes
        ) < $4
      )
  ),
  lined as materialized (
    select
      ready.lane_id,
      ready.priority,
      ready.sequence
    from
      wanted
      join job_ready ready on ready.lane_id = wanted.lane_id
      and ready.priority = wanted.priority
      and ready.sequence = wanted.sequence,
      (
        select
          count(*)
        from
          wanted
      ) s
    where
      wanted.status = 'pending'
    order by
      ready.job_id
    for update of
      ready
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
    delete from job_ready ready using lined
    where
      ready.lane_id = lined.lane_id
      and ready.priority = lined.priority
      and ready.sequence = lined.sequence
    returning
      ready.job_id
  ),
  unscheduled as (
    delete from job_scheduled sched using due
    where
      sched.run_at = due.run_at
      and sched.job_id = due.job_id
    returning
      sched.job_id
  ),
  free as materialized (
    select
      job_id,
      'pending' as was
    from
      unready
    union all
    select
      job_id,
      'scheduled'
    from
      unscheduled
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      free
  ),
  updated as (
    update jobs j
    set
      version = j.version + 1,
      updated_at = clock.at,
      run_at = $5,
      max_retries = $6,
      timeout_seconds = $7,
      lane_id = $8,
      bytes = $9
    from
      free,
      clock
    where
      j.id = free.job_id
      and j.status = 'pending'
    returning
      j.id,
      j.benchmark_id,
      j.lane_id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      j.sequence,
      j.priority,
      j.bytes,
      j.error,
      j.run_at,
      free.was,
      case
        when j.run_at > clock.at then 'scheduled'
        else 'pending'
      end as becomes
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
      updated j
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
      updated
    where
      becomes = 'pending'
  ),
  scheduled as (
    insert into
      job_scheduled (run_at, job_id)
    select
      run_at,
      id
    from
      updated
    where
      becomes = 'scheduled'
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
        count(*) filter (
          where
            becomes = 'pending'
        ) - count(*) filter (
          where
            was = 'pending'
        )
      )::integer,
      (
        count(*) filter (
          where
            becomes = 'scheduled'
        ) - count(*) filter (
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
      updated
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
      updated
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
      entry.id,
      entry.action,
      entry.entity_type,
      entry.entity_id,
      entry.changes::jsonb,
      entry.user_id,
      entry.api_key_id,
      entry.actor,
      entry.ip_address,
      entry.user_agent,
      entry.request_id,
      false
    from
      unnest(
        $10::uuid[],
        $11::text[],
        $12::text[],
        $13::text[],
        $14::text[],
        $15::uuid[],
        $16::uuid[],
        $17::text[],
        $18::text[],
        $19::text[],
        $20::text[]
      ) as entry (
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
    where
      exists (
        select
        from
          updated
      )
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
  updated;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 1
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 5000
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = 1
-- $7 = 1
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = 1000
-- $10 = made anew each time
-- $11 = '{update}'
-- $12 = '{job}'
-- $13 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $14 = '{null}'
-- $15 = '{null}'
-- $16 = '{null}'
-- $17 = '{service}'
-- $18 = '{null}'
-- $19 = '{null}'
-- $20 = '{null}'
