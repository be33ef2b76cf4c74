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
  free as materialized (
    select
      job_id,
      'pending' as was,
      lane_id,
      priority,
      turn
    from
      unready
    union all
    select
      job_id,
      'scheduled',
      null,
      null,
      0
    from
      unscheduled
    union all
    select
      id,
      'pending',
      null,
      null,
      0
    from
      waiting
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
      j.fair_key,
      j.sequence,
      j.priority,
      j.fair_weight,
      j.bytes,
      j.error,
      j.run_at,
      j.waits_for,
      free.was,
      case
        when j.run_at > clock.at
        and j.waits_for = 0 then 'scheduled'
        else 'pending'
      end as becomes,
      case
        when j.run_at > clock.at
        or (j.lane_id, j.priority) <> (free.lane_id, free.priority) then 0
        else free.turn
      end as own_turn
  ),
  moved as (
    select
      unready.*
    from
      unready
      join updated on updated.id = unready.job_id
    where
      own_turn = 0
  ),
  left_turn as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(j.fair_key, '') as fair_key,
      sum(round(1000000 / j.fair_weight))::bigint as step
    from
      moved line
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
  made as (
    insert into
      job_lanes (id, job_type, required_tags, limit_key, fair)
    select
      lane_id,
      job_type,
      required_tags,
      limit_key,
      bool_or(fair_key is not null)
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
          and (
            lane.fair
            or j.fair_key is null
          )
      )
    group by
      lane_id,
      job_type,
      required_tags,
      limit_key
    order by
      lane_id
    on conflict (id) do update
    set
      retired_at = null,
      fair = job_lanes.fair
      or excluded.fair
    returning
      id
  ),
  turning as materialized (
    select
      *,
      sum(step) over (
        partition by
          lane_id,
          priority,
          fair_key,
          keeps
        order by
          sequence rows unbounded preceding
      )::bigint - step as before
    from
      (
        select
          j.id,
          j.lane_id,
          j.priority,
          j.job_type,
          coalesce(j.fair_key, '') as fair_key,
          round(1000000 / j.fair_weight)::bigint as step,
          false as keeps,
          sequence
        from
          updated j
          left join job_lanes lane on lane.id = j.lane_id
        where
          (
            j.fair_key is not null
            or lane.fair
          )
          and becomes = 'pending'
          and waits_for = 0
          and own_turn = 0
      ) j
  ),
  line as materialized (
    select
      lane_id,
      priority,
      job_type,
      (
        select
          turn
        from
          job_ready
        where
          lane_id = own.lane_id
          and priority = own.priority
          and turn > 0
        order by
          turn,
          sequence
        limit
          1
      ) as first
    from
      (
        select distinct
          lane_id,
          priority,
          job_type
        from
          turning
      ) own
  ),
  type_line as materialized (
    select
      own.job_type,
      own.priority,
      min(head.turn) as first
    from
      (
        select distinct
          job_type,
          priority
        from
          line
        where
          first is null
      ) own
      cross join lateral (
        select
          id
        from
          job_lanes lane
        where
          lane.fair
          and lane.job_type = own.job_type
        order by
          number desc
        limit
          $7
      ) lane
      cross join lateral (
        select
          turn
        from
          job_ready
        where
          lane_id = lane.id
          and priority = own.priority
          and turn > 0
        order by
          turn,
          sequence
        limit
          1
      ) head
    group by
      own.job_type,
      own.priority
  ),
  line_time as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(
        line.first,
        greatest(
          (
            select
              next_turn
            from
              (
                select
                  ctid as tid,
                  next_turn
                from
                  job_fair_turns
                where
                  lane_id = line.lane_id
                  and priority = line.priority
                order by
                  next_turn desc
                limit
                  1
              ) last
          ),
          (
            select
              other.first
            from
              type_line other
            where
              other.job_type = line.job_type
              and other.priority = line.priority
          )
        ),
        1
      ) as now_turn
    from
      line
  ),
  key_turn as (
    insert into
      job_fair_turns as known (lane_id, priority, fair_key, next_turn, step)
    select
      lane_id,
      priority,
      fair_key,
      now_turn + sum(step),
      sum(step)
    from
      turning
      join line_time using (lane_id, priority)
    where
      not keeps
    group by
      lane_id,
      priority,
      fair_key,
      now_turn
    order by
      lane_id,
      priority,
      fair_key
    on conflict (lane_id, priority, fair_key) do update
    set
      next_turn = greatest(known.next_turn + excluded.step, excluded.next_turn),
      step = excluded.step
    returning
      lane_id,
      priority,
      fair_key,
      next_turn - step as first
  ),
  turn as materialized (
    select
      turning.id,
      case
        when keeps then now_turn
        else key_turn.first + before
      end as turn
    from
      turning
      full join line_time using (lane_id, priority)
      full join key_turn using (lane_id, priority, fair_key)
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority, bytes, turn)
    select
      id,
      sequence,
      lane_id,
      priority,
      bytes + coalesce(octet_length(error), 0),
      coalesce(turn.turn, own_turn)
    from
      updated
      full join turn using (id)
    where
      becomes = 'pending'
      and waits_for = 0
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
        $8::uuid[],
        $9::text[],
        $10::text[],
        $11::text[],
        $12::text[],
        $13::uuid[],
        $14::uuid[],
        $15::text[],
        $16::text[],
        $17::text[],
        $18::text[]
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
-- $7 = 100
-- $8 = made anew each time
-- $9 = '{update}'
-- $10 = '{job}'
-- $11 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $12 = '{null}'
-- $13 = '{null}'
-- $14 = '{null}'
-- $15 = '{service}'
-- $16 = '{null}'
-- $17 = '{null}'
-- $18 = '{null}'

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
  free as materialized (
    select
      job_id,
      'pending' as was,
      lane_id,
      priority,
      turn
    from
      unready
    union all
    select
      job_id,
      'scheduled',
      null,
      null,
      0
    from
      unscheduled
    union all
    select
      id,
      'pending',
      null,
      null,
      0
    from
      waiting
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
      j.fair_key,
      j.sequence,
      j.priority,
      j.fair_weight,
      j.bytes,
      j.error,
      j.run_at,
      j.waits_for,
      free.was,
      case
        when j.run_at > clock.at
        and j.waits_for = 0 then 'scheduled'
        else 'pending'
      end as becomes,
      case
        when j.run_at > clock.at
        or (j.lane_id, j.priority) <> (free.lane_id, free.priority) then 0
        else free.turn
      end as own_turn
  ),
  moved as (
    select
      unready.*
    from
      unready
      join updated on updated.id = unready.job_id
    where
      own_turn = 0
  ),
  left_turn as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(j.fair_key, '') as fair_key,
      sum(round(1000000 / j.fair_weight))::bigint as step
    from
      moved line
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
  made as (
    insert into
      job_lanes (id, job_type, required_tags, limit_key, fair)
    select
      lane_id,
      job_type,
      required_tags,
      limit_key,
      bool_or(fair_key is not null)
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
          and (
            lane.fair
            or j.fair_key is null
          )
      )
    group by
      lane_id,
      job_type,
      required_tags,
      limit_key
    order by
      lane_id
    on conflict (id) do update
    set
      retired_at = null,
      fair = job_lanes.fair
      or excluded.fair
    returning
      id
  ),
  turning as materialized (
    select
      *,
      sum(step) over (
        partition by
          lane_id,
          priority,
          fair_key,
          keeps
        order by
          sequence rows unbounded preceding
      )::bigint - step as before
    from
      (
        select
          j.id,
          j.lane_id,
          j.priority,
          j.job_type,
          coalesce(j.fair_key, '') as fair_key,
          round(1000000 / j.fair_weight)::bigint as step,
          false as keeps,
          sequence
        from
          updated j
          left join job_lanes lane on lane.id = j.lane_id
        where
          (
            j.fair_key is not null
            or lane.fair
          )
          and becomes = 'pending'
          and waits_for = 0
          and own_turn = 0
      ) j
  ),
  line as materialized (
    select
      lane_id,
      priority,
      job_type,
      (
        select
          turn
        from
          job_ready
        where
          lane_id = own.lane_id
          and priority = own.priority
          and turn > 0
        order by
          turn,
          sequence
        limit
          1
      ) as first
    from
      (
        select distinct
          lane_id,
          priority,
          job_type
        from
          turning
      ) own
  ),
  type_line as materialized (
    select
      own.job_type,
      own.priority,
      min(head.turn) as first
    from
      (
        select distinct
          job_type,
          priority
        from
          line
        where
          first is null
      ) own
      cross join lateral (
        select
          id
        from
          job_lanes lane
        where
          lane.fair
          and lane.job_type = own.job_type
        order by
          number desc
        limit
          $13
      ) lane
      cross join lateral (
        select
          turn
        from
          job_ready
        where
          lane_id = lane.id
          and priority = own.priority
          and turn > 0
        order by
          turn,
          sequence
        limit
          1
      ) head
    group by
      own.job_type,
      own.priority
  ),
  line_time as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(
        line.first,
        greatest(
          (
            select
              next_turn
            from
              (
                select
                  ctid as tid,
                  next_turn
                from
                  job_fair_turns
                where
                  lane_id = line.lane_id
                  and priority = line.priority
                order by
                  next_turn desc
                limit
                  1
              ) last
          ),
          (
            select
              other.first
            from
              type_line other
            where
              other.job_type = line.job_type
              and other.priority = line.priority
          )
        ),
        1
      ) as now_turn
    from
      line
  ),
  key_turn as (
    insert into
      job_fair_turns as known (lane_id, priority, fair_key, next_turn, step)
    select
      lane_id,
      priority,
      fair_key,
      now_turn + sum(step),
      sum(step)
    from
      turning
      join line_time using (lane_id, priority)
    where
      not keeps
    group by
      lane_id,
      priority,
      fair_key,
      now_turn
    order by
      lane_id,
      priority,
      fair_key
    on conflict (lane_id, priority, fair_key) do update
    set
      next_turn = greatest(known.next_turn + excluded.step, excluded.next_turn),
      step = excluded.step
    returning
      lane_id,
      priority,
      fair_key,
      next_turn - step as first
  ),
  turn as materialized (
    select
      turning.id,
      case
        when keeps then now_turn
        else key_turn.first + before
      end as turn
    from
      turning
      full join line_time using (lane_id, priority)
      full join key_turn using (lane_id, priority, fair_key)
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority, bytes, turn)
    select
      id,
      sequence,
      lane_id,
      priority,
      bytes + coalesce(octet_length(error), 0),
      coalesce(turn.turn, own_turn)
    from
      updated
      full join turn using (id)
    where
      becomes = 'pending'
      and waits_for = 0
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
        $14::uuid[],
        $15::text[],
        $16::text[],
        $17::text[],
        $18::text[],
        $19::uuid[],
        $20::uuid[],
        $21::text[],
        $22::text[],
        $23::text[],
        $24::text[]
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
-- $13 = 100
-- $14 = made anew each time
-- $15 = '{update}'
-- $16 = '{job}'
-- $17 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $18 = '{null}'
-- $19 = '{null}'
-- $20 = '{null}'
-- $21 = '{service}'
-- $22 = '{null}'
-- $23 = '{null}'
-- $24 = '{null}'

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
  free as materialized (
    select
      job_id,
      'pending' as was,
      lane_id,
      priority,
      turn
    from
      unready
    union all
    select
      job_id,
      'scheduled',
      null,
      null,
      0
    from
      unscheduled
    union all
    select
      id,
      'pending',
      null,
      null,
      0
    from
      waiting
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
      j.fair_key,
      j.sequence,
      j.priority,
      j.fair_weight,
      j.bytes,
      j.error,
      j.run_at,
      j.waits_for,
      free.was,
      case
        when j.run_at > clock.at
        and j.waits_for = 0 then 'scheduled'
        else 'pending'
      end as becomes,
      case
        when j.run_at > clock.at
        or (j.lane_id, j.priority) <> (free.lane_id, free.priority) then 0
        else free.turn
      end as own_turn
  ),
  moved as (
    select
      unready.*
    from
      unready
      join updated on updated.id = unready.job_id
    where
      own_turn = 0
  ),
  left_turn as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(j.fair_key, '') as fair_key,
      sum(round(1000000 / j.fair_weight))::bigint as step
    from
      moved line
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
  made as (
    insert into
      job_lanes (id, job_type, required_tags, limit_key, fair)
    select
      lane_id,
      job_type,
      required_tags,
      limit_key,
      bool_or(fair_key is not null)
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
          and (
            lane.fair
            or j.fair_key is null
          )
      )
    group by
      lane_id,
      job_type,
      required_tags,
      limit_key
    order by
      lane_id
    on conflict (id) do update
    set
      retired_at = null,
      fair = job_lanes.fair
      or excluded.fair
    returning
      id
  ),
  turning as materialized (
    select
      *,
      sum(step) over (
        partition by
          lane_id,
          priority,
          fair_key,
          keeps
        order by
          sequence rows unbounded preceding
      )::bigint - step as before
    from
      (
        select
          j.id,
          j.lane_id,
          j.priority,
          j.job_type,
          coalesce(j.fair_key, '') as fair_key,
          round(1000000 / j.fair_weight)::bigint as step,
          false as keeps,
          sequence
        from
          updated j
          left join job_lanes lane on lane.id = j.lane_id
        where
          (
            j.fair_key is not null
            or lane.fair
          )
          and becomes = 'pending'
          and waits_for = 0
          and own_turn = 0
      ) j
  ),
  line as materialized (
    select
      lane_id,
      priority,
      job_type,
      (
        select
          turn
        from
          job_ready
        where
          lane_id = own.lane_id
          and priority = own.priority
          and turn > 0
        order by
          turn,
          sequence
        limit
          1
      ) as first
    from
      (
        select distinct
          lane_id,
          priority,
          job_type
        from
          turning
      ) own
  ),
  type_line as materialized (
    select
      own.job_type,
      own.priority,
      min(head.turn) as first
    from
      (
        select distinct
          job_type,
          priority
        from
          line
        where
          first is null
      ) own
      cross join lateral (
        select
          id
        from
          job_lanes lane
        where
          lane.fair
          and lane.job_type = own.job_type
        order by
          number desc
        limit
          $10
      ) lane
      cross join lateral (
        select
          turn
        from
          job_ready
        where
          lane_id = lane.id
          and priority = own.priority
          and turn > 0
        order by
          turn,
          sequence
        limit
          1
      ) head
    group by
      own.job_type,
      own.priority
  ),
  line_time as materialized (
    select
      line.lane_id,
      line.priority,
      coalesce(
        line.first,
        greatest(
          (
            select
              next_turn
            from
              (
                select
                  ctid as tid,
                  next_turn
                from
                  job_fair_turns
                where
                  lane_id = line.lane_id
                  and priority = line.priority
                order by
                  next_turn desc
                limit
                  1
              ) last
          ),
          (
            select
              other.first
            from
              type_line other
            where
              other.job_type = line.job_type
              and other.priority = line.priority
          )
        ),
        1
      ) as now_turn
    from
      line
  ),
  key_turn as (
    insert into
      job_fair_turns as known (lane_id, priority, fair_key, next_turn, step)
    select
      lane_id,
      priority,
      fair_key,
      now_turn + sum(step),
      sum(step)
    from
      turning
      join line_time using (lane_id, priority)
    where
      not keeps
    group by
      lane_id,
      priority,
      fair_key,
      now_turn
    order by
      lane_id,
      priority,
      fair_key
    on conflict (lane_id, priority, fair_key) do update
    set
      next_turn = greatest(known.next_turn + excluded.step, excluded.next_turn),
      step = excluded.step
    returning
      lane_id,
      priority,
      fair_key,
      next_turn - step as first
  ),
  turn as materialized (
    select
      turning.id,
      case
        when keeps then now_turn
        else key_turn.first + before
      end as turn
    from
      turning
      full join line_time using (lane_id, priority)
      full join key_turn using (lane_id, priority, fair_key)
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority, bytes, turn)
    select
      id,
      sequence,
      lane_id,
      priority,
      bytes + coalesce(octet_length(error), 0),
      coalesce(turn.turn, own_turn)
    from
      updated
      full join turn using (id)
    where
      becomes = 'pending'
      and waits_for = 0
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
        $11::uuid[],
        $12::text[],
        $13::text[],
        $14::text[],
        $15::text[],
        $16::uuid[],
        $17::uuid[],
        $18::text[],
        $19::text[],
        $20::text[],
        $21::text[]
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
-- $10 = 100
-- $11 = made anew each time
-- $12 = '{update}'
-- $13 = '{job}'
-- $14 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $15 = '{null}'
-- $16 = '{null}'
-- $17 = '{null}'
-- $18 = '{service}'
-- $19 = '{null}'
-- $20 = '{null}'
-- $21 = '{null}'
