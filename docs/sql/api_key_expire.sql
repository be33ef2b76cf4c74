-- api_key_expire
update api_keys k
set
  expires_at = least(k.expires_at, clock_timestamp() + $1::double precision * interval '1 ms')
where
  k.id = $2
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
-- $1 = 0
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
