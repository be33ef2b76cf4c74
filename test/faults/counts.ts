import type { Pool } from "pg";
import type { clients } from "./server.ts";

const states = ["pending", "running", "completed", "failed", "cancelled"] as const;

/** In what the counts that the service tells differ from the rows, while nothing changes. */
export async function miscounts(
  { jobs, benchmarks }: ReturnType<typeof clients>,
  benchmarkId: string,
  pool: Pool,
): Promise<string[]> {
  const { rows: counted } = await pool.query<Record<string, number | string>>(
    `select coalesce(job_type, '') as job_type, count(*)::integer as total,
      ${states.map((state) => `count(*) filter (where status = '${state}')::integer as ${state}`)}
    from jobs group by rollup (job_type)`,
  );
  const wrong: string[] = [];
  const compare = (what: string, told: object, row: object) => {
    for (const [name, right] of Object.entries(row)) {
      const said = (told as Record<string, unknown>)[name];
      if (said !== right) wrong.push(`${what}: ${name} is told as ${said} and is ${right}`);
    }
  };
  for (const { job_type, ...row } of counted)
    compare(`jobs "${job_type}"`, await jobs.getJobStats({ jobType: String(job_type) }), row);
  const {
    rows: [evaluations],
  } = await pool.query(
    `select count(*) filter (where error is null)::integer as "completedIterations",
      count(*) filter (where error is not null)::integer as "failedIterations"
    from evaluations where benchmark_id = $1`,
    [benchmarkId],
  );
  const { benchmark } = await benchmarks.getBenchmark({ id: benchmarkId });
  compare("the benchmark", benchmark ?? {}, evaluations);
  return wrong;
}
