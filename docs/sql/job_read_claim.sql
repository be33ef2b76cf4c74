-- job_read_claim
select
  j.id,
  j.job_type,
  j.payload::text as payload,
  j.priority,
  j.status,
  j.result::text as result,
  j.error,
  j.retry_count,
  j.max_retries,
  j.snooze_count,
  j.max_snoozes,
  j.timeout_seconds,
  j.tokens,
  lease.worker_id as worker_id,
  j.required_tags,
  j.run_at,
  j.start_by,
  j.benchmark_id,
  j.limit_key,
  j.unique_key,
  j.fair_key,
  j.fair_weight,
  j.metadata::text as metadata,
  j.progress,
  j.progress_message,
  j.epoch,
  j.started_at,
  j.completed_at,
  j.created_at,
  j.updated_at,
  j.created_by,
  j.version,
  j.depends_on,
  j.runs_after_failure,
  j.waits_for,
  greatest(
    extract(
      epoch
      from
        lease.expires_at - clock_timestamp()
    ) * 1000,
    0
  )::double precision as expires_in_ms,
  case
    when lease.deadline_at is not null then greatest(
      extract(
        epoch
        from
          lease.deadline_at - clock_timestamp()
      ) * 1000,
      0
    )::double precision
  end as deadline_in_ms
from
  requests req
  cross join lateral jsonb_array_elements(req.result) with ordinality as given (lease, place)
  join job_leases lease on lease.job_id = (given.lease ->> 0)::uuid
  and lease.epoch = (given.lease ->> 1)::integer
  and lease.worker_id = req.actor
  join jobs j on j.id = lease.job_id
where
  req.actor = $1
  and req.method = 'ClaimJobs'
  and req.request_id = $2
order by
  given.place;
-- $1 = 'w'
-- $2 = 'r'
