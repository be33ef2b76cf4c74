-- leaderboard_parts, 1 of 2
select
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
    where
      part.dataset = $1
      and part.metric = $2
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.dataset = $3
    where
      part.metric = $4
      and true
  ) as deltas,
  (
    select
      coalesce(encode(string_agg(uuid_send (s.benchmark_id), ''::bytea), 'base64'), '')
    from
      stale_rollups s
      join benchmarks b on b.id = s.benchmark_id
      and b.dataset = $5
    where
      s.is_missing
  ) as missing;
-- $1 = 'd'
-- $2 = 'score'
-- $3 = 'd'
-- $4 = 'score'
-- $5 = 'd'

-- leaderboard_parts, 2 of 2
select
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_rollups part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $1
      and b.provider = $2
      and b.dataset = $3
      and b.labels @> $4
      and b.created_at >= $5
      and b.created_at < $6
    where
      part.dataset = $7
      and part.metric = $8
  ) as base,
  (
    select
      coalesce(
        encode(
          string_agg(
            uuid_send (part.benchmark_id) || float8send (part.count::double precision) || float8send (part.sum) || float8send (part.m2),
            ''::bytea
          ),
          'base64'
        ),
        ''
      )
    from
      metric_deltas part
      join benchmarks b on b.id = part.benchmark_id
      and b.status = $9
      and b.provider = $10
      and b.dataset = $11
      and b.labels @> $12
      and b.created_at >= $13
      and b.created_at < $14
    where
      part.metric = $15
      and not exists (
        select
        from
          stale_rollups s
        where
          s.benchmark_id = "part"."benchmark_id"
          and not $16 = any (s.names)
      )
  ) as deltas,
  (
    select
      coalesce(encode(string_agg(uuid_send (s.benchmark_id), ''::bytea), 'base64'), '')
    from
      stale_rollups s
      join benchmarks b on b.id = s.benchmark_id
      and b.status = $17
      and b.provider = $18
      and b.dataset = $19
      and b.labels @> $20
      and b.created_at >= $21
      and b.created_at < $22
    where
      s.is_missing
  ) as missing;
-- $1 = 'completed'
-- $2 = 'p'
-- $3 = 'd'
-- $4 = '{"a":"b"}'
-- $5 = '2026-01-31T12:00:00.000001Z'
-- $6 = '2026-01-31T12:00:00.000001Z'
-- $7 = 'd'
-- $8 = 'accuracy'
-- $9 = 'completed'
-- $10 = 'p'
-- $11 = 'd'
-- $12 = '{"a":"b"}'
-- $13 = '2026-01-31T12:00:00.000001Z'
-- $14 = '2026-01-31T12:00:00.000001Z'
-- $15 = 'accuracy'
-- $16 = 'accuracy'
-- $17 = 'completed'
-- $18 = 'p'
-- $19 = 'd'
-- $20 = '{"a":"b"}'
-- $21 = '2026-01-31T12:00:00.000001Z'
-- $22 = '2026-01-31T12:00:00.000001Z'
