import * as z from "zod";
import type { JsonObject, JsonValue } from "../validation.ts";
import { numbersOf } from "./benchmark.ts";
import { asText, finishEvaluation, unusableOf } from "./evaluation.ts";
import { isObject, type PlacedRecord, without } from "./json-text.ts";
import { json, number, object, text } from "./schema.ts";
import type { ImportedEvaluation } from "./types.ts";

const index = z.int().min(0).optional();

const assertionSchema = z.looseObject({ type: text, value: json.optional() });

/** The part of `EvaluateResult` (promptfoo's `src/types/index.ts`) that is read here. */
export const rowSchema = z.looseObject({
  promptIdx: index,
  testIdx: index,
  // Early versions give the id alone.
  provider: z.preprocess(
    (value) => (typeof value === "string" ? { id: value } : value),
    z.looseObject({ id: z.string(), label: text }),
  ),
  prompt: z.looseObject({ raw: text, label: text }),
  vars: object,
  response: z.looseObject({ output: json.optional(), tokenUsage: object }).nullish(),
  error: text,
  /** 0 none or unknown, 1 an assertion, 2 an error. */
  failureReason: number,
  success: z.boolean().nullish(),
  score: number,
  latencyMs: number,
  cost: number,
  gradingResult: z.looseObject({}).nullish(),
  namedScores: object,
  tokenUsage: object,
  testCase: z.looseObject({ assert: z.array(assertionSchema).nullish() }).nullish(),
});
export type PromptfooRow = z.infer<typeof rowSchema>;

/** Identifies a prompt with a provider within one output. Versions before 2024 do not number them. */
export function columnOf({ promptIdx, provider, prompt }: PromptfooRow): string {
  return JSON.stringify(promptIdx ?? [provider.id, prompt.label ?? prompt.raw]);
}

/** A record of the output, with the fields that are read here. */
export interface Row extends PlacedRecord {
  row: PromptfooRow;
}

/** Makes an evaluation of a row, one test of a prompt. A chosen metric replaces promptfoo's score. */
export function promptfooEvaluation(
  { record, marks, row, place }: Row,
  index: number,
  chosen: string | undefined,
): ImportedEvaluation {
  const { response, testCase, vars } = row;
  const output = asText(response?.output);
  const failure = failed(row) ? row.error || "error" : undefined;
  const metrics = failure === undefined ? metricsOf(row) : {};
  const score = failure !== undefined ? undefined : chosen === undefined ? row.score : metrics[chosen];
  const tokens = row.tokenUsage ?? response?.tokenUsage ?? {};
  return finishEvaluation(place, {
    sampleId: String(index),
    repetition: 0,
    input: row.prompt.raw ?? "",
    output,
    expected: expectedOf(testCase?.assert ?? [], vars ?? {}),
    score,
    metrics,
    unusable:
      failure === undefined
        ? unusableOf(without(row.namedScores ?? {}, chosen === undefined ? [] : [chosen]), metrics)
        : [],
    problems: [
      failure,
      output === undefined && "no output",
      typeof score !== "number" && `${chosen ?? "score"}: missing, not a number`,
    ],
    latencyMs: row.latencyMs,
    inputTokens: count(tokens.prompt),
    outputTokens: count(tokens.completion),
    costUsd: row.cost,
    metadata: { ...restOf(record), ...marks },
  });
}

/** Versions without a failure reason put that of a failed assertion into `error`, with a grading. */
function failed({ failureReason, error, gradingResult }: PromptfooRow): boolean {
  return typeof failureReason === "number" ? failureReason === 2 : !!error && !gradingResult;
}

function metricsOf({ success, namedScores }: PromptfooRow): Record<string, number> {
  return { ...(typeof success === "boolean" && { pass: Number(success) }), ...numbersOf(namedScores ?? {}) };
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

// Assertions whose value is the expected output, or a part of it. Others have rules, code or rubrics.
const references =
  /^(equals|contains|icontains|starts-with|similar|(model-graded-)?factuality|levenshtein|bleu|gleu|meteor|rouge-n)$/;

/** Finds the first plain text that an assertion expects. A template must be a single variable. */
function expectedOf(
  assertions: readonly z.infer<typeof assertionSchema>[],
  vars: Record<string, JsonValue>,
): string | undefined {
  for (const { type, value } of assertions) {
    if (!references.test(type ?? "") || (typeof value !== "string" && typeof value !== "number")) continue;
    const [, name] = /^\s*\{\{-?\s*(\w+)\s*-?\}\}\s*$/.exec(String(value)) ?? [];
    if (name !== undefined && Object.hasOwn(vars, name)) return asText(vars[name]);
    if (!/\{[{%]/.test(String(value))) return String(value);
  }
  return undefined;
}

/** Copies the row without the fields that the evaluation has in full. */
function restOf(record: JsonObject): JsonObject {
  const told = ["promptIdx", "testIdx", "success", "score", "latencyMs", "cost", "namedScores"];
  const rest = without(record, told);
  const inner: [string, string[]][] = [
    ["prompt", ["raw"]],
    ["response", ["output"]],
    // The row repeats them.
    ["testCase", isObject(record.vars) ? ["vars"] : []],
  ];
  for (const [name, used] of inner) {
    const value = rest[name];
    if (isObject(value)) rest[name] = without(value, used);
  }
  return rest;
}
