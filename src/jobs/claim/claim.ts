import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, type Fragment, fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import type { Lane } from "../limits/lanes.ts";
import { clockTime, recordChanges } from "../parts.ts";
import {
  type ClaimedRow,
  claimedColumns,
  claimedRow,
  type Demand,
  demandColumns,
  exampleDemand,
  firstJobs,
  firstJobsWithin,
  type Lease,
  leasedJobs,
  leasesOf,
  openLanes,
  type Quota,
} from "./taking.ts";

export interface Claim {
  /** In the order in which they should start. */
  leases: readonly Lease[];
  /** True if another claim took some of the jobs that this one had seen: there may be more. */
  contended: boolean;
  /** Demands whose request id another claim was given leases for before: these are to go back. */
  repeats: ReadonlySet<Demand>;
  /** True if there were more jobs than one answer holds. */
  isFull: boolean;
  /** Milliseconds until a limit lets more start that is used up now; undefined if none is. */
  moreInMs?: number | undefined;
}

/** What a claim has started of a key. */
interface Started {
  limitKey: string;
  started: number;
  /** The tokens that they are estimated to use. */
  tokens: number;
}

// An empty claim asks whether that was for want of jobs and slots, or because others were faster.
const isClaimable = statement("job_is_claimable", {
  row: z.object({ claimable: z.boolean() }),
  build: (lanes: readonly string[], workers: readonly string[]) => sql.fragment`
    select
      exists (select from worker_slots where worker_id = any (${sql.array(workers, "text")})
        and used < capacity)
      and exists (
        select from ${openLanes(lanes)}
          and not exists (select from job_limits lim where lim.limit_key = lane.limit_key)
          and exists (select from job_ready ready where ready.lane_id = lane.id)
      ) as claimable`,
  examples: [[[example.id], ["w"]]],
});

const isReady = statement("job_is_ready", {
  row: z.object({ ready: z.boolean() }),
  build: (lanes: readonly string[]) => sql.fragment`
    select exists (
      select from ${openLanes(lanes)} and exists (select from job_ready ready where ready.lane_id = lane.id)
    ) as ready`,
  examples: [[[example.id]]],
});

// Limited keys that have a job ready in these lanes; without any limit this reads an empty table.
const limitedKeys = statement("job_limited_keys", {
  row: z.object({ limitKey: z.string() }),
  build: (lanes: readonly string[]) => sql.fragment`
    select lim.limit_key from job_limits lim
    where exists (
      select from ${openLanes(lanes)} and lane.limit_key = lim.limit_key
        and exists (select from job_ready ready where ready.lane_id = lane.id)
    )`,
  examples: [[[example.id]]],
});

const lockLimits = statement("job_lock_limits", {
  row: z.object({ limitKey: z.string() }),
  build: (keys: readonly string[]) => sql.fragment`
    select limit_key from job_limits where limit_key = any (${sql.array(keys, "text")})
    order by limit_key for no key update`,
  examples: [[["k"]]],
});

// A snapshot of its own, taken once the limits are locked: it sees every claim that held them before.
export const countQuotas = statement("job_count_quotas", {
  row: z.object({
    limitKey: z.string(),
    free: z.number(),
    tokensFree: z.number().nullable(),
    tokensPerMinute: z.number().nullable(),
    /** Until the first start of the last minute no longer counts; null where that would let no more start. */
    moreInMs: z.number().nullable(),
  }),
  build: (keys: readonly string[]) => sql.fragment`
    select lim.limit_key, greatest(least(
      coalesce(
        lim.max_running - (select count(*) from job_leases lease where lease.limit_key = lim.limit_key),
        ${noLimit}
      ),
      coalesce(lim.per_minute - recent.started, ${noLimit})
    ), 0)::integer as free,
    lim.tokens_per_minute - recent.tokens as tokens_free,
    greatest(lim.tokens_per_minute, 1) as tokens_per_minute,
    case when lim.per_minute <= recent.started or lim.tokens_per_minute is not null
      then extract(epoch from recent.since + interval '1 minute' - now.at)::double precision * 1000
    end as more_in_ms
    from job_limits lim, (select clock_timestamp() as at) now cross join lateral (
      select coalesce(sum(start.started), 0)::bigint as started, greatest(coalesce(sum(start.tokens), 0), 0)::bigint as tokens,
        min(start.started_at) as since
      from job_limit_starts start
      where start.limit_key = lim.limit_key and start.started_at > ${clockTime} - interval '1 minute'
    ) recent
    where lim.limit_key = any (${sql.array(keys, "text")})`,
  examples: [[["k"]]],
});

/** A key without one of the limits leaves as many as one demand can ask for. */
const noLimit = fragmentOf(String(limits.batchItems));

export const recordStarts = statement("job_record_starts", {
  row: z.object({ limitKey: z.string() }),
  build: (starts: readonly Started[]) => sql.fragment`
    with item as materialized (
      select * from ${table("item", starts, { limitKey: "text", started: "int4", tokens: "int8" })}
    ), old as (
      delete from job_limit_starts start using item
      where start.limit_key = item.limit_key
        and start.started_at < ${clockTime} - make_interval(mins => ${limits.limitStartsMinutes})
    )
    insert into job_limit_starts (limit_key, started_at, started, tokens)
    select item.limit_key, clock_timestamp(), item.started, item.tokens
    from item join job_limits lim on lim.limit_key = item.limit_key
    returning limit_key`,
  examples: [[[{ limitKey: "k", started: 1, tokens: 1_000 }]]],
});

/** Claims among lanes without limits, or with `quotas`. */
const claim = statement("job_claim", {
  row: claimedRow,
  build: (lanes: readonly string[], demands: readonly Demand[]) => claiming(demands, firstJobs(lanes)),
  examples: [[[example.id], [exampleDemand]]],
});

const claimWithin = statement("job_claim_within_limits", {
  row: claimedRow,
  build: (lanes: readonly string[], demands: readonly Demand[], quotas: readonly Quota[]) =>
    claiming(demands, firstJobsWithin(lanes, quotas)),
  examples: [
    [[example.id], [exampleDemand], [{ limitKey: "k", free: 1, tokensFree: 1_000, tokensPerMinute: 1_000 }]],
  ],
});

function claiming(demands: readonly Demand[], first: Fragment): Fragment {
  return sql.fragment`
    with demand as materialized (
      select * from ${table("demand", demands, demandColumns)}
    ), room as materialized (
      select worker_id, id, capacity - used as free
      from worker_slots
      where worker_id in (select worker_id from demand)
      order by worker_id for update
    ), ${leasedJobs(first)}, occupied as (
      update worker_slots ws set used = ws.used + held.jobs
      from (select worker_id, count(*)::integer as jobs from job group by worker_id) held
      where ws.worker_id = held.worker_id
    ), ${recordChanges("job", "pending", "running")}
    select ${claimedColumns} from job order by job.place`;
}

/**
 * Leases the best ready jobs of the lanes to the workers: by priority, then age, among the jobs that were
 * committed and not being claimed when the claim began. The first worker gets the first jobs. All of them
 * together fit into one answer.
 */
export async function claimJobs(
  db: Executor,
  lanes: readonly Lane[],
  demands: readonly Demand[],
): Promise<Claim> {
  if (lanes.length === 0) return nothing;
  const ids = lanes.map(({ id }) => id);
  const claim = await claimWithinLimits(db, lanes, ids, demands);
  if (claim.leases.length > 0) return claim;
  const workers = demands.map(({ workerId }) => workerId);
  const { claimable } = await db.one(isClaimable(ids, workers));
  return { ...nothing, contended: claimable, moreInMs: claim.moreInMs };
}

const nothing: Claim = { leases: [], contended: false, isFull: false, repeats: new Set() };

/** Whether any job of these lanes could be claimed now. */
export async function hasReadyJobs(db: Executor, lanes: readonly Lane[]): Promise<boolean> {
  return (await db.one(isReady(lanes.map(({ id }) => id)))).ready;
}

async function claimWithinLimits(
  db: Executor,
  lanes: readonly Lane[],
  ids: readonly string[],
  demands: readonly Demand[],
): Promise<Claim> {
  const claimOf = (rows: readonly ClaimedRow[]) => ({
    leases: leasesOf(rows, lanes, demands),
    contended: rows.length < (rows[0]?.seen ?? 0),
    repeats: new Set(rows.flatMap(({ isRepeat, demand }) => (isRepeat && demands[demand - 1]) || [])),
    isFull: rows[0]?.isFull ?? false,
  });
  const limited = lanes.some(({ limitKey }) => limitKey !== null) ? await db.any(limitedKeys(ids)) : [];
  if (limited.length === 0) return claimOf(await db.any(claim(ids, demands)));
  // The rows of the limits stay locked until the claim is committed: what is counted after that is exact.
  return db.transaction(async (transaction) => {
    const keys = limited.map(({ limitKey }) => limitKey);
    await transaction.any(lockLimits(keys));
    const quotas = await transaction.any(countQuotas(keys));
    const result = claimOf(await transaction.any(claimWithin(ids, demands, quotas)));
    await transaction.any(recordStarts(countStarted(result.leases)));
    return { ...result, moreInMs: Math.min(...quotas.flatMap(({ moreInMs }) => moreInMs ?? [])) };
  });
}

function countStarted(leases: readonly Lease[]): Started[] {
  const counts = new Map<string, Started>();
  for (const { limitKey, tokens } of leases) {
    if (limitKey === null) continue;
    const sum = counts.get(limitKey) ?? { limitKey, started: 0, tokens: 0 };
    sum.started++;
    sum.tokens += tokens;
    counts.set(limitKey, sum);
  }
  return [...counts.values()];
}
