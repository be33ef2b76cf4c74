-- job_retry
with
  named as materialized (
    select
      *
    from
      jobs j
    where
      j.id = any ($1::"uuid" [])
      and j.status in ('failed', 'cancelled')
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
          named
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
  wanted as materialized (
    select
      j.id,
      j.status,
      j.completed_at,
      j.unique_key,
      j.lane_id,
      j.job_type,
      j.required_tags,
      j.limit_key,
      j.fair_key
    from
      named j
      join job_finished fin on fin.status = j.status
      and fin.finished_at = j.completed_at
      and fin.job_id = j.id
    where
      j.benchmark_id is null
      or exists (
        select
        from
          benchmark b
        where
          (
            b.id = j.benchmark_id
            and (
              b.created_at <= j.created_at
              or b.created_by is not distinct from j.created_by
            )
          )
      )
    order by
      j.id
    for update of
      fin
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
      wanted j
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
  placed as materialized (
    -- Lanes are locked before keys, as where jobs are created.
    select
      wanted.*
    from
      wanted,
      (
        select
          count(*)
        from
          made
      ) m
  ),
  keyed as (
    insert into
      job_keys (job_type, unique_key, job_id)
    select
      job_type,
      unique_key,
      id
    from
      placed
    where
      unique_key is not null
    order by
      job_type,
      unique_key,
      id
    on conflict do nothing
    returning
      job_id
  ),
  retried as (
    update jobs j
    set
      status = 'pending',
      retry_count = 0,
      release_count = 0,
      snooze_count = 0,
      epoch = j.epoch + 1,
      run_at = null,
      error = null,
      result = null,
      progress = 0,
      progress_message = null,
      assigned_worker_id = null,
      started_at = null,
      completed_at = null,
      updated_at = clock_timestamp(),
      version = j.version + 1
    from
      wanted
    where
      j.id = wanted.id
      and (
        wanted.unique_key is null
        or exists (
          select
          from
            keyed
          where
            keyed.job_id = wanted.id
        )
      )
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
      wanted.status as was,
      wanted.completed_at
  ),
  unfinished as (
    delete from job_finished fin using retried
    where
      fin.status = retried.was
      and fin.finished_at = retried.completed_at
      and fin.job_id = retried.id
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
          retried j
          left join job_lanes lane on lane.id = j.lane_id
        where
          (
            j.fair_key is not null
            or lane.fair
          )
          and true
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
          $2
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
      retried
      full join turn using (id)
    where
      true
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
        count(*) - count(*) filter (
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
      retried
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
      retried
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
      ($3::uuid[]) [row_number() over ()] as id,
      'retry' as action,
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
      ) || $4::jsonb as changes,
      $5::uuid as user_id,
      $6::uuid as api_key_id,
      $7::text as actor,
      $8::text as ip_address,
      $9::text as user_agent,
      $10::text as request_id,
      false as external
    from
      retried
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
  retried;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 100
-- $3 = made anew each time
-- $4 = '{"after":{"status":"pending"}}'
-- $5 = null
-- $6 = null
-- $7 = 'service'
-- $8 = null
-- $9 = null
-- $10 = null
