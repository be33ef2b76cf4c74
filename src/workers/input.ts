import { z } from "zod";
import { jobTypes, leaseMs, leaseRef, share, tags } from "../jobs/input.ts";
import { limits } from "../limits.ts";
import { jsonObject, listOf, oneOf, text, uuid, whole, workerName } from "../validation.ts";
import { workerStatuses } from "./rows.ts";

const address = text(limits.nameLength);
const capacity = whole(1, limits.workerCapacity);
const version = text(limits.providerLength);

export const newWorker = z.strictObject({
  workerId: workerName,
  address: address.default(""),
  capacity: capacity.default(1),
  tags: tags.default([]),
  jobTypes: jobTypes.default([]),
  metadata: jsonObject.nullish(),
  version: version.nullish(),
  createdBy: uuid.nullish(),
});

/** A worker as it registers. `workerId` is its own name; without `jobTypes` it runs every type. */
export type NewWorker = z.input<typeof newWorker>;

export const workerChanges = z.strictObject({
  address: address.optional(),
  capacity: capacity.optional(),
  tags: tags.optional(),
  jobTypes: jobTypes.optional(),
  metadata: jsonObject.nullish(),
  version: version.nullish(),
});

/** Changes of a worker: absent fields stay, null clears. `drain` and `register` begin and end a drain. */
export type WorkerChanges = z.input<typeof workerChanges>;

export const heartbeat = z.strictObject({
  workerId: workerName,
  leases: listOf(leaseRef, limits.heartbeatLeases),
  cpu: share.nullish(),
  memory: share.nullish(),
  leaseMs: leaseMs.default(limits.leaseMs),
});

/** A sign of life, with the leases of the jobs that the worker runs; they last `leaseMs` from now. */
export type Heartbeat = z.input<typeof heartbeat>;

const silenceFault = `must be a number of seconds, more than 0 and at most ${limits.silenceMs / 1000}`;

/** In seconds; answers milliseconds. */
export const silence = z
  .number({ error: silenceFault })
  .positive(silenceFault)
  .max(limits.silenceMs / 1000, silenceFault)
  .transform((seconds) => Math.ceil(seconds * 1000));

export const workerFilter = z.strictObject({
  status: oneOf(workerStatuses).optional(),
  tags: tags.default([]),
  activeWithinMs: whole(1, limits.silenceMs, "milliseconds").optional(),
});

/** A list holds the workers that match every given filter. A worker matches `tags` if it has all of them. */
export type WorkerFilter = z.input<typeof workerFilter>;

export const workerPosition = z.object({ registeredAt: z.string(), id: z.string() });

/** The end of a page of workers; the next one begins after it. */
export type WorkerPosition = z.output<typeof workerPosition>;
