-- api_key_revoke_all
with
  revoked as (
    update api_keys
    set
      revoked_at = clock_timestamp()
    where
      user_id = $1
      and revoked_at is null
    returning
      1
  )
select
  count(*) as revoked
from
  revoked;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
