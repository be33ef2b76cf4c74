-- principal_recheck
select
  u.id as "userId",
  u.username,
  u.role,
  k.id as "keyId",
  null::uuid as "sessionId",
  k.scopes,
  k.expires_at as "expiresAt"
from
  api_keys k
  join users u on u.id = k.user_id
where
  k.id = any ($1::uuid[])
  and u.active
  and k.revoked_at is null
  and (
    k.expires_at is null
    or k.expires_at > clock_timestamp()
  )
union all
select
  u.id as "userId",
  u.username,
  u.role,
  null::uuid as "keyId",
  s.id as "sessionId",
  '{}'::text[] as scopes,
  s.expires_at as "expiresAt"
from
  sessions s
  join users u on u.id = s.user_id
where
  s.id = any ($2::uuid[])
  and u.active
  and s.expires_at > clock_timestamp();
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
