import { z } from "zod";
import { limits } from "../limits.ts";
import type { Executor } from "./statement/executor.ts";
import { type Fragment, fragmentOf, sql, statement } from "./statement/sql.ts";

const statsRow = z.object({
  databaseSizeBytes: z.number(),
  benchmarkCount: z.number(),
  evaluationCount: z.number(),
  jobCount: z.number(),
  workerCount: z.number(),
  userCount: z.number(),
  auditLogCount: z.number(),
  serverVersion: z.string(),
  schemaVersion: z.string(),
});

/**
 * Size and contents of the database. Benchmarks, evaluations and audit entries are counted up to 10,000, and
 * beyond that estimated from PostgreSQL's statistics; the other counts are exact. Deleted users do not count.
 * `serverVersion` is PostgreSQL's, for example "18.4", and `schemaVersion` the latest applied migration.
 */
export interface DatabaseStats extends z.output<typeof statsRow> {
  /** databaseSizeBytes / 1024 / 1024. */
  databaseSizeMb: number;
}

const countedTables = ["benchmarks", "evaluations", "audit_logs"] as const;

// Rows are counted no further than this bound: a table of millions would take seconds.
const boundedCount = (table: (typeof countedTables)[number]): Fragment => {
  const name = fragmentOf(table);
  return sql.fragment`(
    select count(*) from (select from ${name} limit ${limits.countedRows + 1}) part
  ) as ${name}`;
};

// Estimates as the planner does: rows per page when the table was last analyzed, times its pages now; before
// that, from the statistics collector. A table that was counted to its end has exactly as many rows.
const rowCount = (table: (typeof countedTables)[number]): Fragment => {
  const name = fragmentOf(table);
  return sql.fragment`(
    select case
      when few.${name} <= ${limits.countedRows} then few.${name}
      else greatest(few.${name}, case
        when rel.reltuples > 0 and rel.relpages > 0 then (
          rel.reltuples / rel.relpages * (pg_relation_size(rel.oid) / current_setting('block_size')::integer)
        )::bigint
        else pg_stat_get_live_tuples(rel.oid)
      end)
    end
    from pg_class rel where rel.oid = ${sql.literalValue(table)}::regclass
  )`;
};

const databaseStats = statement("database_stats", {
  row: statsRow,
  build: () => sql.fragment`
    with few as materialized (
      select ${sql.join(countedTables.map(boundedCount), sql.fragment`, `)}
    )
    select
      pg_database_size(current_database()) as database_size_bytes,
      ${rowCount("benchmarks")} as benchmark_count,
      ${rowCount("evaluations")} as evaluation_count,
      coalesce((
        select sum(pending + scheduled + running + completed + failed + cancelled)
        from job_stat_deltas where benchmark_id is null
      ), 0)::bigint as job_count,
      (select count(*) from workers) as worker_count,
      (select count(*) from users where deleted_at is null) as user_count,
      ${rowCount("audit_logs")} as audit_log_count,
      split_part(current_setting('server_version'), ' ', 1) as server_version,
      coalesce((select max(name) from schema_migrations), '') as schema_version
    from few`,
  examples: [[]],
});

export async function readStats(db: Executor): Promise<DatabaseStats> {
  const stats = await db.one(databaseStats());
  return { ...stats, databaseSizeMb: stats.databaseSizeBytes / 1024 / 1024 };
}
