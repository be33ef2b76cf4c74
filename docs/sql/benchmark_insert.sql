-- benchmark_insert
with
  b as (
    insert into
      benchmarks (
        id,
        version,
        name,
        description,
        provider,
        model,
        dataset,
        total_iterations,
        repetitions,
        planned_samples,
        created_by,
        labels,
        metadata
      )
    values
      ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (id) do nothing
    returning
      *
  ),
  repeated as (
    insert into
      repeated_benchmarks (benchmark_id, is_missing)
    select
      b.id,
      $13::boolean
    from
      b
    where
      b.repetitions > 1
    on conflict (benchmark_id) do nothing
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
      entry.id,
      entry.action,
      entry.entity_type,
      entry.entity_id,
      entry.changes::jsonb,
      entry.user_id,
      entry.api_key_id,
      entry.actor,
      entry.ip_address,
      entry.user_agent,
      entry.request_id,
      false
    from
      unnest(
        $14::uuid[],
        $15::text[],
        $16::text[],
        $17::text[],
        $18::text[],
        $19::uuid[],
        $20::uuid[],
        $21::text[],
        $22::text[],
        $23::text[],
        $24::text[]
      ) as entry (
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
        request_id
      )
    where
      exists (
        select
        from
          b
      )
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
  ),
  event as (
    insert into
      benchmark_events (benchmark_ids)
    select
      array_agg(id)
    from
      b
    having
      count(*) > 0
  )
select
  b.id,
  b.name,
  b.description,
  b.provider,
  b.model,
  b.dataset,
  b.status,
  b.total_iterations,
  b.repetitions,
  b.planned_samples,
  greatest(least(b.completed_iterations + coalesce(del.completed, 0), 2147483647), 0)::integer as completed_iterations,
  greatest(least(b.failed_iterations + coalesce(del.failed, 0), 2147483647), 0)::integer as failed_iterations,
  b.results::text as results,
  b.metrics::text as metrics,
  b.error,
  b.started_at,
  b.completed_at,
  b.created_at,
  b.updated_at,
  b.created_by,
  b.labels,
  b.metadata::text as metadata,
  b.version
from
  b
  left join lateral (
    select
      sum(completed) as completed,
      sum(failed) as failed
    from
      benchmark_count_deltas
    where
      benchmark_id = b.id
  ) del on true;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 'n'
-- $3 = null
-- $4 = 'p'
-- $5 = 'm'
-- $6 = 'd'
-- $7 = 1
-- $8 = 5
-- $9 = 1
-- $10 = null
-- $11 = '{}'
-- $12 = null
-- $13 = false
-- $14 = made anew each time
-- $15 = '{create}'
-- $16 = '{benchmark}'
-- $17 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $18 = '{"{\"after\":{\"name\":\"n\",\"provider\":\"p\",\"model\":\"m\",\"dataset\":\"d\",\"total_…'
-- $19 = '{null}'
-- $20 = '{null}'
-- $21 = '{service}'
-- $22 = '{null}'
-- $23 = '{null}'
-- $24 = '{null}'
