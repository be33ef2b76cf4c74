-- job_count_off
with
  edge as materialized (
    select
      dep.dependency_id,
      dep.job_id
    from
      job_dependencies dep
      join jobs j on j.id = dep.job_id
    where
      dep.dependency_id = any ($1::uuid[])
      and (
        j.runs_after_failure
        or dep.dependency_id = any ($2::uuid[])
      )
    limit
      $3
  ),
  waiting as materialized (
    select
      id
    from
      jobs
    where
      id in (
        select
          job_id
        from
          edge
      )
    order by
      id
    for update
  ),
  settled as (
    delete from job_dependencies dep using edge
    where
      dep.dependency_id = edge.dependency_id
      and dep.job_id = edge.job_id
      and (
        select
          count(*)
        from
          waiting
      ) >= 0
    returning
      dep.job_id
  ),
  counted_off as (
    update jobs j
    set
      waits_for = j.waits_for - done.dependencies
    from
      (
        select
          job_id,
          count(*)::integer as dependencies
        from
          settled
        group by
          job_id
      ) done
    where
      j.id = done.job_id
    returning
      j.id,
      j.waits_for,
      j.run_at,
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
      j.error
  ),
  moved as materialized (
    select
      *,
      run_at is null
      or run_at <= clock_timestamp() as is_due
    from
      counted_off
    where
      waits_for = 0
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
      moved j
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
          moved j
          left join job_lanes lane on lane.id = j.lane_id
        where
          (
            j.fair_key is not null
            or lane.fair
          )
          and is_due
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
          $4
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
      coalesce(turn.turn, 0)
    from
      moved
      full join turn using (id)
    where
      is_due
  ),
  scheduled as (
    insert into
      job_scheduled (run_at, job_id)
    select
      run_at,
      id
    from
      moved
    where
      not is_due
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, scheduled)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (
        count(*) filter (
          where
            (
              case
                when is_due then 'pending'
                else 'scheduled'
              end
            ) = 'pending'
        ) - count(*)
      )::integer,
      (
        count(*) filter (
          where
            (
              case
                when is_due then 'pending'
                else 'scheduled'
              end
            ) = 'scheduled'
        ) - 0
      )::integer
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
  count(*) as settled
from
  settled;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057, 01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $3 = 100
-- $4 = 100
