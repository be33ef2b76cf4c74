-- job_bulk_live
(
  select
    job_id as id,
    'running' as place,
    null::timestamptz as run_at,
    null::uuid as lane,
    null::integer as priority,
    null::bigint as turn,
    null::bigint as sequence,
    null::uuid as dependency
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
    ready.turn,
    ready.sequence,
    null
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
          and (turn, sequence) > ($10::bigint, $11::bigint)
        order by
          turn,
          sequence
        limit
          $12
      )
      union all
      (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
          and lane.id = $13::uuid
          and priority < $14
        order by
          priority desc,
          turn,
          sequence
        limit
          $15
      )
      union all
      (
        select
          *
        from
          job_ready
        where
          lane_id = lane.id
          and lane.id > $16::uuid
        order by
          priority desc,
          turn,
          sequence
        limit
          $17
      )
    ) ready
  where
    $18::boolean
    and lane.id >= $19::uuid
    and (
      $20::text is null
      or lane.job_type = $21::text
    )
    and (
      $22::text is null
      or lane.limit_key = $23::text
    )
  order by
    lane.id,
    ready.priority desc,
    ready.turn,
    ready.sequence
  limit
    $24
)
union all
(
  select
    job_id,
    'waiting',
    null,
    null,
    null,
    null,
    null,
    dependency_id
  from
    job_dependencies
  where
    $25::boolean
    and (dependency_id, job_id) > ($26::uuid, $27::uuid)
  order by
    dependency_id,
    job_id
  limit
    $28
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
-- $11 = 0
-- $12 = 10
-- $13 = '00000000-0000-0000-0000-000000000000'
-- $14 = 2147483647
-- $15 = 10
-- $16 = '00000000-0000-0000-0000-000000000000'
-- $17 = 10
-- $18 = true
-- $19 = '00000000-0000-0000-0000-000000000000'
-- $20 = 't'
-- $21 = 't'
-- $22 = null
-- $23 = null
-- $24 = 10
-- $25 = true
-- $26 = '00000000-0000-0000-0000-000000000000'
-- $27 = '00000000-0000-0000-0000-000000000000'
-- $28 = 10
