-- audit_scan_end, 1 of 3
select
  l.created_at,
  l.id
from
  audit_logs l
where
  true
order by
  l.created_at desc,
  l.id desc
offset
  $1
limit
  1;
-- $1 = 4999

-- audit_scan_end, 2 of 3
select
  l.created_at,
  l.id
from
  audit_logs l
where
  l.user_id = $1
  and l.created_at >= $2
  and (l.created_at, l.id) > ($3::timestamptz, $4::uuid)
order by
  l.created_at asc,
  l.id asc
offset
  $5
limit
  1;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = '2026-01-31T12:00:00.000001Z'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 4999

-- audit_scan_end, 3 of 3
select
  l.created_at,
  l.id
from
  audit_logs l
where
  l.entity_type = $1
  and l.entity_id = $2
  and (l.created_at, l.id) < ($3::timestamptz, $4::uuid)
order by
  l.created_at desc,
  l.id desc
offset
  $5
limit
  1;
-- $1 = 'job'
-- $2 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $5 = 4999
