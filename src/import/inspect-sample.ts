import * as z from "zod";
import { doubleOf } from "../json-numbers.ts";
import { cutText } from "../text.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { utc } from "./benchmark.ts";
import { asText, compact, finishEvaluation, unusableOf } from "./evaluation.ts";
import { isObject, mapValues, type PlacedRecord, rewrite, without } from "./json-text.ts";
import { categoryOf, numberIn } from "./metric-value.ts";
import { checked, id, json, number, text } from "./schema.ts";
import type { ImportedEvaluation } from "./types.ts";

const message = z.looseObject({ role: text, content: json.optional() });
const outputSchema = z.looseObject({
  completion: text,
  choices: z.array(z.looseObject({ message: message.nullish() })).nullish(),
  error: text,
});
const scoresSchema = z.record(z.string(), z.looseObject({ value: json.optional() }));
type Scores = z.infer<typeof scoresSchema>;
const usage = z.looseObject({ input_tokens: number, output_tokens: number, total_cost: number });

/** The part of `EvalSample` (Inspect's `log/_log.py`) that is read here. */
const sampleSchema = z.looseObject({
  id,
  epoch: z.int().min(1).nullish(),
  input: z.union([z.string(), z.array(message)]),
  target: json.optional(),
  output: outputSchema.nullish(),
  scores: scoresSchema.nullish(),
  model_usage: z.record(z.string(), usage).nullish(),
  total_time: number,
  completed_at: text,
  error: z.looseObject({ message: z.string() }).nullish(),
  limit: z.looseObject({ type: z.string() }).nullish(),
});

/** Information about the samples from the header of a log. */
export interface InspectRun {
  model: string;
  /** Names of scorers or of metrics, in order of preference. The first that a sample has is its score. */
  scorers: string[];
  /** True if the caller chose the scorer; else the only scorer of a sample is used, whatever its name. */
  chosen: boolean;
  /** Scorers whose texts are categories, also those that would stand for a number. */
  categorical: ReadonlySet<string>;
}

/**
 * Makes an evaluation of an Inspect sample. Epoch n is repetition n − 1, and tokens and cost are those of the
 * model under test. The rest is kept in the metadata, with attachments resolved outside the events.
 *
 * Every scorer gives metrics: `scorer` for a single value, `scorer.key` and `scorer.0` for those of an object
 * or a list. A value that is a text is a category, which is no score. A sample whose score is neither failed;
 * Inspect writes NaN where its scorer could not.
 */
export function inspectSample({ record, marks, place }: PlacedRecord, run: InspectRun): ImportedEvaluation {
  const resolved = resolveAttachments(record);
  const sample = checked(sampleSchema, resolved, place);
  const scores = sample.scores ?? {};
  const { metrics, parts } = metricsOf(scores, run.categorical);
  const scorers = Object.keys(scores);
  const only = scorers.length === 1 ? scorers[0] : undefined;
  const scorer =
    run.scorers.find((name) => name in metrics || scorers.includes(name)) ?? (run.chosen ? undefined : only);
  const value = scorer === undefined ? undefined : metrics[scorer];
  const score = typeof value === "number" ? value : undefined;
  const output = completionOf(sample.output ?? {});
  const used = sample.model_usage?.[run.model];
  const known = ["id", "epoch"];
  if (typeof sample.input === "string") known.push("input");
  if (typeof sample.target === "string") known.push("target");
  return finishEvaluation(place, {
    sampleId: sample.id,
    repetition: (sample.epoch ?? 1) - 1,
    input: typeof sample.input === "string" ? sample.input : conversation(sample.input),
    output,
    expected: asText(sample.target === "" ? undefined : sample.target),
    score,
    metrics,
    // That of the score is the sample's error.
    unusable: unusableOf(without(parts, scorer === undefined ? [] : [scorer]), metrics),
    problems: [
      sample.error?.message,
      sample.output?.error,
      value === undefined && unscored(scorer, scores),
      output === undefined && silent(sample.limit),
    ],
    latencyMs: typeof sample.total_time === "number" ? sample.total_time * 1000 : undefined,
    inputTokens: used?.input_tokens,
    outputTokens: used?.output_tokens,
    costUsd: used?.total_cost,
    createdAt: utc(sample.completed_at, { ...place, field: "completed_at" }),
    metadata: { ...without(resolved, known), ...marks },
  });
}

const letters = new Map(Object.entries({ C: 1, P: 0.5, I: 0, N: 0 }));
const words = new Map(Object.entries({ yes: 1, true: 1, no: 0, false: 0 }));

/** Does what Inspect's `value_to_float` does, but returns undefined where that guesses 0. */
export function scoreValue(given: JsonValue | undefined): number | undefined {
  const value = given && doubleOf(given);
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const known = letters.get(value) ?? words.get(value.toLowerCase());
  if (known !== undefined) return known;
  return numberIn(value);
}

/** The values of all scores by the names of their metrics, and the metrics that these become. */
function metricsOf(scores: Scores, categorical: ReadonlySet<string>) {
  const parts: JsonObject = {};
  const metrics: Record<string, number | string | undefined> = {};
  for (const [scorer, { value = null }] of Object.entries(scores)) {
    const single = typeof doubleOf(value) !== "object" || value === null;
    for (const [key, part] of single ? [["", value] as const] : Object.entries(value)) {
      const name = single ? scorer : `${scorer}.${key}`;
      parts[name] = part;
      metrics[name] = (categorical.has(scorer) && categoryOf(part)) || (scoreValue(part) ?? categoryOf(part));
    }
  }
  return { parts, metrics: compact<Record<string, number | string>>(metrics) };
}

function unscored(scorer: string | undefined, scores: Scores): string | undefined {
  if (scorer === undefined) return undefined;
  const value = scores[scorer]?.value;
  if (typeof value === "object" && value !== null) return undefined;
  return `scorer ${scorer}: its value is ${value === undefined ? "missing" : cutText(String(value), 100)}, not a number`;
}

function silent(limit: { type: string } | null | undefined): string {
  return limit ? `stopped by its ${limit.type} limit without an output` : "no output";
}

function completionOf(output: z.infer<typeof outputSchema>): string | undefined {
  const first = output.choices?.[0];
  // Logs without choices have an empty completion if the model gave none.
  if (!first) return output.completion || undefined;
  return output.completion ?? contentText(first.message?.content);
}

function conversation(messages: z.infer<typeof message>[]): string {
  const [only] = messages;
  if (messages.length === 1 && only?.role === "user") return contentText(only.content);
  return messages.map(({ role, content }) => `${role ?? "unknown"}: ${contentText(content)}`).join("\n\n");
}

function contentText(content: JsonValue | undefined): string {
  if (!Array.isArray(content)) return asText(content) ?? "";
  return content
    .filter((part) => isObject(part))
    .map((part) => (part.type === "text" ? asText(part.text) : `[${asText(part.type)}]`))
    .join("\n");
}

const ATTACHMENT = "attachment://";
// Events repeat the messages, so with attachments resolved they would take many times their size.
const condensed = ["attachments", "events", "events_data", "timelines"];

function resolveAttachments(record: JsonObject): JsonObject {
  const attachments = record.attachments;
  if (!isObject(attachments)) return record;
  const resolve = (string: string) => {
    if (!string.startsWith(ATTACHMENT)) return string;
    const hash = string.slice(ATTACHMENT.length);
    const found = Object.hasOwn(attachments, hash) ? attachments[hash] : undefined;
    return typeof found === "string" ? found : string;
  };
  return mapValues(record, (value, key) => (condensed.includes(key) ? value : rewrite(value, resolve)));
}
