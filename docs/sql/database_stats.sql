-- database_stats
with
  n as materialized (
    select
      (
        select
          count(*)
        from
          (
            select
            from
              "benchmarks"
            limit
              $1
          ) t
      ) as "benchmarks",
      (
        select
          count(*)
        from
          (
            select
            from
              "evaluations"
            limit
              $2
          ) t
      ) as "evaluations",
      (
        select
          count(*)
        from
          (
            select
            from
              "audit_logs"
            limit
              $3
          ) t
      ) as "audit_logs"
  )
select
  pg_database_size(current_database()) as database_size_bytes,
  (
    select
      case
        when n."benchmarks" <= $4 then n."benchmarks"
        else greatest(
          n."benchmarks",
          case
            when c.reltuples > 0
            and c.relpages > 0 then (c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::integer))::bigint
            else pg_stat_get_live_tuples (c.oid)
          end
        )
      end
    from
      pg_class c
    where
      c.oid = 'benchmarks'::regclass
  ) as benchmark_count,
  (
    select
      case
        when n."evaluations" <= $5 then n."evaluations"
        else greatest(
          n."evaluations",
          case
            when c.reltuples > 0
            and c.relpages > 0 then (c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::integer))::bigint
            else pg_stat_get_live_tuples (c.oid)
          end
        )
      end
    from
      pg_class c
    where
      c.oid = 'evaluations'::regclass
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
        when n."audit_logs" <= $6 then n."audit_logs"
        else greatest(
          n."audit_logs",
          case
            when c.reltuples > 0
            and c.relpages > 0 then (c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::integer))::bigint
            else pg_stat_get_live_tuples (c.oid)
          end
        )
      end
    from
      pg_class c
    where
      c.oid = 'audit_logs'::regclass
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
  n;
-- $1 = 10001
-- $2 = 10001
-- $3 = 10001
-- $4 = 10000
-- $5 = 10000
-- $6 = 10000
