-- samples_await_writers
with
  writing as materialized (
    select
      array(
        select
          l.virtualtransaction
        from
          pg_locks l
        where
          l.locktype = 'relation'
          and l.relation = 'evaluations'::regclass
          and l.database = (
            select
              oid
            from
              pg_database
            where
              datname = current_database()
          )
          and l.mode = 'RowExclusiveLock'
      ) as names
  ),
  noted as (
    update repeated_benchmarks r
    set
      writers = w.names
    from
      writing w
    where
      r.benchmark_id = $1
      and r.writers is null
  )
select
  coalesce(r.writers && w.names, w.names <> '{}') as is_waiting
from
  repeated_benchmarks r
  cross join writing w
where
  r.benchmark_id = $2;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
