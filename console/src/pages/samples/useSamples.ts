import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListEvaluationsRequestSchema } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationOrder, EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import type { Search } from "../../data/search.ts";
import { usePages } from "../../data/usePages.ts";
import { numeric, one } from "../../data/useSearchState.ts";
import { ltbWords } from "../../parts/copy-as/words.ts";

/** The words of an order in the page's address. */
const orders = new Map([
  ["oldest", EvaluationOrder.CREATED_AT_ASC],
  ["highest", EvaluationOrder.METRIC_DESC],
  ["lowest", EvaluationOrder.METRIC_ASC],
]);

/** The names in the page's address that leave samples out. */
const filters = ["sample", "failed", "min", "max", "text", "error", "provider", "model"];

/** Whether the address asks for all samples. An order by a metric leaves out those without one. */
export function asksForAll(search: Search): boolean {
  const byMetric = ["highest", "lowest"].includes(one(search.order));
  return !byMetric && filters.every((name) => one(search[name]) === "");
}

export function listOf(id: string, search: Search): MessageInitShape<typeof ListEvaluationsRequestSchema> {
  const failedOnly = one(search.failed) !== "";
  const errorContains = one(search.error);
  const order = orders.get(one(search.order)) ?? EvaluationOrder.CREATED_AT_DESC;
  const byMetric = order === EvaluationOrder.METRIC_ASC || order === EvaluationOrder.METRIC_DESC;
  return {
    benchmarkId: id,
    sampleId: one(search.sample),
    provider: one(search.provider),
    model: one(search.model),
    metric: one(search.metric),
    minValue: numeric(search.min),
    maxValue: numeric(search.max),
    text: one(search.text),
    failedOnly,
    errorContains,
    // The service orders no failures by score.
    orderBy: (failedOnly || errorContains !== "") && byMetric ? EvaluationOrder.CREATED_AT_DESC : order,
  };
}

/** The words of `ltb` that ask for the same list. */
export function commandOf(id: string, search: Search): string[] {
  const { sampleId, provider, model, metric, minValue, maxValue, text, ...asked } = listOf(id, search);
  const [order] = [...orders].find(([, value]) => value === asked.orderBy) ?? [];
  return ltbWords(
    "evaluation list",
    {
      ...{ sample: sampleId, provider, model, metric, text, order },
      failed: asked.failedOnly,
      error: asked.errorContains,
      "min-value": minValue?.toString(),
      "max-value": maxValue?.toString(),
    },
    [id],
  );
}

/** The samples of a benchmark that the page's address asks for, page by page, with texts begun. */
export function useSamples(id: string, search: Search, { enabled = true } = {}) {
  return usePages(
    BenchmarkService.method.listEvaluations,
    "evaluations",
    { ...listOf(id, search), pageSize: 100, view: EvaluationView.PREVIEW, previewChars: 200 },
    // Rows do not change places while one reads: what is new is fetched when it is asked for.
    { staleTime: Number.POSITIVE_INFINITY, enabled },
  );
}
