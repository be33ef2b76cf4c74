-- audit_list, 1 of 4
with
  line as materialized (
    select
      created_at,
      entry_ids
    from
      audit_unsealed
    order by
      id
    limit
      $1
  ),
  line_head as materialized (
    select
      min(created_at) as oldest,
      count(*) >= $2 as is_long
    from
      line
  )
select
  r.id,
  r.epoch,
  r.user_id,
  r.api_key_id,
  r.actor,
  r.action,
  r.entity_type,
  r.entity_id,
  r.changes,
  r.ip_address,
  r.user_agent,
  r.request_id,
  r.at as created_at,
  r.started_at,
  r.external,
  (
    case
      when h.oldest is null
      or r.at < h.oldest then true
      when h.is_long then false
      else not exists (
        select
        from
          line
        where
          r.id = any (line.entry_ids)
      )
    end
  ) as sealed,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(700 + coalesce(pg_column_size(r.changes #> '{}'), 0) + coalesce(octet_length(r.user_agent), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          (
            (
              select
                l.created_at as at,
                l.id,
                0 as epoch,
                l.user_id,
                l.api_key_id,
                l.actor::text as actor,
                l.action::text as action,
                l.entity_type::text as entity_type,
                l.entity_id::text as entity_id,
                l.changes,
                l.ip_address::text as ip_address,
                l.user_agent,
                l.request_id::text as request_id,
                null::timestamptz as started_at,
                l.external
              from
                audit_logs l
              where
                true
              order by
                l.created_at desc,
                l.id desc
              limit
                $3
            )
            union all
            (
              select
                a.ended_at as at,
                a.job_id as id,
                a.epoch,
                null::uuid as user_id,
                null::uuid as api_key_id,
                a.worker_id::text as actor,
                'attempt' as action,
                'job' as entity_type,
                a.job_id::text as entity_id,
                jsonb_build_object(
                  'epoch',
                  a.epoch,
                  'attempt',
                  a.attempt,
                  'worker_id',
                  a.worker_id,
                  'outcome',
                  a.outcome,
                  'error',
                  a.error
                ) as changes,
                null::text as ip_address,
                null::text as user_agent,
                null::text as request_id,
                a.started_at,
                false as external
              from
                job_attempts a
              where
                true
              order by
                a.ended_at desc,
                a.job_id desc,
                a.epoch desc
              limit
                $4
            )
          ) u
        order by
          at desc,
          id desc,
          epoch desc
        limit
          $5
      ) r
    window
      running as (
        order by
          r.at desc,
          r.id desc,
          r.epoch desc rows between unbounded preceding
          and current row
      )
  ) r
  cross join line_head h
where
  r.place = 1
  or r.bytes_so_far <= $6
order by
  r.at desc,
  r.id desc,
  r.epoch desc;
-- $1 = 200
-- $2 = 200
-- $3 = 2
-- $4 = 2
-- $5 = 2
-- $6 = 3145728

-- audit_list, 2 of 4
with
  line as materialized (
    select
      created_at,
      entry_ids
    from
      audit_unsealed
    order by
      id
    limit
      $1
  ),
  line_head as materialized (
    select
      min(created_at) as oldest,
      count(*) >= $2 as is_long
    from
      line
  )
select
  r.id,
  r.epoch,
  r.user_id,
  r.api_key_id,
  r.actor,
  r.action,
  r.entity_type,
  r.entity_id,
  r.changes,
  r.ip_address,
  r.user_agent,
  r.request_id,
  r.at as created_at,
  r.started_at,
  r.external,
  (
    case
      when h.oldest is null
      or r.at < h.oldest then true
      when h.is_long then false
      else not exists (
        select
        from
          line
        where
          r.id = any (line.entry_ids)
      )
    end
  ) as sealed,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(700 + coalesce(pg_column_size(r.changes #> '{}'), 0) + coalesce(octet_length(r.user_agent), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          (
            (
              select
                a.ended_at as at,
                a.job_id as id,
                a.epoch,
                null::uuid as user_id,
                null::uuid as api_key_id,
                a.worker_id::text as actor,
                'attempt' as action,
                'job' as entity_type,
                a.job_id::text as entity_id,
                jsonb_build_object(
                  'epoch',
                  a.epoch,
                  'attempt',
                  a.attempt,
                  'worker_id',
                  a.worker_id,
                  'outcome',
                  a.outcome,
                  'error',
                  a.error
                ) as changes,
                null::text as ip_address,
                null::text as user_agent,
                null::text as request_id,
                a.started_at,
                false as external
              from
                job_attempts a
              where
                (a.ended_at, a.job_id, a.epoch) > ($3::timestamptz, $4::uuid, $5::integer)
              order by
                a.ended_at asc,
                a.job_id asc,
                a.epoch asc
              limit
                $6
            )
          ) u
        order by
          at asc,
          id asc,
          epoch asc
        limit
          $7
      ) r
    window
      running as (
        order by
          r.at asc,
          r.id asc,
          r.epoch asc rows between unbounded preceding
          and current row
      )
  ) r
  cross join line_head h
where
  r.place = 1
  or r.bytes_so_far <= $8
order by
  r.at asc,
  r.id asc,
  r.epoch asc;
-- $1 = 200
-- $2 = 200
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 1
-- $6 = 2
-- $7 = 2
-- $8 = 3145728

-- audit_list, 3 of 4
with
  line as materialized (
    select
      created_at,
      entry_ids
    from
      audit_unsealed
    order by
      id
    limit
      $1
  ),
  line_head as materialized (
    select
      min(created_at) as oldest,
      count(*) >= $2 as is_long
    from
      line
  )
select
  r.id,
  r.epoch,
  r.user_id,
  r.api_key_id,
  r.actor,
  r.action,
  r.entity_type,
  r.entity_id,
  r.changes,
  r.ip_address,
  r.user_agent,
  r.request_id,
  r.at as created_at,
  r.started_at,
  r.external,
  (
    case
      when h.oldest is null
      or r.at < h.oldest then true
      when h.is_long then false
      else not exists (
        select
        from
          line
        where
          r.id = any (line.entry_ids)
      )
    end
  ) as sealed,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(700 + coalesce(pg_column_size(r.changes #> '{}'), 0) + coalesce(octet_length(r.user_agent), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          (
            (
              select
                l.created_at as at,
                l.id,
                0 as epoch,
                l.user_id,
                l.api_key_id,
                l.actor::text as actor,
                l.action::text as action,
                l.entity_type::text as entity_type,
                l.entity_id::text as entity_id,
                l.changes,
                l.ip_address::text as ip_address,
                l.user_agent,
                l.request_id::text as request_id,
                null::timestamptz as started_at,
                l.external
              from
                audit_logs l
              where
                l.user_id = $3
                and l.entity_type = $4
                and l.entity_id = $5
                and l.action = $6
                and l.created_at >= $7
                and l.created_at < $8
                and (l.created_at, l.id) < ($9::timestamptz, $10::uuid)
                and (l.created_at, l.id) >= ($11::timestamptz, $12::uuid)
              order by
                l.created_at desc,
                l.id desc
              limit
                $13
            )
          ) u
        order by
          at desc,
          id desc,
          epoch desc
        limit
          $14
      ) r
    window
      running as (
        order by
          r.at desc,
          r.id desc,
          r.epoch desc rows between unbounded preceding
          and current row
      )
  ) r
  cross join line_head h
where
  r.place = 1
  or r.bytes_so_far <= $15
order by
  r.at desc,
  r.id desc,
  r.epoch desc;
-- $1 = 200
-- $2 = 200
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 'job'
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 'create'
-- $7 = '2026-01-31T12:00:00.000001Z'
-- $8 = '2026-01-31T12:00:00.000001Z'
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = '2026-01-31T12:00:00.000001Z'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 2
-- $14 = 2
-- $15 = 3145728

-- audit_list, 4 of 4
with
  line as materialized (
    select
      created_at,
      entry_ids
    from
      audit_unsealed
    order by
      id
    limit
      $1
  ),
  line_head as materialized (
    select
      min(created_at) as oldest,
      count(*) >= $2 as is_long
    from
      line
  )
select
  r.id,
  r.epoch,
  r.user_id,
  r.api_key_id,
  r.actor,
  r.action,
  r.entity_type,
  r.entity_id,
  r.changes,
  r.ip_address,
  r.user_agent,
  r.request_id,
  r.at as created_at,
  r.started_at,
  r.external,
  (
    case
      when h.oldest is null
      or r.at < h.oldest then true
      when h.is_long then false
      else not exists (
        select
        from
          line
        where
          r.id = any (line.entry_ids)
      )
    end
  ) as sealed,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(700 + coalesce(pg_column_size(r.changes #> '{}'), 0) + coalesce(octet_length(r.user_agent), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          (
            (
              select
                l.created_at as at,
                l.id,
                0 as epoch,
                l.user_id,
                l.api_key_id,
                l.actor::text as actor,
                l.action::text as action,
                l.entity_type::text as entity_type,
                l.entity_id::text as entity_id,
                l.changes,
                l.ip_address::text as ip_address,
                l.user_agent,
                l.request_id::text as request_id,
                null::timestamptz as started_at,
                l.external
              from
                audit_logs l
              where
                l.entity_type = $3
                and l.entity_id = $4
                and l.created_at < $5
                and (l.created_at, l.id) <= ($6::timestamptz, $7::uuid)
              order by
                l.created_at asc,
                l.id asc
              limit
                $8
            )
            union all
            (
              select
                a.ended_at as at,
                a.job_id as id,
                a.epoch,
                null::uuid as user_id,
                null::uuid as api_key_id,
                a.worker_id::text as actor,
                'attempt' as action,
                'job' as entity_type,
                a.job_id::text as entity_id,
                jsonb_build_object(
                  'epoch',
                  a.epoch,
                  'attempt',
                  a.attempt,
                  'worker_id',
                  a.worker_id,
                  'outcome',
                  a.outcome,
                  'error',
                  a.error
                ) as changes,
                null::text as ip_address,
                null::text as user_agent,
                null::text as request_id,
                a.started_at,
                false as external
              from
                job_attempts a
              where
                a.job_id = $9::uuid
                and a.ended_at < $10
                and (a.ended_at, a.job_id, a.epoch) <= ($11::timestamptz, $12::uuid, $13::integer)
              order by
                a.ended_at asc,
                a.job_id asc,
                a.epoch asc
              limit
                $14
            )
          ) u
        order by
          at asc,
          id asc,
          epoch asc
        limit
          $15
      ) r
    window
      running as (
        order by
          r.at asc,
          r.id asc,
          r.epoch asc rows between unbounded preceding
          and current row
      )
  ) r
  cross join line_head h
where
  r.place = 1
  or r.bytes_so_far <= $16
order by
  r.at asc,
  r.id asc,
  r.epoch asc;
-- $1 = 200
-- $2 = 200
-- $3 = 'job'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $8 = 2
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = '2026-01-31T12:00:00.000001Z'
-- $11 = '2026-01-31T12:00:00.000001Z'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 1
-- $14 = 2
-- $15 = 2
-- $16 = 3145728
