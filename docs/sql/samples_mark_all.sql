-- samples_mark_all
with
  marked as (
    insert into
      touched_samples (benchmark_id, samples)
    select
      $1::uuid,
      array_agg(e.sample)
    from
      (
        select
          e.sample,
          row_number() over () / 1000 as portion
        from
          (
            select distinct
              coalesce('s' || e.sample_id, 'e' || e.id) as sample
            from
              evaluations e
            where
              e.benchmark_id = $2
          ) e
      ) e
    group by
      e.portion
  )
update repeated_benchmarks
set
  is_missing = false,
  writers = null
where
  benchmark_id = $3;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
