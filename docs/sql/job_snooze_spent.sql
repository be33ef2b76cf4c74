-- job_snooze_spent
with
  item as materialized (
    select
      *
    from
      (
        select
          item.*,
          true as retryable,
          item.delay_ms as retry_after_ms,
          'given back for later more often than max_snoozes' as error
        from
          unnest($1::uuid[], $2::int4[], $3::text[], $4::int4[], $5::bool[]) with ordinality as item (job_id, epoch, worker_id, delay_ms, hold_limit_key, ordinality)
      ) given
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
      'snoozed' as outcome
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
      job_attempts (job_id, epoch, attempt, worker_id, started_at, ended_at, outcome, error)
    select
      id,
      epoch,
      attempt,
      worker_id,
      claimed_at,
      clock.at,
      outcome,
      error
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
      used = greatest(slot.used - done.jobs, 0)
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
  ),
  hold as materialized (
    select
      j.limit_key,
      max(clock.at + least(item.delay_ms, $6) * interval '1 ms') as ends_at
    from
      ended
      join item on item.ordinality = ended.ordinality
      join jobs j on j.id = ended.id,
      clock
    where
      item.hold_limit_key
      and j.limit_key is not null
    group by
      j.limit_key
    order by
      j.limit_key
  ),
  held as (
    insert into
      job_pauses (job_type, limit_key, created_by, ends_at)
    select
      '',
      limit_key,
      $7::uuid,
      ends_at
    from
      hold
    on conflict (job_type, limit_key) do update
    set
      ends_at = excluded.ends_at
    where
      job_pauses.ends_at < excluded.ends_at - interval '1 s'
    returning
      limit_key
  ),
  audit_written as (
    insert into
      audit_logs (
        id,
        action,
        entity_type,
        entity_id,
        changes,
        user_id,
        api_key_id,
        actor,
        ip_address,
        user_agent,
        request_id,
        external
      )
    select
      ($8::uuid[]) [row_number() over ()] as id,
      'pause' as action,
      'job_limit' as entity_type,
      limit_key as entity_id,
      jsonb_build_object('after', jsonb_build_object('limit_key', limit_key)) as changes,
      $9::uuid as user_id,
      $10::uuid as api_key_id,
      $11::text as actor,
      $12::text as ip_address,
      $13::text as user_agent,
      $14::text as request_id,
      false as external
    from
      held
    returning
      id
  ),
  audit_queued as (
    insert into
      audit_unsealed (entry_kind, entry_ids)
    select
      'audit_log',
      array_agg(id)
    from
      audit_written
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
-- $4 = '{1000}'
-- $5 = '{true}'
-- $6 = 3600000
-- $7 = null
-- $8 = made anew each time
-- $9 = null
-- $10 = null
-- $11 = 'service'
-- $12 = null
-- $13 = null
-- $14 = null
