-- rollup_note_computed, 1 of 2
insert into
  stale_rollups as s (benchmark_id, is_missing, names_left_out, names, compute_after)
values
  (
    $1,
    false,
    $2,
    $3::text[],
    clock_timestamp() + greatest($4 * (clock_timestamp() - now()), $5 * interval '1 ms')
  )
on conflict (benchmark_id) do update
set
  is_missing = s.is_missing
  and s.xmin::text is distinct from $6::text,
  names_left_out = excluded.names_left_out,
  names = coalesce(s.names, excluded.names),
  compute_after = excluded.compute_after;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 0
-- $3 = null
-- $4 = 5
-- $5 = 1000
-- $6 = null

-- rollup_note_computed, 2 of 2
insert into
  stale_rollups as s (benchmark_id, is_missing, names_left_out, names, compute_after)
values
  (
    $1,
    false,
    $2,
    $3::"text" []::text[],
    clock_timestamp() + greatest($4 * (clock_timestamp() - now()), $5 * interval '1 ms')
  )
on conflict (benchmark_id) do update
set
  is_missing = s.is_missing
  and s.xmin::text is distinct from $6::text,
  names_left_out = excluded.names_left_out,
  names = coalesce(s.names, excluded.names),
  compute_after = excluded.compute_after;
-- $1 = '01890a5d-ac96-774b-bcce-b302099a8057'
-- $2 = 1
-- $3 = '{a}'
-- $4 = 5
-- $5 = 1000
-- $6 = '1'
