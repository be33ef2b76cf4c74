-- job_fold_stats
with
  folded as (
    delete from job_stat_deltas
    where
      id = any (
        array(
          select
            id
          from
            job_stat_deltas
          order by
            id
          limit
            $1
          for update
            skip locked
        )
      )
      and (
        select
          count(*)
        from
          (
            select
            from
              job_stat_deltas
            limit
              100
          ) d
      ) = 100
    returning
      *
  ),
  sums as (
    insert into
      job_stat_deltas (job_type, benchmark_id, pending, scheduled, running, completed, failed, cancelled)
    select
      job_type,
      benchmark_id,
      sum(pending),
      sum(scheduled),
      sum(running),
      sum(completed),
      sum(failed),
      sum(cancelled)
    from
      folded
    group by
      job_type,
      benchmark_id
    having
      sum(pending) <> 0
      or sum(scheduled) <> 0
      or sum(running) <> 0
      or sum(completed) <> 0
      or sum(failed) <> 0
      or sum(cancelled) <> 0
    returning
      1
  )
select
  case
    when (
      select
        count(*)
      from
        sums
    ) * 2 < count(*) then count(*)
    else 0
  end as folded
from
  folded;
-- $1 = 10
