-- audit_compare_logs
select
  coalesce(
    array_agg(s.ordinality::integer) filter (
      where
        l.id is null
    ),
    '{}'
  ) as missing,
  (
    min(s.ordinality) filter (
      where
        l.id is not null
        and pg_catalog.sha256 (
          pg_catalog.record_send (
            row (
              "l"."id",
              "l"."user_id",
              "l"."api_key_id",
              "l"."created_at",
              "l"."action",
              "l"."entity_type",
              "l"."entity_id",
              "l"."ip_address",
              "l"."actor",
              "l"."request_id",
              "l"."user_agent",
              "l"."changes",
              "l"."external"
            )
          )
        ) <> s.digest
    )
  )::integer as altered
from
  unnest($1::uuid[], $2::int4[], $3::bytea[]) with ordinality as s (id, epoch, digest, ordinality)
  left join audit_logs l on l.id = s.id;
-- $1 = '{01890a5d-ac96-774b-bcce-b302099a8057}'
-- $2 = '{0}'
-- $3 = '{"\\x00ff"}'
