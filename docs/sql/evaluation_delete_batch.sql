-- evaluation_delete_batch, 1 of 3
with
  batch as materialized (
    select
      e.ctid as place,
      e.created_at as at,
      e.id
    from
      evaluations e
    where
      e.benchmark_id = $1
      and true
      and (e.created_at, e.id) > ($2::timestamptz, $3::uuid)
      and e.created_at < $4::timestamptz
    order by
      e.created_at,
      e.id
    limit
      $5
  ),
  gone as (
    delete from evaluations
    where
      ctid = any (
        array(
          select
            place
          from
            batch
        )
      )
    returning
      id,
      error is not null as failed
  ),
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed)
    select
      $6::uuid,
      - count(*) filter (
        where
          not failed
      ),
      - count(*) filter (
        where
          failed
      )
    from
      gone
    having
      count(*) > 0
  ),
  stale as (
    insert into
      stale_rollups (benchmark_id, is_missing)
    select
      $7::uuid,
      true
    from
      gone
    limit
      1
    on conflict (benchmark_id) do update
    set
      is_missing = true
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          $8::uuid as id
        from
          gone
        limit
          1
      ) ben
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
      ($9::uuid[]) [row_number() over ()] as id,
      $10::text as action,
      'benchmark' as entity_type,
      $11::text as entity_id,
      jsonb_strip_nulls(
        jsonb_build_object(
          'older_than_days',
          $12::integer,
          'before',
          jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        )
      ) as changes,
      $13::uuid as user_id,
      $14::uuid as api_key_id,
      $15::text as actor,
      $16::text as ip_address,
      $17::text as user_agent,
      $18::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          gone
        having
          count(*) > 0
      ) c
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
  (
    select
      count(*)
    from
      batch
  ) as found,
  (
    select
      count(*)
    from
      gone
  ) as deleted,
  last.at,
  last.id
from
  (
    select
      1
  ) one
  left join lateral (
    select
      at,
      id
    from
      batch
    order by
      at desc,
      id desc
    limit
      1
  ) last on true;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '-infinity'
-- $3 = '00000000-0000-0000-0000-000000000000'
-- $4 = 'infinity'
-- $5 = 10
-- $6 = '00000000-0000-0000-0000-000000000000'
-- $7 = '00000000-0000-0000-0000-000000000000'
-- $8 = '00000000-0000-0000-0000-000000000000'
-- $9 = made anew each time
-- $10 = 'delete_evaluations'
-- $11 = '00000000-0000-0000-0000-000000000000'
-- $12 = null
-- $13 = null
-- $14 = null
-- $15 = 'service'
-- $16 = null
-- $17 = null
-- $18 = null

-- evaluation_delete_batch, 2 of 3
with
  batch as materialized (
    select
      e.ctid as place,
      e.stored_at as at,
      e.id
    from
      evaluations e
    where
      e.benchmark_id = $1
      and e.stored_at <> e.created_at
      and (e.stored_at, e.id) > ($2::timestamptz, $3::uuid)
      and e.stored_at < $4::timestamptz
    order by
      e.stored_at,
      e.id
    limit
      $5
  ),
  gone as (
    delete from evaluations
    where
      ctid = any (
        array(
          select
            place
          from
            batch
        )
      )
    returning
      id,
      error is not null as failed
  ),
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed)
    select
      $6::uuid,
      - count(*) filter (
        where
          not failed
      ),
      - count(*) filter (
        where
          failed
      )
    from
      gone
    having
      count(*) > 0
  ),
  stale as (
    insert into
      stale_rollups (benchmark_id, is_missing)
    select
      $7::uuid,
      true
    from
      gone
    limit
      1
    on conflict (benchmark_id) do update
    set
      is_missing = true
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          $8::uuid as id
        from
          gone
        limit
          1
      ) ben
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
      ($9::uuid[]) [row_number() over ()] as id,
      $10::text as action,
      'benchmark' as entity_type,
      $11::text as entity_id,
      jsonb_strip_nulls(
        jsonb_build_object(
          'older_than_days',
          $12::integer,
          'before',
          jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        )
      ) as changes,
      $13::uuid as user_id,
      $14::uuid as api_key_id,
      $15::text as actor,
      $16::text as ip_address,
      $17::text as user_agent,
      $18::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          gone
        having
          count(*) > 0
      ) c
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
  (
    select
      count(*)
    from
      batch
  ) as found,
  (
    select
      count(*)
    from
      gone
  ) as deleted,
  last.at,
  last.id
from
  (
    select
      1
  ) one
  left join lateral (
    select
      at,
      id
    from
      batch
    order by
      at desc,
      id desc
    limit
      1
  ) last on true;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '-infinity'
-- $3 = '00000000-0000-0000-0000-000000000000'
-- $4 = 'infinity'
-- $5 = 10
-- $6 = '00000000-0000-0000-0000-000000000000'
-- $7 = '00000000-0000-0000-0000-000000000000'
-- $8 = '00000000-0000-0000-0000-000000000000'
-- $9 = made anew each time
-- $10 = 'delete_evaluations'
-- $11 = '00000000-0000-0000-0000-000000000000'
-- $12 = null
-- $13 = null
-- $14 = null
-- $15 = 'service'
-- $16 = null
-- $17 = null
-- $18 = null

-- evaluation_delete_batch, 3 of 3
with
  batch as materialized (
    select
      e.ctid as place,
      e.created_at as at,
      e.id
    from
      evaluations e
    where
      e.benchmark_id = $1
      and e.stored_at = e.created_at
      and e.created_at >= (
        select
          created_at
        from
          benchmarks
        where
          id = $2
      ) - interval '1 day'
      and (e.created_at, e.id) > ($3::timestamptz, $4::uuid)
      and e.created_at < $5::timestamptz
    order by
      e.created_at,
      e.id
    limit
      $6
  ),
  gone as (
    delete from evaluations
    where
      ctid = any (
        array(
          select
            place
          from
            batch
        )
      )
    returning
      id,
      error is not null as failed
  ),
  counted as (
    insert into
      benchmark_count_deltas (benchmark_id, completed, failed)
    select
      $7::uuid,
      - count(*) filter (
        where
          not failed
      ),
      - count(*) filter (
        where
          failed
      )
    from
      gone
    having
      count(*) > 0
  ),
  stale as (
    insert into
      stale_rollups (benchmark_id, is_missing)
    select
      $8::uuid,
      true
    from
      gone
    limit
      1
    on conflict (benchmark_id) do update
    set
      is_missing = true
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      (
        select
          $9::uuid as id
        from
          gone
        limit
          1
      ) ben
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
      ($10::uuid[]) [row_number() over ()] as id,
      $11::text as action,
      'benchmark' as entity_type,
      $12::text as entity_id,
      jsonb_strip_nulls(
        jsonb_build_object(
          'older_than_days',
          $13::integer,
          'before',
          jsonb_build_object('count', c.count, 'first_id', c.ids[1], 'last_id', c.ids[c.count])
        )
      ) as changes,
      $14::uuid as user_id,
      $15::uuid as api_key_id,
      $16::text as actor,
      $17::text as ip_address,
      $18::text as user_agent,
      $19::text as request_id,
      false as external
    from
      (
        select
          count(*)::integer as count,
          array_agg(
            id
            order by
              id
          ) as ids
        from
          gone
        having
          count(*) > 0
      ) c
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
  (
    select
      count(*)
    from
      batch
  ) as found,
  (
    select
      count(*)
    from
      gone
  ) as deleted,
  last.at,
  last.id
from
  (
    select
      1
  ) one
  left join lateral (
    select
      at,
      id
    from
      batch
    order by
      at desc,
      id desc
    limit
      1
  ) last on true;
-- $1 = '00000000-0000-0000-0000-000000000000'
-- $2 = '00000000-0000-0000-0000-000000000000'
-- $3 = '-infinity'
-- $4 = '00000000-0000-0000-0000-000000000000'
-- $5 = 'infinity'
-- $6 = 10
-- $7 = '00000000-0000-0000-0000-000000000000'
-- $8 = '00000000-0000-0000-0000-000000000000'
-- $9 = '00000000-0000-0000-0000-000000000000'
-- $10 = made anew each time
-- $11 = 'delete_evaluations'
-- $12 = '00000000-0000-0000-0000-000000000000'
-- $13 = null
-- $14 = null
-- $15 = null
-- $16 = 'service'
-- $17 = null
-- $18 = null
-- $19 = null
