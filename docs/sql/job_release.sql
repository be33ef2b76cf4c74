-- job_release
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::bool[]) with ordinality as item (job_id, epoch, worker_id, by_worker, ordinality)
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
      and (
        not item.by_worker
        or exists (
          select
          from
            jobs j
          where
            j.id = lease.job_id
            and j.release_count < 1
        )
      )
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
      status = 'pending',
      assigned_worker_id = null,
      updated_at = clock.at,
      version = j.version + 1,
      release_count = j.release_count + gone.by_worker::integer
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
      gone.worker_id,
      gone.claimed_at,
      gone.attempt,
      gone.ordinality
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
      ended j
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
          true as keeps,
          sequence
        from
          ended j
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
          $5
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
      ended
      full join turn using (id)
    where
      true
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
      'released',
      null
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
          ended
        group by
          worker_id
      ) done
    where
      slot.worker_id = done.worker_id
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, running)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (count(*) - 0)::integer,
      (0 - count(*))::integer
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
  )
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
  ended;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{true}'
-- $5 = 100
