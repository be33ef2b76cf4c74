-- job_insert_dependent
with
  dependency as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::uuid[], $3::bool[], $4::bool[]) with ordinality as dependency (job_id, dependency_id, is_open, runs_after_failure, ordinality)
  ),
  dependent as materialized (
    select
      job_id,
      array_agg(
        dependency_id
        order by
          ordinality
      ) as depends_on,
      (
        count(*) filter (
          where
            is_open
        )
      )::integer as waits_for,
      bool_or(runs_after_failure) as runs_after_failure
    from
      dependency
    group by
      job_id
  ),
  wanted as materialized (
    select
      wanted.id,
      wanted.job_type,
      wanted.limit_key,
      wanted.has_keys,
      lane.fair,
      array(
        select
          jsonb_array_elements_text(wanted.required_tags)
      ) as required_tags,
      lane.id is null as is_new,
      lane.id is null
      or lane.retired_at is not null
      or (
        wanted.has_keys
        and not lane.fair
      ) as is_missing
    from
      unnest($5::uuid[], $6::text[], $7::jsonb[], $8::text[], $9::bool[]) as wanted (id, job_type, required_tags, limit_key, has_keys)
      left join job_lanes lane on lane.id = wanted.id
  ),
  made as (
    insert into
      job_lanes (id, job_type, required_tags, limit_key, fair)
    select
      id,
      job_type,
      required_tags,
      limit_key,
      has_keys
    from
      wanted
    where
      is_missing
      and (
        not is_new
        or (
          select
            count(*)
          from
            job_lanes
        ) + (
          select
            count(*)
          from
            wanted
          where
            is_new
        ) <= $10
      )
    order by
      id
    on conflict (id) do update
    set
      retired_at = null,
      fair = job_lanes.fair
      or excluded.fair
    returning
      id
  ),
  given as materialized (
    select
      *
    from
      unnest(
        $11::uuid[],
        $12::uuid[],
        $13::int4[],
        $14::jsonb[],
        $15::int4[],
        $16::int4[],
        $17::int4[],
        $18::int4[],
        $19::int4[],
        $20::timestamptz[],
        $21::int8[],
        $22::int8[],
        $23::uuid[],
        $24::text[],
        $25::text[],
        $26::float8[],
        $27::jsonb[],
        $28::uuid[]
      ) with ordinality as given (
        id,
        lane_id,
        bytes,
        payload,
        priority,
        max_retries,
        max_snoozes,
        timeout_seconds,
        tokens,
        run_at,
        delay_ms,
        start_within_ms,
        benchmark_id,
        unique_key,
        fair_key,
        fair_weight,
        metadata,
        created_by,
        ordinality
      )
  ),
  benchmark as materialized (
    select
      b.id,
      b.created_at,
      b.created_by
    from
      benchmarks b
    where
      b.id in (
        select
          benchmark_id
        from
          given
      )
      and not exists (
        select
        from
          benchmark_deletions deletion
        where
          deletion.benchmark_id = b.id
      )
    order by
      b.id
    for key share of
      b
  ),
  item as materialized (
    select
      given.*,
      lane.job_type,
      lane.required_tags,
      lane.limit_key,
      coalesce(run_at, now() + delay_ms * interval '1 ms') as due_at,
      greatest(coalesce(run_at, now() + delay_ms * interval '1 ms'), now()) + start_within_ms * interval '1 ms' as start_by,
      dependent.depends_on,
      coalesce(dependent.waits_for, 0) as waits_for,
      coalesce(dependent.runs_after_failure, false) as runs_after_failure,
      given.id in (
        select
          dependency_id
        from
          dependency
        where
          is_open
      ) as has_dependants
    from
      given
      join wanted lane on lane.id = given.lane_id
      and (
        not lane.is_missing
        or lane.id in (
          select
            id
          from
            made
        )
      )
      left join dependent on dependent.job_id = given.id
    where
      (
        given.benchmark_id is null
        or given.benchmark_id in (
          select
            id
          from
            benchmark
        )
      )
  ),
  keyed as (
    insert into
      job_keys (job_type, unique_key, job_id)
    select
      job_type,
      unique_key,
      id
    from
      item
    where
      unique_key is not null
    order by
      job_type,
      unique_key,
      ordinality
    on conflict do nothing
    returning
      job_id
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
          ordinality rows unbounded preceding
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
          ordinality
        from
          item j
          left join job_lanes lane on lane.id = j.lane_id
        where
          (
            j.fair_key is not null
            or lane.fair
          )
          and (
            due_at is null
            or due_at <= now()
          )
          and j.waits_for = 0
          and (
            unique_key is null
            or exists (
              select
              from
                keyed
              where
                keyed.job_id = j.id
            )
          )
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
          $29
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
  created as (
    insert into
      jobs (
        id,
        lane_id,
        bytes,
        job_type,
        required_tags,
        limit_key,
        payload,
        priority,
        max_retries,
        max_snoozes,
        timeout_seconds,
        tokens,
        run_at,
        start_by,
        benchmark_id,
        unique_key,
        fair_key,
        fair_weight,
        metadata,
        created_by,
        depends_on,
        waits_for,
        runs_after_failure,
        has_dependants
      )
    select
      id,
      lane_id,
      bytes,
      job_type,
      required_tags,
      limit_key,
      payload,
      priority,
      max_retries,
      max_snoozes,
      timeout_seconds,
      tokens,
      due_at,
      start_by,
      benchmark_id,
      unique_key,
      fair_key,
      fair_weight,
      metadata,
      created_by,
      depends_on,
      waits_for,
      runs_after_failure,
      has_dependants
    from
      item
    where
      (
        unique_key is null
        or exists (
          select
          from
            keyed
          where
            keyed.job_id = item.id
        )
      )
    order by
      ordinality
    returning
      id,
      sequence,
      lane_id,
      priority,
      bytes,
      run_at,
      start_by,
      job_type,
      benchmark_id,
      waits_for
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority, bytes, turn)
    select
      id,
      sequence,
      lane_id,
      priority,
      bytes,
      coalesce(turn.turn, 0)
    from
      created
      full join turn using (id)
    where
      waits_for = 0
      and (
        run_at is null
        or run_at <= now()
      )
  ),
  wait as (
    insert into
      job_dependencies (dependency_id, job_id)
    select
      dependency_id,
      job_id
    from
      dependency
    where
      is_open
      and job_id in (
        select
          id
        from
          created
      )
  ),
  noted as (
    -- What has ended, and cancels these jobs, is noted once more: its end may be settled by now. This waits
    -- for whoever is just settling it.
    insert into
      job_ended_dependencies (job_id, status)
    select
      id,
      status
    from
      jobs
    where
      status in ('failed', 'cancelled')
      and id in (
        select
          dependency_id
        from
          dependency
        where
          is_open
          and job_id in (
            select
              id
            from
              created
          )
      )
    order by
      id
    on conflict (job_id) do update
    set
      status = excluded.status
  ),
  scheduled as (
    insert into
      job_scheduled (run_at, job_id)
    select
      run_at,
      id
    from
      created
    where
      waits_for = 0
      and run_at > now()
  ),
  deadline as (
    insert into
      job_start_deadlines (start_by, job_id)
    select
      start_by,
      id
    from
      created
    where
      start_by is not null
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
                when waits_for = 0
                and run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'pending'
        ) - 0
      )::integer,
      (
        count(*) filter (
          where
            (
              case
                when waits_for = 0
                and run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'scheduled'
        ) - 0
      )::integer
    from
      created
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
      created
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
        $30::uuid[],
        $31::text[],
        $32::text[],
        $33::text[],
        $34::text[],
        $35::uuid[],
        $36::uuid[],
        $37::text[],
        $38::text[],
        $39::text[],
        $40::text[]
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
      entry.entity_id in (
        select
          id::text
        from
          created
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
  now() as created_at,
  count(*) as inserted,
  case
    when count(*) < $41 then array_agg(id)
  end as ids,
  case
    when count(*) < $42 then exists (
      select
      from
        wanted
      where
        fair
    )
  end as is_fair
from
  created;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $3 = '{true}'
-- $4 = '{false}'
-- $5 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $6 = '{t}'
-- $7 = '{[]}'
-- $8 = '{null}'
-- $9 = '{false}'
-- $10 = 5000
-- $11 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $12 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $13 = '{1000}'
-- $14 = '{"{}"}'
-- $15 = '{0}'
-- $16 = '{3}'
-- $17 = '{1000}'
-- $18 = '{300}'
-- $19 = '{0}'
-- $20 = '{null}'
-- $21 = '{null}'
-- $22 = '{null}'
-- $23 = '{null}'
-- $24 = '{null}'
-- $25 = '{null}'
-- $26 = '{1}'
-- $27 = '{null}'
-- $28 = '{null}'
-- $29 = 100
-- $30 = made anew each time
-- $31 = '{create}'
-- $32 = '{job}'
-- $33 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $34 = '{"{\"after\":{\"job_type\":\"t\",\"payload\":{},\"priority\":0,\"max_retries\":3,\"max_sno…'
-- $35 = '{null}'
-- $36 = '{null}'
-- $37 = '{service}'
-- $38 = '{null}'
-- $39 = '{null}'
-- $40 = '{null}'
-- $41 = 1
-- $42 = 1
