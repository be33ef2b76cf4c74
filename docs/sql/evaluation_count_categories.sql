-- evaluation_count_categories
with
  value as (
    select
      case
        when m.key in ('score', 'latency_ms', 'input_tokens', 'output_tokens', 'cost_usd')
        or m.key like 'metrics.%' then 'metrics.' || m.key
        else m.key
      end as name,
      case
        when char_length(m.value #>> '{}') <= $1::integer then m.value #>> '{}'
      end as value
    from
      (
        select
          metrics
        from
          evaluations
        where
          benchmark_id = $2
        order by
          created_at desc,
          id desc
        limit
          $3
      ) e
      cross join lateral jsonb_each(e.metrics) m
    where
      e.metrics <> '{}'
      and jsonb_typeof(m.value) = 'string'
      and m.value <> '""'
      and char_length(m.key) <= $4::integer
  ),
  counted as (
    select
      name,
      value,
      count(*) as count
    from
      value,
      (
        select
          $5::"text" [] as names
      ) asked
    where
      cardinality(asked.names) = 0
      or name = any (asked.names)
    group by
      name,
      value
  ),
  placed as (
    select
      *,
      (
        sum(count) over (
          partition by
            name
        )
      )::bigint as total,
      row_number() over (
        partition by
          name
        order by
          value is null,
          count desc,
          value collate "C"
      ) as place,
      dense_rank() over (
        order by
          name collate "C"
      ) as metric
    from
      counted
  )
select
  name,
  total,
  value,
  count,
  (
    select
      max(metric)
    from
      placed
  ) as metrics
from
  placed
where
  place <= $6
  and metric <= $7
order by
  metric,
  place;
-- $1 = 100
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 250000
-- $4 = 255
-- $5 = '{a}'
-- $6 = 50
-- $7 = 50
