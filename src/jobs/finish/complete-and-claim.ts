import { z } from "zod";
import { gather } from "../../database/gather.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { jsonBytes } from "../../validation.ts";
import {
  type ClaimedRow,
  claimedColumns,
  claimedRow,
  type Demand,
  demandColumns,
  exampleDemand,
  firstJobs,
  type Lease,
  leasedJobs,
  leasesOf,
  openLanes,
  seenJobs,
} from "../claim/taking.ts";
import type { LaneFilter, Lanes } from "../limits/lanes.ts";
import * as parts from "../parts.ts";
import { atOnceBy, type EndResult, recallCompletion, shareOut, succeed, writeEnds } from "../writes.ts";
import {
  type Completed,
  completedColumns,
  completedJobs,
  endedItems,
  exampleLease,
  heldLeases,
} from "./finish.ts";
import { tellsUsage } from "./settle-tokens.ts";

/** What the workers of a claim are believed to be. */
export interface Believed extends LaneFilter {
  /** Whether the types are the workers' own, rather than those that the claims ask for. */
  ownTypes: boolean;
}

/** Each column is null where no job was claimed. */
const row = z.object({
  ...(Object.fromEntries(
    Object.entries(claimedRow.shape).map(([field, type]) => [field, type.nullable()]),
  ) as { [Field in keyof typeof claimedRow.shape]: z.ZodNullable<(typeof claimedRow.shape)[Field]> }),
  /** Positions of the completions that were made; null: all. */
  completed: z.array(z.number()).nullable(),
  /** Positions of the demands that could be served. */
  served: z.array(z.number()),
  /** Number of jobs that were seen for them. */
  found: z.number(),
});

const changes = parts.recordChanges(
  "changed",
  { each: sql.fragment`left_state`, among: ["running", "pending"] },
  { each: sql.fragment`entered_state`, among: ["completed", "running"] },
);

const exampleItem = {
  ...exampleLease,
  result: {},
  evaluationsInserted: 0,
  evaluationsDuplicate: 0,
  evaluationsConflict: 0,
};

const exampleBelieved = { tags: ["t"], jobTypes: ["j"], ownTypes: true };

// It is `job_complete` and `job_claim` in one: one plan to set up, one commit, and no wait between them. The
// slots that the completions free are filled at once. A demand is left to an ordinary claim if its worker is
// not as believed, or if a call with its request id was answered before.
//
// With one job nearly all that it takes of PostgreSQL is the setting up of the plan, about a tenth that of
// the check constraints, which are read back from their text each time; no other part shows. In batches of
// 500 a start that left the wide row alone would save a thirteenth of it.
const completing = (name: string, how: keyof typeof completedJobs, item: Completed) =>
  statement(name, {
    row,
    build: (
      items: readonly Completed[],
      lanes: readonly string[],
      demands: readonly Demand[],
      { tags, jobTypes, ownTypes }: Believed,
    ) => sql.fragment`
    with ${heldLeases(table("item", items, { ...completedColumns, ordinality: true }))},
    ${completedJobs[how]}, freed as materialized (
      select worker_id, count(*)::integer as jobs from ended group by worker_id
    ), demand as materialized (
      select demand.* from ${table("demand", demands, demandColumns)} join workers w using (worker_id)
      where w.tags = ${sql.array(tags, "text")} and not w.draining
        and (not ${ownTypes}::boolean or w.job_types = ${sql.array(jobTypes, "text")})
        -- Where a limit may hold back jobs, an ordinary claim counts what runs.
        and not exists (
          select from ${openLanes(lanes)} and exists (
            select from job_limits lim where lim.limit_key = lane.limit_key
          ) and exists (select from job_ready ready where ready.lane_id = lane.id)
        )
        and not exists (
          select from requests req where req.actor = demand.worker_id and req.method = 'ClaimJobs'
            and req.request_id = demand.request_id
        )
    ), room as materialized (
      select slot.worker_id, slot.id, slot.free + coalesce(freed.jobs, 0) as free
      from slot left join freed using (worker_id)
    ), ${leasedJobs(firstJobs(lanes))}, occupied as (
      update worker_slots ws
      set used = greatest(ws.used - coalesce(freed.jobs, 0), 0) + coalesce(held.jobs, 0),
        completed = ws.completed + coalesce(freed.jobs, 0)
      from room left join freed using (worker_id) left join (
        select worker_id, count(*)::integer as jobs from job group by worker_id
      ) held using (worker_id)
      where ws.worker_id = room.worker_id and (freed.jobs > 0 or held.jobs > 0)
    ), changed as (
      select id, job_type, benchmark_id, 'running' as left_state, 'completed' as entered_state from ended
      union all
      select id, job_type, benchmark_id, 'pending', 'running' from job
    ), ${changes}
    select ${claimedColumns}, answer.*
    from (
      select completions.positions as completed,
        coalesce((select array_agg(ordinality::integer) from demand), '{}') as served,
        coalesce(${seenJobs}, 0) as found
      from (${endedItems}) completions
    ) answer left join job on true order by job.place`,
    examples: [[[item], [example.id], [exampleDemand], exampleBelieved]],
  });

const completeAndLease = completing("job_complete_and_claim", "plain", exampleItem);
const completeSettleAndLease = completing("job_complete_settle_and_claim", "settling", {
  ...exampleItem,
  tokensUsed: 1_000,
});

/** The completions of one call, and what its worker claims with them. */
export interface CompletionAndClaim {
  items: readonly Completed[];
  demand: Demand;
  believed: Believed;
}

export interface CompletedAndClaimed {
  ends: readonly EndResult[];
  /** Undefined: an ordinary claim has to tell what there is. */
  leases: readonly Lease[] | undefined;
}

type GiveBack = (workerId: string, leases: readonly Lease[]) => void;

/**
 * Completes jobs and leases the next ones to their workers. Calls that arrive together and can take the same
 * jobs share a statement.
 * @param giveBack releases leases that do not reach their worker
 */
export function completeAndClaimTogether(db: Executor, lanes: Lanes, giveBack: GiveBack) {
  return gather<CompletionAndClaim, CompletedAndClaimed>(
    (calls) => completeAndClaim(db, lanes, giveBack, calls),
    {
      ...atOnceBy(
        ({ items }) => items,
        ({ result }) => jsonBytes(result),
      ),
      // Two at once take turns with half as many jobs each: 3,400 jobs/s of 24 workers with one job each,
      // where one at a time does 3,800.
      maxWrites: 1,
      groupOf: ({ believed }) => JSON.stringify(believed),
      onLost: ({ leases = [] }) => {
        if (leases[0]) giveBack(leases[0].workerId, leases);
      },
    },
  );
}

/** Does so for calls that can take the same jobs. */
export async function completeAndClaim(
  db: Executor,
  lanes: Lanes,
  giveBack: GiveBack,
  calls: readonly CompletionAndClaim[],
): Promise<CompletedAndClaimed[]> {
  const believed = calls[0]?.believed ?? { tags: [], jobTypes: [], ownTypes: true };
  const open = lanes.matching(believed);
  const demands = open.every(({ limitKey }) => limitKey !== null) ? [] : calls.map(({ demand }) => demand);
  const leased = new Map<Demand, readonly Lease[]>();
  const complete = async (items: readonly Completed[]) => {
    const ids = open.map(({ id }) => id);
    const statement = tellsUsage(items) ? completeSettleAndLease : completeAndLease;
    const rows = await db.any(statement(items, ids, demands, believed));
    const claimed = rows.filter((row) => row.id !== null) as ClaimedRow[];
    const leases = leasesOf(claimed, open, demands);
    const isAll = leases.length === rows[0]?.found;
    for (const [index, demand] of demands.entries()) {
      const own = leases.filter((_, place) => claimed[place]?.demand === index + 1);
      if (claimed.some((row) => row.demand === index + 1 && row.isRepeat)) giveBack(demand.workerId, own);
      else if (own.length > 0) leased.set(demand, own);
      // One with a request id may have been answered while this waited.
      else if (isAll && demand.requestId === undefined && rows[0]?.served.includes(index + 1))
        leased.set(demand, own);
    }
    return succeed(rows[0]?.completed ?? null, items);
  };
  try {
    const items = calls.map((call) => call.items);
    const ends = shareOut(await writeEnds(db, items.flat(), complete, recallCompletion), items);
    return calls.map(({ demand }, index) => ({ ends: ends[index] ?? [], leases: leased.get(demand) }));
  } catch (error) {
    for (const [{ workerId }, leases] of leased) if (leases.length > 0) giveBack(workerId, leases);
    throw error;
  }
}
