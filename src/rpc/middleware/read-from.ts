import type { HandlerContext } from "@connectrpc/connect";
import { type ReadFrom, readFromReplica } from "../../call-scope.ts";
import { invalidField } from "../../errors.ts";
import { callOf } from "../call/context.ts";
import type { ProvidedMethod } from "../call/methods.ts";
import { type Handler, streamsResponse } from "./chain.ts";

/** Metadata by which a call agrees to answers of a replica, and by which it is told who answered. */
export const readHeader = "ltb-read";

/** Methods that read what may be a little old. Not those that watch, judge by the time, or check who may do what. */
const readers = new Set(
  Object.entries({
    BenchmarkService: [
      "GetBenchmark",
      "ListBenchmarks",
      "GetEvaluation",
      "ListEvaluations",
      "ExportEvaluations",
      "GetBenchmarkSummary",
      "CompareBenchmarks",
      "GetLeaderboard",
    ],
    JobService: ["GetJob", "ListJobs", "GetJobStats"],
    AuditService: ["GetAuditLog", "ListAuditLogs", "ExportAuditLogs"],
  }).flatMap(([service, methods]) => methods.map((method) => `ltb.v1.${service}/${method}`)),
);

/**
 * The method, which the replica may answer where the call says so: metadata `ltb-read: replica`. Its trailing metadata tells whether it did. Other methods take no
 * notice, so that a client may send it with every call.
 */
export function readable({ method, implementation }: ProvidedMethod): ProvidedMethod {
  if (!readers.has(`${method.parent.typeName}/${method.name}`)) return { method, implementation };
  const asked = (context: HandlerContext): ReadFrom | undefined => {
    const value = callOf(context).header(readHeader);
    if (value === undefined || value === "primary") return undefined;
    if (value === "replica") return {};
    throw invalidField(readHeader, "must be replica or primary, as metadata of the call");
  };
  const tell = (context: HandlerContext, { from = "primary" }: ReadFrom) =>
    context.responseTrailer.set(readHeader, from);
  const answer: Handler = streamsResponse(method)
    ? (request, context) => {
        const read = asked(context);
        return read
          ? streamed(
              read,
              () => implementation(request, context) as AsyncIterable<unknown>,
              () => tell(context, read),
            )
          : implementation(request, context);
      }
    : async (request, context) => {
        const read = asked(context);
        if (!read) return implementation(request, context);
        const response = await readFromReplica(read, () => implementation(request, context));
        tell(context, read);
        return response;
      };
  return { method, implementation: answer };
}

async function* streamed(
  read: ReadFrom,
  open: () => AsyncIterable<unknown>,
  done: () => void,
): AsyncIterable<unknown> {
  const inner = readFromReplica(read, () => open()[Symbol.asyncIterator]());
  try {
    for (;;) {
      const next = await readFromReplica(read, () => inner.next());
      if (next.done) return done();
      yield next.value;
    }
  } finally {
    await inner.return?.();
  }
}
