-- job_insert
with
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
      unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::bool[]) as wanted (id, job_type, required_tags, limit_key, has_keys)
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
        ) <= $6
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
        $7::uuid[],
        $8::uuid[],
        $9::int4[],
        $10::jsonb[],
        $11::int4[],
        $12::int4[],
        $13::int4[],
        $14::int4[],
        $15::int4[],
        $16::timestamptz[],
        $17::int8[],
        $18::int8[],
        $19::uuid[],
        $20::text[],
        $21::text[],
        $22::float8[],
        $23::jsonb[],
        $24::uuid[]
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
      greatest(coalesce(run_at, now() + delay_ms * interval '1 ms'), now()) + start_within_ms * interval '1 ms' as start_by
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
      and not exists (
        select
        from
          wanted
        where
          fair
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
        created_by
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
      created_by
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
      benchmark_id
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority, bytes)
    select
      id,
      sequence,
      lane_id,
      priority,
      bytes
    from
      created
    where
      (
        run_at is null
        or run_at <= now()
      )
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
      run_at > now()
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
                when run_at > now() then 'scheduled'
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
                when run_at > now() then 'scheduled'
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
        $25::uuid[],
        $26::text[],
        $27::text[],
        $28::text[],
        $29::text[],
        $30::uuid[],
        $31::uuid[],
        $32::text[],
        $33::text[],
        $34::text[],
        $35::text[]
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
    when count(*) < $36 then array_agg(id)
  end as ids,
  case
    when count(*) < $37 then exists (
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
-- $2 = '{t}'
-- $3 = '{[]}'
-- $4 = '{null}'
-- $5 = '{false}'
-- $6 = 5000
-- $7 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $8 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $9 = '{1000}'
-- $10 = '{"{}"}'
-- $11 = '{0}'
-- $12 = '{3}'
-- $13 = '{1000}'
-- $14 = '{300}'
-- $15 = '{0}'
-- $16 = '{null}'
-- $17 = '{null}'
-- $18 = '{null}'
-- $19 = '{null}'
-- $20 = '{null}'
-- $21 = '{null}'
-- $22 = '{1}'
-- $23 = '{null}'
-- $24 = '{null}'
-- $25 = made anew each time
-- $26 = '{create}'
-- $27 = '{job}'
-- $28 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $29 = '{"{\"after\":{\"job_type\":\"t\",\"payload\":{},\"priority\":0,\"max_retries\":3,\"max_sno…'
-- $30 = '{null}'
-- $31 = '{null}'
-- $32 = '{service}'
-- $33 = '{null}'
-- $34 = '{null}'
-- $35 = '{null}'
-- $36 = 1
-- $37 = 1
