-- samples_drop_needless
delete from touched_samples t
where
  not exists (
    select
    from
      repeated_benchmarks r
    where
      r.benchmark_id = t.benchmark_id
  );
