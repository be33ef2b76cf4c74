import { claimBody } from "./messages.ts";
import type { Ours } from "./ours.ts";

/** Makes keys of jobs in the order of their creation: so many, of which each has as many jobs. */
export const keysOf = (count: number) => (index: number) => `key-${index % count}`;

const late = 50;

/** How many jobs start until all of 50 have that one key gets behind `backlog` of another; at best 99. */
export async function startsUntilServed(ours: Ours, backlog: number): Promise<number> {
  const worker = "worker-0";
  await ours.createBatched(backlog, { fairKeyOf: () => "many" });
  const few = await ours.createSome(late, "few");
  await ours.register([worker], backlog);
  const body = claimBody(worker, 1);
  for (let starts = 0, served = 0; starts < backlog; ) {
    const held = await ours.claim(body);
    starts += held.length;
    served += held.filter(({ jobId }) => few.has(jobId)).length;
    if (served === late) return starts;
  }
  return Number.POSITIVE_INFINITY;
}
