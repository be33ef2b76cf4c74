-- audit_seal_insert
insert into
  audit_seals (sequence, kind, sealed_at, key_id, previous_mac, entries, first_at, last_at, cutoff, mac, content)
values
  ($1, $2, $3::timestamptz, $4, $5, $6, $7::timestamptz, $8::timestamptz, $9::timestamptz, $10, $11)
returning
  sequence;
-- $1 = 1
-- $2 = 'checkpoint'
-- $3 = '2026-01-31T12:00:00.000001Z'
-- $4 = '\x0011223344556677'
-- $5 = '\x0000000000000000000000000000000000000000000000000000000000000000'
-- $6 = 0
-- $7 = null
-- $8 = null
-- $9 = '2026-01-31T12:00:00.000001Z'
-- $10 = '\x0000000000000000000000000000000000000000000000000000000000000000'
-- $11 = '\x0000000000000000000000000000000000000000000000000000000000000000'
