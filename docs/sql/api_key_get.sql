-- api_key_get
select
  k.id,
  k.user_id as "userId",
  k.key_id as "keyId",
  k.name,
  k.scopes,
  (
    k.revoked_at is null
    and (
      k.expires_at is null
      or k.expires_at > clock_timestamp()
    )
  ) as active,
  k.expires_at as "expiresAt",
  k.last_used as "lastUsed",
  k.created_at as "createdAt",
  k.created_by as "createdBy",
  k.revoked_at as "revokedAt",
  k.rotated_from as "rotatedFrom"
from
  api_keys k
where
  k.id = $1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
