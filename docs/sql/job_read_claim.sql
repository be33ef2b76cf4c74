-- job_read_claim
select
  j.id,
  j.job_type,
  j.payload,
  j.result,
  j.metadata,
  j.priority,
  j.status,
  j.error,
  j.retry_count,
  j.max_retries,
  j.timeout_seconds,
  coalesce(l.worker_id, f.worker_id) as worker_id,
  j.required_tags,
  j.run_at,
  j.benchmark_id,
  j.limit_key,
  j.unique_key,
  j.progress,
  j.progress_message,
  j.epoch,
  j.started_at,
  j.completed_at,
  j.created_at,
  j.updated_at,
  j.created_by,
  j.version,
  greatest(
    extract(
      epoch
      from
        l.expires_at - clock_timestamp()
    ) * 1000,
    0
  )::double precision as expires_in_ms,
  case
    when l.deadline_at is not null then greatest(
      extract(
        epoch
        from
          l.deadline_at - clock_timestamp()
      ) * 1000,
      0
    )::double precision
  end as deadline_in_ms
from
  requests r
  cross join lateral jsonb_array_elements(r.result) with ordinality as e (lease, place)
  join job_leases l on l.job_id = (e.lease ->> 0)::uuid
  and l.epoch = (e.lease ->> 1)::integer
  and l.worker_id = r.actor
  join jobs j on j.id = l.job_id
  left join job_finished f on false
where
  r.actor = $1
  and r.method = 'ClaimJobs'
  and r.request_id = $2
order by
  e.place;
-- $1 = 'w'
-- $2 = 'r'
