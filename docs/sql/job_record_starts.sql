-- job_record_starts
with
  old as (
    delete from job_limit_starts s using (
      select
        unnest($1::"text" []) as limit_key
    ) i
    where
      s.limit_key = i.limit_key
      and s.started_at < clock_timestamp() - interval '2 minutes'
  )
insert into
  job_limit_starts (limit_key, started_at, started)
select
  i.limit_key,
  clock_timestamp(),
  i.started
from
  unnest($2::"text" [], $3::"int4" []) as i (limit_key, started)
  join job_limits q on q.limit_key = i.limit_key
where
  q.per_minute is not null
returning
  limit_key;
-- $1 = '{k}'
-- $2 = '{k}'
-- $3 = '{1}'
