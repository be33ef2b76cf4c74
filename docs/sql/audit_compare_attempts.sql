-- audit_compare_attempts
select
  coalesce(
    array_agg(s.ordinality::integer) filter (
      where
        a.job_id is null
    ),
    '{}'
  ) as missing,
  (
    min(s.ordinality) filter (
      where
        a.job_id is not null
        and pg_catalog.sha256 (
          pg_catalog.record_send (
            row (
              "a"."job_id",
              "a"."started_at",
              "a"."ended_at",
              "a"."epoch",
              "a"."attempt",
              "a"."outcome",
              "a"."worker_id",
              "a"."error",
              "a"."evaluations_inserted",
              "a"."evaluations_duplicate",
              "a"."evaluations_conflict",
              "a"."tokens_used"
            )
          )
        ) <> s.digest
    )
  )::integer as altered
from
  unnest($1::uuid[], $2::int4[], $3::bytea[]) with ordinality as s (id, epoch, digest, ordinality)
  left join job_attempts a on a.job_id = s.id
  and a.epoch = s.epoch;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{0}'
-- $3 = '{"\\x00ff"}'
