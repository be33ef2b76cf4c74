-- job_insert
with
  given as materialized (
    select
      *
    from
      unnest(
        $1::uuid[],
        $2::int4[],
        $3::jsonb[],
        $4::int4[],
        $5::int4[],
        $6::int4[],
        $7::timestamptz[],
        $8::int8[],
        $9::uuid[],
        $10::text[],
        $11::jsonb[],
        $12::uuid[]
      ) with ordinality as given (
        id,
        lane_id,
        payload,
        priority,
        max_retries,
        timeout_seconds,
        run_at,
        delay_ms,
        benchmark_id,
        unique_key,
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
      coalesce(run_at, now() + delay_ms * interval '1 ms') as due_at
    from
      given
      join job_lanes lane on lane.id = given.lane_id
    where
      given.benchmark_id is null
      or given.benchmark_id in (
        select
          id
        from
          benchmark
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
      unique_key
    on conflict do nothing
    returning
      job_id
  ),
  created as (
    insert into
      jobs (
        id,
        lane_id,
        job_type,
        required_tags,
        limit_key,
        payload,
        priority,
        max_retries,
        timeout_seconds,
        run_at,
        benchmark_id,
        unique_key,
        metadata,
        created_by
      )
    select
      id,
      lane_id,
      job_type,
      required_tags,
      limit_key,
      payload,
      priority,
      max_retries,
      timeout_seconds,
      due_at,
      benchmark_id,
      unique_key,
      metadata,
      created_by
    from
      item
    where
      unique_key is null
      or exists (
        select
        from
          keyed
        where
          keyed.job_id = item.id
      )
    order by
      ordinality
    returning
      id,
      sequence,
      lane_id,
      priority,
      run_at,
      job_type,
      benchmark_id
  ),
  ready as (
    insert into
      job_ready (job_id, sequence, lane_id, priority)
    select
      id,
      sequence,
      lane_id,
      priority
    from
      created
    where
      run_at is null
      or run_at <= now()
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
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
    select
      job_type,
      null::uuid,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'pending'
        ) - count(*) filter (
          where
            null = 'pending'
        )
      )::integer as pending,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'scheduled'
        ) - count(*) filter (
          where
            null = 'scheduled'
        )
      )::integer as scheduled,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'running'
        ) - count(*) filter (
          where
            null = 'running'
        )
      )::integer as running,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'completed'
        ) - count(*) filter (
          where
            null = 'completed'
        )
      )::integer as completed,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'failed'
        ) - count(*) filter (
          where
            null = 'failed'
        )
      )::integer as failed,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'cancelled'
        ) - count(*) filter (
          where
            null = 'cancelled'
        )
      )::integer as cancelled
    from
      created
    group by
      job_type
    union all
    select
      job_type,
      benchmark_id,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'pending'
        ) - count(*) filter (
          where
            null = 'pending'
        )
      )::integer as pending,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'scheduled'
        ) - count(*) filter (
          where
            null = 'scheduled'
        )
      )::integer as scheduled,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'running'
        ) - count(*) filter (
          where
            null = 'running'
        )
      )::integer as running,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'completed'
        ) - count(*) filter (
          where
            null = 'completed'
        )
      )::integer as completed,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'failed'
        ) - count(*) filter (
          where
            null = 'failed'
        )
      )::integer as failed,
      (
        count(*) filter (
          where
            (
              case
                when run_at > now() then 'scheduled'
                else 'pending'
              end
            ) = 'cancelled'
        ) - count(*) filter (
          where
            null = 'cancelled'
        )
      )::integer as cancelled
    from
      created
    where
      benchmark_id is not null
    group by
      job_type,
      benchmark_id
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
        request_id
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
      entry.request_id
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
  (
    select
      array_agg(id)
    from
      created
  ) as ids;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{"{}"}'
-- $4 = '{0}'
-- $5 = '{3}'
-- $6 = '{300}'
-- $7 = '{null}'
-- $8 = '{null}'
-- $9 = '{null}'
-- $10 = '{null}'
-- $11 = '{null}'
-- $12 = '{null}'
-- $13 = made anew each time
-- $14 = '{create}'
-- $15 = '{job}'
-- $16 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $17 = '{"{\"after\":{\"job_type\":\"t\",\"payload\":{},\"priority\":0,\"max_retries\":3,\"timeout…'
-- $18 = '{null}'
-- $19 = '{null}'
-- $20 = '{service}'
-- $21 = '{null}'
-- $22 = '{null}'
-- $23 = '{null}'
