-- database_stats
with
  few as materialized (
    select
      (
        select
          count(*)
        from
          (
            select
            from
              benchmarks
            limit
              $1
          ) part
      ) as benchmarks,
      (
        select
          count(*)
        from
          (
            select
            from
              evaluations
            limit
              $2
          ) part
      ) as evaluations,
      (
        select
          count(*)
        from
          (
            select
            from
              audit_logs
            limit
              $3
          ) part
      ) as audit_logs
  )
select
  pg_database_size(current_database()) as database_size_bytes,
  (
    select
      case
        when few.benchmarks <= $4 then few.benchmarks
        else greatest(
          few.benchmarks,
          case
            when rel.reltuples > 0
            and rel.relpages > 0 then (rel.reltuples / rel.relpages * (pg_relation_size(rel.oid) / current_setting('block_size')::integer))::bigint
            else pg_stat_get_live_tuples (rel.oid)
          end
        )
      end
    from
      pg_class rel
    where
      rel.oid = 'benchmarks'::regclass
  ) as benchmark_count,
  (
    select
      case
        when few.evaluations <= $5 then few.evaluations
        else greatest(
          few.evaluations,
          case
            when rel.reltuples > 0
            and rel.relpages > 0 then (rel.reltuples / rel.relpages * (pg_relation_size(rel.oid) / current_setting('block_size')::integer))::bigint
            else pg_stat_get_live_tuples (rel.oid)
          end
        )
      end
    from
      pg_class rel
    where
      rel.oid = 'evaluations'::regclass
  ) as evaluation_count,
  coalesce(
    (
      select
        sum(pending + scheduled + running + completed + failed + cancelled)
      from
        job_stat_deltas
      where
        benchmark_id is null
    ),
    0
  )::bigint as job_count,
  (
    select
      count(*)
    from
      workers
  ) as worker_count,
  (
    select
      count(*)
    from
      users
    where
      deleted_at is null
  ) as user_count,
  (
    select
      case
        when few.audit_logs <= $6 then few.audit_logs
        else greatest(
          few.audit_logs,
          case
            when rel.reltuples > 0
            and rel.relpages > 0 then (rel.reltuples / rel.relpages * (pg_relation_size(rel.oid) / current_setting('block_size')::integer))::bigint
            else pg_stat_get_live_tuples (rel.oid)
          end
        )
      end
    from
      pg_class rel
    where
      rel.oid = 'audit_logs'::regclass
  ) as audit_log_count,
  split_part(current_setting('server_version'), ' ', 1) as server_version,
  coalesce(
    (
      select
        max(name)
      from
        schema_migrations
    ),
    ''
  ) as schema_version
from
  few;
-- $1 = 10001
-- $2 = 10001
-- $3 = 10001
-- $4 = 10000
-- $5 = 10000
-- $6 = 10000
