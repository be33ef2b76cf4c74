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
      coalesce(
        lim.per_minute - (
          select
            coalesce(sum(start.started), 0)
          from
            job_limit_starts start
          where
            start.limit_key = lim.limit_key
            and start.started_at > (
              select
                clock_timestamp()
            ) - interval '1 minute'
        ),
        1000
      )
    ),
    0
  )::integer as free
from
  job_limits lim
where
  lim.limit_key = any ($1::"text" []);
-- $1 = '{k}'
