-- benchmark_field_values, 1 of 3
select
  v.value::text as value,
  v.place
from
  (
    with recursive
      found as (
        select
          first.value,
          1 as place
        from
          (
            select
              "t"."provider" as value
            from
              benchmarks t
            where
              true
              and true
            order by
              "t"."provider"
            limit
              1
          ) first
        union all
        select
          next.value,
          found.place + 1
        from
          found
          cross join lateral (
            select
              "t"."provider" as value
            from
              benchmarks t
            where
              true
              and "t"."provider" > found.value
            order by
              "t"."provider"
            limit
              1
          ) next
        where
          found.place < $1
      )
    select
      value,
      place
    from
      found
  ) v
where
  starts_with(v.value, $2)
  or v.place >= $3
limit
  $4;
-- $1 = 10000
-- $2 = ''
-- $3 = 10000
-- $4 = 10

-- benchmark_field_values, 2 of 3
select
  v.value::text as value,
  v.place
from
  (
    select
      l.value,
      0 as place
    from
      (
        select distinct
          jsonb_object_keys(b.labels) as value
        from
          (
            select
              labels
            from
              benchmarks
            order by
              created_at desc,
              id desc
            limit
              $1
          ) b
      ) l
    where
      l.value is not null
    order by
      l.value collate "C"
  ) v
where
  starts_with(v.value, $2)
  or v.place >= $3
limit
  $4;
-- $1 = 10000
-- $2 = 'p'
-- $3 = 10000
-- $4 = 10

-- benchmark_field_values, 3 of 3
select
  v.value::text as value,
  v.place
from
  (
    select
      l.value,
      0 as place
    from
      (
        select distinct
          b.labels ->> $1::text as value
        from
          (
            select
              labels
            from
              benchmarks
            order by
              created_at desc,
              id desc
            limit
              $2
          ) b
      ) l
    where
      l.value is not null
    order by
      l.value collate "C"
  ) v
where
  starts_with(v.value, $3)
  or v.place >= $4
limit
  $5;
-- $1 = 'a'
-- $2 = 10000
-- $3 = 'p'
-- $4 = 10000
-- $5 = 10
