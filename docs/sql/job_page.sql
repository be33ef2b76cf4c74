-- job_page, 1 of 2
select
  r.id,
  r.job_type,
  r.payload,
  r.result,
  r.metadata,
  r.priority,
  r.status,
  r.error,
  r.retry_count,
  r.max_retries,
  r.timeout_seconds,
  coalesce(l.worker_id, f.worker_id) as worker_id,
  r.required_tags,
  r.run_at,
  r.benchmark_id,
  r.limit_key,
  r.unique_key,
  r.progress,
  r.progress_message,
  r.epoch,
  r.started_at,
  r.completed_at,
  r.created_at,
  r.updated_at,
  r.created_by,
  r.version,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(pg_column_size(r.*)) over running as bytes
    from
      (
        select
          j.*,
          u.wanted
        from
          unnest($1::"uuid" []) with ordinality as u (id, wanted)
          join jobs j on j.id = u.id
      ) r
    window
      running as (
        order by
          r.wanted rows between unbounded preceding
          and current row
      )
  ) r
  left join job_leases l on l.job_id = r.id
  left join job_finished f on f.status = r.status
  and f.finished_at = r.completed_at
  and f.job_id = r.id
where
  r.place = 1
  or r.bytes <= $2
order by
  r.wanted;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728

-- job_page, 2 of 2
select
  r.id,
  r.job_type,
  null::jsonb as payload,
  null::jsonb as result,
  null::jsonb as metadata,
  r.priority,
  r.status,
  r.error,
  r.retry_count,
  r.max_retries,
  r.timeout_seconds,
  coalesce(l.worker_id, f.worker_id) as worker_id,
  r.required_tags,
  r.run_at,
  r.benchmark_id,
  r.limit_key,
  r.unique_key,
  r.progress,
  r.progress_message,
  r.epoch,
  r.started_at,
  r.completed_at,
  r.created_at,
  r.updated_at,
  r.created_by,
  r.version,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(600 + coalesce(octet_length(r.error), 0)) over running as bytes
    from
      (
        select
          j.*,
          u.wanted
        from
          unnest($1::"uuid" []) with ordinality as u (id, wanted)
          join jobs j on j.id = u.id
      ) r
    window
      running as (
        order by
          r.wanted rows between unbounded preceding
          and current row
      )
  ) r
  left join job_leases l on l.job_id = r.id
  left join job_finished f on f.status = r.status
  and f.finished_at = r.completed_at
  and f.job_id = r.id
where
  r.place = 1
  or r.bytes <= $2
order by
  r.wanted;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = 3145728
