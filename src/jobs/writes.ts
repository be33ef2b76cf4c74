import { Code } from "@connectrpc/connect";
import type { z } from "zod";
import { gather } from "../database/gather.ts";
import type { Executor } from "../database/statement/executor.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { jsonBytes, parseInput, parseQuickly, violationsOf } from "../validation.ts";
import { type Creation, createJobs, type JobToCreate } from "./create.ts";
import * as finish from "./finish/finish.ts";
import { type Rejection, rejectionIn } from "./finish/rejection.ts";
import { type Progress, reportProgress } from "./finish/renew.ts";
import { exhaustSnoozes, snoozeLeases } from "./finish/snooze.ts";
import * as input from "./input.ts";

/**
 * The outcome of an item. `stale`: worker and epoch do not hold the job. `rejected`: the item can never be
 * stored as it is; a completion or failure ended the attempt all the same, if its lease was held.
 */
export type LeaseOutcome = "ok" | "stale" | "not_found" | "cancelled" | "rejected";

/** `field` and `reason` are there only where the item was rejected. */
export interface EndResult extends Partial<finish.EvaluationCounts & Rejection> {
  outcome: LeaseOutcome;
  /** After an end whose job may be run again: the job's status, and when it is due. */
  status?: "pending" | "failed";
  runAt?: string | null;
}

/** The writes of the queue: one job that is created, or the items of one call. */
export interface JobWrites {
  create(job: JobToCreate): Promise<Creation>;
  complete(items: readonly finish.Completed[]): Promise<readonly EndResult[]>;
  fail(items: readonly finish.Failed[]): Promise<readonly EndResult[]>;
  release(items: readonly finish.Release[]): Promise<readonly EndResult[]>;
  progress(items: readonly Progress[]): Promise<readonly EndResult[]>;
}

type PlacedResult = EndResult & { position: number };

/** Makes a result for each of the items at these positions; null means all. */
export function succeed(positions: readonly number[] | null, items: readonly finish.End[]): PlacedResult[] {
  return (positions ?? items.map((_, index) => index + 1)).map((position) => ({ position, outcome: "ok" }));
}

/** Creates jobs, each of which it answers for. */
export type CreateJobs = typeof createJobs;

/** Writes each call by a statement of its own, as a transaction needs it. */
export function writeDirectly(db: Executor, create: CreateJobs = createJobs): JobWrites {
  return {
    create: async (job) => {
      const [creation] = await create(db, [job]);
      if (!creation) throw new Error("a job was created without a result");
      return creation;
    },
    complete: (items) =>
      writeEnds(
        db,
        items,
        async (sorted) => succeed((await db.one(finish.completeLeases(sorted))).positions, sorted),
        recallCompletion,
      ),
    fail: (items) =>
      writeEnds(
        db,
        items,
        async (sorted) => (await db.any(finish.failLeases(sorted))).map(endWithStatus),
        ({ retryable }, { outcome, mayRetry, isCurrent, status, runAt }) => {
          const willRetry = retryable && mayRetry && !(isCurrent && status === "failed");
          return (
            outcome === "failed" && statusAfter({ willRetry, runAt: willRetry && isCurrent ? runAt : null })
          );
        },
      ),
    release: (items) =>
      writeEnds(
        db,
        items,
        (sorted) => releaseJobs(db, sorted),
        (item, { outcome, isCurrent, status, runAt }) => {
          if (!isLater(item)) return outcome === "released" && {};
          const willRetry = !(isCurrent && status === "failed");
          return (
            outcome === "snoozed" && statusAfter({ willRetry, runAt: willRetry && isCurrent ? runAt : null })
          );
        },
      ),
    progress: (items) =>
      writeEnds(db, items, async (sorted) => {
        const rows = await db.any(reportProgress(sorted));
        return rows.map(({ position }) => ({ position, outcome: "ok" }));
      }),
  };
}

const isLater = ({ delayMs = 0 }: finish.Release): boolean => delayMs > 0;

/**
 * Gives back the jobs whose leases are held, at once or for later. Those that came back too often before go
 * by other statements.
 */
export async function releaseJobs(db: Executor, items: readonly finish.Release[]): Promise<PlacedResult[]> {
  const results = new Map<finish.Release, EndResult>();
  const run = async (
    of: readonly finish.Release[],
    write: (left: readonly finish.Release[]) => Promise<readonly PlacedResult[]>,
  ) => {
    const left = of.filter((item) => !results.has(item));
    if (left.length === 0) return;
    for (const { position, ...result } of await write(left)) {
      const item = left[position - 1];
      if (item) results.set(item, result);
    }
  };
  const [later, atOnce] = [items.filter(isLater), items.filter((item) => !isLater(item))];
  for (const release of [finish.releaseLeases, finish.releaseAgain, finish.exhaustLeases])
    await run(atOnce, async (left) => succeed((await db.one(release(left))).positions, left));
  for (const snooze of [snoozeLeases, exhaustSnoozes])
    await run(later, async (left) => (await db.any(snooze(left))).map(endWithStatus));
  return items.flatMap((item, index) => {
    const result = results.get(item);
    return result ? { position: index + 1, ...result } : [];
  });
}

function endWithStatus({ position, ...end }: { position: number; willRetry: boolean; runAt: string | null }) {
  return { position, outcome: "ok" as const, ...statusAfter(end) };
}

function statusAfter({ willRetry, runAt }: { willRetry: boolean; runAt: string | null }) {
  return { status: willRetry ? ("pending" as const) : ("failed" as const), runAt };
}

/** The answer to a completion that was made before; false if it was not. */
export function recallCompletion(_: unknown, found: Explained): Partial<EndResult> | false {
  if (found.rejection !== null)
    return { outcome: "rejected", status: "failed", ...rejectionIn(found.rejection) };
  return found.outcome === "completed" && countsOf(found);
}

/** The counts of the evaluations that came with a completion; none where none came. */
function countsOf({
  evaluationsInserted,
  evaluationsDuplicate,
  evaluationsConflict,
}: finish.EvaluationCounts): Partial<finish.EvaluationCounts> {
  if (evaluationsInserted + evaluationsDuplicate + evaluationsConflict === 0) return {};
  return { evaluationsInserted, evaluationsDuplicate, evaluationsConflict };
}

/**
 * Writes the calls that arrive together by one statement and one commit.
 * @param create creates all of the jobs, or none
 */
export function writeTogether(
  db: Executor,
  create: (jobs: readonly JobToCreate[]) => Promise<readonly Creation[]>,
): JobWrites {
  const { complete, fail, release, progress } = writeDirectly(db);
  return {
    create: gatherCreations(create),
    complete: gatherCalls(complete, ({ result }) => jsonBytes(result)),
    fail: gatherCalls(fail, ({ error }) => Buffer.byteLength(error)),
    release: gatherCalls(release),
    progress: gatherCalls(progress),
  };
}

const atOnce = { maxItems: limits.gatherItems, maxWrites: limits.gatherWrites };

/** Gathers jobs to create, as long as what they carry is not too much for one statement. */
export function gatherCreations(create: (jobs: readonly JobToCreate[]) => Promise<readonly Creation[]>) {
  return gather(create, {
    ...atOnce,
    maxWeight: limits.gatherBytes,
    weigh: ({ bytes }) => bytes,
    ownerOf: ({ createdBy }) => createdBy ?? "",
  });
}

/** Calls of a thousand items each do not become one statement of 200,000. */
const leastItemBytes = Math.floor(limits.gatherBytes / limits.batchItems);

/** Gathers calls of workers, up to a number of items and to the bytes of what they carry. */
export function gatherCalls<Item extends finish.End, Result>(
  write: (items: readonly Item[]) => Promise<readonly Result[]>,
  bytesOf: (item: Item) => number = () => 0,
) {
  return gather<readonly Item[], readonly Result[]>(
    async (calls) => shareOut(await write(calls.flat()), calls),
    atOnceBy((items) => items, bytesOf),
  );
}

/** How calls of workers share statements, each of which carries some items. */
export function atOnceBy<Call, Item extends finish.End>(
  itemsOf: (call: Call) => readonly Item[],
  bytesOf: (item: Item) => number,
) {
  return {
    ...atOnce,
    maxWeight: limits.gatherBytes,
    weigh: (call: Call) =>
      itemsOf(call).reduce((sum, item) => sum + Math.max(leastItemBytes, bytesOf(item)), 0),
    ownerOf: (call: Call) => itemsOf(call)[0]?.workerId ?? "",
  };
}

/** The results of each call, where those of all are in one list. */
export function shareOut<Result>(results: readonly Result[], calls: readonly (readonly unknown[])[]) {
  let end = 0;
  return calls.map((items) => {
    end += items.length;
    return results.slice(end - items.length, end);
  });
}

/**
 * Runs a statement over items in the order in which leases are locked, and finds out about those it left
 * alone.
 * @param recall the answer to an end that this worker has recorded in this epoch before; false for others
 */
export async function writeEnds<Item extends finish.End>(
  db: Executor,
  items: readonly Item[],
  run: (sorted: readonly Item[]) => Promise<PlacedResult[]>,
  recall: (item: Item, found: Explained) => Partial<EndResult> | false = () => false,
): Promise<EndResult[]> {
  const sorted = items.toSorted((a, b) => (a.jobId < b.jobId ? -1 : Number(a.jobId > b.jobId)));
  const results = new Map<Item, EndResult>();
  for (const { position, ...result } of await run(sorted)) {
    const item = sorted[position - 1];
    if (item) results.set(item, result);
  }
  const open = sorted.filter((item) => !results.has(item));
  if (open.length > 0) {
    const found = await db.any(finish.explainEnds(open));
    for (const [position, item] of open.entries()) {
      const now = found[position];
      if (!now) throw new ServiceError(Code.Aborted, "CONFLICT", "the job changed meanwhile: try again");
      const before = recall(item, now);
      results.set(item, before ? { outcome: "ok", ...before } : { outcome: outcomeOf(now) });
    }
  }
  return items.flatMap((item) => results.get(item) ?? []);
}

type Explained = z.output<typeof finish.explainEnds.row>;

function outcomeOf({ status, isCurrent }: Explained): LeaseOutcome {
  if (status === null) return "not_found";
  return status === "cancelled" && isCurrent ? "cancelled" : "stale";
}

/**
 * Writes the valid items of a call, each with what is `common` to all. The others are rejected one by one
 * with the field at fault: what is wrong with one is no reason to lose the results of a thousand.
 * @param write answers one result an item, in their order
 * @param ending.fail ends the attempts of rejected items, before anything is written, as `endOf` says; an
 * item whose lease is not held is then stale, cancelled or not found. Default: nothing is ended
 * @throws INVALID_ARGUMENT if there are too few or too many items
 */
export async function writeValid<Schema extends z.ZodType<object>, Common extends { workerId: string }>(
  schema: Schema,
  items: readonly z.input<Schema>[],
  common: Common,
  write: (valid: (z.output<Schema> & Common)[]) => Promise<readonly EndResult[]>,
  ending?: Pick<JobWrites, "fail"> & {
    endOf(item: unknown, rejection: Rejection): Omit<finish.Failed, "workerId"> | undefined;
  },
): Promise<readonly EndResult[]> {
  const checked = parseInput(input.items, items, "items").map((item) => {
    const parsed = parseQuickly(schema, item);
    if (parsed.success) return { valid: { ...parsed.data, ...common } };
    const rejection = rejectionOf(parsed.error);
    const end = ending?.endOf(item, rejection);
    return { rejection, end: end && { ...end, workerId: common.workerId } };
  });
  const ends = checked.flatMap(({ end }) => end ?? []);
  const ended = (ending && ends.length > 0 ? await ending.fail(ends) : []).values();
  const valid = checked.flatMap((one) => one.valid ?? []);
  const written = (valid.length > 0 ? await write(valid) : []).values();
  return checked.flatMap(({ rejection, end }): EndResult | [] => {
    if (!rejection) return written.next().value ?? [];
    const result = end && ended.next().value;
    return !result || result.outcome === "ok" ? { ...result, outcome: "rejected", ...rejection } : result;
  });
}

function rejectionOf(error: z.ZodError): Rejection {
  const { field = "", description: reason = "is invalid" } = violationsOf(error)[0] ?? {};
  return { field, reason };
}
