-- job_failure_groups, 1 of 2
with
  failure as materialized (
    select
      e.id,
      e.created_at,
      coalesce(
        case
          when e.error like 'Traceback (most recent call last)%' then right(
            substring(
              rtrim(right(e.error, 4 * $1::integer), E' \t\r\n')
              from
                '[^\r\n]*$'
            ),
            $2::integer
          )
          else left(
            substring(
              ltrim(left(e.error, 4 * $3::integer), E' \t\r\n')
              from
                '^[^\r\n]*'
            ),
            $4::integer
          )
        end,
        ''
      ) as line
    from
      (
        select
          j.id,
          fin.finished_at as created_at,
          j.error
        from
          (
            select
              job_id,
              finished_at
            from
              job_finished
            where
              status = 'failed'
            order by
              finished_at desc,
              job_id desc
            limit
              $5
          ) fin
          join jobs j on j.id = fin.job_id
        where
          true
      ) e
  ),
  placed as (
    select
      f.*,
      row_number() over (
        partition by
          f.message
        order by
          f.created_at desc,
          f.id desc
      ) as place
    from
      (
        select
          *,
          regexp_replace(line, $6, '#', 'g') as message
        from
          failure
      ) f
  ),
  grouped as (
    select
      message,
      count(*) as count,
      min(created_at) as first_at,
      max(created_at) as last_at,
      max(line) filter (
        where
          place = 1
      ) as example,
      array_agg(
        id
        order by
          place
      ) filter (
        where
          place <= 3
      ) as ids
    from
      placed
    group by
      message
  )
select
  g.message,
  g.count,
  g.first_at,
  g.last_at,
  coalesce(g.example, '') as example,
  g.ids,
  (
    select
      count(*)
    from
      failure
  ) as failures_read,
  (
    select
      count(*)
    from
      grouped
  ) as groups
from
  grouped g
order by
  g.count desc,
  g.last_at desc,
  g.message collate "C"
limit
  $7;
-- $1 = 500
-- $2 = 500
-- $3 = 500
-- $4 = 500
-- $5 = 5000
-- $6 = '\m(?:0x[[:xdigit:]]+|[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}|(?=[a-f]*\d)[…'
-- $7 = 10

-- job_failure_groups, 2 of 2
with
  failure as materialized (
    select
      e.id,
      e.created_at,
      coalesce(
        case
          when e.error like 'Traceback (most recent call last)%' then right(
            substring(
              rtrim(right(e.error, 4 * $1::integer), E' \t\r\n')
              from
                '[^\r\n]*$'
            ),
            $2::integer
          )
          else left(
            substring(
              ltrim(left(e.error, 4 * $3::integer), E' \t\r\n')
              from
                '^[^\r\n]*'
            ),
            $4::integer
          )
        end,
        ''
      ) as line
    from
      (
        select
          j.id,
          fin.finished_at as created_at,
          j.error
        from
          (
            select
              job_id,
              finished_at
            from
              job_finished
            where
              status = 'failed'
              and finished_at >= $5
              and finished_at < $6
            order by
              finished_at desc,
              job_id desc
            limit
              $7
          ) fin
          join jobs j on j.id = fin.job_id
        where
          true
          and j.job_type = $8
          and j.benchmark_id = $9
      ) e
  ),
  placed as (
    select
      f.*,
      row_number() over (
        partition by
          f.message
        order by
          f.created_at desc,
          f.id desc
      ) as place
    from
      (
        select
          *,
          regexp_replace(line, $10, '#', 'g') as message
        from
          failure
      ) f
  ),
  grouped as (
    select
      message,
      count(*) as count,
      min(created_at) as first_at,
      max(created_at) as last_at,
      max(line) filter (
        where
          place = 1
      ) as example,
      array_agg(
        id
        order by
          place
      ) filter (
        where
          place <= 3
      ) as ids
    from
      placed
    group by
      message
  )
select
  g.message,
  g.count,
  g.first_at,
  g.last_at,
  coalesce(g.example, '') as example,
  g.ids,
  (
    select
      count(*)
    from
      failure
  ) as failures_read,
  (
    select
      count(*)
    from
      grouped
  ) as groups
from
  grouped g
order by
  g.count desc,
  g.last_at desc,
  g.message collate "C"
limit
  $11;
-- $1 = 500
-- $2 = 500
-- $3 = 500
-- $4 = 500
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
-- $7 = 5000
-- $8 = 't'
-- $9 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $10 = '\m(?:0x[[:xdigit:]]+|[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}|(?=[a-f]*\d)[…'
-- $11 = 10
