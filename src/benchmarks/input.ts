import { z } from "zod";
import { limits } from "../limits.ts";
import { json, jsonObject, labels, longText, oneOf, text, timestamp, uuid, whole } from "../validation.ts";
import { benchmarkStatuses } from "./rows.ts";

const name = text(limits.nameLength, 1);
export const datasetName = name;
const provider = text(limits.providerLength, 1);
const prose = longText(limits.textBytes);
const status = oneOf(benchmarkStatuses);

export const newBenchmark = z.strictObject({
  id: uuid.optional(),
  name,
  description: prose.nullish(),
  provider,
  model: name,
  dataset: datasetName,
  totalIterations: whole().default(0),
  repetitions: whole(0, limits.repetitions).default(0),
  plannedSamples: whole().default(0),
  createdBy: uuid.nullish(),
  labels: labels.default({}),
  metadata: jsonObject.nullish(),
});

/** A benchmark to create. The service makes its id unless one is given; its status is pending. */
export type NewBenchmark = z.input<typeof newBenchmark>;

export const benchmarkChanges = z.strictObject({
  status: status.optional(),
  completedIterations: whole().optional(),
  failedIterations: whole().optional(),
  totalIterations: whole().optional(),
  repetitions: whole(0, limits.repetitions).optional(),
  plannedSamples: whole().optional(),
  results: json.nullish(),
  metrics: jsonObject.nullish(),
  error: prose.nullish(),
  startedAt: timestamp.nullish(),
  completedAt: timestamp.nullish(),
  name: name.optional(),
  description: prose.nullish(),
  labels: labels.optional(),
  metadata: jsonObject.nullish(),
});

/** Changes of a benchmark. A field that is absent stays as it is; null clears it. */
export type BenchmarkChanges = z.input<typeof benchmarkChanges>;

export const benchmarkFilter = z.strictObject({
  status: status.optional(),
  provider: text(limits.providerLength).optional(),
  model: text(limits.nameLength).optional(),
  dataset: text(limits.nameLength).optional(),
  name: text(limits.nameLength).optional(),
  nameContains: text(limits.nameLength, 1).optional(),
  createdBy: uuid.optional(),
  labels: labels.optional(),
  createdAfter: timestamp.optional(),
  createdBefore: timestamp.optional(),
  orderBy: oneOf(["newest", "oldest"]).default("newest"),
});

/** A list holds the benchmarks that match every filter. `createdAfter` is inclusive, `createdBefore` not. */
export type BenchmarkFilter = z.input<typeof benchmarkFilter>;

export type ParsedBenchmarkFilter = z.output<typeof benchmarkFilter>;

export const benchmarkPosition = z.object({ createdAt: z.string(), id: z.string() });

/** The end of a page of a list; the next one begins after it. */
export type BenchmarkPosition = z.output<typeof benchmarkPosition>;

export const baselinePosition = z.object({ dataset: z.string() });

/** The end of a page of datasets. */
export type DatasetPosition = z.output<typeof baselinePosition>;

/** The end of a page of baselines. */
export type BaselinePosition = z.output<typeof baselinePosition>;
