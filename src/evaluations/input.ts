import { z } from "zod";
import { limits } from "../limits.ts";
import {
  finite,
  type Json,
  type JsonObject,
  type JsonValue,
  jsonBytes,
  jsonObject,
  jsonValueOf,
  longText,
  notNegative,
  oneOf,
  text,
  timestamp,
  uuid,
  whole,
} from "../validation.ts";

type Texts = { readonly [Name in "input" | "output" | "expected" | "error"]?: string | null | undefined };
type Documents = { readonly [Name in "metrics" | "metadata"]?: Json<JsonObject> | null | undefined };

/** About the bytes that an evaluation takes of a message. */
export function evaluationBytes(evaluation: Texts & Documents): number {
  const { input, output, expected, error, metrics, metadata } = evaluation;
  const bytesOf = (text: string | null | undefined) => (text ? Buffer.byteLength(text) : 0);
  const texts = bytesOf(input) + bytesOf(output) + bytesOf(expected) + bytesOf(error);
  return texts + (metrics ? jsonBytes(metrics) : 0) + (metadata ? jsonBytes(metadata) : 0);
}

export function tooLarge(bytes: number): string {
  const most = `at most ${limits.evaluationBytes} bytes`;
  return `input, output, expected, error, metrics and metadata together must have ${most}, have ${bytes}`;
}

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
    error: longText(limits.textBytes, 1).nullish(),
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
  })
  .superRefine((evaluation, context) => {
    const bytes = evaluationBytes(evaluation);
    if (bytes <= limits.evaluationBytes) return;
    context.addIssue({ code: "custom", path: ["input"], message: tooLarge(bytes) });
  });

/**
 * An evaluation to be stored. (benchmarkId, sampleId, repetition) given twice is one row; without a sample id
 * each is new unless its id is repeated. Provider and model default to the benchmark's, createdAt to now.
 */
export type NewEvaluation = z.input<typeof newEvaluation>;

export type ParsedEvaluation = z.output<typeof newEvaluation>;

export const evaluationChanges = z.strictObject({
  score: finite.nullish(),
  metrics: jsonObject.optional(),
  expected: sampleText.nullish(),
  error: longText(limits.textBytes).nullish(),
  metadata: jsonObject.nullish(),
});

/** Changes of an evaluation (re-scoring). A field that is absent stays as it is; null clears it. */
export type EvaluationChanges = z.input<typeof evaluationChanges>;

// No index has an object or list without any value in it: PostgreSQL would have to read all rows.
const searchedMetadata = jsonObject
  .transform(jsonValueOf)
  .refine((value) => jsonBytes(value) <= limits.searchBytes, `must take at most ${limits.searchBytes} bytes`)
  .refine(
    (value) => Object.keys(value).length === 0 || hasValue(value),
    "must have a key whose value is neither an empty object nor an empty list",
  )
  .transform((value) => (Object.keys(value).length === 0 ? undefined : value));

function hasValue(value: JsonValue): boolean {
  return typeof value !== "object" || value === null || Object.values(value).some(hasValue);
}

const wellFormedText = text(limits.searchTextLength, 1).refine(
  (value) => value.isWellFormed(),
  "must not contain half of a surrogate pair",
);

const searchedText = wellFormedText.refine(
  (value) => /^$|[\p{L}\p{N}]/u.test(value),
  "must contain a letter or a digit",
);

const filterFields = z.strictObject({
  benchmarkId: uuid,
  provider: text(limits.providerLength).optional(),
  model: text(limits.nameLength).optional(),
  minScore: finite.optional(),
  maxScore: finite.optional(),
  metric: text(limits.nameLength, 1).optional(),
  minValue: finite.optional(),
  maxValue: finite.optional(),
  failedOnly: z.boolean().default(false),
  errorContains: wellFormedText.optional(),
  sampleId: text(limits.nameLength).optional(),
  metadata: searchedMetadata.optional(),
  text: searchedText.optional(),
  orderBy: oneOf([
    ...(["newest", "oldest", "highest-score", "lowest-score", "highest-value", "lowest-value"] as const),
  ]).default("newest"),
});

export const evaluationFilter = filterFields
  .transform(withScore)
  .refine(
    ({ failedOnly, errorContains, orderBy }) =>
      !(failedOnly || errorContains !== undefined) || !orderBy.endsWith("score"),
    {
      path: ["orderBy"],
      message:
        "must not be by score where failed_only or error_contains is set: failed samples rarely have a score",
    },
  );

/** The score, which has an index, is not looked for as other metrics are. */
function withScore(filter: z.output<typeof filterFields>): z.output<typeof filterFields> {
  const { metric = "score", minValue, maxValue, ...rest } = filter;
  if (metric !== "score") return filter;
  const given = (bounds: (number | undefined)[]) => bounds.filter((bound) => bound !== undefined);
  const [least, most] = [given([rest.minScore, minValue]), given([rest.maxScore, maxValue])];
  return {
    ...rest,
    ...(least.length > 0 && { minScore: Math.max(...least) }),
    ...(most.length > 0 && { maxScore: Math.min(...most) }),
    orderBy:
      rest.orderBy === "highest-value"
        ? "highest-score"
        : rest.orderBy === "lowest-value"
          ? "lowest-score"
          : rest.orderBy,
  };
}

/**
 * A list holds the evaluations of a benchmark that match every given filter. Bounds are inclusive; those of
 * values, and orders by value, are of `metric`, by default the score. `errorContains` is a part of the error,
 * letter for letter. An evaluation's metadata must contain `metadata`; `text` has words of its input and
 * output, as `websearch_to_tsquery` reads them.
 */
export type EvaluationFilter = z.input<typeof evaluationFilter>;

export type ParsedFilter = z.output<typeof evaluationFilter>;

export const evaluationPosition = z.object({
  createdAt: z.string(),
  /** Only in an order by score. */
  score: z.number().nullable(),
  id: z.string(),
  /** Only in an order by value. */
  value: z.number().optional(),
  /** Only for a search that is read in this way: see `planSearch`. */
  walk: z.boolean().optional(),
  /** True: the page ends before this place. */
  isBefore: z.boolean().optional(),
});

/** The end of a page; the next one begins after it. Or the beginning of one, which another ends before. */
export type EvaluationPosition = z.output<typeof evaluationPosition>;

const samplePosition = z.object({ difference: z.number(), sampleId: z.string() });

export type SamplePosition = z.output<typeof samplePosition>;

/** The ends of the lists of samples of one candidate; null if a list has no more. */
const comparisonPosition = z.object({
  regressed: samplePosition.nullable(),
  improved: samplePosition.nullable(),
});

export type ComparisonPosition = z.output<typeof comparisonPosition>;

export const comparisonPositions = z.object({ candidates: z.array(comparisonPosition) });

export const leaderboardPosition = z.object({
  /** The merit of the page's last entry: its mean, or the negated mean if lower is better. */
  merit: z.number(),
  /** That of its own mean, if it stands further below, since it is not complete. */
  own: z.number().optional(),
  /** Its id, in hex without dashes. */
  hex: z.string(),
  /** The benchmark with whose inputs those of the entries are compared, the same on each page. */
  reference: uuid.optional(),
});

export type LeaderboardPosition = z.output<typeof leaderboardPosition>;
