-- evaluation_find_stored
select
  b.id is not null as has_benchmark,
  exists (
    select
    from
      benchmark_deletions del
    where
      del.benchmark_id = given.benchmark_id
  ) as is_being_deleted,
  stored.id,
  stored.content_hash = given.content_hash as is_same
from
  unnest($1::uuid[], $2::uuid[], $3::text[], $4::int4[], $5::bytea[]) with ordinality as given (id, benchmark_id, sample_id, repetition, content_hash, ordinality)
  left join benchmarks b on b.id = given.benchmark_id
  left join lateral (
    select
      e.id,
      e.content_hash
    from
      evaluations e
    where
      e.benchmark_id = given.benchmark_id
      and e.sample_id = given.sample_id
      and e.repetition = given.repetition
    union all
    select
      e.id,
      e.content_hash
    from
      evaluations e
    where
      e.benchmark_id = given.benchmark_id
      and e.id = given.id
    limit
      1
  ) stored on true
order by
  given.ordinality;
-- $1 = '{}'
-- $2 = '{}'
-- $3 = '{}'
-- $4 = '{}'
-- $5 = '{}'
