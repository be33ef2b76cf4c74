-- benchmark_update, 1 of 4
with
  b as (
    update benchmarks b
    set
      version = version + 1,
      updated_at = now()
    where
      id = $1
    returning
      b.id,
      b.repetitions
  ),
  repeated as (
    insert into
      repeated_benchmarks (benchmark_id, is_missing)
    select
      b.id,
      $2::boolean
    from
      b
    where
      b.repetitions > 1
    on conflict (benchmark_id) do nothing
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      b
    having
      count(*) > 0
  )
select
  id
from
  b;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = true

-- benchmark_update, 2 of 4
with
  b as (
    update benchmarks b
    set
      version = version + 1,
      updated_at = now(),
      name = $1,
      description = $2,
      labels = $3,
      metadata = $4,
      results = $5,
      metrics = $6,
      error = $7
    where
      id = $8
    returning
      b.id,
      b.repetitions
  ),
  repeated as (
    insert into
      repeated_benchmarks (benchmark_id, is_missing)
    select
      b.id,
      $9::boolean
    from
      b
    where
      b.repetitions > 1
    on conflict (benchmark_id) do nothing
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      b
    having
      count(*) > 0
  )
select
  id
from
  b;
-- $1 = 'n'
-- $2 = null
-- $3 = '{}'
-- $4 = '{}'
-- $5 = '[1]'
-- $6 = '{}'
-- $7 = 'e'
-- $8 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $9 = true

-- benchmark_update, 3 of 4
with
  b as (
    update benchmarks b
    set
      version = version + 1,
      updated_at = now(),
      status = $1,
      total_iterations = $2,
      started_at = coalesce(started_at, now())
    where
      id = $3
      and (
        b.status = $4
        or (
          b.status = 'pending'
          and $5 <> 'pending'
        )
        or (
          b.status = 'running'
          and $6 in ('completed', 'failed', 'cancelled')
        )
      )
    returning
      b.id,
      b.repetitions
  ),
  repeated as (
    insert into
      repeated_benchmarks (benchmark_id, is_missing)
    select
      b.id,
      $7::boolean
    from
      b
    where
      b.repetitions > 1
    on conflict (benchmark_id) do nothing
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      b
    having
      count(*) > 0
  )
select
  id
from
  b;
-- $1 = 'running'
-- $2 = 1
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 'running'
-- $5 = 'running'
-- $6 = 'running'
-- $7 = true

-- benchmark_update, 4 of 4
with
  b as (
    update benchmarks b
    set
      version = version + 1,
      updated_at = now(),
      status = $1,
      started_at = $2,
      completed_at = $3
    where
      id = $4
      and (
        b.status = $5
        or (
          b.status = 'pending'
          and $6 <> 'pending'
        )
        or (
          b.status = 'running'
          and $7 in ('completed', 'failed', 'cancelled')
        )
      )
    returning
      b.id,
      b.repetitions
  ),
  repeated as (
    insert into
      repeated_benchmarks (benchmark_id, is_missing)
    select
      b.id,
      $8::boolean
    from
      b
    where
      b.repetitions > 1
    on conflict (benchmark_id) do nothing
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      b
    having
      count(*) > 0
  )
select
  id
from
  b;
-- $1 = 'completed'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = null
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 'completed'
-- $6 = 'completed'
-- $7 = 'completed'
-- $8 = true
