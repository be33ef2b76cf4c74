import { z } from "zod";
import { jsonColumn } from "../database/statement/sql.ts";
import type { JsonObject } from "../validation.ts";

/** An evaluation as the database answers it. Times are ISO 8601 in UTC with six digits of microseconds. */
export const evaluationRow = z.object({
  id: z.string(),
  benchmarkId: z.string(),
  sampleId: z.string().nullable(),
  repetition: z.number(),
  provider: z.string(),
  model: z.string(),
  /** Null where it was not read. */
  input: z.string().nullable(),
  output: z.string().nullable(),
  expected: z.string().nullable(),
  metrics: jsonColumn<JsonObject>(),
  score: z.number().nullable(),
  error: z.string().nullable(),
  latencyMs: z.number().nullable(),
  inputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  costUsd: z.number().nullable(),
  metadata: jsonColumn<JsonObject>().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string().nullable(),
});

/** One whose texts are cut to their first characters, with the bytes of the whole ones. */
export const previewRow = evaluationRow.extend({
  inputBytes: z.number().nullable(),
  outputBytes: z.number().nullable(),
  expectedBytes: z.number().nullable(),
});

/** One scored input and output of a benchmark; a failed sample has an error. */
export type Evaluation = z.output<typeof evaluationRow>;

/** An evaluation of a list; the bytes of its texts are there where these are previews. */
export type ListedEvaluation = Evaluation & Partial<z.output<typeof previewRow>>;
