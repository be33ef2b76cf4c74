import type { Value } from "@bufbuild/protobuf/wkt";
import type { CompleteJobsItem, CompleteJobsResult } from "../../../gen/ltb/v1/job_service_pb.ts";
import { currentSignal } from "../../call-scope.ts";
import { invalidField } from "../../errors.ts";
import { fromMessage } from "../../evaluations/messages.ts";
import type { EvaluationRepository } from "../../evaluations/repository.ts";
import type { EvaluationResult } from "../../evaluations/write.ts";
import { limits } from "../../limits.ts";
import type { JsonObject, JsonValue } from "../../validation.ts";
import { anyJsonOf } from "../../wire/convert.ts";
import { ReadValue } from "../../wire/decode.ts";
import type { Lease } from "../claim/taking.ts";
import type { ClaimAlong } from "../claim/worker.ts";
import type { ClaimInput } from "../input.ts";
import { endMessage } from "../messages.ts";
import type { BenchmarkOfJob, JobRepository } from "../repository.ts";
import type { EndResult } from "../writes.ts";
import type { EvaluationCounts } from "./finish.ts";
import type { Rejection } from "./rejection.ts";

/** Repositories of one transaction that takes completions and the evaluations which come with them. */
interface Completing {
  readonly jobs: JobRepository;
  readonly evaluations: EvaluationRepository;
}

type Results = Map<CompleteJobsItem, CompleteJobsResult>;

/** The store that JobService needs: jobs, and transactions that write jobs and evaluations together. */
export interface JobStore {
  readonly jobs: JobRepository;
  transaction<T>(work: (repositories: Completing) => Promise<T>): Promise<T>;
}

/**
 * Serves CompleteJobs. Items without evaluations share a statement with those of other calls; those with
 * evaluations are written by one transaction, so that an item is stored whole or not at all. What the worker
 * claims is leased along with the last of them.
 * @returns `leases` undefined: the claim is still to be made
 */
export async function completeJobs(
  store: JobStore,
  workerId: string,
  items: readonly CompleteJobsItem[],
  { actor, claim }: { actor?: string | undefined; claim?: ClaimInput | undefined } = {},
): Promise<{ results: CompleteJobsResult[]; leases?: readonly Lease[] | undefined }> {
  // The items are checked in parts; their number is that of the call.
  if (items.length > limits.batchItems) {
    throw invalidField("items", `must have 1 to ${limits.batchItems} items`);
  }
  const evaluations = items.reduce((sum, item) => sum + item.evaluations.length, 0);
  if (evaluations > limits.batchItems) {
    const fault = `must have at most ${limits.batchItems} evaluations in all, have ${evaluations}`;
    throw invalidField("items", fault);
  }
  const plain = items.filter((item) => item.evaluations.length === 0);
  const full = items.filter((item) => item.evaluations.length > 0);
  const results: Results = new Map();
  let leases: readonly Lease[] | undefined;
  const along = claim && (await store.jobs.claimAlong(claim));
  if (full.length === 0 || plain.length > 0) {
    // The claim is made with the last of what its call reports.
    const claimed = full.length === 0 ? along : undefined;
    const written = await store.jobs.completeAndClaim(workerId, plain.map(completionOf), claimed);
    leases = written.leases;
    for (const [position, end] of written.results.entries()) {
      const item = plain[position];
      if (item) results.set(item, resultMessage({ ...end, ...endMessage(item.jobId, end) }));
    }
  }
  if (full.length > 0) {
    const written = await completeWithEvaluations(store, workerId, full, actor, along);
    leases = written.leases;
    for (const [item, result] of written.results) results.set(item, result);
    if (currentSignal()?.aborted) store.jobs.giveBack(workerId, leases ?? []);
  }
  return { results: items.flatMap((item) => results.get(item) ?? []), leases };
}

interface Written {
  results: Results;
  leases?: readonly Lease[] | undefined;
}

type Rejections = Map<CompleteJobsItem, Rejection>;

/** Thrown to undo the completion of items whose evaluations cannot be stored. */
class Rejected extends Error {
  readonly rejections: Rejections;
  constructor(rejections: Rejections) {
    super("evaluations were rejected");
    this.rejections = rejections;
  }
}

/** Writes all in one transaction; where evaluations cannot be stored, again, and fails those items' jobs. */
async function completeWithEvaluations(
  store: JobStore,
  workerId: string,
  items: readonly CompleteJobsItem[],
  actor: string | undefined,
  claim: ClaimAlong | undefined,
): Promise<Written> {
  const rejections: Rejections = new Map();
  for (;;) {
    try {
      return await store.transaction((transaction) =>
        completeInTransaction(transaction, workerId, items, { rejections, actor, claim }),
      );
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      for (const [item, rejection] of error.rejections) rejections.set(item, rejection);
    }
  }
}

/**
 * Evaluations are stored for the leases that are still held, and for no others: an item that is sent again
 * stores nothing, and is answered as it was the first time.
 */
async function completeInTransaction(
  { jobs, evaluations }: Completing,
  workerId: string,
  items: readonly CompleteJobsItem[],
  {
    rejections,
    actor,
    claim,
  }: { rejections: Rejections; actor: string | undefined; claim: ClaimAlong | undefined },
): Promise<Written> {
  const held = [...(await jobs.lockHeld(workerId, items))].filter(([item]) => !rejections.has(item));
  const orphans = held.filter(([item, benchmark]) => isOrphan(item, benchmark));
  if (orphans.length > 0) throw new Rejected(new Map(orphans.map(([item]) => [item, orphaned])));
  const sent = held.flatMap(([item, { benchmarkId }]) =>
    item.evaluations.map((evaluation) => fromMessage(evaluation, benchmarkId ?? "", actor)),
  );
  const written = (sent.length > 0 ? await evaluations.createMany(sent) : []).values();
  const counts = new Map<CompleteJobsItem, EvaluationCounts>();
  const rejected: Rejections = new Map();
  for (const [item] of held) {
    const own = item.evaluations.flatMap(() => written.next().value ?? []);
    const rejection = rejectionOf(own);
    if (rejection) rejected.set(item, rejection);
    else counts.set(item, countsOf(own));
  }
  if (rejected.size > 0) throw new Rejected(rejected);
  const completions = items.map((item) => ({
    ...completionOf(item),
    ...counts.get(item),
    rejection: rejections.get(item),
  }));
  const { results: ends, leases } = await jobs.completeAndClaim(workerId, completions, claim);
  const results: Results = new Map();
  for (const [position, item] of items.entries()) {
    const end: EndResult = ends[position] ?? { outcome: "stale" };
    results.set(item, resultMessage({ ...end, ...endMessage(item.jobId, end), ...counts.get(item) }));
    // Its evaluations were written, but its result is refused.
    const { outcome, field = "", reason = outcome } = end;
    if (counts.has(item) && outcome !== "ok") rejected.set(item, { field, reason });
  }
  if (rejected.size > 0) throw new Rejected(rejected);
  return { results, leases };
}

/** Whether evaluations are for the job's benchmark, which was deleted: another may have its id by now. */
function isOrphan({ evaluations }: CompleteJobsItem, { benchmarkId, isGone }: BenchmarkOfJob): boolean {
  const isForIt = (id: string) => id === "" || id.toLowerCase() === benchmarkId;
  return isGone && evaluations.some((evaluation) => isForIt(evaluation.benchmarkId));
}

const orphaned = { field: "evaluations", reason: "the benchmark that the job was made for was deleted" };

function rejectionOf(written: readonly EvaluationResult[]): Rejection | undefined {
  for (const [index, result] of written.entries()) {
    if (result.outcome !== "rejected") continue;
    const field = `evaluations[${index}]${result.field && `.${result.field}`}`;
    return { field, reason: result.reason };
  }
  return undefined;
}

function countsOf(written: readonly EvaluationResult[]): EvaluationCounts {
  const count = (wanted: string) => written.filter(({ outcome }) => outcome === wanted).length;
  return {
    evaluationsInserted: count("created"),
    evaluationsDuplicate: count("duplicate"),
    evaluationsConflict: count("conflict"),
  };
}

/** A whole message: see `jobMessage`. */
function resultMessage(
  result: Partial<CompleteJobsResult> & Pick<CompleteJobsResult, "jobId" | "outcome">,
): CompleteJobsResult {
  return {
    $typeName: "ltb.v1.CompleteJobsResult",
    jobId: result.jobId,
    outcome: result.outcome,
    evaluationsInserted: result.evaluationsInserted ?? 0,
    evaluationsDuplicate: result.evaluationsDuplicate ?? 0,
    evaluationsConflict: result.evaluationsConflict ?? 0,
    field: result.field ?? "",
    reason: result.reason ?? "",
  };
}

function completionOf({ jobId, epoch, result, resultJson, tokensUsed }: CompleteJobsItem) {
  return { jobId, epoch, result: anyJsonOf(result && resultOf(result), resultJson) ?? null, tokensUsed };
}

/**
 * A worker's result as JSON; an unset one is null. Where `toJson` throws, this leaves what is no JSON to the
 * check of the item.
 */
function resultOf(value: Value | undefined): JsonValue {
  if (!value) return null;
  if (value instanceof ReadValue) return value.json;
  const { kind } = value;
  switch (kind.case) {
    case "structValue":
      return objectOf(kind.value.fields);
    case "listValue":
      return kind.value.values.map(resultOf);
    case "stringValue":
    case "numberValue":
    case "boolValue":
      return kind.value;
    default:
      return null;
  }
}

function objectOf(fields: { [key: string]: Value }): JsonObject {
  const object: JsonObject = {};
  for (const key in fields) {
    const value = resultOf(fields[key]);
    // Assigned, it would become the prototype.
    if (key === "__proto__")
      Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
    else object[key] = value;
  }
  return object;
}
