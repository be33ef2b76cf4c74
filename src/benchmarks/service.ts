import { toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  BenchmarkOrder,
  BenchmarkOrderSchema,
  BenchmarkStatus,
  BenchmarkView,
  BenchmarkViewSchema,
} from "../../gen/ltb/v1/benchmark_pb.ts";
import type { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { snakeCase } from "../database/statement/sql.ts";
import { invalidField } from "../errors.ts";
import { actorIdOf, callOf } from "../rpc/call/call.ts";
import type { JsonValue } from "../validation.ts";
import {
  anyJsonOf,
  clearTo,
  fromTimestamp,
  jsonOf,
  omitEmpty,
  readPatch,
  refuseClearing,
  requestKeyOf,
  wantsText,
} from "../wire/convert.ts";
import { checkEnum } from "../wire/enums.ts";
import { decodePageToken, encodePageToken, pageSize } from "../wire/paging.ts";
import { type BenchmarkChanges, baselinePosition, benchmarkChanges, benchmarkPosition } from "./input.ts";
import {
  baselineMessage,
  benchmarkField,
  benchmarkMessage,
  benchmarkStatus,
  datasetMessage,
  progressMessage,
} from "./messages.ts";
import type { BenchmarkRepository } from "./repository.ts";

const updatable = [
  ...Object.keys(benchmarkChanges.shape).map(snakeCase),
  ...["results_json", "metrics_json", "metadata_json"],
];

/** The methods of BenchmarkService about benchmarks themselves. */
export function benchmarkMethods(benchmarks: BenchmarkRepository) {
  return {
    async createBenchmark(request, context) {
      const asText = wantsText(request);
      const { name, provider, model, dataset, labels } = request;
      const metadata = jsonOf(request.metadata, request.metadataJson);
      const { totalIterations, repetitions, plannedSamples } = request;
      const [id, description] = [omitEmpty(request.id), omitEmpty(request.description)];
      const createdBy = actorIdOf(context);
      const about = { name, description, provider, model, dataset, labels, metadata };
      const requestKey = requestKeyOf(request, createdBy);
      const benchmark = await benchmarks.create(
        { id, ...about, totalIterations, repetitions, plannedSamples, createdBy },
        requestKey,
      );
      return { benchmark: benchmarkMessage(benchmark, asText) };
    },

    async getBenchmark(request) {
      const asText = wantsText(request);
      return { benchmark: benchmarkMessage(await benchmarks.get(request.id), asText) };
    },

    async updateBenchmark(request) {
      const asText = wantsText(request);
      const { id, expectedVersion } = request;
      const benchmark = await benchmarks.update(id, changesOf(request), { expectedVersion });
      return { benchmark: benchmarkMessage(benchmark, asText) };
    },

    async deleteBenchmark({ id }) {
      await benchmarks.delete(id);
      return {};
    },

    async listBenchmarks(request) {
      const asText = wantsText(request);
      const { provider, model, dataset, createdBy, labels, name, orderBy, view } = request;
      const filter = {
        status: benchmarkStatus.parse(request.status, "status"),
        provider: omitEmpty(provider),
        model: omitEmpty(model),
        dataset: omitEmpty(dataset),
        name: omitEmpty(name),
        nameContains: omitEmpty(request.nameContains),
        createdBy: omitEmpty(createdBy),
        labels: Object.keys(labels).length > 0 ? labels : undefined,
        createdAfter: fromTimestamp(request.createdAfter, "created_after"),
        createdBefore: fromTimestamp(request.createdBefore, "created_before"),
        orderBy: orderOf(orderBy),
      };
      const wanted = checkEnum(BenchmarkViewSchema, view, "view");
      const { items, next } = await benchmarks.list(filter, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, benchmarkPosition),
        full: wanted === BenchmarkView.FULL,
        summaries: wanted === BenchmarkView.SUMMARY,
      });
      const found = items.map((item) => benchmarkMessage(item, asText));
      return { benchmarks: found, nextPageToken: encodePageToken(next, filter) };
    },

    async setBaseline({ benchmarkId }, context) {
      return { baseline: baselineMessage(await benchmarks.setBaseline(benchmarkId, actorIdOf(context))) };
    },

    async getBaseline({ dataset }) {
      return { baseline: baselineMessage(await benchmarks.getBaseline(dataset)) };
    },

    async listBaselines(request) {
      const { items, next } = await benchmarks.listBaselines({
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, {}, baselinePosition),
      });
      return { baselines: items.map(baselineMessage), nextPageToken: encodePageToken(next, {}) };
    },

    async listDatasets(request) {
      const { items, next } = await benchmarks.listDatasets({
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, {}, baselinePosition),
      });
      return { datasets: items.map(datasetMessage), nextPageToken: encodePageToken(next, {}) };
    },

    async listBenchmarkFieldValues({ field, prefix, labelKey, limit }) {
      const known = benchmarkField.parse(field, "field");
      if (known === undefined) throw invalidField("field", "is required");
      const options = { prefix, labelKey: omitEmpty(labelKey), limit: limit === 0 ? undefined : limit };
      const { values, more } = await benchmarks.listFieldValues(known, options);
      return { values: [...values], more };
    },

    async unsetBaseline({ dataset }) {
      await benchmarks.unsetBaseline(dataset);
      return {};
    },

    async *watchBenchmarks(request, context) {
      const asText = wantsText(request);
      const { ids, status, provider, dataset, labels, afterCursor } = request;
      callOf(context).endWithServer();
      const filter = {
        ids,
        status: benchmarkStatus.parse(status, "status"),
        provider: omitEmpty(provider),
        dataset: omitEmpty(dataset),
        labels: Object.keys(labels).length > 0 ? labels : undefined,
      };
      const changes = benchmarks.watch(filter, { after: omitEmpty(afterCursor) });
      for await (const { cursor, benchmark, deleted } of changes) {
        if (benchmark) yield { cursor, ...progressMessage(benchmark, asText) };
        else if (deleted !== undefined) yield { cursor, benchmark: { id: deleted }, deleted: true };
        else yield { cursor };
      }
    },
  } satisfies Partial<ServiceImpl<typeof BenchmarkService>>;
}

type UpdateRequest = Parameters<ServiceImpl<typeof BenchmarkService>["updateBenchmark"]>[0];

function changesOf(request: UpdateRequest): BenchmarkChanges {
  const patch = readPatch(request.updateMask, updatable);
  const { labels, results, error, description } = request;
  const status = benchmarkStatus.parse(request.status ?? BenchmarkStatus.UNSPECIFIED, "status");
  const cleared = Object.keys(labels).length > 0 ? labels : patch("labels", undefined);
  return {
    status: refuseClearing("status", patch("status", status)),
    completedIterations: clearTo(0, patch("completed_iterations", request.completedIterations)),
    failedIterations: clearTo(0, patch("failed_iterations", request.failedIterations)),
    totalIterations: clearTo(0, patch("total_iterations", request.totalIterations)),
    repetitions: clearTo(0, patch("repetitions", request.repetitions)),
    plannedSamples: clearTo(0, patch("planned_samples", request.plannedSamples)),
    results: patch("results", anyJsonOf(results && resultsOf(results), request.resultsJson)),
    metrics: patch("metrics", jsonOf(request.metrics, request.metricsJson)),
    error: error === "" ? null : patch("error", error),
    startedAt: patch("started_at", fromTimestamp(request.startedAt, "started_at")),
    completedAt: patch("completed_at", fromTimestamp(request.completedAt, "completed_at")),
    name: refuseClearing("name", patch("name", request.name)),
    description: description === "" ? null : patch("description", description),
    labels: cleared === null ? {} : cleared,
    metadata: patch("metadata", jsonOf(request.metadata, request.metadataJson)),
  };
}

function resultsOf(value: Value): JsonValue {
  try {
    return toJson(ValueSchema, value) as JsonValue;
  } catch {
    // There is a Value without a kind, NaN or an infinity, at some depth.
    throw invalidField("results", "must be a JSON value with finite numbers only");
  }
}

function orderOf(order: BenchmarkOrder): "newest" | "oldest" {
  const known = checkEnum(BenchmarkOrderSchema, order, "order_by");
  return known === BenchmarkOrder.CREATED_AT_ASC ? "oldest" : "newest";
}
