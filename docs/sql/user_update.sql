-- user_update, 1 of 3
update users u
set
  version = version + 1,
  updated_at = now()
where
  u.id = $1
  and u.deleted_at is null
returning
  u.id,
  u.email,
  u.username,
  u.role,
  u.active,
  u.email_verified,
  u.metadata,
  u.last_login,
  u.created_at,
  u.updated_at,
  u.version;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- user_update, 2 of 3
update users u
set
  version = version + 1,
  updated_at = now(),
  email = $1,
  username = $2,
  role = $3,
  active = $4,
  metadata = $5,
  email_verified = email_verified
  and email = $6
where
  u.id = $7
  and u.deleted_at is null
returning
  u.id,
  u.email,
  u.username,
  u.role,
  u.active,
  u.email_verified,
  u.metadata,
  u.last_login,
  u.created_at,
  u.updated_at,
  u.version;
-- $1 = 'ada@example.com'
-- $2 = 'ada'
-- $3 = 'admin'
-- $4 = false
-- $5 = null
-- $6 = 'ada@example.com'
-- $7 = '01890a5d-ac96-774b-bcce-b302099a8057'

-- user_update, 3 of 3
update users u
set
  version = version + 1,
  updated_at = now(),
  email = $1,
  email_verified = $2,
  metadata = $3
where
  u.id = $4
  and u.deleted_at is null
returning
  u.id,
  u.email,
  u.username,
  u.role,
  u.active,
  u.email_verified,
  u.metadata,
  u.last_login,
  u.created_at,
  u.updated_at,
  u.version;
-- $1 = 'ada@example.com'
-- $2 = true
-- $3 = '{}'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
