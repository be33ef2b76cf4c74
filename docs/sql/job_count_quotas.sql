-- job_count_quotas
select
  q.limit_key,
  greatest(
    least(
      coalesce(
        q.max_running - (
          select
            count(*)
          from
            job_leases l
          where
            l.limit_key = q.limit_key
        ),
        1000
      ),
      coalesce(
        q.per_minute - (
          select
            coalesce(sum(s.started), 0)
          from
            job_limit_starts s
          where
            s.limit_key = q.limit_key
            and s.started_at > clock_timestamp() - interval '1 minute'
        ),
        1000
      )
    ),
    0
  )::integer as left
from
  job_limits q
where
  q.limit_key = any ($1::"text" []);
-- $1 = '{k}'
