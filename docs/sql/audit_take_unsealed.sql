-- audit_take_unsealed
with
  picked as materialized (
    select
      place,
      id,
      entry_kind,
      entry_ids,
      epochs,
      created_at
    from
      (
        select
          u.*,
          sum(cardinality(entry_ids)) over (
            order by
              id
          ) - cardinality(entry_ids) as before
        from
          (
            select
              ctid as place,
              id,
              entry_kind,
              entry_ids,
              epochs,
              created_at
            from
              audit_unsealed
            order by
              id
            limit
              $1
          ) u
      ) u
    where
      before < $2
  ),
  taken as (
    delete from audit_unsealed
    where
      ctid = any (
        array(
          select
            place
          from
            picked
        )
      )
  ),
  record as (
    select
      coalesce(l.created_at, u.created_at) as time,
      '\x01'::bytea || uuid_send (e.id) || int4send (0) as name,
      case
        when l.id is null then $3
        else pg_catalog.sha256 (
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
        )
      end as digest
    from
      picked u
      cross join unnest(u.entry_ids) e (id)
      left join audit_logs l on l.id = e.id
    where
      u.entry_kind = 'audit_log'
      and e.id is not null
    union all
    select
      coalesce(a.ended_at, u.created_at),
      '\x02'::bytea || uuid_send (e.id) || int4send (e.epoch),
      case
        when a.job_id is null then $4
        else pg_catalog.sha256 (
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
        )
      end
    from
      picked u
      cross join unnest(u.entry_ids, u.epochs) e (id, epoch)
      left join job_attempts a on a.job_id = e.id
      and a.epoch = e.epoch
    where
      u.entry_kind = 'job_attempt'
      and e.id is not null
      and e.epoch is not null
  )
select
  (
    select
      count(*)
    from
      picked
  ) as rows,
  count(*) as entries,
  least(greatest(min(time), '1900-01-01T00:00:00Z'::timestamptz), '9999-12-31T23:59:59Z'::timestamptz) as first_at,
  least(greatest(max(time), '1900-01-01T00:00:00Z'::timestamptz), '9999-12-31T23:59:59Z'::timestamptz) as last_at,
  string_agg(name || timestamptz_send (time) || digest, ''::bytea) as content,
  greatest(clock_timestamp(), $5::timestamptz) as sealed_at
from
  record;
-- $1 = 16
-- $2 = 1000
-- $3 = '\x0000000000000000000000000000000000000000000000000000000000000000'
-- $4 = '\x0000000000000000000000000000000000000000000000000000000000000000'
-- $5 = '2026-01-31T12:00:00.000001Z'
