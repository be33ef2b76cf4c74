-- job_field_values, 1 of 3
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
              t.job_type as value
            from
              job_stat_deltas t
            where
              t.benchmark_id is null
              and true
            order by
              t.job_type
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
              t.job_type as value
            from
              job_stat_deltas t
            where
              t.benchmark_id is null
              and t.job_type > found.value
            order by
              t.job_type
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

-- job_field_values, 2 of 3
select
  v.value::text as value,
  v.place
from
  (
    select
      v.value,
      0 as place
    from
      (
        (
          select
            limit_key as value
          from
            job_limits
          order by
            limit_key
          limit
            $1
        )
        union
        select
          limit_key
        from
          (
            select
              limit_key,
              required_tags
            from
              job_lanes
            order by
              number desc
            limit
              $2
          ) l
      ) v
    where
      v.value is not null
    order by
      v.value collate "C"
  ) v
where
  starts_with(v.value, $3)
  or v.place >= $4
limit
  $5;
-- $1 = 10000
-- $2 = 10000
-- $3 = ''
-- $4 = 10000
-- $5 = 10

-- job_field_values, 3 of 3
select
  v.value::text as value,
  v.place
from
  (
    select
      v.value,
      0 as place
    from
      (
        select
          unnest(w.tags) as value
        from
          (
            select
              tags
            from
              workers
            order by
              last_heartbeat desc
            limit
              $1
          ) w
        union
        select
          unnest(l.required_tags)
        from
          (
            select
              limit_key,
              required_tags
            from
              job_lanes
            order by
              number desc
            limit
              $2
          ) l
      ) v
    where
      v.value is not null
    order by
      v.value collate "C"
  ) v
where
  starts_with(v.value, $3)
  or v.place >= $4
limit
  $5;
-- $1 = 10000
-- $2 = 10000
-- $3 = ''
-- $4 = 10000
-- $5 = 10
