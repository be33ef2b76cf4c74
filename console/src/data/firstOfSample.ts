import { createQueryOptions } from "@connectrpc/connect-query";
import { BenchmarkService } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationOrder, EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { transport } from "./transport.ts";

/** How the first evaluation of a sample in a benchmark is asked for, with its texts begun. */
export function firstOfSample(benchmarkId: string, sampleId: string) {
  const which = { benchmarkId, sampleId, orderBy: EvaluationOrder.CREATED_AT_ASC, pageSize: 1 };
  const request = { ...which, view: EvaluationView.PREVIEW, previewChars: 200 };
  const options = createQueryOptions(BenchmarkService.method.listEvaluations, request, { transport });
  return { ...options, staleTime: 60_000 };
}
