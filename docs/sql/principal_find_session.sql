-- principal_find_session
select
  u.id as user_id,
  u.username,
  u.role,
  null::uuid as key_id,
  s.id as session_id,
  '{}'::text[] as scopes,
  s.expires_at as expires_at,
  encode(s.token_hash, 'hex') as hash
from
  sessions s
  join users u on u.id = s.user_id
where
  s.id = $1
  and u.active
  and s.expires_at > clock_timestamp();
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
