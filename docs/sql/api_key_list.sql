-- api_key_list, 1 of 2
select
  r.id,
  r.user_id,
  r.key_id,
  r.name,
  r.scopes,
  (
    r.revoked_at is null
    and (
      r.expires_at is null
      or r.expires_at > clock_timestamp()
    )
  ) as active,
  r.expires_at,
  r.last_used,
  r.created_at,
  r.created_by,
  r.created_by_key,
  r.revoked_at,
  r.rotated_from,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(300 + octet_length(r.name) + coalesce(pg_column_size(r.scopes), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          api_keys k
        where
          k.user_id = $1
        order by
          k.created_at desc,
          k.id desc
        limit
          $2
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
  or r.bytes_so_far <= $3
order by
  r.created_at desc,
  r.id desc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 2
-- $3 = 3145728

-- api_key_list, 2 of 2
select
  r.id,
  r.user_id,
  r.key_id,
  r.name,
  r.scopes,
  (
    r.revoked_at is null
    and (
      r.expires_at is null
      or r.expires_at > clock_timestamp()
    )
  ) as active,
  r.expires_at,
  r.last_used,
  r.created_at,
  r.created_by,
  r.created_by_key,
  r.revoked_at,
  r.rotated_from,
  r.fetched
from
  (
    select
      r.*,
      count(*) over () as fetched,
      row_number() over running as place,
      sum(300 + octet_length(r.name) + coalesce(pg_column_size(r.scopes), 0)) over running as bytes_so_far
    from
      (
        select
          *
        from
          api_keys k
        where
          k.user_id = $1
          and (k.created_at, k.id) < ($2::timestamptz, $3::uuid)
        order by
          k.created_at desc,
          k.id desc
        limit
          $4
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
  or r.bytes_so_far <= $5
order by
  r.created_at desc,
  r.id desc;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $4 = 2
-- $5 = 3145728
