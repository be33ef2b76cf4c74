-- principal_find_key
select
  u.id as user_id,
  u.username,
  u.role,
  k.id as key_id,
  null::uuid as session_id,
  k.scopes as scopes,
  k.expires_at as expires_at,
  encode(k.key_hash, 'hex') as hash
from
  api_keys k
  join users u on u.id = k.user_id
where
  k.key_id = $1
  and u.active
  and k.revoked_at is null
  and (
    k.expires_at is null
    or k.expires_at > clock_timestamp()
  );
-- $1 = '4fJ2kQ9sLx0B'
