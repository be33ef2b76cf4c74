import { InvalidArgumentError } from "commander";
import type { JsonObject, JsonValue } from "../../validation.ts";
import type { Command } from "../shared/command.ts";
import { given, parseNumber } from "../shared/options.ts";

/** Which evaluations of a benchmark. */
export interface FilterOptions {
  provider?: string;
  model?: string;
  sample?: string;
  minScore?: number;
  maxScore?: number;
  failed?: boolean;
  metric?: string;
  minValue?: number;
  maxValue?: number;
  error?: string;
  metadata?: JsonObject;
  text?: string;
}

/** Adds an option for each of them. */
export function withFilterOptions(command: Command): Command {
  return command
    .option("--provider <provider>", "only those of this provider")
    .option("--model <model>", "only those of this model")
    .option("--sample <id>", "only those of this sample")
    .option("--min-score <score>", "only those with this score or a higher one", parseNumber)
    .option("--max-score <score>", "only those with this score or a lower one", parseNumber)
    .option("--metric <name>", "the metric of --min-value and --max-value (default: score)")
    .option("--min-value <value>", "only those with this value of the metric or a higher one", parseNumber)
    .option("--max-value <value>", "only those with this value of the metric or a lower one", parseNumber)
    .option("--failed", "only those with an error")
    .option("--error <text>", "only those with this text in their error")
    .option(
      "--metadata <key=value>",
      "only those whose metadata has this, value as JSON or a text; or one JSON object; may be repeated",
      addMetadata,
    )
    .option(
      "--text <words>",
      "only those with all of these words in input and output; see `ltb migrate index --help`",
    );
}

/** The filter as ListEvaluations and ExportEvaluations take it. */
export function filterOf({ sample, failed, error, ...options }: FilterOptions) {
  const { provider, model, minScore, maxScore, metric, minValue, maxValue, metadata, text } = options;
  return given({
    ...{ provider, model, sampleId: sample, minScore, maxScore, metric, minValue, maxValue },
    ...{ failedOnly: failed, errorContains: error, metadata, text },
  });
}

function addMetadata(text: string, before: JsonObject = {}): JsonObject {
  if (text.trimStart().startsWith("{")) {
    const value = jsonOr(text, undefined);
    if (value !== undefined) return { ...before, ...(value as JsonObject) };
  }
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError(
      'Expected KEY=VALUE or a JSON object, such as split=test or {"run": {"seed": 1}}.',
    );
  return { ...before, [key]: jsonOr(value, value) };
}

function jsonOr<T>(text: string, otherwise: T): JsonValue | T {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return otherwise;
  }
}
