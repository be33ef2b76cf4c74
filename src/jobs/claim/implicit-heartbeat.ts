import { type Fragment, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";

/**
 * A CTE that counts something else that workers do as a heartbeat, if the last is a while ago. It takes no
 * row that it would have to wait for.
 * @param workers a select of worker ids
 */
export function implicitHeartbeat(workers: Fragment): Fragment {
  return sql.fragment`
    heartbeat as (
      update workers set last_heartbeat = clock_timestamp()
      where ctid = any (array(
        select ctid from workers
        where worker_id in (${workers})
          and last_heartbeat < statement_timestamp() - ${limits.heartbeatIntervalMs} * interval '1 ms'
        for no key update skip locked
      ))
    )`;
}
