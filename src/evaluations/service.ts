import type { ServiceImpl } from "@connectrpc/connect";
import type {
  BenchmarkService,
  ExportEvaluationsRequest,
  GetBenchmarkSummaryRequest,
  GetLeaderboardRequest,
  GetMetricHistoryRequest,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import {
  EvaluationOrder,
  EvaluationOrderSchema,
  EvaluationView,
  EvaluationViewSchema,
} from "../../gen/ltb/v1/evaluation_pb.ts";
import { benchmarkPosition } from "../benchmarks/input.ts";
import { benchmarkStatus } from "../benchmarks/messages.ts";
import { invalidField } from "../errors.ts";
import { limits } from "../limits.ts";
import { actorIdOf } from "../rpc/call/call.ts";
import {
  clearTo,
  fromTimestamp,
  jsonOf,
  omitEmpty,
  omitNulls,
  readPatch,
  requestKeyOf,
  wantsText,
} from "../wire/convert.ts";
import { checkEnum } from "../wire/enums.ts";
import { decodePageToken, encodePageToken, pageSize } from "../wire/paging.ts";
import { notWithGroups } from "./clusters/clusters.ts";
import { comparedPosition } from "./compare/samples.ts";
import { exportChunks } from "./export.ts";
import * as input from "./input.ts";
import {
  comparedOrder,
  comparedState,
  comparisonMessage,
  evaluationMessage,
  failureMessage,
  fromMessage,
  leaderboardMessage,
  outcomeOf,
  runMessage,
  slicesMessage,
  wireReducer,
} from "./messages.ts";
import type { EvaluationRepository } from "./repository.ts";
import { missingOfGroups } from "./slices/slices.ts";
import { metricMessage, wireMissing } from "./summary/messages.ts";

const updatable = ["score", "metrics", "metrics_json", "expected", "error", "metadata", "metadata_json"];

/** The methods of BenchmarkService that are about evaluations. */
export function evaluationMethods(evaluations: EvaluationRepository) {
  return {
    async createEvaluation(request, context) {
      const asText = wantsText(request);
      const actor = actorIdOf(context);
      const given = fromMessage(request, "", actor);
      const evaluation = await evaluations.create(given, requestKeyOf(request, actor));
      return { evaluation: evaluationMessage(evaluation, asText) };
    },

    async batchCreateEvaluations(request, context) {
      const actor = actorIdOf(context);
      const { benchmarkId, evaluations: sent } = request;
      const given = sent.map((evaluation) => fromMessage(evaluation, benchmarkId, actor));
      const results = await evaluations.createMany(given, requestKeyOf(request, actor));
      return {
        results: results.map((result, index) => ({
          index,
          id: "id" in result ? result.id : "",
          ...outcomeOf(result),
        })),
      };
    },

    async streamEvaluations(requests, context) {
      const actor = actorIdOf(context);
      const { issues, ...counts } = await evaluations.createStream(batches());
      return {
        ...counts,
        issues: issues.map(({ index, sampleId, result }) => ({ index, sampleId, ...outcomeOf(result) })),
      };

      async function* batches(): AsyncIterable<input.NewEvaluation[]> {
        for await (const { benchmarkId, evaluations: sent } of requests) {
          yield sent.map((evaluation) => fromMessage(evaluation, benchmarkId, actor));
        }
      }
    },

    async getEvaluation(request) {
      const asText = wantsText(request);
      const evaluation = await evaluations.get(request.id, omitEmpty(request.benchmarkId));
      return { evaluation: evaluationMessage(evaluation, asText) };
    },

    async batchGetEvaluations(request) {
      const asText = wantsText(request);
      const options = {
        ...viewOf(request, EvaluationView.FULL),
        benchmarkId: omitEmpty(request.benchmarkId),
      };
      const { items, missingIds, remainingIds } = await evaluations.getMany(request.ids, options);
      return {
        evaluations: items.map((item) => evaluationMessage(item, asText)),
        missingIds: [...missingIds],
        remainingIds: [...remainingIds],
      };
    },

    async updateEvaluation(request) {
      const asText = wantsText(request);
      const patch = readPatch(request.updateMask, updatable);
      const changes = {
        score: patch("score", request.score),
        metrics: clearTo({}, patch("metrics", jsonOf(request.metrics, request.metricsJson))),
        expected: patch("expected", request.expected),
        error: patch("error", request.error),
        metadata: patch("metadata", jsonOf(request.metadata, request.metadataJson)),
      };
      const evaluation = await evaluations.update(request.id, changes, omitEmpty(request.benchmarkId));
      return { evaluation: evaluationMessage(evaluation, asText) };
    },

    async deleteEvaluation({ id, benchmarkId }) {
      await evaluations.delete(id, omitEmpty(benchmarkId));
      return {};
    },

    async cleanupEvaluations({ olderThanDays, benchmarkId }) {
      if (olderThanDays === undefined) throw invalidField("older_than_days", "is required");
      return evaluations.cleanup(olderThanDays, omitEmpty(benchmarkId));
    },

    async listEvaluations(request) {
      const asText = wantsText(request);
      const filter = { ...filterOf(request), orderBy: orderOf(request.orderBy) };
      const { items, next, previous } = await evaluations.list(filter, {
        aroundId: omitEmpty(request.aroundId),
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, input.evaluationPosition),
        ...viewOf(request, EvaluationView.BASIC),
      });
      return {
        evaluations: items.map((item) => evaluationMessage(item, asText)),
        nextPageToken: encodePageToken(next, filter),
        previousPageToken: encodePageToken(previous, filter),
      };
    },

    async *exportEvaluations(request) {
      const asText = wantsText(request);
      const filter = { ...filterOf(request), orderBy: "oldest" as const };
      const after = decodePageToken(request.pageToken, filter, input.evaluationPosition);
      const options = { after, ...viewOf(request, EvaluationView.FULL) };
      for await (const { items, next } of exportChunks(evaluations, filter, options)) {
        const chunk = items.map((item) => evaluationMessage(item, asText));
        yield { evaluations: chunk, nextPageToken: encodePageToken(next, filter) };
      }
    },

    async listFailureGroups({ benchmarkId, limit }) {
      const asked = { limit: limit === 0 ? undefined : limit };
      const { groups, ...rest } = await evaluations.listFailureGroups(benchmarkId, asked);
      return { groups: groups.map(failureMessage), ...rest };
    },

    async getMetricHistogram({ benchmarkIds, metric, bins }) {
      const asked = { benchmarkIds, metric: omitEmpty(metric), bins: bins === 0 ? undefined : bins };
      const { isExact: exact, ...found } = await evaluations.histograms(asked);
      return { ...found, exact };
    },

    async compareBenchmarks(request) {
      const { baselineId, candidateIds, lowerIsBetter, tieTolerance } = request;
      const { bootstrapSamples, margin, detect, alpha, allowDifferentInputs, excludeFailed } = request;
      const metric = omitEmpty(request.metric) ?? "score";
      const reduction = { reducer: wireReducer.parse(request.reducer, "reducer"), k: request.k };
      const asked = { baselineId, candidateIds, metric, lowerIsBetter, tieTolerance, allowDifferentInputs };
      const what = {
        ...{ ...asked, excludeFailed, ...reduction, ...missingOf(request) },
        clusterBy: omitEmpty(request.clusterBy),
      };
      const after = decodePageToken(request.pageToken, what, input.comparisonPositions)?.candidates;
      const options = { limit: pageSize(request.pageSize), after };
      const { next, ...page } = await evaluations.compare(
        { ...what, bootstrapSamples, margin, detect, alpha, groupBy: omitEmpty(request.groupBy) },
        options,
      );
      const nextPageToken = encodePageToken(next && { candidates: next }, what);
      const reducer = wireReducer.values[page.reducer];
      const comparisons = page.comparisons.map(comparisonMessage);
      const missing = wireMissing.values[page.missing];
      return { ...omitNulls(page), reducer, missing, comparisons, nextPageToken };
    },

    async listComparedSamples(request) {
      const { benchmarkIds, lowerIsBetter, tieTolerance, threshold, allowDifferentInputs, k } = request;
      const what = {
        ...{ benchmarkIds, lowerIsBetter, tieTolerance, threshold, allowDifferentInputs, k },
        metric: omitEmpty(request.metric),
        state: comparedState.parse(request.state, "state"),
        orderBy: comparedOrder.parse(request.orderBy, "order_by"),
        reducer: wireReducer.parse(request.reducer, "reducer"),
      };
      const { items, next } = await evaluations.listComparedSamples(what, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, what, comparedPosition),
      });
      const samples = items.map(({ values, ...sample }) => ({ ...sample, values: values.map(omitNulls) }));
      return { samples, nextPageToken: encodePageToken(next, what) };
    },

    async getLeaderboard(request) {
      const what = {
        ...rankedOf(request),
        reducer: wireReducer.parse(request.reducer, "reducer"),
        k: request.k,
        minCoverage: request.minCoverage,
        ...missingOf(request),
      };
      const page = await evaluations.leaderboard(what, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, what, input.leaderboardPosition),
      });
      const { entries, total, pending, unscored, belowMinimum, reducer, missing, next, ...about } = page;
      return {
        entries: entries.map(leaderboardMessage),
        nextPageToken: encodePageToken(next, what),
        ...{ totalCount: total, pendingCount: pending, unscoredCount: unscored },
        belowMinimumCount: belowMinimum,
        reducer: wireReducer.values[reducer],
        missing: wireMissing.values[missing],
        ...omitNulls(about),
      };
    },

    async getMetricHistory(request) {
      const what = {
        ...rankedOf(request),
        model: omitEmpty(request.model),
        baselineId: omitEmpty(request.baselineId),
        ...{ rangeLow: request.rangeLow, rangeHigh: request.rangeHigh },
        reducer: wireReducer.parse(request.reducer, "reducer"),
        k: request.k,
      };
      const page = await evaluations.history(what, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, what, benchmarkPosition),
      });
      const { runs, baseline, pending, unscored, reducer, next, ...about } = page;
      return {
        runs: runs.map(runMessage),
        nextPageToken: encodePageToken(next, what),
        ...{ pendingCount: pending, unscoredCount: unscored },
        reducer: wireReducer.values[reducer],
        ...omitNulls(about),
        ...(baseline && { baseline: runMessage(baseline) }),
      };
    },

    async getBenchmarkSummary(request) {
      const { benchmarkId, metrics, exact, categories, groupBy, lowerIsBetter } = request;
      const missing = missingOf(request);
      if (groupBy !== "") {
        if (request.clusterBy !== "") throw invalidField("cluster_by", notWithGroups);
        if ((missing.missing ?? "exclude") !== "exclude") throw invalidField("missing", missingOfGroups);
      }
      const reduction = { reducer: wireReducer.parse(request.reducer, "reducer"), k: request.k };
      const { isExact, ...summary } = await evaluations.summarize(benchmarkId, metrics, {
        exact: exact || undefined,
        ...reduction,
        ...missing,
        lowerIsBetter,
        clusterBy: omitEmpty(request.clusterBy),
      });
      const { evaluationCount } = summary;
      const counted =
        categories && (await evaluations.countCategories(benchmarkId, metrics, evaluationCount));
      const slices =
        groupBy === "" ? [] : await evaluations.summarizeSlices(benchmarkId, groupBy, metrics, reduction);
      const { inputTokens, outputTokens, ...same } = omitNulls(summary);
      return {
        ...same,
        ...(inputTokens !== undefined && { inputTokens: BigInt(inputTokens) }),
        ...(outputTokens !== undefined && { outputTokens: BigInt(outputTokens) }),
        ...(counted && {
          categories: counted.metrics,
          categoriesLeftOut: counted.metricsLeftOut,
          categoriesRead: Math.min(evaluationCount, limits.categoryRows),
        }),
        exact: isExact,
        reducer: wireReducer.values[summary.reducer],
        missing: wireMissing.values[summary.missing],
        metrics: summary.metrics.map(metricMessage),
        groupBy,
        slices: slices.map(slicesMessage),
      };
    },
  } satisfies Partial<ServiceImpl<typeof BenchmarkService>>;
}

function filterOf(request: Omit<ExportEvaluationsRequest, "$typeName">) {
  const { benchmarkId, minScore, maxScore, minValue, maxValue, failedOnly, metadata } = request;
  const [provider, model] = [omitEmpty(request.provider), omitEmpty(request.model)];
  const [sampleId, text] = [omitEmpty(request.sampleId), omitEmpty(request.text)];
  const [metric, errorContains] = [omitEmpty(request.metric), omitEmpty(request.errorContains)];
  return {
    ...{ benchmarkId, provider, model, minScore, maxScore, failedOnly, sampleId, metadata, text },
    ...{ metric, minValue, maxValue, errorContains },
  };
}

function viewOf(
  { view: given, previewChars }: Pick<ExportEvaluationsRequest, "view" | "previewChars">,
  byDefault: EvaluationView,
) {
  const view = checkEnum(EvaluationViewSchema, given, "view") || byDefault;
  if (view !== EvaluationView.PREVIEW) return { full: view === EvaluationView.FULL };
  return { previewChars: previewChars === 0 ? limits.previewCharsDefault : previewChars };
}

type Order = NonNullable<input.EvaluationFilter["orderBy"]>;

const orders: ReadonlyMap<EvaluationOrder, Order> = new Map([
  [EvaluationOrder.CREATED_AT_ASC, "oldest"],
  [EvaluationOrder.SCORE_DESC, "highest-score"],
  [EvaluationOrder.SCORE_ASC, "lowest-score"],
  [EvaluationOrder.METRIC_DESC, "highest-value"],
  [EvaluationOrder.METRIC_ASC, "lowest-value"],
]);

function orderOf(order: EvaluationOrder): Order {
  return orders.get(checkEnum(EvaluationOrderSchema, order, "order_by")) ?? "newest";
}

/** What a request says of samples without a value. */
function missingOf({
  missing,
  rangeLow,
  rangeHigh,
}: Pick<GetBenchmarkSummaryRequest, "missing" | "rangeLow" | "rangeHigh">) {
  return { missing: wireMissing.parse(missing, "missing"), rangeLow, rangeHigh };
}

/** What leaderboards and histories have in common. */
function rankedOf(request: GetLeaderboardRequest | GetMetricHistoryRequest) {
  const { dataset, metric, provider, labels, lowerIsBetter, minCount } = request;
  return {
    ...{ dataset, lowerIsBetter, minCount },
    metric: omitEmpty(metric) ?? "score",
    provider: omitEmpty(provider),
    labels: Object.keys(labels).length > 0 ? labels : undefined,
    createdAfter: fromTimestamp(request.createdAfter, "created_after"),
    createdBefore: fromTimestamp(request.createdBefore, "created_before"),
    status: benchmarkStatus.parse(request.status, "status"),
  };
}
