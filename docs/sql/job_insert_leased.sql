-- job_insert_leased
with
  item as materialized (
    select
      *
    from
      unnest(
        $1::uuid[],
        $2::uuid[],
        $3::int4[],
        $4::jsonb[],
        $5::int4[],
        $6::int4[],
        $7::int4[],
        $8::int4[],
        $9::int4[],
        $10::int8[],
        $11::uuid[],
        $12::text[],
        $13::float8[],
        $14::jsonb[],
        $15::uuid[],
        $16::text[],
        $17::int4[],
        $18::text[],
        $19::int4[]
      ) with ordinality as item (
        id,
        lane_id,
        bytes,
        payload,
        priority,
        max_retries,
        max_snoozes,
        timeout_seconds,
        tokens,
        start_within_ms,
        benchmark_id,
        fair_key,
        fair_weight,
        metadata,
        created_by,
        worker_id,
        lease_ms,
        request_id,
        place,
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
      skip locked
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
          item
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
      b skip locked
  ),
  open as materialized (
    select
      lane.id,
      lane.job_type,
      lane.required_tags
    from
      job_lanes lane
    where
      lane.id = any ($20::uuid[])
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
  ),
  fit as materialized (
    -- The clock is read once the slots are locked.
    select
      item.*,
      slot.id as slot_id,
      open.job_type,
      open.required_tags,
      clock_timestamp() as at
    from
      item
      join slot on slot.worker_id = item.worker_id
      join open on open.id = item.lane_id
    where
      item.place <= slot.free
      and (
        item.benchmark_id is null
        or item.benchmark_id in (
          select
            id
          from
            benchmark
        )
      )
      and item.priority > coalesce(
        (
          select
            max(ready.priority)
          from
            open
            cross join lateral (
              select
                priority
              from
                job_ready
              where
                lane_id = open.id
              order by
                priority desc,
                turn,
                sequence
              limit
                1
            ) ready
        ),
        item.priority::bigint - 1
      )
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
        jsonb_build_array(id, 1)
        order by
          ordinality
      )
    from
      fit
    where
      request_id is not null
    group by
      worker_id,
      request_id
    on conflict (actor, method, request_id) do nothing
    returning
      actor,
      request_id
  ),
  given as materialized (
    select
      *
    from
      fit
    where
      request_id is null
      or (worker_id, request_id) in (
        select
          actor,
          request_id
        from
          answered
      )
  ),
  created as (
    insert into
      jobs (
        id,
        lane_id,
        bytes,
        job_type,
        required_tags,
        payload,
        priority,
        max_retries,
        max_snoozes,
        timeout_seconds,
        tokens,
        start_by,
        benchmark_id,
        fair_key,
        fair_weight,
        metadata,
        created_by,
        status,
        epoch,
        version,
        assigned_worker_id,
        started_at,
        updated_at
      )
    select
      id,
      lane_id,
      bytes,
      job_type,
      required_tags,
      payload,
      priority,
      max_retries,
      max_snoozes,
      timeout_seconds,
      tokens,
      now() + start_within_ms * interval '1 ms',
      benchmark_id,
      fair_key,
      fair_weight,
      metadata,
      created_by,
      'running',
      1,
      2,
      slot_id,
      at,
      at
    from
      given
    order by
      ordinality
    returning
      id,
      job_type,
      benchmark_id
  ),
  lease as (
    insert into
      job_leases (job_id, claimed_at, expires_at, deadline_at, epoch, attempt, worker_id)
    select
      id,
      at,
      at + lease_ms * interval '1 ms',
      case
        when timeout_seconds > 0 then at + timeout_seconds * interval '1 s'
      end,
      1,
      1,
      worker_id
    from
      given
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
          given
        group by
          worker_id
      ) held
    where
      ws.worker_id = held.worker_id
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, running)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (count(*) - 0)::integer
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
        $21::uuid[],
        $22::text[],
        $23::text[],
        $24::text[],
        $25::text[],
        $26::uuid[],
        $27::uuid[],
        $28::text[],
        $29::text[],
        $30::text[],
        $31::text[]
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
  ordinality as position,
  now() as created_at,
  at as started_at
from
  given;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $3 = '{1000}'
-- $4 = '{"{}"}'
-- $5 = '{0}'
-- $6 = '{3}'
-- $7 = '{1000}'
-- $8 = '{300}'
-- $9 = '{0}'
-- $10 = '{null}'
-- $11 = '{null}'
-- $12 = '{null}'
-- $13 = '{1}'
-- $14 = '{null}'
-- $15 = '{null}'
-- $16 = '{w}'
-- $17 = '{30000}'
-- $18 = '{r}'
-- $19 = '{1}'
-- $20 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $21 = made anew each time
-- $22 = '{create}'
-- $23 = '{job}'
-- $24 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $25 = '{"{\"after\":{\"job_type\":\"t\",\"payload\":{},\"priority\":0,\"max_retries\":3,\"max_sno…'
-- $26 = '{null}'
-- $27 = '{null}'
-- $28 = '{service}'
-- $29 = '{null}'
-- $30 = '{null}'
-- $31 = '{null}'
