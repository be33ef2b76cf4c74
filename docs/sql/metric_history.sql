-- metric_history, 1 of 2
with
  run as (
    (
      select
        b.id,
        b.created_at
      from
        metric_rollups r
        join benchmarks b on b.id = r.benchmark_id
      where
        r.dataset = $1
        and r.metric = $2
        and b.dataset = $3
        and not exists (
          select
          from
            stale_rollups s
          where
            s.benchmark_id = b.id
            and s.is_missing
        )
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $4
          ),
          0
        ) >= $5
      order by
        created_at desc,
        id desc
      limit
        $6
    )
    union all
    (
      select
        b.id,
        b.created_at
      from
        (
          select
            d.benchmark_id,
            sum(d.count) as count
          from
            metric_deltas d
          where
            d.metric = $7
            and true
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $8
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.dataset = $9
        and not exists (
          select
          from
            stale_rollups s
          where
            s.benchmark_id = b.id
            and s.is_missing
        )
        and d.count >= $10
      order by
        created_at desc,
        id desc
      limit
        $11
    )
  )
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.status,
  b.created_at,
  f."count" as count,
  f."sum" as sum,
  f."m2" as m2,
  f."min" as min,
  f."max" as max
from
  (
    select
      *
    from
      run
    order by
      created_at desc,
      id desc
    limit
      $12
  ) run
  join benchmarks b on b.id = run.id
  cross join lateral (
    select
      max(part.n)::bigint as count,
      max(part.total) as sum,
      greatest(
        sum(
          case
            when abs(
              case
                when abs(part.sum) < 1e-290 then 0
                else part.sum / part.count
              end - part.mean
            ) < 1e-150 then part.m2
            else part.m2 + part.count * (
              case
                when abs(part.sum) < 1e-290 then 0
                else part.sum / part.count
              end - part.mean
            ) ^ 2
          end
        ),
        0
      ) as m2,
      min(part.min) filter (
        where
          part.count > 0
      ) as min,
      max(part.max) filter (
        where
          part.count > 0
      ) as max
    from
      (
        select
          part.*,
          case
            when abs(part.total) < 1e-290 then 0
            else part.total / part.n
          end as mean
        from
          (
            select
              part.*,
              sum(part.count) over () as n,
              sum(part.sum) over () as total
            from
              (
                select
                  count,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_rollups
                where
                  benchmark_id = b.id
                  and metric = $13
                union all
                select
                  count,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_deltas
                where
                  benchmark_id = b.id
                  and metric = $14
              ) part
          ) part
      ) part
  ) f
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'score'
-- $3 = 'd'
-- $4 = 'score'
-- $5 = 1
-- $6 = 2
-- $7 = 'score'
-- $8 = 'score'
-- $9 = 'd'
-- $10 = 1
-- $11 = 2
-- $12 = 2
-- $13 = 'score'
-- $14 = 'score'

-- metric_history, 2 of 2
with
  run as (
    (
      select
        b.id,
        b.created_at
      from
        metric_rollups r
        join benchmarks b on b.id = r.benchmark_id
      where
        r.dataset = $1
        and r.metric = $2
        and b.status = $3
        and b.provider = $4
        and b.model = $5
        and b.dataset = $6
        and b.labels @> $7
        and b.created_at >= $8
        and b.created_at < $9
        and b.id = $10
        and (b.created_at, b.id) < ($11::timestamptz, $12::uuid)
        and not exists (
          select
          from
            stale_rollups s
          where
            s.benchmark_id = b.id
            and s.is_missing
        )
        and r.count + coalesce(
          (
            select
              sum(d.count)
            from
              metric_deltas d
            where
              d.benchmark_id = b.id
              and d.metric = $13
          ),
          0
        ) >= $14
      order by
        created_at desc,
        id desc
      limit
        $15
    )
    union all
    (
      select
        b.id,
        b.created_at
      from
        (
          select
            d.benchmark_id,
            sum(d.count) as count
          from
            metric_deltas d
          where
            d.metric = $16
            and not exists (
              select
              from
                stale_rollups s
              where
                s.benchmark_id = "d"."benchmark_id"
                and not $17 = any (s.names)
            )
            and not exists (
              select
              from
                metric_rollups r
              where
                r.benchmark_id = d.benchmark_id
                and r.metric = $18
            )
          group by
            d.benchmark_id
        ) d
        join benchmarks b on b.id = d.benchmark_id
      where
        b.status = $19
        and b.provider = $20
        and b.model = $21
        and b.dataset = $22
        and b.labels @> $23
        and b.created_at >= $24
        and b.created_at < $25
        and b.id = $26
        and (b.created_at, b.id) < ($27::timestamptz, $28::uuid)
        and not exists (
          select
          from
            stale_rollups s
          where
            s.benchmark_id = b.id
            and s.is_missing
        )
        and d.count >= $29
      order by
        created_at desc,
        id desc
      limit
        $30
    )
  )
select
  b.id,
  b.name,
  b.provider,
  b.model,
  b.status,
  b.created_at,
  f."count" as count,
  f."sum" as sum,
  f."m2" as m2,
  f."min" as min,
  f."max" as max
from
  (
    select
      *
    from
      run
    order by
      created_at desc,
      id desc
    limit
      $31
  ) run
  join benchmarks b on b.id = run.id
  cross join lateral (
    select
      max(part.n)::bigint as count,
      max(part.total) as sum,
      greatest(
        sum(
          case
            when abs(
              case
                when abs(part.sum) < 1e-290 then 0
                else part.sum / part.count
              end - part.mean
            ) < 1e-150 then part.m2
            else part.m2 + part.count * (
              case
                when abs(part.sum) < 1e-290 then 0
                else part.sum / part.count
              end - part.mean
            ) ^ 2
          end
        ),
        0
      ) as m2,
      min(part.min) filter (
        where
          part.count > 0
      ) as min,
      max(part.max) filter (
        where
          part.count > 0
      ) as max
    from
      (
        select
          part.*,
          case
            when abs(part.total) < 1e-290 then 0
            else part.total / part.n
          end as mean
        from
          (
            select
              part.*,
              sum(part.count) over () as n,
              sum(part.sum) over () as total
            from
              (
                select
                  count,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_rollups
                where
                  benchmark_id = b.id
                  and metric = $32
                union all
                select
                  count,
                  sum,
                  m2,
                  min,
                  max
                from
                  metric_deltas
                where
                  benchmark_id = b.id
                  and metric = $33
              ) part
          ) part
      ) part
  ) f
order by
  b.created_at desc,
  b.id desc;
-- $1 = 'd'
-- $2 = 'accuracy'
-- $3 = 'completed'
-- $4 = 'p'
-- $5 = 'm'
-- $6 = 'd'
-- $7 = '{"a":"b"}'
-- $8 = '2026-01-31T12:00:00.000001Z'
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $11 = '2026-01-31T12:00:00.000001Z'
-- $12 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $13 = 'accuracy'
-- $14 = 1
-- $15 = 2
-- $16 = 'accuracy'
-- $17 = 'accuracy'
-- $18 = 'accuracy'
-- $19 = 'completed'
-- $20 = 'p'
-- $21 = 'm'
-- $22 = 'd'
-- $23 = '{"a":"b"}'
-- $24 = '2026-01-31T12:00:00.000001Z'
-- $25 = '2026-01-31T12:00:00.000001Z'
-- $26 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $27 = '2026-01-31T12:00:00.000001Z'
-- $28 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $29 = 1
-- $30 = 2
-- $31 = 2
-- $32 = 'accuracy'
-- $33 = 'accuracy'
