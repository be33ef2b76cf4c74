-- api_key_get
select
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
  k.rotated_from
from
  api_keys k
where
  k.id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
