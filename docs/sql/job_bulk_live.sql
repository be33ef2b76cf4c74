-- job_bulk_live
(
  select
    job_id as id,
    'running' as place,
    null::timestamptz as run_at,
    null::uuid as lane,
    null::integer as priority,
    null::bigint as sequence
  from
    job_leases
  where
    $1::boolean
    and job_id > $2::uuid
  order by
    job_id
  limit
    $3
)
union all
(
  select
    job_id,
    'scheduled',
    run_at,
    null,
    null,
    null
  from
    job_scheduled
  where
    $4::boolean
    and (run_at, job_id) > ($5::timestamptz, $6::uuid)
  order by
    run_at,
    job_id
  limit
    $7
)
union all
(
  select
    ready.job_id,
    'ready',
    null,
    lane.id,
    ready.priority,
    ready.sequence
  from
    job_lanes lane
    cross join lateral (
      (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
          and lane.id = $8::uuid
          and priority = $9
          and sequence > $10
        order by
          sequence
        limit
          $11
      )
      union all
      (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
          and lane.id = $12::uuid
          and priority < $13
        order by
          priority desc,
          sequence
        limit
          $14
      )
      union all
      (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
          and lane.id > $15::uuid
        order by
          priority desc,
          sequence
        limit
          $16
      )
    ) ready
  where
    $17::boolean
    and lane.id >= $18::uuid
    and (
      $19::text is null
      or lane.job_type = $20::text
    )
    and (
      $21::text is null
      or lane.limit_key = $22::text
    )
  order by
    lane.id,
    ready.priority desc,
    ready.sequence
  limit
    $23
);
-- $1 = true
-- $2 = '00000000-0000-0000-0000-000000000000'
-- $3 = 10
-- $4 = true
-- $5 = '-infinity'
-- $6 = '00000000-0000-0000-0000-000000000000'
-- $7 = 10
-- $8 = '00000000-0000-0000-0000-000000000000'
-- $9 = 2147483647
-- $10 = 0
-- $11 = 10
-- $12 = '00000000-0000-0000-0000-000000000000'
-- $13 = 2147483647
-- $14 = 10
-- $15 = '00000000-0000-0000-0000-000000000000'
-- $16 = 10
-- $17 = true
-- $18 = '00000000-0000-0000-0000-000000000000'
-- $19 = 't'
-- $20 = 't'
-- $21 = null
-- $22 = null
-- $23 = 10
