-- principal_find_session
select
  u.id as user_id,
  u.username,
  u.role,
  s.api_key_id as key_id,
  s.id as session_id,
  '{}'::text[] as scopes,
  least(s.expires_at, k.expires_at) as expires_at,
  encode(s.token_hash, 'hex') as hash
from
  sessions s
  join users u on u.id = s.user_id
  left join api_keys k on k.id = s.api_key_id
where
  s.id = $1
  and not s.is_code
  and s.expires_at > clock_timestamp()
  and u.active
  and k.revoked_at is null
  and (
    k.expires_at is null
    or k.expires_at > clock_timestamp()
  );
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
