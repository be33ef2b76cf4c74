-- job_record_starts
with
  item as materialized (
    select
      *
    from
      unnest($1::text[], $2::int4[], $3::int8[]) as item (limit_key, started, tokens)
  ),
  old as (
    delete from job_limit_starts start using item
    where
      start.limit_key = item.limit_key
      and start.started_at < (
        select
          clock_timestamp()
      ) - make_interval(mins => $4)
  )
insert into
  job_limit_starts (limit_key, started_at, started, tokens)
select
  item.limit_key,
  clock_timestamp(),
  item.started,
  item.tokens
from
  item
  join job_limits lim on lim.limit_key = item.limit_key
returning
  limit_key;
-- $1 = '{k}'
-- $2 = '{1}'
-- $3 = '{1000}'
-- $4 = 2
