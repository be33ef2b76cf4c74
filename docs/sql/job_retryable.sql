-- job_retryable
select
  j.id,
  j.job_type,
  j.unique_key
from
  jobs j
where
  j.id = any ($1::"uuid" [])
  and j.status in ('failed', 'cancelled')
  and (
    j.benchmark_id is null
    or exists (
      select
      from
        benchmarks b
      where
        (
          b.id = j.benchmark_id
          and (
            b.created_at <= j.created_at
            or b.created_by is not distinct from j.created_by
          )
        )
        and not exists (
          select
          from
            benchmark_deletions deletion
          where
            deletion.benchmark_id = b.id
        )
    )
  )
  and not exists (
    select
    from
      job_keys key
    where
      key.job_type = j.job_type
      and key.unique_key = j.unique_key
  )
order by
  j.id;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
