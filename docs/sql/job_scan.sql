-- job_scan, 1 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1
      and j.worker_id is not distinct from $2
      and j.job_type = $3
      and j.benchmark_id = $4 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          fin.finished_at as key,
          fin.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              job_finished fin
            where
              fin.status = $5
              and true
              and fin.worker_id = $6
            order by
              fin.finished_at desc,
              fin.job_id desc
            limit
              $7
          ) fin
          join jobs j on j.id = fin.job_id
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $8
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'completed'
-- $2 = 'w'
-- $3 = 't'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 'completed'
-- $6 = 'w'
-- $7 = 5000
-- $8 = 2

-- job_scan, 2 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          fin.finished_at as key,
          fin.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              job_finished fin
            where
              fin.status = $2
              and (fin.finished_at, fin.job_id) < ($3::timestamptz, $4::uuid)
            order by
              fin.finished_at desc,
              fin.job_id desc
            limit
              $5
          ) fin
          join jobs j on j.id = fin.job_id
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $6
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'failed'
-- $2 = 'failed'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 5000
-- $6 = 2

-- job_scan, 3 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1
      and j.worker_id is not distinct from $2
      and j.job_type = $3 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.created_at as key,
          lease.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          job_leases lease
          join jobs j on j.id = lease.job_id
        where
          (j.created_at, j.id) < ($4::timestamptz, $5::uuid)
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $6
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'running'
-- $2 = 'w'
-- $3 = 't'
-- $4 = '2026-01-31T12:00:00.000001Z'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 2

-- job_scan, 4 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.job_type = $1
      and j.benchmark_id = $2 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.created_at as key,
          holder.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              jobs j
            where
              (j.created_at, j.id) < ($3::timestamptz, $4::uuid)
              and j.benchmark_id = $5
            order by
              j.created_at desc,
              j.id desc
            limit
              $6
          ) j
          left join lateral (
            select
              worker_id
            from
              job_leases
            where
              job_id = j.id
            union all
            select
              worker_id
            from
              job_finished
            where
              status = j.status
              and finished_at = j.completed_at
              and job_id = j.id
          ) holder on false
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $7
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 't'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 5000
-- $7 = 2

-- job_scan, 5 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.created_at as key,
          holder.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              jobs j
            where
              true
            order by
              j.created_at desc,
              j.id desc
            limit
              $2
          ) j
          left join lateral (
            select
              worker_id
            from
              job_leases
            where
              job_id = j.id
            union all
            select
              worker_id
            from
              job_finished
            where
              status = j.status
              and finished_at = j.completed_at
              and job_id = j.id
          ) holder on false
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $3
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'pending'
-- $2 = 5000
-- $3 = 2

-- job_scan, 6 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1
      and j.limit_key = $2
      and j.fair_key = $3
      and j.created_by = $4 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.completed_at as key,
          holder.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              jobs j
            where
              (j.completed_at, j.id) < ($5::timestamptz, $6::uuid)
              and j.id = any ($7::uuid[])
            order by
              j.completed_at desc,
              j.id desc
            limit
              $8
          ) j
          left join lateral (
            select
              worker_id
            from
              job_leases
            where
              job_id = j.id
            union all
            select
              worker_id
            from
              job_finished
            where
              status = j.status
              and finished_at = j.completed_at
              and job_id = j.id
          ) holder on false
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $9
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'failed'
-- $2 = 'k'
-- $3 = 'k'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $7 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $8 = 5000
-- $9 = 2

-- job_scan, 7 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.created_at >= $1
      and j.created_at < $2 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.created_at as key,
          holder.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              jobs j
            where
              true
              and j.id = any ($3::uuid[])
              and j.created_at >= $4
              and j.created_at < $5
            order by
              j.created_at desc,
              j.id desc
            limit
              $6
          ) j
          left join lateral (
            select
              worker_id
            from
              job_leases
            where
              job_id = j.id
            union all
            select
              worker_id
            from
              job_finished
            where
              status = j.status
              and finished_at = j.completed_at
              and job_id = j.id
          ) holder on false
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $7
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = '2026-01-31T12:00:00.000001Z'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $4 = '2026-01-31T12:00:00.000001Z'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = 5000
-- $7 = 2

-- job_scan, 8 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1
      and j.created_at >= $2
      and j.created_at < $3 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          fin.finished_at as key,
          fin.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              job_finished fin
            where
              fin.status = $4
              and true
              and fin.finished_at >= $5
            order by
              fin.finished_at desc,
              fin.job_id desc
            limit
              $6
          ) fin
          join jobs j on j.id = fin.job_id
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $7
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'failed'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = 'failed'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = 5000
-- $7 = 2

-- job_scan, 9 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          fin.finished_at as key,
          fin.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              job_finished fin
            where
              fin.status = $2
              and (fin.finished_at, fin.job_id) < ($3::timestamptz, $4::uuid)
              and fin.finished_at >= $5
              and fin.finished_at < $6
            order by
              fin.finished_at desc,
              fin.job_id desc
            limit
              $7
          ) fin
          join jobs j on j.id = fin.job_id
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $8
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'failed'
-- $2 = 'failed'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
-- $7 = 5000
-- $8 = 2

-- job_scan, 10 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1 as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.completed_at as key,
          holder.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              jobs j
            where
              true
              and j.id = any ($2::uuid[])
              and j.completed_at >= $3
            order by
              j.completed_at desc,
              j.id desc
            limit
              $4
          ) j
          left join lateral (
            select
              worker_id
            from
              job_leases
            where
              job_id = j.id
            union all
            select
              worker_id
            from
              job_finished
            where
              status = j.status
              and finished_at = j.completed_at
              and job_id = j.id
          ) holder on false
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $5
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'failed'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = 5000
-- $5 = 2

-- job_scan, 11 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.status = $1
      and j.required_tags @> $2::text[]
      and strpos(lower(j.error), lower($3::text)) > 0
      and j.metadata @> $4::jsonb as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          fin.finished_at as key,
          fin.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              job_finished fin
            where
              fin.status = $5
              and true
            order by
              fin.finished_at desc,
              fin.job_id desc
            limit
              $6
          ) fin
          join jobs j on j.id = fin.job_id
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $7
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = 'failed'
-- $2 = '{gpu}'
-- $3 = '429'
-- $4 = '{"a":1}'
-- $5 = 'failed'
-- $6 = 1000
-- $7 = 2

-- job_scan, 12 of 12
with
  scanned as materialized (
    select
      j.key,
      j.id,
      j.required_tags @> $1::text[]
      and strpos(lower(j.error), lower($2::text)) > 0
      and j.metadata @> $3::jsonb as matches,
      row_number() over (
        order by
          j.key desc,
          j.id desc
      ) as place
    from
      (
        select
          j.created_at as key,
          holder.worker_id,
          j.id,
          j.status,
          j.job_type,
          j.benchmark_id,
          j.limit_key,
          j.fair_key,
          j.created_by,
          j.created_at,
          j.required_tags,
          j.error,
          j.metadata
        from
          (
            select
              *
            from
              jobs j
            where
              true
            order by
              j.created_at desc,
              j.id desc
            limit
              $4
          ) j
          left join lateral (
            select
              worker_id
            from
              job_leases
            where
              job_id = j.id
            union all
            select
              worker_id
            from
              job_finished
            where
              status = j.status
              and finished_at = j.completed_at
              and job_id = j.id
          ) holder on false
      ) j
  ),
  found as (
    select
      key,
      id,
      place
    from
      scanned
    where
      matches
    order by
      place
    limit
      $5
  )
select
  (
    select
      array_agg(
        id
        order by
          place
      )
    from
      found
  ) as ids,
  (
    select
      array_agg(
        key::text
        order by
          place
      )
    from
      found
  ) as keys,
  (
    select
      count(*)
    from
      scanned
  ) as scanned,
  (
    select
      key::text
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_key,
  (
    select
      id
    from
      scanned
    order by
      place desc
    limit
      1
  ) as last_id;
-- $1 = '{gpu}'
-- $2 = '429'
-- $3 = '{"a":1}'
-- $4 = 1000
-- $5 = 2
