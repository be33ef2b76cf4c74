import { type Fragment, fragmentOf, sql } from "../database/statement/sql.ts";
import { jobEvents } from "../watch/events.ts";

const states = ["pending", "scheduled", "running", "completed", "failed", "cancelled"] as const;

export type JobState = (typeof states)[number];

/**
 * CTEs that end every statement which changes jobs: `counted` keeps the statistics, `event` tells watchers.
 * @param changed a CTE with the changed jobs: id, job_type, benchmark_id, and what `from` and `to` name
 * @param from an expression over `changed` for the state a job leaves, null for none; `to` likewise for the
 * one it enters
 */
export function recordChanges(changed: Fragment, from: Fragment, to: Fragment): Fragment {
  const sums = sql.join(
    states.map(
      (state) => sql.fragment`
        (count(*) filter (where ${to} = ${sql.literalValue(state)})
          - count(*) filter (where ${from} = ${sql.literalValue(state)}))::integer as ${fragmentOf(state)}`,
    ),
    sql.fragment`, `,
  );
  const names = fragmentOf(states.join(", "));
  return sql.fragment`
    counted as (
      insert into job_stat_deltas (job_type, benchmark_id, ${names})
      select job_type, null::uuid, ${sums} from ${changed} group by job_type
      union all
      select job_type, benchmark_id, ${sums} from ${changed} where benchmark_id is not null group by job_type,
        benchmark_id
    ), ${jobEvents.record(changed)}`;
}
