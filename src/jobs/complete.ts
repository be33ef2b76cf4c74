import type { Value } from "@bufbuild/protobuf/wkt";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import type { CompleteJobsItem, CompleteJobsResult } from "../../gen/ltb/v1/job_service_pb.ts";
import type { Database } from "../database/database.ts";
import { isNotFound } from "../database/errors.ts";
import { invalidField } from "../errors.ts";
import { fromMessage } from "../evaluations/messages.ts";
import { limits } from "../limits.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { endMessage } from "./messages.ts";

/**
 * CompleteJobs: items without evaluations share a statement with those of other calls; each item with evaluations has a
 * transaction of its own, in which its evaluations and its completion are written together or not at all.
 */
export async function completeJobs(
  db: Database,
  workerId: string,
  items: readonly CompleteJobsItem[],
  actor: string | undefined,
): Promise<CompleteJobsResult[]> {
  // The items are checked in parts; their number is that of the call.
  if (items.length > limits.batchItems) {
    throw invalidField("items", `must have 1 to ${limits.batchItems} items`);
  }
  const evaluations = items.reduce((sum, item) => sum + item.evaluations.length, 0);
  if (evaluations > limits.batchItems) {
    throw invalidField(
      "items",
      `must have at most ${limits.batchItems} evaluations in all, have ${evaluations}`,
    );
  }
  const plain = items.filter((item) => item.evaluations.length === 0);
  const results = new Map<CompleteJobsItem, CompleteJobsResult>();
  if (plain.length > 0 || items.length === 0) {
    const ends = await db.jobs.complete(workerId, plain.map(completionOf));
    for (const [position, item] of plain.entries()) {
      const end = ends[position];
      if (end) results.set(item, resultMessage(endMessage(item.jobId, end)));
    }
  }
  for (const item of items) {
    if (item.evaluations.length > 0)
      results.set(item, await completeWithEvaluations(db, workerId, item, actor));
  }
  return items.flatMap((item) => results.get(item) ?? []);
}

/** Thrown to undo the completion of an item whose evaluations cannot be stored. */
class Rejected extends Error {
  readonly field: string;
  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

async function completeWithEvaluations(
  db: Database,
  workerId: string,
  item: CompleteJobsItem,
  actor: string | undefined,
): Promise<CompleteJobsResult> {
  const { jobId } = item;
  try {
    return await db.transaction(async ({ jobs, evaluations }) => {
      const [completed] = await jobs.complete(workerId, [completionOf(item)]);
      if (completed?.outcome !== "ok")
        return resultMessage(endMessage(jobId, completed ?? { outcome: "stale" }));
      const { benchmarkId } = await jobs.get(jobId);
      const written = await evaluations.createMany(
        item.evaluations.map((sent) => fromMessage(sent, benchmarkId ?? "", actor)),
      );
      for (const [index, result] of written.entries()) {
        if (result.outcome !== "rejected") continue;
        throw new Rejected(`evaluations[${index}]${result.field && `.${result.field}`}`, result.reason);
      }
      const count = (wanted: string) => written.filter((result) => result.outcome === wanted).length;
      return resultMessage({
        jobId,
        outcome: LeaseOutcome.OK,
        evaluationsInserted: count("created"),
        evaluationsDuplicate: count("duplicate"),
        evaluationsConflict: count("conflict"),
      });
    });
  } catch (error) {
    // Completed before, evaluations and all, and deleted since.
    if (isNotFound(error)) return resultMessage({ jobId, outcome: LeaseOutcome.NOT_FOUND });
    if (!(error instanceof Rejected)) throw error;
    const { field, message: reason } = error;
    return resultMessage({ jobId, outcome: LeaseOutcome.REJECTED, field, reason });
  }
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

function completionOf({ jobId, epoch, result }: CompleteJobsItem) {
  return { jobId, epoch, result: resultOf(result) };
}

/** A worker's result as JSON; an unset one is null. Where `toJson` throws, this leaves what is no JSON to the check of the item. */
function resultOf(value: Value | undefined): JsonValue {
  if (!value) return null;
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
