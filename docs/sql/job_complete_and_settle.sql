-- job_complete_and_settle
with
  item as materialized (
    select
      *
    from
      unnest($1::uuid[], $2::int4[], $3::text[], $4::jsonb[], $5::int4[], $6::int4[], $7::int4[], $8::int4[]) with ordinality as item (
        job_id,
        epoch,
        worker_id,
        result,
        evaluations_inserted,
        evaluations_duplicate,
        evaluations_conflict,
        tokens_used,
        ordinality
      )
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
      status = 'completed',
      result = gone.result,
      error = null,
      progress = 1,
      completed_at = clock.at,
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
      gone.worker_id,
      gone.claimed_at,
      gone.attempt,
      gone.ordinality,
      gone.evaluations_inserted,
      gone.evaluations_duplicate,
      gone.evaluations_conflict,
      j.limit_key,
      j.tokens,
      gone.tokens_used
  ),
  finished as (
    insert into
      job_finished (job_id, finished_at, status, job_type, worker_id)
    select
      id,
      clock.at,
      'completed',
      job_type,
      worker_id
    from
      ended,
      clock
    where
      true
  ),
  noted as (
    insert into
      job_ended_dependencies (job_id, status)
    select
      id,
      'completed'
    from
      ended
    where
      has_dependants
      and true
    order by
      id
    on conflict (job_id) do update
    set
      status = excluded.status
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
  attempt as (
    insert into
      job_attempts (
        job_id,
        epoch,
        attempt,
        worker_id,
        started_at,
        ended_at,
        outcome,
        error,
        evaluations_inserted,
        evaluations_duplicate,
        evaluations_conflict,
        tokens_used
      )
    select
      id,
      epoch,
      attempt,
      worker_id,
      claimed_at,
      clock.at,
      'completed',
      null,
      evaluations_inserted,
      evaluations_duplicate,
      evaluations_conflict,
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
  freed_keys as (
    delete from job_keys key using ended
    where
      true
      and ended.unique_key is not null
      and key.job_type = ended.job_type
      and key.unique_key = ended.unique_key
      and key.job_id = ended.id
  ),
  freed_slots as (
    update worker_slots slot
    set
      used = greatest(slot.used - done.jobs, 0),
      completed = slot.completed + done.jobs
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
  counted as (
    insert into
      job_stat_deltas (job_type, benchmark_id, running, completed)
    select
      job_type,
      case
        when grouping(benchmark_id) = 0 then benchmark_id
      end,
      (0 - count(*))::integer,
      (count(*) - 0)::integer
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
  case
    when count(*) < (
      select
        count(*)
      from
        item
    ) then coalesce(array_agg(ordinality::integer), '{}')
  end as positions
from
  ended;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{1}'
-- $3 = '{w}'
-- $4 = '{"{}"}'
-- $5 = '{0}'
-- $6 = '{0}'
-- $7 = '{0}'
-- $8 = '{1000}'
