import { invalidField } from "../../errors.ts";
import { fullName } from "../call/call.ts";
import type { Middleware } from "./hooks.ts";

/** Metadata by which a call accepts answers of a replica, and learns who answered. */
export const readHeader = "ltb-read";

/** Methods that read what may be old: none that watch, judge by the time, or check who may do what. */
const readers = new Set(
  Object.entries({
    BenchmarkService: [
      "GetBenchmark",
      "ListBenchmarks",
      "GetEvaluation",
      "BatchGetEvaluations",
      "ListEvaluations",
      "ListFailureGroups",
      "ExportEvaluations",
      "GetBenchmarkSummary",
      "GetMetricHistogram",
      "CompareBenchmarks",
      "ListComparedSamples",
      "GetLeaderboard",
      "GetMetricHistory",
      "GetBaseline",
      "ListBaselines",
      "ListDatasets",
      "ListBenchmarkFieldValues",
    ],
    JobService: ["GetJob", "ListJobs", "ListJobFailureGroups", "GetJobStats", "GetQueueHistory"],
    AuditService: ["GetAuditLog", "ListAuditLogs", "ExportAuditLogs"],
  }).flatMap(([service, methods]) => methods.map((method) => `ltb.v1.${service}/${method}`)),
);

/**
 * Lets the replica answer a call that says so: metadata `ltb-read: replica`. Its trailing metadata tells
 * whether the replica did. Other methods take no notice, so that a client may send it with every call.
 */
export const readFrom: Middleware = (method) => {
  if (!readers.has(fullName(method))) return undefined;
  return {
    each(_, { call }) {
      const value = call.header(readHeader);
      if (value === "replica") call.scope.replica = {};
      else if (value !== undefined && value !== "primary" && value !== "shared")
        throw invalidField(readHeader, "must be replica, primary or shared, as metadata of the call");
      return undefined;
    },
    end(context, { code }) {
      const { replica } = context.call.scope;
      if (replica && code === 0) context.responseTrailer.set(readHeader, replica.from ?? "primary");
    },
  };
};
