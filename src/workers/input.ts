import { z } from "zod";
import { jobTypes, leaseMs, leaseRef, share, tags } from "../jobs/input.ts";
import { limits } from "../limits.ts";
import { jsonObject, text, uuid, whole, workerName } from "../validation.ts";
import { workerStatuses } from "./rows.ts";

export const reasonText = text(limits.messageLength);

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

/**
 * Changes of a worker. A field that is absent stays as it is; null clears it. Status, counts and the last
 * heartbeat are what the service has seen and cannot be set; `drain` and `register` begin and end a drain.
 */
export type WorkerChanges = z.input<typeof workerChanges>;

export const heartbeat = z.strictObject({
  workerId: workerName,
  leases: z
    .array(leaseRef)
    .max(limits.heartbeatLeases, `must have at most ${limits.heartbeatLeases} items`)
    .default([]),
  cpu: share.nullish(),
  memory: share.nullish(),
  leaseMs: leaseMs.default(limits.leaseMs),
});

/** A sign of life, with the leases of the jobs that the worker runs; they last `leaseMs` from now. */
export type Heartbeat = z.input<typeof heartbeat>;

const silenceSeconds = `must be a number of seconds, more than 0 and at most ${limits.silenceMs / 1000}`;

/** In seconds; answers milliseconds. */
export const silence = z
  .number({ error: silenceSeconds })
  .positive(silenceSeconds)
  .max(limits.silenceMs / 1000, silenceSeconds)
  .transform((seconds) => Math.ceil(seconds * 1000));

export const workerFilter = z.strictObject({
  status: z.enum(workerStatuses, { error: `must be one of ${workerStatuses.join(", ")}` }).optional(),
  tags: tags.default([]),
  activeWithinMs: whole(1, limits.silenceMs).optional(),
});

/** A list holds the workers that match every given filter. A worker matches `tags` if it has all of them. */
export type WorkerFilter = z.input<typeof workerFilter>;

export const workerPosition = z.object({ registeredAt: z.string(), id: z.string() });

/** The end of a page of workers; the next one begins after it. */
export type WorkerPosition = z.output<typeof workerPosition>;
