-- user_list, 1 of 2
select
  r.id,
  r.email,
  r.username,
  r.role,
  r.active,
  r.email_verified,
  r.metadata,
  r.last_login,
  r.created_at,
  r.updated_at,
  r.version,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(300 + octet_length(r.email || r.username) + coalesce(pg_column_size(r.metadata #> '{}'), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          users u
        where
          u.deleted_at is null
        order by
          u.created_at desc,
          u.id desc
        limit
          $1
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $2
order by
  r.created_at desc,
  r.id desc;
-- $1 = 2
-- $2 = 3145728

-- user_list, 2 of 2
select
  r.id,
  r.email,
  r.username,
  r.role,
  r.active,
  r.email_verified,
  r.metadata,
  r.last_login,
  r.created_at,
  r.updated_at,
  r.version,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(300 + octet_length(r.email || r.username) + coalesce(pg_column_size(r.metadata #> '{}'), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          users u
        where
          u.deleted_at is null
          and u.role = $1
          and u.active = $2
          and (u.created_at, u.id) < ($3::timestamptz, $4::uuid)
        order by
          u.created_at desc,
          u.id desc
        limit
          $5
      ) r
    window
      running as (
        order by
          r.created_at desc,
          r.id desc rows between unbounded preceding
          and current row
      )
  ) r
where
  r.place = 1
  or r.bytes_so_far <= $6
order by
  r.created_at desc,
  r.id desc;
-- $1 = 'admin'
-- $2 = true
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 2
-- $6 = 3145728
