-- job_page, 1 of 2
select
  r.id,
  r.job_type,
  r.payload::text as payload,
  r.priority,
  r.status,
  r.result::text as result,
  r.error,
  r.retry_count,
  r.max_retries,
  r.snooze_count,
  r.max_snoozes,
  r.timeout_seconds,
  r.tokens,
  coalesce(lease.worker_id, fin.worker_id) as worker_id,
  r.required_tags,
  r.run_at,
  r.start_by,
  r.benchmark_id,
  r.limit_key,
  r.unique_key,
  r.fair_key,
  r.fair_weight,
  r.metadata::text as metadata,
  r.progress,
  r.progress_message,
  r.epoch,
  r.started_at,
  r.completed_at,
  r.created_at,
  r.updated_at,
  r.created_by,
  r.version,
  r.depends_on,
  r.runs_after_failure,
  r.waits_for,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(
        r.bytes + coalesce(octet_length(r.error), 0) + coalesce(greatest(pg_column_size(r.result #> '{}'), octet_length(r.result::text)), 0)
      ) over running as bytes_so_far
    from
      (
        select
          j.*,
          wanted.ordinality
        from
          unnest($1::uuid[]) with ordinality as wanted (id, ordinality)
          join jobs j on j.id = wanted.id
      ) r
    window
      running as (
        order by
          r.ordinality rows between unbounded preceding
          and current row
      )
  ) r
  left join job_leases lease on lease.job_id = r.id
  left join job_finished fin on fin.status = r.status
  and fin.finished_at = r.completed_at
  and fin.job_id = r.id
where
  r.place = 1
  or r.bytes_so_far <= $2
order by
  r.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728

-- job_page, 2 of 2
select
  r.id,
  r.job_type,
  null::text as payload,
  r.priority,
  r.status,
  null::text as result,
  r.error,
  r.retry_count,
  r.max_retries,
  r.snooze_count,
  r.max_snoozes,
  r.timeout_seconds,
  r.tokens,
  coalesce(lease.worker_id, fin.worker_id) as worker_id,
  r.required_tags,
  r.run_at,
  r.start_by,
  r.benchmark_id,
  r.limit_key,
  r.unique_key,
  r.fair_key,
  r.fair_weight,
  null::text as metadata,
  r.progress,
  r.progress_message,
  r.epoch,
  r.started_at,
  r.completed_at,
  r.created_at,
  r.updated_at,
  r.created_by,
  r.version,
  r.depends_on,
  r.runs_after_failure,
  r.waits_for,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(600 + coalesce(octet_length(r.error), 0)) over running as bytes_so_far
    from
      (
        select
          j.*,
          wanted.ordinality
        from
          unnest($1::uuid[]) with ordinality as wanted (id, ordinality)
          join jobs j on j.id = wanted.id
      ) r
    window
      running as (
        order by
          r.ordinality rows between unbounded preceding
          and current row
      )
  ) r
  left join job_leases lease on lease.job_id = r.id
  left join job_finished fin on fin.status = r.status
  and fin.finished_at = r.completed_at
  and fin.job_id = r.id
where
  r.place = 1
  or r.bytes_so_far <= $2
order by
  r.ordinality;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728
