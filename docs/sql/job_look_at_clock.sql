-- job_look_at_clock
select
  clock_timestamp() as at,
  pg_postmaster_start_time() as database_start,
  exists (
    select
    from
      job_leases
    where
      least(expires_at, deadline_at) < (
        select
          clock_timestamp()
      )
  ) as is_lease_over,
  exists (
    select
    from
      job_scheduled
    where
      run_at <= (
        select
          clock_timestamp()
      )
  ) as is_job_due,
  exists (
    select
    from
      job_pauses
    where
      ends_at <= (
        select
          clock_timestamp()
      )
  ) as is_pause_over,
  exists (
    select
    from
      job_start_deadlines
    where
      start_by <= (
        select
          clock_timestamp()
      )
  ) as is_start_over,
  exists (
    select
    from
      job_ended_dependencies
  ) as is_dependency_over,
  exists (
    select
    from
      job_dependencies
  ) as is_awaited;
