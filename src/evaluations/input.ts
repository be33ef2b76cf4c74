import { z } from "zod";
import { limits } from "../limits.ts";
import { finite, jsonObject, longText, notNegative, text, timestamp, uuid, whole } from "../validation.ts";

const sampleText = longText(limits.evaluationTextBytes);

export const newEvaluation = z
  .strictObject({
    id: uuid.optional(),
    benchmarkId: uuid,
    sampleId: text(limits.nameLength, 1).nullish(),
    repetition: whole().default(0),
    provider: text(limits.providerLength, 1).optional(),
    model: text(limits.nameLength, 1).optional(),
    input: sampleText,
    output: sampleText.nullish(),
    expected: sampleText.nullish(),
    metrics: jsonObject.default({}),
    score: finite.nullish(),
    error: text(limits.textLength, 1).nullish(),
    latencyMs: notNegative.nullish(),
    inputTokens: whole().nullish(),
    outputTokens: whole().nullish(),
    costUsd: notNegative.nullish(),
    metadata: jsonObject.nullish(),
    createdAt: timestamp.optional(),
    createdBy: uuid.nullish(),
  })
  .refine(({ output, error }) => typeof output === "string" || typeof error === "string", {
    path: ["output"],
    message: "is required unless there is an error",
  })
  .refine(({ sampleId, repetition }) => repetition === 0 || typeof sampleId === "string", {
    path: ["repetition"],
    message: "must be 0 without a sample_id",
  });

/**
 * An evaluation to be stored. (benchmarkId, sampleId, repetition) given twice is one row; without a sample id every one
 * is new unless its id is repeated. Provider and model default to the benchmark's, createdAt to now.
 */
export type NewEvaluation = z.input<typeof newEvaluation>;

export type ParsedEvaluation = z.output<typeof newEvaluation>;

export const evaluationChanges = z.strictObject({
  score: finite.nullish(),
  metrics: jsonObject.optional(),
  expected: sampleText.nullish(),
  error: text(limits.textLength).nullish(),
  metadata: jsonObject.nullish(),
});

/** Changes of an evaluation (re-scoring). A field that is absent stays as it is; null clears it. */
export type EvaluationChanges = z.input<typeof evaluationChanges>;

const orders = ["newest", "oldest", "highest-score", "lowest-score"] as const;

export const evaluationFilter = z
  .strictObject({
    benchmarkId: uuid,
    provider: text(limits.providerLength).optional(),
    model: text(limits.nameLength).optional(),
    minScore: finite.optional(),
    maxScore: finite.optional(),
    failedOnly: z.boolean().default(false),
    sampleId: text(limits.nameLength).optional(),
    orderBy: z.enum(orders).default("newest"),
  })
  .refine(({ failedOnly, orderBy }) => !failedOnly || orderBy === "newest" || orderBy === "oldest", {
    path: ["orderBy"],
    message: "must be by creation time where failed_only is set: failed samples rarely have a score",
  });

/** Which evaluations of a benchmark a list holds: those that match all that is given. Score bounds are inclusive. */
export type EvaluationFilter = z.input<typeof evaluationFilter>;

export type ParsedFilter = z.output<typeof evaluationFilter>;
