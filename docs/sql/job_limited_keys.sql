-- job_limited_keys
select
  q.limit_key
from
  job_limits q
where
  exists (
    select
    from
      job_lanes l
    where
      l.id = any ($1::int4[])
      and not exists (
        select
        from
          job_pauses p
        where
          p.job_type in ('', l.job_type)
          and p.limit_key in ('', coalesce(l.limit_key, ''))
          and (
            p.limit_key = ''
            or l.limit_key is not null
          )
      )
      and l.limit_key = q.limit_key
      and exists (
        select
        from
          job_ready r
        where
          r.lane_id = l.id
      )
  );
-- $1 = '{1}'
