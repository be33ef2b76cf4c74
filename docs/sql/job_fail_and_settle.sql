-- job_fail_and_settle
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::text[], $5::bool[], $6::int4[], $7::int4[]) with ordinality as item (job_id, epoch, worker_id, error, retryable, retry_after_ms, tokens_used, ordinality)
  ),
  slot as materialized (
    select
      worker_id,
      id,
      capacity - used as free
    from
      worker_slots
    where
      worker_id in (
        select
          worker_id
        from
          item
      )
    order by
      worker_id
    for update
  ),
  gone as (
    delete from job_leases lease using (
      select
        item.*
      from
        item,
        (
          select
            count(*)
          from
            slot
        ) s
      order by
        item.job_id
    ) item
    where
      lease.job_id = item.job_id
      and lease.epoch = item.epoch
      and lease.worker_id = item.worker_id
    returning
      lease.claimed_at,
      lease.attempt,
      item.*
  ),
  clock as materialized (
    select
      clock_timestamp() as at,
      count(*)
    from
      gone
  ),
  ended as (
    update jobs j
    set
      status = case
        when gone.retryable
        and j.retry_count < j.max_retries then 'pending'
        else 'failed'
      end,
      retry_count = j.retry_count + (
        gone.retryable
        and j.retry_count < j.max_retries
      )::integer,
      run_at = case
        when gone.retryable
        and j.retry_count < j.max_retries then clock.at + coalesce(
          gone.retry_after_ms * interval '1 ms',
          (least(power(2, j.retry_count), 300) * (0.5 + random() / 2)) * interval '1 s'
        )
        else j.run_at
      end,
      assigned_worker_id = case
        when gone.retryable
        and j.retry_count < j.max_retries then null
        else j.assigned_worker_id
      end,
      completed_at = case
        when gone.retryable
        and j.retry_count < j.max_retries then null
        else clock.at
      end,
      error = gone.error,
      updated_at = clock.at,
      version = j.version + 1
    from
      gone,
      clock
    where
      j.id = gone.job_id
      and j.status = 'running'
      and j.epoch = gone.epoch
    returning
      j.id,
      j.epoch,
      j.job_type,
      j.benchmark_id,
      j.unique_key,
      j.has_dependants,
      j.status,
      j.run_at,
      gone.worker_id,
      gone.claimed_at,
      gone.attempt,
      gone.ordinality,
      gone.error,
      'failed' as outcome,
      j.limit_key,
      j.tokens,
      gone.tokens_used
  ),
  settled_limit as materialized (
    select
      limit_key
    from
      job_limits
    where
      tokens_per_minute is not null
      and limit_key in (
        select
          limit_key
        from
          ended
        where
          tokens_used is not null
      )
    order by
      limit_key
    for key share
  ),
  settled as (
    insert into
      job_limit_starts (limit_key, started_at, started, tokens)
    select
      limit_key,
      case
        when difference > 0 then clock.at
        else claimed_at
      end,
      0,
      difference
    from
      (
        select
          limit_key,
          claimed_at,
          tokens_used - tokens as difference
        from
          ended
        where
          limit_key in (
            select
              limit_key
            from
              settled_limit
          )
      ) used,
      clock
    where
      difference > 0
      or (
        difference < 0
        and claimed_at > clock.at - interval '1 minute'
      )
  ),
  scheduled as (
    insert into
      job_scheduled (run_at, job_id)
    select
      run_at,
      id
    from
      ended
    where
      status = 'pending'
  ),
  finished as (
    insert into
      job_finished (job_id, finished_at, status, job_type, worker_id)
    select
      id,
      clock.at,
      'failed',
      job_type,
      worker_id
    from
      ended,
      clock
    where
      status = 'failed'
  ),
  noted as (
    insert into
      job_ended_dependencies (job_id, status)
    select
      id,
      'failed'
    from
      ended
    where
      has_dependants
      and status = 'failed'
    order by
      id
    on conflict (job_id) do update
    set
      status = excluded.status
  ),
  attempt as (
    insert into
      job_attempts (job_id, epoch, attempt, worker_id, started_at, ended_at, outcome, error, tokens_used)
    select
      id,
      epoch,
      attempt,
      worker_id,
      claimed_at,
      clock.at,
      outcome,
      error,
      tokens_used
    from
      ended,
      clock
  ),
  unsealed as (
    insert into
      audit_unsealed (entry_kind, entry_ids, epochs)
    select
      'job_attempt',
      array_agg(id),
      array_agg(epoch)
    from
      ended
    having
      count(*) > 0
  ),
  freed_slots as (
    update worker_slots slot
    set
      used = greatest(slot.used - done.jobs, 0),
      failed = slot.failed + done.jobs
    from
      (
        select
          worker_id,
          count(*)::integer as jobs
        from
          ended
        group by
          worker_id
      ) done
    where
      slot.worker_id = done.worker_id
  ),
  freed_keys as (
    delete from job_keys key using ended
    where
      ended.status = 'failed'
      and ended.unique_key is not null
      and key.job_type = ended.job_type
      and key.unique_key = ended.unique_key
      and key.job_id = ended.id
  ),
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, scheduled, running, failed)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (
        count(*) filter (
          where
            (
              case status
                when 'pending' then 'scheduled'
                else 'failed'
              end
            ) = 'scheduled'
        ) - 0
      )::integer,
      (0 - count(*))::integer,
      (
        count(*) filter (
          where
            (
              case status
                when 'pending' then 'scheduled'
                else 'failed'
              end
            ) = 'failed'
        ) - 0
      )::integer
    from
      ended
    group by
      grouping sets ((job_type), (job_type, benchmark_id))
    having
      grouping(benchmark_id) = 1
      or benchmark_id is not null
  ),
  event as (
    insert into
      job_events (job_ids)
    select
      array_agg(id)
    from
      ended
    having
      count(*) > 0
  )
select
  ordinality as position,
  status = 'pending' as will_retry,
  case status
    when 'pending' then run_at
  end as run_at
from
  ended;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{e}'
-- $5 = '{true}'
-- $6 = '{null}'
-- $7 = '{1000}'
