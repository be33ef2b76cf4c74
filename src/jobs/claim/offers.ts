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

/** Reads what workers can get, along with others that claim at the same time. */
export class Offers {
  readonly #read: (workerId: string) => Promise<Offer | undefined>;
  readonly #recent = new Map<string, { offer: Offer; readAt: number }>();

  constructor(db: Executor) {
    const read = gather(
      async (workers: readonly string[]) => {
        const offers = await db.any(readOffers([...new Set(workers)]));
        const byWorker = new Map(offers.map((offer) => [offer.workerId, offer]));
        return workers.map((workerId) => byWorker.get(workerId));
      },
      { maxItems: limits.gatherItems, maxWrites: limits.gatherWrites },
    );
    this.#read = async (workerId) => {
      const readAt = performance.now();
      const offer = await read(workerId);
      this.#recent.delete(workerId);
      // In the order of their age, so that old ones are dropped first.
      if (offer) this.#recent.set(workerId, { offer, readAt });
      for (const [old, { readAt: oldAt }] of this.#recent) {
        if (readAt - oldAt < limits.offerMs) break;
        this.#recent.delete(old);
      }
      return offer;
    };
  }

  /** What a worker can get; undefined if it is unknown. */
  current(workerId: string): Promise<Offer | undefined> {
    return this.#read(workerId);
  }

  /** What a worker could get a moment ago, for a statement that checks it. */
  recent(workerId: string): Offer | Promise<Offer | undefined> {
    const known = this.#recent.get(workerId);
    if (known && performance.now() - known.readAt < limits.offerMs) return known.offer;
    return this.#read(workerId);
  }
}
