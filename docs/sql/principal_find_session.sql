-- principal_find_session
select
  u.id as "userId",
  u.username,
  u.role,
  null::uuid as "keyId",
  s.id as "sessionId",
  '{}'::text[] as scopes,
  s.expires_at as "expiresAt",
  encode(s.token_hash, 'hex') as hash
from
  sessions s
  join users u on u.id = s.user_id
where
  s.id = $1
  and u.active
  and s.expires_at > clock_timestamp();
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
