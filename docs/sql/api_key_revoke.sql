-- api_key_revoke
update api_keys k
set
  revoked_at = coalesce(revoked_at, clock_timestamp())
where
  k.id = $1
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
