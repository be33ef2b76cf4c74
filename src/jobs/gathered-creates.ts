import { gather } from "../database/gather.ts";
import { jsonBytes } from "../json.ts";
import { limits } from "../limits.ts";
import type { JobToCreate } from "./create.ts";
import type { JobWrites } from "./finish/writes.ts";

/** Creations that arrive together share a statement, as long as what they carry is not too much for one. */
export function gatheredCreates(create: JobWrites["create"]): JobWrites["create"] {
  const one = gather(create, {
    maxItems: limits.gatherItems,
    maxWrites: limits.gatherWrites,
    maxWeight: limits.gatherBytes,
    weigh: ({ payload, metadata }: JobToCreate) => jsonBytes(payload) + jsonBytes(metadata ?? null),
  });
  return (jobs) => Promise.all(jobs.map(one));
}
