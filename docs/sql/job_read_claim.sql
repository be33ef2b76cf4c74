-- job_read_claim
select
  j.id,
  j.job_type as "jobType",
  j.payload,
  j.result,
  j.metadata,
  j.priority,
  j.status,
  j.error,
  j.retry_count as "retryCount",
  j.max_retries as "maxRetries",
  j.timeout_seconds as "timeoutSeconds",
  coalesce(l.worker_id, f.worker_id) as "workerId",
  j.required_tags as "requiredTags",
  j.run_at as "runAt",
  j.benchmark_id as "benchmarkId",
  j.limit_key as "limitKey",
  j.unique_key as "uniqueKey",
  j.progress,
  j.progress_message as "progressMessage",
  j.epoch,
  j.started_at as "startedAt",
  j.completed_at as "completedAt",
  j.created_at as "createdAt",
  j.updated_at as "updatedAt",
  j.created_by as "createdBy",
  j.version,
  greatest(
    extract(
      epoch
      from
        l.expires_at - clock_timestamp()
    ) * 1000,
    0
  )::double precision as "expiresInMs",
  case
    when l.deadline_at is not null then greatest(
      extract(
        epoch
        from
          l.deadline_at - clock_timestamp()
      ) * 1000,
      0
    )::double precision
  end as "deadlineInMs"
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
