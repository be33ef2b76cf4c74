-- api_key_revoke_descendants
with recursive
  made as (
    select
      k.id
    from
      api_keys k
    where
      k.created_by_key = $1
    union
    select
      k.id
    from
      api_keys k
      join made m on k.created_by_key = m.id
  ),
  good as (
    select
      k.id
    from
      api_keys k
      join made m on m.id = k.id
    where
      k.revoked_at is null
    order by
      k.id
    limit
      $2
    for no key update of
      k
  )
update api_keys k
set
  revoked_at = clock_timestamp()
from
  good
where
  k.id = good.id
returning
  k.id,
  k.user_id,
  k.key_id,
  k.name,
  k.scopes,
  (
    k.revoked_at is null
    and (
      k.expires_at is null
      or k.expires_at > clock_timestamp()
    )
  ) as active,
  k.expires_at,
  k.last_used,
  k.created_at,
  k.created_by,
  k.created_by_key,
  k.revoked_at,
  k.rotated_from;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 10
