import { z } from "zod";
import { inBatches } from "../../database/in-batches.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { firstTurn, lastTurn } from "../turns.ts";

// A key has no say any more once its next turn is none after the time of its line. One row of a line stays,
// which has the time where nobody stands in it.
export const forgetTurns = statement("job_forget_turns", {
  row: z.object({ forgotten: z.number() }),
  build: (limit: number) => sql.fragment`
    with recursive line (lane_id, priority) as (
      (select lane_id, priority from job_fair_turns order by lane_id, priority limit 1)
      union all
      select next.lane_id, next.priority from line cross join lateral (
        select lane_id, priority from job_fair_turns
        where (lane_id, priority) > (line.lane_id, line.priority) order by lane_id, priority limit 1
      ) next
    ), old as materialized (
      select known.tid from line cross join lateral (
        ${lastTurn(sql.fragment`line.lane_id`, sql.fragment`line.priority`)}
      ) last cross join lateral (
        select ctid as tid from job_fair_turns
        where lane_id = line.lane_id and priority = line.priority and ctid <> last.tid
          and next_turn <= coalesce(
            (${firstTurn(sql.fragment`line.lane_id`, sql.fragment`line.priority`)}), last.next_turn
          )
        order by next_turn limit ${limit}
      ) known limit ${limit}
    ), gone as (
      delete from job_fair_turns where ctid = any (array(
        select ctid from job_fair_turns where ctid = any (array(select tid from old)) for update skip locked
      ))
      returning 1
    )
    select count(*) as forgotten from gone`,
  examples: [[100]],
});

/** Forgets the keys whose turns are over. */
export async function tidyTurns(db: Executor): Promise<void> {
  await inBatches(async (rows) => (await db.one(forgetTurns(rows))).forgotten);
}
