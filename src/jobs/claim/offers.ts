import { z } from "zod";
import { gather } from "../../database/gather.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { implicitHeartbeat } from "../parts.ts";

const offerRow = z.object({
  workerId: z.string(),
  tags: z.array(z.string()),
  jobTypes: z.array(z.string()),
  draining: z.boolean(),
  /** The highest number of a lane that was committed by then; 0 for none. */
  newestLane: z.number(),
});

/** What decides about the jobs that a worker can get. */
export type Offer = z.output<typeof offerRow>;

// A claim is also a sign of life.
const readOffers = statement("job_worker_offers", {
  row: offerRow,
  build: (workers: readonly string[]) => sql.fragment`
    with ${implicitHeartbeat(sql.fragment`select unnest(${sql.array(workers, "text")})`)}
    select worker_id, tags, job_types, draining,
      (select coalesce(max(number), 0) from job_lanes) as newest_lane
    from workers where worker_id = any (${sql.array(workers, "text")})`,
  examples: [[["w"]]],
});

/** Reads what a worker can get, along with others that claim at the same time; undefined if it is unknown. */
export function offerReader(db: Executor): (workerId: string) => Promise<Offer | undefined> {
  return gather(
    async (workers: readonly string[]) => {
      const offers = await db.any(readOffers([...new Set(workers)]));
      const byWorker = new Map(offers.map((offer) => [offer.workerId, offer]));
      return workers.map((workerId) => byWorker.get(workerId));
    },
    { maxItems: limits.gatherItems, maxWrites: limits.gatherWrites },
  );
}
