import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { doubleOf } from "../json-numbers.ts";
import { cutText } from "../text.ts";
import type { JsonObject, JsonValue } from "../validation.ts";
import { benchmarkKey, finishBenchmark, numbersOf, utcOfSeconds } from "./benchmark.ts";
import { asText, finishEvaluation, unusableOf } from "./evaluation.ts";
import { ImportError, tryRead } from "./import-error.ts";
import { isNotFinite, isObject, mapValues, type PlacedRecord, without } from "./json-text.ts";
import { fieldLimits } from "./limits.ts";
import { mergeParts, type Part } from "./merge.ts";
import { recordsOf } from "./records.ts";
import { checked, id, json, number, object, text } from "./schema.ts";
import { beside, mapRecords, readObject, type Source, stemOf } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** The part of a line of `samples_*.jsonl` that is read here, as `lm_eval/evaluator.py` logs it. */
const sampleSchema = z.looseObject({
  doc_id: id,
  filter: z.string().default("none"),
  metrics: z.array(z.string()).nullish(),
  target: json.optional(),
  arguments: json.optional(),
  filtered_resps: json.optional(),
});

const resultsSchema = z.looseObject({
  results: z.record(z.string(), z.record(z.string(), json)),
  configs: object,
  group_subtasks: z.record(z.string(), z.array(z.string())).nullish(),
  "n-samples": z.record(z.string(), z.looseObject({ effective: z.int().nullish() })).nullish(),
  config: z.looseObject({ model: text, model_args: json.optional() }).nullish(),
  model_source: text,
  model_name: text,
  date: number,
  total_evaluation_time_seconds: z.union([z.string(), z.number()]).nullish(),
});
type Results = z.infer<typeof resultsSchema>;

interface Run {
  results?: { value: JsonObject; read: Results };
  /** Path of the file of samples. */
  samples?: string;
  task: string;
  /** The time of the run in its files' names. */
  stamp: string;
}

const samplesName = /^samples_(.+)_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.jsonl?(?:\.gz)?$/;
const resultsName = /_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.json(?:\.gz)?$/;
// Fields of a sample that are no metrics, in versions that do not list the metrics.
const noMetrics = ["doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter"];
const MAX_FILTERS = 64;

/** Reads a `samples_*.jsonl` of lm-evaluation-harness, with the run's `results_*.json` beside it. */
export async function* readLmEvalSamples(source: Source): AsyncGenerator<ImportedBenchmark> {
  const [, task, stamp] = samplesName.exec(source.name) ?? [];
  const run: Run = { samples: source.path, task: task ?? stemOf(source), stamp: stamp ?? "" };
  const name =
    stamp && (await readdir(dirname(source.path))).find((name) => resultsName.exec(name)?.[1] === stamp);
  if (name) run.results = await readResults(beside(source, join(dirname(source.path), name)));
  yield* benchmarksOf(run, source);
}

/**
 * Reads a `results_*.json`: one benchmark per task, with its samples if their file is beside it. The tasks of
 * a group of which lm-eval gives the average, such as MMLU, are one benchmark if there are samples of any.
 */
export async function* readLmEvalResults(source: Source): AsyncGenerator<ImportedBenchmark | ImportError> {
  const results = await readResults(source);
  const stamp = resultsName.exec(source.name)?.[1] ?? "";
  const names = stamp === "" ? [] : await readdir(dirname(source.path));
  // Groups of tasks have results but no configuration, and no samples of their own.
  const { configs } = results.read;
  const tasks = Object.keys(results.read.results).filter((task) => !configs || Object.hasOwn(configs, task));
  const runs = new Map(
    tasks.map((task) => {
      const name = names.find((name) => {
        const [, ofTask, at] = samplesName.exec(name) ?? [];
        return ofTask === task && at === stamp;
      });
      const run: Run = { results, task, stamp };
      if (name) run.samples = join(dirname(source.path), name);
      return [task, run];
    }),
  );
  for (const [group, members] of groupsOf(results.read, tasks)) {
    const ofGroup = members.flatMap((task) => runs.get(task) ?? []);
    if (!ofGroup.some(({ samples }) => samples !== undefined)) continue;
    for (const task of members) runs.delete(task);
    yield* groupOf(group, ofGroup, source);
  }
  for (const run of runs.values()) yield* readable(run, source);
}

/** The benchmarks of a task. Its samples do not keep those of other tasks from being read. */
async function* readable(run: Run, source: Source): AsyncGenerator<ImportedBenchmark | ImportError> {
  try {
    yield* benchmarksOf(run, source);
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    yield error;
  }
}

/** The groups that have results of their own and are in no other such group, each with all of its tasks. */
function groupsOf({ results, group_subtasks: below }: Results, tasks: readonly string[]) {
  const tasksOf = (name: string, seen: readonly string[] = []): string[] => {
    if (tasks.includes(name)) return [name];
    const inner = seen.includes(name) ? [] : (below?.[name] ?? []);
    return inner.flatMap((one) => tasksOf(one, [...seen, name]));
  };
  const isAveraged = (name: string) =>
    !tasks.includes(name) &&
    Object.entries(results[name] ?? {}).some(
      ([key, value]) => key.includes(",") && typeof doubleOf(value) === "number",
    );
  const groups = Object.keys(below ?? {})
    .filter(isAveraged)
    .map((group) => [group, [...new Set(tasksOf(group))]] as const)
    .filter(([, members]) => members.length > 1);
  const isWithin = (inner: readonly string[], outer: readonly string[]) =>
    inner.length < outer.length && inner.every((task) => outer.includes(task));
  return groups.filter(([, members]) => !groups.some(([, others]) => isWithin(members, others)));
}

/** Makes one benchmark of a group's tasks for each filter. */
async function* groupOf(
  group: string,
  runs: readonly Run[],
  source: Source,
): AsyncGenerator<ImportedBenchmark | ImportError> {
  const byFilter = new Map<string, [Part, ...Part[]]>();
  for (const run of runs) {
    for await (const benchmark of readable(run, source)) {
      if (benchmark instanceof ImportError) {
        yield benchmark;
        continue;
      }
      const filter = benchmark.labels?.filter ?? "";
      const part = { name: run.task, benchmark };
      const parts = byFilter.get(filter);
      if (parts) parts.push(part);
      else byFilter.set(filter, [part]);
    }
  }
  for (const [filter, parts] of byFilter) {
    const [{ results, stamp } = { results: undefined, stamp: "" }] = runs;
    const run: Run = { ...(results && { results }), task: group, stamp };
    const { model } = modelOf(run);
    const whole = {
      key: keyOf(run, filter),
      name: (byFilter.size > 1 ? `${group}[${filter}]` : group) + (model ? `:${model}` : ""),
      dataset: group,
      metadata: without(results?.value ?? {}, ["results"]),
      metrics: publishedMetrics(run, filter),
      results: results?.value.results,
    };
    yield mergeParts(source, { file: source.file }, whole, parts);
  }
}

/** Makes a benchmark for each filter. A filter scores every document once more, under the same id. */
async function* benchmarksOf(run: Run, source: Source): AsyncGenerator<ImportedBenchmark> {
  const filters = run.samples ? await filtersOf(beside(source, run.samples)) : filtersOfResults(run);
  const model = modelOf(run);
  const place = { file: source.file };
  const [first] = filters.keys();
  const planned = run.results?.read["n-samples"]?.[run.task]?.effective;
  for (const [filter, metric] of filters) {
    yield finishBenchmark(source, place, {
      ...model,
      key: keyOf(run, filter),
      name: (filters.size > 1 ? `${run.task}[${filter}]` : run.task) + (model.model ? `:${model.model}` : ""),
      dataset: run.task,
      totalIterations: planned,
      plannedSamples: planned,
      status: "completed",
      ...timesOf(run),
      labels: { source: "lm-eval", filter: cutText(filter, fieldLimits.nameChars) },
      metadata: metadataOf(run),
      metrics: publishedMetrics(run, filter),
      results: run.results?.read.results[run.task],
      evaluations: (counted) =>
        evaluationsOf(counted, run, {
          filter,
          isFirst: filter === first,
          main: source.options.score ?? metric,
        }),
    });
  }
}

type Sample = PlacedRecord & { sample: z.infer<typeof sampleSchema> };

function samplesOf(source: Source): AsyncGenerator<Sample | ImportError> {
  return mapRecords(recordsOf(source), (line) => ({
    ...line,
    sample: checked(sampleSchema, line.record, line.place),
  }));
}

async function* evaluationsOf(
  source: Source,
  { samples, task }: Run,
  { filter, isFirst, main }: { filter: string; isFirst: boolean; main: string | undefined },
): AsyncGenerator<ImportedEvaluation | ImportError> {
  if (!samples) return;
  for await (const read of samplesOf(beside(source, samples))) {
    // The filter of a sample that cannot be read is not known, so the first has it.
    if (read instanceof ImportError) {
      if (isFirst) yield read;
    } else if (read.sample.filter === filter) yield tryRead(() => evaluationOf(read, task, main));
  }
}

function evaluationOf(read: Sample, task: string, main?: string): ImportedEvaluation {
  const { record, marks, place, sample } = read;
  const metrics = metricsOf(read);
  const score = main === undefined ? undefined : metrics[main];
  const output = responseText(sample.filtered_resps);
  const used = ["doc_id", "target", "filter", "filtered_resps", ...Object.keys(metrics)];
  return finishEvaluation(place, {
    sampleId: sample.doc_id,
    repetition: 0,
    input: promptOf(sample.arguments),
    output,
    expected: asText(sample.target),
    score,
    metrics,
    unusable: unusableOf(
      Object.fromEntries(
        (sample.metrics ?? []).filter((name) => name !== main).map((name) => [name, own(record, name)]),
      ),
      metrics,
    ),
    problems: [
      main !== undefined &&
        score === undefined &&
        `metric ${main}: ${JSON.stringify(own(record, main)) ?? "missing"}, not a number`,
      output === undefined && "no response",
    ],
    metadata: { task, ...without(record, used), ...marks },
  });
}

/** Returns the prompt in `{gen_args_0: {arg_0: prompt, …}, …}`, in older versions `[[prompt, …], …]`. */
function promptOf(value: JsonValue | undefined): string {
  let prompt = value;
  for (let depth = 0; depth < 2; depth++) {
    if (Array.isArray(prompt)) prompt = prompt[0];
    else if (isObject(prompt)) prompt = own(prompt, depth === 0 ? "gen_args_0" : "arg_0");
  }
  return asText(prompt) ?? "";
}

/** Returns a single text as it is; log-likelihoods of choices, and several texts, as JSON. */
function responseText(value: JsonValue | undefined): string | undefined {
  return Array.isArray(value) && value.length === 1 ? asText(value[0]) : asText(value);
}

function metricNames({ record, sample }: Sample): string[] {
  return sample.metrics ?? Object.keys(record).filter((key) => !noMetrics.includes(key));
}

function metricsOf(read: Sample): Record<string, number> {
  const values = metricNames(read).map((name) => [name, own(read.record, name) ?? null]);
  return numbersOf(Object.fromEntries(values));
}

/**
 * Reads the filters of a samples file, each with its main metric: the first that is a number of any sample.
 * One that is NaN of all samples is the main metric still: the next one would be another score.
 * It reads the whole file, because filters come one after the other in some versions.
 */
async function filtersOf(source: Source): Promise<Map<string, string | undefined>> {
  // Each filter has its metrics, and whether they are numbers.
  const filters = new Map<string, Map<string, boolean>>();
  const { file } = source;
  let first: ImportError | undefined;
  try {
    for await (const read of samplesOf(source)) {
      if (read instanceof ImportError) first ??= read;
      else {
        const { filter } = read.sample;
        const known = filters.get(filter) ?? new Map<string, boolean>();
        const numbers = metricsOf(read);
        for (const name of metricNames(read)) {
          const isNumber = Object.hasOwn(numbers, name) || isNotFinite(own(read.record, name));
          known.set(name, known.get(name) || isNumber);
        }
        filters.set(filter, known);
      }
      if (filters.size > MAX_FILTERS) break;
    }
  } catch (error) {
    // Reading the samples meets the same error, after those that come before it.
    if (filters.size === 0) throw error;
  }
  if (filters.size === 0)
    throw first ?? new ImportError({ file }, "no records; expected at least one sample");
  if (filters.size > MAX_FILTERS) throw new ImportError({ file }, `more than ${MAX_FILTERS} filters`);
  const mainOf = (known: Map<string, boolean>) => [...known].find(([, isNumber]) => isNumber)?.[0];
  return new Map([...filters].map(([filter, known]) => [filter, mainOf(known)]));
}

function filtersOfResults({ results, task }: Run): Map<string, string | undefined> {
  const keys = Object.keys(results?.read.results[task] ?? {}).filter((key) => key.includes(","));
  const filters = keys.map((key) => key.slice(key.indexOf(",") + 1));
  return new Map((filters.length > 0 ? filters : ["none"]).map((filter) => [filter, undefined]));
}

async function readResults(source: Source): Promise<{ value: JsonObject; read: Results }> {
  const { record, place } = await readObject(source);
  return { value: record, read: checked(resultsSchema, record, place) };
}

/**
 * The start of a run identifies it, as it is in its results before they are saved. Without them the names of
 * files do, which have the time of the save.
 */
function keyOf(run: Run, filter: string): string {
  const start = run.results?.read.date;
  const identity = typeof start === "number" ? [start] : [run.stamp, modelOf(run).model ?? ""];
  return benchmarkKey("lm-eval", [...identity, run.task, filter].join("/"));
}

// In the order in which `lm_eval/loggers/evaluation_tracker.py` looks for a name.
const modelArgs = ["peft", "delta", "pretrained", "model", "path", "engine"];

/** The provider is the program that ran the model (`hf`, `vllm` …): the first part of a name is none. */
function modelOf({ results }: Run): { provider?: string; model?: string } {
  if (!results) return {};
  const { model_name, model_source, config } = results.read;
  const args = config?.model_args;
  const named = modelArgs
    .map((name) =>
      isObject(args)
        ? asText(own(args, name))
        : new RegExp(`(?:^|,)${name}=([^,]+)`).exec(asText(args) ?? "")?.[1],
    )
    .find((name) => name);
  // A model without a name there is an object of Python, or its program's only one. lm-eval draws a name.
  if (config?.model && !named) return { model: config.model };
  const provider = config?.model || model_source;
  const model = named || model_name;
  return { ...(provider ? { provider } : {}), ...(model ? { model } : {}) };
}

function timesOf({ results }: Run): { startedAt?: string | undefined; completedAt?: string | undefined } {
  const start = results?.read.date;
  if (typeof start !== "number") return {};
  const seconds = Number(results?.read.total_evaluation_time_seconds ?? Number.NaN);
  return { startedAt: utcOfSeconds(start), completedAt: utcOfSeconds(start + seconds) };
}

/** Copies the results file without the results, and with only this task's part of the sections by task. */
function metadataOf({ results, task }: Run): JsonObject {
  const byTask = ["configs", "versions", "n-shot", "higher_is_better", "n-samples", "task_hashes"];
  return mapValues(without(results?.value ?? {}, ["results"]), (value, key) =>
    byTask.includes(key) && isObject(value) ? { [task]: own(value, task) ?? null } : value,
  );
}

/** Returns the numbers of a task's results for this filter, under the source's keys: `exact_match,none`. */
function publishedMetrics({ results, task }: Run, filter: string): JsonObject {
  const published = Object.entries(mapValues(results?.read.results[task] ?? {}, doubleOf));
  const isOfFilter = (key: string) => key.slice(key.indexOf(",") + 1) === filter;
  return Object.fromEntries(published.filter(([key, value]) => typeof value === "number" && isOfFilter(key)));
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
