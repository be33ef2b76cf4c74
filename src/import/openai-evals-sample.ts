import * as z from "zod";
import type { JsonObject, JsonValue } from "../validation.ts";
import { numbersOf, utc } from "./benchmark.ts";
import { asText, finishEvaluation } from "./evaluation.ts";
import type { Place } from "./import-error.ts";
import { isObject, without } from "./json-text.ts";
import { object, text } from "./schema.ts";
import type { ImportedEvaluation } from "./types.ts";

/** The part of `Event` (evals' `record.py`) that is read here. */
export const eventSchema = z.object({
  sample_id: z.string().min(1).nullable(),
  type: z.string(),
  data: object.transform((data) => data ?? {}),
  created_at: text,
});
export type Event = z.output<typeof eventSchema>;

interface SampleContext {
  /** The metric that becomes the score. Undefined: the score says whether the sample matched. */
  score: string | undefined;
  marks: JsonObject;
  place: Place;
}

/**
 * Makes one sample from its events. The input is the prompt of its first sampling. The output is the matched
 * text, if any. Otherwise it is the first of its samplings if a model graded it (the others are the
 * grader's), else the last. The score is the metric, else the share of correct matches, as evals'
 * `get_accuracy` counts them. Unused data is in metadata, by type of event.
 */
export function evalsSample(
  sampleId: string,
  events: readonly Event[],
  { score: metric, marks, place }: SampleContext,
): ImportedEvaluation {
  const dataOf = (type: string) => events.filter((event) => event.type === type).map(({ data }) => data);
  const samplings = dataOf("sampling");
  const matches = dataOf("match");
  const graded = dataOf("metrics").some((data) => Object.hasOwn(data, "choice"));
  const answer = graded ? samplings[0] : samplings.at(-1);
  const match = matches[0];
  const metrics = numbersOf(Object.assign({}, ...matches, ...dataOf("metrics")));
  const score = scoreOf(metric, metrics, matches);
  const output = textOf(match?.sampled ?? answer?.sampled);
  const [failure] = dataOf("error");
  return finishEvaluation(place, {
    sampleId,
    repetition: 0,
    input: textOf(samplings[0]?.prompt) ?? "",
    output,
    expected: textOf(match?.expected),
    score,
    metrics,
    problems: [
      score === undefined && failure && `${failure.type ?? "error"}: ${failure.message ?? ""}`,
      output === undefined && "no sampling",
      score === undefined && `${metric ?? "match"}: missing, not a number`,
    ],
    inputTokens: tokensOf(samplings, "prompt_tokens"),
    outputTokens: tokensOf(samplings, "completion_tokens"),
    createdAt: utc(events.at(-1)?.created_at, { ...place, field: "created_at" }),
    metadata: { ...restOf(events, { answer, match, first: samplings[0] }), ...marks },
  });
}

/** True if there is an event that comes after the answer. */
export function isScored(events: readonly Event[]): boolean {
  return events.some(({ type }) => ["match", "metrics", "error"].includes(type));
}

function scoreOf(
  metric: string | undefined,
  metrics: Record<string, number>,
  matches: readonly JsonObject[],
): number | undefined {
  if (metric !== undefined) return metrics[metric];
  if (matches.length === 0) return undefined;
  return matches.filter(({ correct }) => correct === true).length / matches.length;
}

/** Returns a single text as it is; messages of a chat, and several texts, as JSON. */
function textOf(value: JsonValue | undefined): string | undefined {
  return Array.isArray(value) && value.length === 1 && typeof value[0] === "string"
    ? value[0]
    : asText(value);
}

/** Sums tokens over all samplings, the graders' included, as the report of evals does. */
function tokensOf(samplings: readonly JsonObject[], name: string): number | undefined {
  const counts = samplings.flatMap(({ usage }) => {
    const count = isObject(usage) ? usage[name] : undefined;
    return typeof count === "number" && Number.isInteger(count) ? [count] : [];
  });
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/** Groups the data of the events by type, without the fields that the evaluation has in full. */
function restOf(
  events: readonly Event[],
  used: { answer: JsonObject | undefined; match: JsonObject | undefined; first: JsonObject | undefined },
): JsonObject {
  const rest = new Map<string, JsonValue[]>();
  for (const { type, data } of events) {
    const told = [
      ...(data === used.first ? ["prompt"] : []),
      ...(data === used.answer && used.match?.sampled === undefined ? ["sampled"] : []),
      ...(data === used.match ? ["sampled", "expected"] : []),
      ...(type === "match" || type === "metrics" ? Object.keys(numbersOf(data)) : []),
    ];
    const left = without(data, told);
    if (Object.keys(left).length === 0) continue;
    rest.set(type, [...(rest.get(type) ?? []), left]);
  }
  return Object.fromEntries(rest);
}
