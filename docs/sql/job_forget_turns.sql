-- job_forget_turns
with recursive
  line(lane_id, priority) as (
    (
      select
        lane_id,
        priority
      from
        job_fair_turns
      order by
        lane_id,
        priority
      limit
        1
    )
    union all
    select
      next.lane_id,
      next.priority
    from
      line
      cross join lateral (
        select
          lane_id,
          priority
        from
          job_fair_turns
        where
          (lane_id, priority) > (line.lane_id, line.priority)
        order by
          lane_id,
          priority
        limit
          1
      ) next
  ),
  old as materialized (
    select
      known.tid
    from
      line
      cross join lateral (
        select
          ctid as tid,
          next_turn
        from
          job_fair_turns
        where
          lane_id = line.lane_id
          and priority = line.priority
        order by
          next_turn desc
        limit
          1
      ) last
      cross join lateral (
        select
          ctid as tid
        from
          job_fair_turns
        where
          lane_id = line.lane_id
          and priority = line.priority
          and ctid <> last.tid
          and next_turn <= coalesce(
            (
              select
                turn
              from
                job_ready
              where
                lane_id = line.lane_id
                and priority = line.priority
                and turn > 0
              order by
                turn,
                sequence
              limit
                1
            ),
            last.next_turn
          )
        order by
          next_turn
        limit
          $1
      ) known
    limit
      $2
  ),
  gone as (
    delete from job_fair_turns
    where
      ctid = any (
        array(
          select
            ctid
          from
            job_fair_turns
          where
            ctid = any (
              array(
                select
                  tid
                from
                  old
              )
            )
          for update
            skip locked
        )
      )
    returning
      1
  )
select
  count(*) as forgotten
from
  gone;
-- $1 = 100
-- $2 = 100
