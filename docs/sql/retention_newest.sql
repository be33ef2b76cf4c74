-- retention_newest
select
  newest,
  coalesce(newest > now() - make_interval(days => $1), true) as is_recent
from
  (
    select
      greatest(
        (
          select
            max(created_at)
          from
            jobs
        ),
        (
          select
            max(ended_at)
          from
            job_attempts
        ),
        (
          select
            max(created_at)
          from
            audit_logs
        ),
        (
          select
            max(last_heartbeat)
          from
            workers
        ),
        (
          select
            max(last_used)
          from
            api_keys
        ),
        (
          select
            max(created_at)
          from
            benchmarks
        )
      ) as newest
  ) n;
-- $1 = 7
