import type { JsonObject, JsonValue } from "../validation.ts";
import type { FieldMap } from "./field-map.ts";
import type { ImportError } from "./import-error.ts";
import type { ImportLimits } from "./limits.ts";

/** The detected formats that each format accepts that a caller may ask for, besides `auto`. */
export const accepted = {
  inspect: ["inspect-zip", "inspect-json"],
  "lm-eval": ["lm-eval-samples", "lm-eval-results"],
  helm: ["helm", "helm-runs"],
  promptfoo: ["promptfoo-json", "promptfoo-summary", "promptfoo-jsonl"],
  "openai-evals": ["openai-evals"],
  jsonl: [
    "jsonl",
    "lm-eval-samples",
    "inspect-json",
    "lm-eval-results",
    "promptfoo-jsonl",
    "openai-evals",
    "ltb",
    "json-object",
  ],
  json: ["json", "json-object", "lm-eval-samples"],
  ltb: ["ltb", "parquet"],
} as const;

/** What can be read, in words. */
export const readable =
  "Inspect, lm-evaluation-harness, HELM, promptfoo, OpenAI evals, JSON, JSONL, exports of ours";

/** The format of a file, as its content shows it. */
export type DetectedFormat = (typeof accepted)[keyof typeof accepted][number];

/** The kinds of log that can be read. `auto` detects the kind from the content. */
export type LogFormat = "auto" | keyof typeof accepted;
export const logFormats = ["auto", ...Object.keys(accepted)] as LogFormat[];

/**
 * The benchmark of a log: one run of one model on one dataset. Provider and model are `unknown` if the log
 * does not tell them. Times are ISO 8601 in UTC, at most microseconds.
 */
export interface ImportedBenchmark {
  /** Identity of this run within its source, at most 255 characters. The same log always has the same key. */
  key: string;
  name: string;
  description?: string;
  provider: string;
  model: string;
  /**
   * The dataset: the task for Inspect, the task or group for lm-eval, the run without its model for HELM, the
   * description of the evaluation for promptfoo, the eval's name for OpenAI evals, the file's name for rows.
   */
  dataset: string;
  /** Evaluations of the whole run, as the source counted them; a log may have fewer. 0: it does not know. */
  totalIterations?: number;
  /** Evaluations that the run was to make of each sample. */
  repetitions?: number;
  /** Samples that the run was to have, those included that the log lacks. */
  plannedSamples?: number;
  status: "completed" | "failed" | "cancelled" | "running" | "pending";
  /** Counts of a benchmark that our service exported; used if it has no evaluations to count. */
  completedIterations?: number;
  failedIterations?: number;
  error?: string;
  startedAt?: string;
  completedAt?: string;
  labels?: Record<string, string>;
  metadata?: JsonObject;
  /** Aggregates that the source published, each under one flat key. */
  metrics?: JsonObject;
  /** The source's results in their original form. */
  results?: JsonValue;
  /**
   * Every iteration reads the file again, lazily. A record that cannot be read is an error in its place.
   * Throws {@link ImportError} where the rest of the log cannot be read.
   */
  evaluations: AsyncIterable<ImportedEvaluation | ImportError>;
}

/** One sample of a log. It has an output, an error or both. */
export interface ImportedEvaluation {
  /** The id that it had in the service that exported it. */
  id?: string;
  /** Empty only if the evaluation has an id and never had a sample id. */
  sampleId: string;
  /** From 0. */
  repetition: number;
  input: string;
  output?: string;
  expected?: string;
  /** A finite number. Unset if the sample was not scored. */
  score?: number;
  /** Finite numbers by name, and categories as texts; in our own export any stored values. */
  metrics?: JsonObject;
  /** Scores that are neither a number nor a category, as `name is value`; readLogs notes and drops them. */
  unusable?: string[];
  error?: string;
  latencyMs?: number;
  inputTokens?: number;
  outputTokens?: number;
  costUsd?: number;
  /** The record's other fields, at most 1 MiB encoded. Keys with `ltb_` are those of `finishEvaluation`. */
  metadata?: JsonObject;
  /** ISO 8601 in UTC, at most microseconds. */
  createdAt?: string;
  /** Provider and model are set where they differ from the benchmark's. */
  provider?: string;
  model?: string;
}

export interface ReadOptions {
  /** What messages call the file, where its path says nothing, as of a copy. Default: its path. */
  file?: string;
  /** Default: `auto`. */
  format?: LogFormat;
  /** JSON and JSONL only: the map of the fields. Default: fields with our own names. */
  map?: FieldMap;
  /** JSON only: the path of the array of rows, `results.rows`. Default: the only array of objects. */
  rows?: string;
  /** These four replace what the log says. */
  name?: string;
  provider?: string;
  model?: string;
  dataset?: string;
  /** The metric that becomes the score, except of rows and our own exports. Default: the source's main. */
  score?: string;
  /** Keep what looks like a secret. Default: false, it is replaced by "[redacted]". */
  keepSecrets?: boolean;
  limits?: Partial<ImportLimits>;
  /** Called for every piece of the log that was read, with its bytes in the file; for a progress bar. */
  onBytes?: (bytes: number) => void;
  /** Called at the end of the evaluations with anything that whoever imports them should know. */
  onNote?: (note: string) => void;
}
