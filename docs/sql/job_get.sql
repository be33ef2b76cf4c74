-- job_get
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
  coalesce(lease.worker_id, fin.worker_id) as worker_id,
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
  coalesce(
    (
      select
        json_agg(
          json_build_object(
            'epoch',
            epoch,
            'attempt',
            attempt,
            'workerId',
            worker_id,
            'startedAt',
            to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'endedAt',
            to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'outcome',
            outcome,
            'error',
            error,
            'tokensUsed',
            tokens_used
          )
          order by
            epoch
        )
      from
        (
          select
            epoch,
            attempt,
            worker_id,
            started_at,
            ended_at,
            outcome,
            left(error, $1) as error,
            tokens_used
          from
            job_attempts
          where
            job_id = $2
          union all
          select
            epoch,
            attempt,
            worker_id,
            claimed_at,
            null,
            null,
            null,
            null
          from
            job_leases
          where
            job_id = $3
          order by
            epoch desc
          limit
            $4
        ) a
    ),
    '[]'
  ) as attempts
from
  jobs j
  left join job_leases lease on lease.job_id = j.id
  left join job_finished fin on fin.status = j.status
  and fin.finished_at = j.completed_at
  and fin.job_id = j.id
where
  j.id = $5;
-- $1 = 2048
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 100
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
