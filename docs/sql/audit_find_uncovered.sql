-- audit_find_uncovered
with
  seal as materialized (
    select
      entries,
      content || ''::bytea as content
    from
      audit_seals
    where
      kind = 'entries'
      and tstzrange (first_at, last_at, '[]') && tstzrange ($1::timestamptz, $2::timestamptz, '[]')
  ),
  uncovered as materialized (
    (
      select
        '\x01'::bytea || uuid_send (id) || int4send (0) as name
      from
        audit_logs
      where
        created_at >= $3::timestamptz
        and created_at <= $4::timestamptz
      union all
      select
        '\x02'::bytea || uuid_send (job_id) || int4send (epoch)
      from
        job_attempts
      where
        ended_at >= $5::timestamptz
        and ended_at <= $6::timestamptz
    )
    except
    select
      substr(s.content, $7 * i + 1, 21)
    from
      seal s,
      generate_series(0, s.entries - 1) i
  )
select
  name
from
  (
    select
      name
    from
      uncovered
    except
    select
      case u.entry_kind
        when 'audit_log' then '\x01'::bytea || uuid_send (e.id) || int4send (0)
        else '\x02'::bytea || uuid_send (e.id) || int4send (e.epoch)
      end
    from
      audit_unsealed u
      cross join unnest(u.entry_ids, u.epochs) e (id, epoch)
    where
      (
        select
          count(*)
        from
          uncovered
      ) > 0
      and u.id >= '-9223372036854775808'::bigint
  ) loose
order by
  name
limit
  1;
-- $1 = '-infinity'
-- $2 = 'infinity'
-- $3 = '-infinity'
-- $4 = 'infinity'
-- $5 = '-infinity'
-- $6 = 'infinity'
-- $7 = 61
