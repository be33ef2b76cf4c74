-- job_count_quotas
select
  lim.limit_key,
  greatest(
    least(
      coalesce(
        lim.max_running - (
          select
            count(*)
          from
            job_leases lease
          where
            lease.limit_key = lim.limit_key
        ),
        1000
      ),
      coalesce(lim.per_minute - recent.started, 1000)
    ),
    0
  )::integer as free,
  lim.tokens_per_minute - recent.tokens as tokens_free,
  greatest(lim.tokens_per_minute, 1) as tokens_per_minute,
  case
    when lim.per_minute <= recent.started
    or lim.tokens_per_minute is not null then extract(
      epoch
      from
        recent.since + interval '1 minute' - now.at
    )::double precision * 1000
  end as more_in_ms
from
  job_limits lim,
  (
    select
      clock_timestamp() as at
  ) now
  cross join lateral (
    select
      coalesce(sum(start.started), 0)::bigint as started,
      greatest(coalesce(sum(start.tokens), 0), 0)::bigint as tokens,
      min(start.started_at) as since
    from
      job_limit_starts start
    where
      start.limit_key = lim.limit_key
      and start.started_at > (
        select
          clock_timestamp()
      ) - interval '1 minute'
  ) recent
where
  lim.limit_key = any ($1::"text" []);
-- $1 = '{k}'
