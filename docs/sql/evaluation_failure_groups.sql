-- evaluation_failure_groups
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
          id,
          created_at,
          error
        from
          evaluations
        where
          benchmark_id = $5
          and error is not null
        order by
          created_at desc,
          id desc
        limit
          $6
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
          regexp_replace(line, $7, '#', 'g') as message
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
  $8;
-- $1 = 500
-- $2 = 500
-- $3 = 500
-- $4 = 500
-- $5 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $6 = 20000
-- $7 = '\m(?:0x[[:xdigit:]]+|[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}|(?=[a-f]*\d)[…'
-- $8 = 10
