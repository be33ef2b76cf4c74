import { InvalidArgumentError } from "commander";
import type { JsonObject, JsonValue } from "../../validation.ts";
import type { Command } from "../shared/command.ts";
import { given } from "../shared/options.ts";

/** Which evaluations of a benchmark. */
export interface FilterOptions {
  provider?: string;
  model?: string;
  sample?: string;
  minScore?: number;
  maxScore?: number;
  failed?: boolean;
  metadata?: JsonObject;
  text?: string;
}

/** Adds --provider, --model, --sample, --min-score, --max-score, --failed, --metadata and --text. */
export function withFilterOptions(command: Command): Command {
  return command
    .option("--provider <provider>", "only those of this provider")
    .option("--model <model>", "only those of this model")
    .option("--sample <id>", "only those of this sample")
    .option("--min-score <score>", "only those with this score or a higher one", score)
    .option("--max-score <score>", "only those with this score or a lower one", score)
    .option("--failed", "only those with an error")
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
export function filterOf({ sample, failed, ...options }: FilterOptions) {
  const { provider, model, minScore, maxScore, metadata, text } = options;
  return given({ provider, model, sampleId: sample, minScore, maxScore, failedOnly: failed, metadata, text });
}

function score(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
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
