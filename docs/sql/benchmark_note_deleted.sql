-- benchmark_note_deleted
update benchmark_deletions
set
  last_created_at = $1::timestamptz,
  last_id = $2::uuid
where
  benchmark_id = $3
returning
  benchmark_id as id;
-- $1 = null
-- $2 = null
-- $3 = '01890a5d-ac96-774b-bcce-b302099a8057'
