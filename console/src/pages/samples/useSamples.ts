import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ExportEvaluationsRequestSchema,
  ListEvaluationsRequestSchema,
} from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationOrder, EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import type { Search } from "../../data/search.ts";
import { usePages } from "../../data/usePages.ts";
import { all, numeric, one } from "../../data/useSearchState.ts";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { metadataOf } from "./metadata.ts";

/** The words of an order in the page's address. */
const orders = new Map([
  ["oldest", EvaluationOrder.CREATED_AT_ASC],
  ["highest", EvaluationOrder.METRIC_DESC],
  ["lowest", EvaluationOrder.METRIC_ASC],
]);

/** The names in the page's address that leave samples out. */
const filters = ["sample", "failed", "min", "max", "text", "error", "provider", "model", "meta"];

/** Whether the address asks for all samples. An order by a metric leaves out those without one. */
export function asksForAll(search: Search): boolean {
  const byMetric = ["highest", "lowest"].includes(one(search.order));
  return !byMetric && filters.every((name) => one(search[name]) === "");
}

/** What the address asks to export: the samples of its list, which an export has in an order of its own. */
export function exportOf(id: string, search: Search) {
  const metadata = metadataOf(all(search.meta));
  return {
    benchmarkId: id,
    sampleId: one(search.sample),
    provider: one(search.provider),
    model: one(search.model),
    metric: one(search.metric),
    minValue: numeric(search.min),
    maxValue: numeric(search.max),
    text: one(search.text),
    failedOnly: one(search.failed) !== "",
    errorContains: one(search.error),
    ...(metadata && { metadata }),
  } satisfies MessageInitShape<typeof ExportEvaluationsRequestSchema>;
}

export function listOf(id: string, search: Search): MessageInitShape<typeof ListEvaluationsRequestSchema> {
  const asked = exportOf(id, search);
  const order = orders.get(one(search.order)) ?? EvaluationOrder.CREATED_AT_DESC;
  const byMetric = order === EvaluationOrder.METRIC_ASC || order === EvaluationOrder.METRIC_DESC;
  return {
    ...asked,
    // The service orders no failures by score.
    orderBy:
      (asked.failedOnly || asked.errorContains !== "") && byMetric ? EvaluationOrder.CREATED_AT_DESC : order,
  };
}

/** The words of `ltb` that ask for the same list. */
export function commandOf(id: string, search: Search): string[] {
  const [order] = [...orders].find(([, value]) => value === listOf(id, search).orderBy) ?? [];
  return ltbWords("evaluation list", { ...optionsOf(id, search), order }, [id]);
}

/** The words of `ltb` that export the same samples. */
export function exportCommandOf(id: string, search: Search, format: string): string[] {
  return ltbWords("export", { ...optionsOf(id, search), format, output: `samples.${format}` }, [id]);
}

function optionsOf(id: string, search: Search) {
  const { sampleId, provider, model, metric, minValue, maxValue, text, ...asked } = exportOf(id, search);
  return {
    ...{ sample: sampleId, provider, model, metric, text },
    failed: asked.failedOnly,
    error: asked.errorContains,
    "min-value": minValue?.toString(),
    "max-value": maxValue?.toString(),
    metadata: all(search.meta),
  };
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
