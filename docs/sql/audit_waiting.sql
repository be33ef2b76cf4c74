-- audit_waiting
select
  coalesce(
    (
      select
        greatest(
          extract(
            epoch
            from
              clock_timestamp() - u.created_at
          ),
          0
        )
      from
        audit_unsealed u
      order by
        u.id
      limit
        1
    ),
    0
  )::double precision as seal_lag_seconds,
  (
    select
      coalesce(sum(cardinality(entry_ids)), 0)::bigint
    from
      (
        select
          entry_ids
        from
          audit_unsealed
        where
          id >= '-9223372036854775808'::bigint
        order by
          id
        limit
          $1
      ) u
  ) as unsealed;
-- $1 = 100000
