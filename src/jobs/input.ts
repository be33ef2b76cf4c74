import { z } from "zod";
import { groupLimit } from "../database/failure-groups.ts";
import { storableError } from "../error-text.ts";
import { limits } from "../limits.ts";
import { json, jsonObject, oneOf, text, timestamp, uuid, whole, workerName } from "../validation.ts";
import { jobStatuses } from "./rows.ts";

const key = text(limits.nameLength, 1);
const jobType = text(limits.providerLength, 1);

/** Each of the texts once, in order: equal sets are one. */
const setOf = (item: z.ZodType<string, string>, most: number) =>
  z
    .array(item)
    .max(most, `must have at most ${most} items`)
    .transform((list) => [...new Set(list)].sort());

export const tags = setOf(text(limits.tagLength, 1), limits.tags);
export const jobTypes = setOf(jobType, limits.jobTypes);

/** A part of a whole. */
export const share = z
  .number("must be a number from 0 to 1")
  .min(0, "must be 0 to 1")
  .max(1, "must be 0 to 1");

/** A reason that somebody gives; an empty one is null. */
export const reasonText = text(limits.messageLength).transform((reason) => reason || null);

const jobIds = z.array(uuid).max(limits.batchItems, `must have at most ${limits.batchItems} items`);

/** What a creation does where another live job of the type has its unique key. */
export const uniqueConflicts = ["refuse", "return_existing", "replace"] as const;

const notBothTimes = { path: ["runAt"], message: "must not be given together with delay" };

const fairWeights = `must be a number from ${limits.fairWeightMin} to ${limits.fairWeightMax}`;
const fairWeight = z
  .number(fairWeights)
  .min(limits.fairWeightMin, fairWeights)
  .max(limits.fairWeightMax, fairWeights);

export const newJob = z
  .strictObject({
    id: uuid.optional(),
    jobType,
    payload: jsonObject.default({}),
    priority: whole(-2_147_483_648).default(0),
    maxRetries: whole(0, limits.maxRetries).default(3),
    maxSnoozes: whole(0, limits.maxSnoozes).default(limits.maxSnoozesDefault),
    timeoutSeconds: whole(0, limits.timeoutSeconds).default(limits.timeoutSecondsDefault),
    tokens: whole(0, limits.tokens).default(0),
    requiredTags: tags.default([]),
    runAt: timestamp.nullish(),
    delayMs: whole(0, limits.delayMs, "milliseconds").nullish(),
    startWithinMs: whole(1, limits.delayMs, "milliseconds").nullish(),
    benchmarkId: uuid.nullish(),
    limitKey: key.nullish(),
    metadata: jsonObject.nullish(),
    uniqueKey: key.nullish(),
    fairKey: key.nullish(),
    fairWeight: fairWeight.default(1),
    onUniqueConflict: oneOf(uniqueConflicts).default("refuse"),
    createdBy: uuid.nullish(),
    dependsOn: jobIds.transform((ids) => [...new Set(ids)]).default([]),
    runsAfterFailure: z.boolean().default(false),
  })
  .refine(({ onUniqueConflict, uniqueKey }) => onUniqueConflict === "refuse" || uniqueKey, {
    path: ["onUniqueConflict"],
    message: "needs a unique_key",
  })
  .refine(({ dependsOn, onUniqueConflict }) => dependsOn.length === 0 || onUniqueConflict !== "replace", {
    path: ["dependsOn"],
    message: "must not be given for a job that replaces another",
  })
  .refine(({ runAt, delayMs }) => (runAt ?? null) === null || (delayMs ?? null) === null, notBothTimes);

/**
 * A job to create. At most one live job has a type's `uniqueKey`: where another has it, the creation is
 * refused, answers that one, or replaces it while it is pending (`onUniqueConflict`). A job is ready at once,
 * from `runAt` on, or once `delayMs` have passed by the database's clock. If no worker starts it within
 * `startWithinMs` of that, it is cancelled. Jobs of different `fairKey`s take turns, of weight 2 twice as
 * often as of weight 1. One waits until the jobs have ended that `dependsOn` names, which exist or stand
 * earlier in its batch, and is cancelled if one of them does not complete, unless it `runsAfterFailure`.
 */
export type NewJob = z.input<typeof newJob>;

export type ParsedJob = z.output<typeof newJob>;

export const jobChanges = z
  .strictObject({
    payload: jsonObject.optional(),
    priority: whole(-2_147_483_648).optional(),
    maxRetries: whole(0, limits.maxRetries).optional(),
    timeoutSeconds: whole(0, limits.timeoutSeconds).optional(),
    tokens: whole(0, limits.tokens).optional(),
    requiredTags: tags.optional(),
    runAt: timestamp.nullish(),
    delayMs: whole(0, limits.delayMs, "milliseconds").optional(),
    limitKey: key.nullish(),
    metadata: jsonObject.nullish(),
  })
  .refine(({ runAt, delayMs }) => runAt === undefined || delayMs === undefined, notBothTimes);

/**
 * Changes of a pending job. A field that is absent stays as it is; null clears it. A job whose time is
 * cleared is due at once.
 */
export type JobChanges = z.input<typeof jobChanges>;

export type ParsedJobChanges = z.output<typeof jobChanges>;

export const leaseMs = whole(limits.leaseMinMs, limits.leaseMaxMs, "milliseconds");

export const claimInput = z.strictObject({
  workerId: workerName,
  requestId: text(limits.requestIdLength, 1).optional(),
  maxJobs: whole(1, limits.batchItems).default(1),
  jobTypes: jobTypes.default([]),
  waitMs: whole(0, limits.claimWaitMs, "milliseconds").default(0),
  leaseMs: leaseMs.default(limits.leaseMs),
});

/** A worker's claim. Empty `jobTypes`: the registered ones. `waitMs`: longest wait for a first job. */
export type ClaimInput = z.input<typeof claimInput>;

export const leaseRef = z.strictObject({ jobId: uuid, epoch: whole(1) });

/** A lease, named by its job and its epoch. */
export type LeaseRef = z.input<typeof leaseRef>;

/** The tokens that an attempt used; null: its worker does not say. */
const tokensUsed = whole(0, limits.tokens).nullish();

const evaluationCount = whole(0, limits.batchItems).default(0);

export const completion = leaseRef
  .extend({
    result: json.default(null),
    tokensUsed,
    evaluationsInserted: evaluationCount,
    evaluationsDuplicate: evaluationCount,
    evaluationsConflict: evaluationCount,
    rejection: z.object({ field: z.string(), reason: z.string() }).optional(),
  })
  .superRefine(({ rejection }, context) => {
    if (rejection) context.addIssue({ code: "custom", path: [rejection.field], message: rejection.reason });
  });

/**
 * The end of a job: `epoch` is that of the lease. The counts tell how the evaluations that the same
 * transaction stores for it were taken, for the answer to a repeat; `rejection` says why they cannot be
 * stored, and fails the job.
 */
export type Completion = z.input<typeof completion>;

export const failure = leaseRef.extend({
  error: z.string({ error: "must be a string" }).transform(storableError),
  retryable: z.boolean().default(true),
  retryAfterMs: whole(0, limits.retryAfterMs, "milliseconds").nullable().default(null),
  tokensUsed,
});

/** A failed attempt. Without `retryAfterMs` the pause before the retry grows with each. */
export type Failure = z.input<typeof failure>;

export const release = leaseRef
  .extend({
    delayMs: whole(0, limits.retryAfterMs, "milliseconds").default(0),
    holdLimitKey: z.boolean().default(false),
  })
  .refine(({ delayMs, holdLimitKey }) => delayMs > 0 || !holdLimitKey, {
    path: ["holdLimitKey"],
    message: "needs a delay",
  });

/**
 * A job to give back, for after `delayMs`. `holdLimitKey`: none with its limit key starts meanwhile, for at
 * most `limits.holdMs`.
 */
export type ReleaseInput = z.input<typeof release>;

export const progressReport = leaseRef.extend({
  progress: share.nullable().default(null),
  message: text(limits.messageLength).nullable().default(null),
});

export type ProgressReport = z.input<typeof progressReport>;

/** The worker that reports on its jobs. */
export const reporter = z.strictObject({ workerId: workerName });

export const progressInput = reporter.extend({ leaseMs: leaseMs.default(limits.leaseMs) });

const jobMatch = z.strictObject({
  jobType: text(limits.providerLength).optional(),
  benchmarkId: uuid.optional(),
  limitKey: text(limits.nameLength).optional(),
  fairKey: text(limits.nameLength).optional(),
  createdAfter: timestamp.optional(),
  createdBefore: timestamp.optional(),
  createdBy: uuid.optional(),
  requiredTags: tags.optional(),
  errorContains: text(limits.messageLength, 1).optional(),
  metadata: jsonObject.optional(),
  endedAfter: timestamp.optional(),
  endedBefore: timestamp.optional(),
  ids: jobIds.optional(),
});

/**
 * What lists and bulk changes find jobs by. `requiredTags`: jobs that require all of these.
 * `errorContains`: a part of the error, in any case. `metadata`: what a job's metadata contain, as the
 * operator `@>` of PostgreSQL has it.
 */
export type JobMatch = z.output<typeof jobMatch>;

export const jobFilter = jobMatch.extend({
  status: oneOf(jobStatuses).optional(),
  workerId: text(limits.nameLength).optional(),
  orderBy: oneOf(["newest", "ended", "priority"]).default("newest"),
});

export type JobsQuery = Omit<z.output<typeof jobFilter>, "orderBy">;

/**
 * A list's filters and order. `priority`, the order of claims, allows only status pending, a job type and a
 * limit key; `ended` needs a status of jobs that ended, whose order it is also where none is given. So do the
 * times between which they ended.
 */
export type JobFilter = z.input<typeof jobFilter>;

const newestPosition = z.object({ order: z.literal("newest"), key: z.string(), id: z.string() });

/**
 * The end of a page, for each order. Newest first: `key` is the time when the job was created or, in a list
 * of ended jobs, when it ended. By priority, which is the order of claims: the job's place in it.
 */
export const jobPositions = {
  newest: newestPosition,
  ended: newestPosition,
  priority: z.object({
    order: z.literal("priority"),
    priority: z.number(),
    turn: z.number(),
    sequence: z.number(),
  }),
};

export type NewestPosition = z.output<typeof newestPosition>;
export type PriorityPosition = z.output<typeof jobPositions.priority>;
export type JobPosition = NewestPosition | PriorityPosition;

export const bulkFilter = jobMatch.extend({
  statuses: z.array(oneOf(jobStatuses)).optional(),
  permittedTo: uuid.optional(),
});

/**
 * A bulk change cancels or retries the jobs that match every given filter. With `permittedTo` it leaves those
 * as they are that this user has not created, and counts them as not permitted.
 */
export type BulkFilter = z.input<typeof bulkFilter>;

export const jobLimit = z.strictObject({
  limitKey: key,
  maxRunning: whole(0, limits.jobLimit).nullable().default(null),
  perMinute: whole(0, limits.jobLimit).nullable().default(null),
  tokensPerMinute: whole(0, limits.tokens).nullable().default(null),
});

/**
 * A limit on the jobs of a key: most running at once, most started in any minute, and most tokens that those
 * started in any minute are estimated to use.
 */
export type NewJobLimit = z.input<typeof jobLimit>;

export const limitPosition = z.object({ limitKey: z.string() });

/** The end of a page of limits; the next one begins after it. */
export type LimitPosition = z.output<typeof limitPosition>;

export const pause = z
  .strictObject({
    jobType: text(limits.providerLength).default(""),
    limitKey: text(limits.nameLength).default(""),
    durationMs: whole(1, limits.delayMs, "milliseconds").nullish(),
  })
  .refine(({ jobType, limitKey }) => jobType !== "" || limitKey !== "", {
    path: ["jobType"],
    message: "is required unless limit_key is given",
  });

/** A pause of a job type, a limit key, or jobs that have both. Without `durationMs` it ends when resumed. */
export type Pause = z.input<typeof pause>;

export type PauseTarget = Omit<Pause, "durationMs">;

export const pausePosition = z.object({ jobType: z.string(), limitKey: z.string() });

/** The end of a page of pauses; the next one begins after it. */
export type PausePosition = z.output<typeof pausePosition>;

export const laneFilter = z.strictObject({
  jobType: text(limits.providerLength).optional(),
  limitKey: text(limits.nameLength).optional(),
});

/** A list of lanes has those of this type and limit key; undefined: of any. */
export type LaneFilter = z.input<typeof laneFilter>;

export const lanePosition = pausePosition.extend({ id: z.string() });

/** The end of a page of lanes, whose limit key may be "" for none. */
export type LanePosition = z.output<typeof lanePosition>;

export const failureFilter = z.strictObject({
  jobType: text(limits.providerLength).optional(),
  benchmarkId: uuid.optional(),
  endedAfter: timestamp.optional(),
  endedBefore: timestamp.optional(),
  limit: groupLimit,
});

/** Failed jobs are grouped that match every given filter; `limit` groups are told of. Default: 50. */
export type FailureFilter = z.input<typeof failureFilter>;

const expectedItems = `must have 1 to ${limits.batchItems} items`;
const itemsOf = <Item extends z.ZodType>(item: Item) =>
  z.array(item).min(1, expectedItems).max(limits.batchItems, expectedItems);

/** The jobs of one call. */
export const newJobs = itemsOf(newJob);

/** The items of one call, each of which is checked by itself. */
export const items = itemsOf(z.unknown());
