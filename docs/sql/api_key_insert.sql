-- api_key_insert
insert into
  api_keys as k (id, user_id, name, scopes, expires_at, created_by, created_by_key, key_id, key_hash, rotated_from)
values
  (
    $1,
    $2,
    $3,
    $4::"text" [],
    least($5::timestamptz, clock_timestamp() + $6::double precision * interval '1 ms', $7::timestamptz),
    $8,
    $9,
    $10,
    decode($11, 'hex'),
    $12
  )
on conflict (id) do nothing
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
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = 'n'
-- $4 = '{jobs:read}'
-- $5 = null
-- $6 = null
-- $7 = null
-- $8 = null
-- $9 = null
-- $10 = '4fJ2kQ9s'
-- $11 = '00'
-- $12 = null
