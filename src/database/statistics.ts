import { z } from "zod";
import type { Executor } from "./executor.ts";
import { sql, statement } from "./sql.ts";

/** Size and contents of the database. */
export interface DatabaseStats {
  databaseSizeBytes: number;
  /** databaseSizeBytes / 1024 / 1024. */
  databaseSizeMb: number;
  benchmarkCount: number;
  evaluationCount: number;
  jobCount: number;
  workerCount: number;
  /** Users that are not deleted. */
  userCount: number;
  auditLogCount: number;
  /** Of PostgreSQL, for example "18.4". */
  serverVersion: string;
  /** The latest migration that is applied. */
  schemaVersion: string;
}

export async function readStats(db: Executor): Promise<DatabaseStats> {
  const stats = await db.one(databaseStats());
  return { ...stats, databaseSizeMb: stats.databaseSizeBytes / 1024 / 1024 };
}

const databaseStats = statement("database_stats", {
  row: z.object({
    databaseSizeBytes: z.number(),
    benchmarkCount: z.number(),
    evaluationCount: z.number(),
    jobCount: z.number(),
    workerCount: z.number(),
    userCount: z.number(),
    auditLogCount: z.number(),
    serverVersion: z.string(),
    schemaVersion: z.string(),
  }),
  build: () => sql.fragment`
    select
      pg_database_size(current_database()) as "databaseSizeBytes",
      (select count(*) from benchmarks) as "benchmarkCount",
      (select count(*) from evaluations) as "evaluationCount",
      (select count(*) from jobs) as "jobCount",
      (select count(*) from workers) as "workerCount",
      (select count(*) from users where deleted_at is null) as "userCount",
      (select count(*) from audit_logs) as "auditLogCount",
      split_part(current_setting('server_version'), ' ', 1) as "serverVersion",
      coalesce((select max(name) from schema_migrations), '') as "schemaVersion"`,
  examples: [[]],
});
