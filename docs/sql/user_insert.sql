-- user_insert
insert into
  users as u (id, email, username, password_hash, role, metadata)
values
  ($1, $2, $3, $4, $5, $6)
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
-- $2 = 'ada@example.com'
-- $3 = 'ada'
-- $4 = ''
-- $5 = 'user'
-- $6 = null
