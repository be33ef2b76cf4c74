import { z } from "zod";
import { jsonColumn } from "../database/statement/sql.ts";
import type { JsonObject, JsonValue } from "../validation.ts";

export const benchmarkStatuses = ["pending", "running", "completed", "failed", "cancelled"] as const;

export type BenchmarkStatus = (typeof benchmarkStatuses)[number];

/** A benchmark as the database answers it. Times are ISO 8601 in UTC with six digits of microseconds. */
export const benchmarkRow = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  provider: z.string(),
  model: z.string(),
  dataset: z.string(),
  status: z.enum(benchmarkStatuses),
  totalIterations: z.number(),
  /** The evaluations that each sample is to have; 0: not declared. */
  repetitions: z.number(),
  /** The samples that there are to be; 0: not declared. */
  plannedSamples: z.number(),
  completedIterations: z.number(),
  failedIterations: z.number(),
  results: jsonColumn<JsonValue>().nullable(),
  metrics: jsonColumn<JsonObject>().nullable(),
  error: z.string().nullable(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string().nullable(),
  labels: z.custom<Record<string, string>>(),
  metadata: jsonColumn<JsonObject>().nullable(),
  version: z.number(),
});

/** A run of one model on one dataset. */
export type Benchmark = z.output<typeof benchmarkRow>;
