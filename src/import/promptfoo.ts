import * as z from "zod";
import { doubleOf } from "../json-numbers.ts";
import { cutText } from "../text.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { benchmarkKey, finishBenchmark, utc } from "./benchmark.ts";
import { sha256 } from "./evaluation.ts";
import { ImportError, type Place, tryRead } from "./import-error.ts";
import { splitJson } from "./json-split.ts";
import { isObject, type PlacedRecord, parseJson, parseObject, without } from "./json-text.ts";
import { fieldLimits } from "./limits.ts";
import { columnOf, type PromptfooRow, promptfooEvaluation, type Row, rowSchema } from "./promptfoo-row.ts";
import { recordsOfLines } from "./records.ts";
import { checked, number, object, text } from "./schema.ts";
import { chunksOf, mapRecords, type Source, stemOf, withoutGz } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** Forms of an output: of `promptfoo eval -o FILE.json`, of its `evaluate()`, and with a row per line. */
type Form = "json" | "summary" | "jsonl";

/** `EvaluateSummaryV3` of promptfoo's `src/types/index.ts`, and the file around it, without the rows. */
const headerSchema = z.looseObject({
  evalId: text,
  timestamp: text,
  prompts: z.array(z.looseObject({ metrics: object })).nullish(),
  stats: z.looseObject({ durationMs: number }).nullish(),
  config: z.looseObject({ description: text }).nullish(),
});
type Header = z.infer<typeof headerSchema>;

/** A prompt with a provider: a column of promptfoo's table. */
interface Column {
  key: string;
  first: PromptfooRow;
  count: number;
}

interface Overview {
  header: Header;
  /** Everything in the file except the rows. */
  about: JsonObject;
  columns: Column[];
  /** The first row as it is in the file. It identifies an output without an id. */
  first: JsonObject;
}

const MAX_COLUMNS = 256;
const MAX_NAME = fieldLimits.nameChars;
// Fields that the rows repeat, that may be secret, or that describe the machine.
const leftOut = ["tests", "env", "outputPath"];

/**
 * Reads an output of promptfoo: one benchmark for each prompt with each provider, comparable by dataset and
 * sample ids. The rows are read once for an overview and once for each benchmark.
 *
 * The score is promptfoo's; `pass` (0 or 1) and the named scores are metrics. A row that ended in an error
 * has no score; promptfoo's mean counts it as 0.
 */
export async function* readPromptfoo(source: Source, form: Form): AsyncGenerator<ImportedBenchmark> {
  const overview = await overviewOf(source, form);
  const { header, about, columns } = overview;
  for (const [index, column] of columns.entries()) {
    const metrics = header.prompts?.[column.first.promptIdx ?? index]?.metrics;
    const place = { file: source.file };
    const dataset = cutText(header.config?.description?.trim() ?? "", MAX_NAME) || stemOf(source);
    const { provider, prompt } = column.first;
    yield finishBenchmark(source, place, {
      key: benchmarkKey("promptfoo", `${identityOf(source, overview)}/${column.key}`),
      name: nameOf(dataset, column, columns),
      ...modelOf(provider.id),
      dataset,
      totalIterations: column.count,
      plannedSamples: testsOf(metrics ?? {}),
      status: "completed",
      ...timesOf(header, place),
      labels: { source: "promptfoo", ...(provider.label && { provider: cutText(provider.label, MAX_NAME) }) },
      metadata: {
        ...without(about, ["prompts", "stats", "config"]),
        ...(isObject(about.config) && { config: without(about.config, leftOut) }),
        prompt: prompt.label ?? prompt.raw ?? null,
      },
      metrics: flatNumbers(metrics ?? {}),
      results: metrics ? { metrics, stats: about.stats ?? null } : undefined,
      evaluations: (counted) => evaluationsOf(counted, form, { key: column.key, isFirst: index === 0 }),
    });
  }
}

async function* evaluationsOf(
  source: Source,
  form: Form,
  { key, isFirst }: { key: string; isFirst: boolean },
): AsyncGenerator<ImportedEvaluation | ImportError> {
  let nth = 0;
  for await (const read of rowsOf(source, form)) {
    // The column of a row that cannot be read is not known, so the first has it.
    if (read instanceof ImportError) {
      if (isFirst) yield read;
    } else if (columnOf(read.row) === key) {
      const index = read.row.testIdx ?? nth;
      yield tryRead(() => promptfooEvaluation(read, index, source.options.score));
      nth++;
    }
  }
}

/** Reads the whole file, because the description of the run may come after the rows. */
async function overviewOf(source: Source, form: Form): Promise<Overview> {
  const { file } = source;
  const members: [string, JsonValue][] = [];
  const columns = new Map<string, Column>();
  let first: JsonObject | undefined;
  let unread: ImportError | undefined;
  try {
    const onMember = (...member: [string, JsonValue]) => members.push(member);
    for await (const read of rowsOf(source, form, onMember)) {
      if (read instanceof ImportError) {
        unread ??= read;
        continue;
      }
      const { record, row } = read;
      first ??= record;
      const key = columnOf(row);
      const column = columns.get(key) ?? { key, first: row, count: 0 };
      column.count++;
      columns.set(key, column);
      if (columns.size > MAX_COLUMNS)
        throw new ImportError({ file }, `more than ${MAX_COLUMNS} prompts and providers, which is the limit`);
    }
  } catch (error) {
    // Reading the rows meets the same error, after those that come before it.
    if (columns.size === 0 || columns.size > MAX_COLUMNS) throw error;
  }
  if (first === undefined) throw unread ?? new ImportError({ file }, "no results; expected at least one");
  const about = Object.fromEntries(members);
  const header = checked(headerSchema, about, { file });
  const sorted = [...columns.values()].sort((a, b) => (a.first.promptIdx ?? 0) - (b.first.promptIdx ?? 0));
  return { header, about, columns: sorted, first };
}

async function* rowsOf(
  source: Source,
  form: Form,
  onMember?: (name: string, value: JsonValue) => void,
): AsyncGenerator<Row | ImportError> {
  const { file, limits } = source;
  if (form === "jsonl") return yield* mapRecords(recordsOfLines(source), rowOf);
  const items = form === "json" ? "results.results" : "results";
  // The table repeats the results for display.
  const wanted = (key: string) => onMember !== undefined && !/(^|\.)table$/.test(key);
  for await (const part of splitJson(chunksOf(source), { file, limits, items, wanted })) {
    if (part instanceof ImportError) {
      yield part;
      continue;
    }
    const { key = "", index, line, bytes } = part;
    if (index !== undefined)
      yield tryRead(() => rowOf(parseObject(bytes, { file, record: index, line }, limits)));
    else
      onMember?.(key.replace(/^results\./, ""), parseJson(bytes, { file, line, field: key }, limits).value);
  }
}

function rowOf({ record, marks, place }: PlacedRecord): Row {
  return { record, marks, place, row: checked(rowSchema, record, place) };
}

/** Returns the id of the evaluation. Versions before 2024 and JSONL have none. */
function identityOf({ name }: Source, { header, first }: Overview): string {
  return header.evalId || sha256(JSON.stringify([withoutGz(name), header.timestamp ?? null, first]));
}

function nameOf(dataset: string, column: Column, columns: readonly Column[]): string {
  const labels = [...new Set(columns.map(({ first }) => first.prompt.label ?? ""))];
  const { provider, prompt } = column.first;
  const label = prompt.label ?? "";
  const short = /^[^\n{}]{1,60}$/.test(label) ? label : `prompt ${labels.indexOf(label) + 1}`;
  const model = provider.label || provider.id;
  return cutText(`${dataset}:${model}${labels.length > 1 ? ` [${short}]` : ""}`, MAX_NAME);
}

// Kinds of endpoint between the provider and the model: openai:chat:gpt-4o.
const endpoints = /^(?:chat|completion|messages|responses|embedding|image|realtime|generate):/;

/** Splits `provider:model` or `provider:endpoint:model`. A script, file or address has no known provider. */
function modelOf(id: string): { provider?: string; model: string } {
  const [, provider, rest] = /^([a-z][\w.-]{0,99}):(?!\/\/)(.+)$/is.exec(id) ?? [];
  if (provider === undefined || rest === undefined || ["exec", "python", "golang", "ruby"].includes(provider))
    return { model: [...id].slice(-MAX_NAME).join("") || "unknown" };
  return { provider, model: cutText(rest.replace(endpoints, ""), MAX_NAME) };
}

function timesOf({ timestamp, stats }: Header, place: Place) {
  const startedAt = utc(timestamp, { ...place, field: "results.timestamp" });
  const ms = stats?.durationMs;
  if (startedAt === undefined || typeof ms !== "number" || !(ms >= 0 && ms < 1e12)) return { startedAt };
  return { startedAt, completedAt: new Date(Date.parse(startedAt) + ms).toISOString() };
}

/** The tests that promptfoo counted. A file may have fewer rows, as where it was cut off. */
function testsOf(metrics: JsonObject): number | undefined {
  const counts = ["testPassCount", "testFailCount", "testErrorCount"].map((name) => metrics[name]);
  const known = counts.filter((count) => typeof count === "number");
  return known.length === 0 ? undefined : known.reduce((total, count) => total + count, 0);
}

/** Collects the numbers within an object, under their paths: `tokenUsage.prompt`. */
function flatNumbers(object: JsonObject, prefix = ""): Record<string, number> {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, kept]): [string, number][] => {
      const value = doubleOf(kept);
      if (typeof value === "number") return [[prefix + key, value]];
      return isObject(value) ? Object.entries(flatNumbers(value, `${prefix}${key}.`)) : [];
    }),
  );
}
