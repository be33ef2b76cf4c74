import { z } from "zod";
import { gather } from "../database/gather.ts";
import type { Executor } from "../database/statement/executor.ts";
import { sql, statement } from "../database/statement/sql.ts";
import { table } from "../database/statement/table.ts";
import { notFound, type ServiceError } from "../errors.ts";
import { explainEnds } from "../jobs/finish/finish.ts";
import { type Renewal, renewLeases } from "../jobs/finish/renew.ts";
import type { LeaseRef } from "../jobs/input.ts";
import { clockAfter } from "../jobs/parts.ts";
import { limits } from "../limits.ts";
import type { heartbeat } from "./input.ts";

type Beat = z.output<typeof heartbeat>;

export interface HeartbeatReply {
  /** True: the worker finishes its jobs and claims no more. */
  drain: boolean;
  /** Leases of the heartbeat whose job was cancelled. */
  cancelled: readonly LeaseRef[];
  /** Leases of the heartbeat that are not its own any more for another reason. */
  lost: readonly LeaseRef[];
  /** Milliseconds until the renewed leases expire; null if none was renewed. */
  expiresInMs: number | null;
}

type Ended = "cancelled" | "lost";

const keyOf = ({ jobId, epoch, workerId }: Omit<Renewal, "leaseMs">) => `${jobId} ${epoch} ${workerId}`;

const renewalsOf = ({ workerId, leases, leaseMs }: Beat): Renewal[] =>
  leases.map((lease) => ({ ...lease, workerId, leaseMs }));

// The status is that of the locked row: a drain may just have begun or ended.
const aliveStatus = sql.fragment`(
  case when w.draining then 'draining' when alive.used > 0 then 'busy' else 'idle' end)`;

// One statement writes many workers. It only reads their slots, so heartbeats never wait for claims.
const beat = statement("worker_heartbeat", {
  row: z.object({ workerId: z.string(), draining: z.boolean(), capacity: z.number() }),
  build: (beats: readonly Pick<Beat, "workerId" | "cpu" | "memory">[]) => sql.fragment`
    with beat as materialized (
      select * from ${table("beat", beats, { workerId: "text", cpu: "float8", memory: "float8" })}
    ), locked as materialized (
      select worker_id from workers where worker_id in (select worker_id from beat) order by worker_id
        for no key update
    ), ${clockAfter("locked")}, alive as materialized (
      select slot.*, beat.cpu, beat.memory, clock.at
      from clock cross join beat join worker_slots slot on slot.worker_id = beat.worker_id
    )
    update workers w
    set last_heartbeat = alive.at, cpu_usage = alive.cpu, memory_usage = alive.memory,
      current_tasks = alive.used,
      completed_tasks = alive.completed, failed_tasks = alive.failed, status = ${aliveStatus},
      updated_at = case when w.status = ${aliveStatus} then w.updated_at else alive.at end
    from alive
    where w.worker_id = alive.worker_id
    returning w.worker_id, w.draining, w.capacity`,
  examples: [[[{ workerId: "w", cpu: 0.5, memory: null }]]],
});

/** Lets heartbeats that arrive together share statements, up to a number of leases. */
export function gatherHeartbeats(db: Executor) {
  return gather<Beat, HeartbeatReply | ServiceError>((beats) => writeHeartbeats(db, beats), {
    maxItems: limits.gatherItems,
    maxWrites: limits.gatherWrites,
    maxWeight: limits.heartbeatLeases,
    weigh: ({ leases }) => 1 + leases.length,
    ownerOf: ({ workerId }) => workerId,
  });
}

/**
 * Writes heartbeats and replies in their order. A worker that is not registered fails its own call only,
 * hence an error in its place.
 *
 * The two statements are committed apart. Each is true by itself and may be repeated; together they would
 * hold the rows of all these workers while they wait for leases.
 */
export async function writeHeartbeats(
  db: Executor,
  beats: readonly Beat[],
): Promise<readonly (HeartbeatReply | ServiceError)[]> {
  const workers = await db.any(beat([...new Map(beats.map((one) => [one.workerId, one])).values()]));
  const known = new Map(workers.map((worker) => [worker.workerId, worker]));
  const leases = beats.filter(({ workerId }) => known.has(workerId)).flatMap(renewalsOf);
  const ended = await renew(db, leases, known);
  return beats.map((one) => {
    const worker = known.get(one.workerId);
    if (!worker) return notFound("worker", one.workerId);
    const own = [...new Map(one.leases.map((lease) => [keyOf({ ...lease, workerId: one.workerId }), lease]))];
    const gone = (how: Ended) => own.filter(([key]) => ended.get(key) === how).map(([, lease]) => lease);
    const isRenewed = own.some(([key]) => !ended.has(key));
    const expiresInMs = isRenewed ? one.leaseMs : null;
    return { drain: worker.draining, cancelled: gone("cancelled"), lost: gone("lost"), expiresInMs };
  });
}

/**
 * Renews the leases and answers those that are not held, by `keyOf`. A worker runs no more jobs than it has
 * capacity for: what has become of others is not looked up.
 */
async function renew(
  db: Executor,
  leases: readonly Renewal[],
  workers: ReadonlyMap<string, { capacity: number }>,
): Promise<Map<string, Ended>> {
  const ended = new Map<string, Ended>();
  // Each lease once, in the order in which leases are locked.
  const byKey = new Map(leases.map((lease) => [keyOf(lease), lease]));
  const wanted = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lease]) => lease);
  if (wanted.length === 0) return ended;
  const renewed = new Set((await db.any(renewLeases(wanted))).map(({ position }) => position));
  const open = wanted.filter((_, index) => !renewed.has(index + 1));
  if (open.length === 0) return ended;
  const byWorker = Map.groupBy(open, ({ workerId }) => workerId);
  const asked = [...byWorker].flatMap(([id, own]) => own.slice(0, workers.get(id)?.capacity));
  const found = await db.any(explainEnds(asked));
  for (const lease of open) ended.set(keyOf(lease), "lost");
  for (const [index, lease] of asked.entries()) {
    const { status = null, isCurrent = false } = found[index] ?? {};
    if (status === "cancelled" && isCurrent) ended.set(keyOf(lease), "cancelled");
  }
  return ended;
}
