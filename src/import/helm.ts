import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { JsonObject, JsonValue } from "../validation.ts";
import { benchmarkKey, finishBenchmark, splitModel, utcOfSeconds } from "./benchmark.ts";
import { finishEvaluation, sha256 } from "./evaluation.ts";
import { ImportError, tryRead } from "./import-error.ts";
import { isObject, without } from "./json-text.ts";
import { mergeParts, type Part } from "./merge.ts";
import { type LogRecord, recordsOfArray } from "./records.ts";
import { checked, double, json, number, object, text } from "./schema.ts";
import { beside, mapRecords, readObject, type Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

const perturbation = z.looseObject({ name: z.string() });
type Perturbation = z.infer<typeof perturbation>;
const stat = z.looseObject({
  name: z.looseObject({ name: z.string(), split: text, perturbation: perturbation.nullish() }),
  count: z.number(),
  sum: z.preprocess(double, z.union([z.number(), z.literal(["NaN", "Infinity", "-Infinity"])])),
});
type Stat = z.infer<typeof stat>;

const instanceStats = z.looseObject({
  instance_id: z.string(),
  train_trial_index: z.int().min(0),
  perturbation: perturbation.nullish(),
  stats: z.array(stat),
});

const content = z.looseObject({ text });
const resultSchema = z.looseObject({
  success: z.boolean(),
  error: text,
  completions: z.array(content).nullish(),
  request_time: number,
  request_datetime: number,
});
const requestState = z.looseObject({
  instance: z.looseObject({
    id: z.string(),
    split: text,
    input: content,
    references: z.array(z.looseObject({ output: content, tags: z.array(z.string()) })).nullish(),
    perturbation: perturbation.nullish(),
  }),
  train_trial_index: z.int().min(0),
  result: resultSchema.nullish(),
});
type RequestState = z.infer<typeof requestState>;

const runSpec = z.looseObject({
  name: z.string(),
  scenario_spec: z.looseObject({ args: object }).nullish(),
  adapter_spec: z.looseObject({ model: z.string() }),
  metric_specs: z
    .array(z.looseObject({ args: z.looseObject({ names: z.array(z.string()).nullish() }).nullish() }))
    .nullish(),
  groups: z.array(z.string()).nullish(),
});
const scenario = z.looseObject({
  description: text,
  metadata: z.looseObject({ main_metric: text }).nullish(),
});

/**
 * The groups whose main metric is not the first of the run's own list, from HELM's `schema_classic.yaml`.
 * Newer runs name theirs in scenario.json.
 */
const groupsByMainMetric = {
  f1_score: ["narrative_qa", "natural_qa_closedbook", "natural_qa_openbook_longans", "quac"],
  quasi_exact_match: ["boolq", "imdb", "civil_comments", "raft"],
  rouge_2: ["summarization_cnndm", "summarization_xsum"],
};
const mainMetrics = new Map(
  Object.entries(groupsByMainMetric).flatMap(([metric, groups]) => groups.map((group) => [group, metric])),
);

/** Finds the files of a run by name. */
type Files = (name: string) => Source;

type Request = LogRecord & { state: RequestState };

/** The records of one instance: its requests, of which there is at least one, and their statistics. */
interface Instance {
  first: Request;
  requests: Request[];
  stats: Stat[];
}

/**
 * Reads a folder of HELM runs. Those that differ in their subject only, as the runs of MMLU do, are one
 * benchmark.
 */
export async function* readHelmRuns(source: Source): AsyncGenerator<ImportedBenchmark | ImportError> {
  const wholes = new Map<string, { folder: string; part: string }[]>();
  for (const folder of await runsWithin(source.path)) {
    const run = await orError(readRunSpec(beside(source, join(folder, "run_spec.json"))));
    if (run instanceof ImportError) yield run;
    else {
      const part = Object.values(partsOf(run)).join("/");
      const whole = part === "" ? folder : withoutParts(run.name);
      wholes.set(whole, [...(wholes.get(whole) ?? []), { folder, part }]);
    }
  }
  // One after the other, so that what is known of all runs need not be held at once.
  for (const runs of wholes.values()) {
    const parts: Part[] = [];
    for (const { folder, part: name } of runs) {
      const benchmark = await orError(readRun(beside(source, folder)));
      if (benchmark instanceof ImportError) yield benchmark;
      else parts.push({ name, benchmark });
    }
    const [first, ...others] = parts;
    if (first === undefined) continue;
    if (runs.length === 1) yield first.benchmark;
    else yield mergeParts(source, { file: source.file }, wholeOf([first, ...others]), [first, ...others]);
  }
}

/** A run that cannot be read does not keep the others from it. */
function orError<T>(reading: Promise<T>): Promise<T | ImportError> {
  return reading.catch((error) => {
    if (error instanceof ImportError) return error;
    throw error;
  });
}

/** The folders of runs within a folder, in the order of their names. */
export async function runsWithin(path: string): Promise<string[]> {
  const found = await readdir(path);
  return found
    .sort()
    .map((name) => join(path, name))
    .filter((folder) => existsSync(join(folder, "run_spec.json")));
}

/** Arguments of a scenario that choose a part of it; HELM gives each part a run of its own. */
const partArguments = ["subject", "subset"] as const;

const withoutParts = (name: string) =>
  name.replace(/([:,])(?:subject|subset)=[^,]*,?/, "$1").replace(/[:,]$/, "");

/** The part that a run is about, by the name of the argument; empty if it is about all. */
function partsOf({ scenario_spec }: z.infer<typeof runSpec>): Record<string, string> {
  const { args } = scenario_spec ?? {};
  return Object.fromEntries(
    partArguments.flatMap((name) => {
      const value = args?.[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

function wholeOf(parts: readonly [Part, ...Part[]]) {
  const [{ benchmark }] = parts;
  const name = withoutParts(benchmark.name);
  return {
    key: benchmarkKey(
      "helm",
      `${name}/${sha256(JSON.stringify(parts.map(({ benchmark }) => benchmark.key)))}`,
    ),
    name,
    dataset: withoutParts(benchmark.dataset),
    metadata: { runs: parts.map(({ benchmark }) => benchmark.metadata?.run_spec ?? null) },
    metrics: undefined,
    results: undefined,
  };
}

/** Reads a HELM run: a folder with run_spec.json, scenario_state.json and mostly their statistics. */
export async function* readHelm(source: Source): AsyncGenerator<ImportedBenchmark> {
  yield await readRun(source);
}

async function readRunSpec(source: Source): Promise<z.infer<typeof runSpec>> {
  const { record, place } = await readObject(source);
  return checked(runSpec, record, place);
}

async function readRun(source: Source): Promise<ImportedBenchmark> {
  const file = filesOf(source);
  const place = { file: source.file };
  const spec = await readObject(file("run_spec.json"));
  const run = checked(runSpec, spec.record, spec.place);
  const exists = (name: string) => existsSync(file(name).path);
  const about = exists("scenario.json") ? (await readObject(file("scenario.json"))).record : undefined;
  const described = checked(scenario, about ?? {}, { file: file("scenario.json").file });
  const stats = exists("stats.json") ? await readStats(file("stats.json")) : undefined;
  const scored = source.options.score ?? described.metadata?.main_metric ?? mainMetric(run);
  return finishBenchmark(source, place, {
    key: benchmarkKey("helm", `${run.name}/${sha256(JSON.stringify([spec.record, stats?.value ?? null]))}`),
    name: run.name,
    ...splitModel(run.adapter_spec.model),
    description: described.description,
    dataset: run.name.replace(/[,:]model=[^,]*/, ""),
    plannedSamples: stats && plannedSamples(stats.stats),
    status: "completed",
    labels: { source: "helm" },
    metadata: { run_spec: spec.record, ...(about ? { scenario: about } : {}), ...spec.marks },
    metrics: stats && means(stats.stats),
    results: stats?.value,
    async *evaluations(counted) {
      yield* stats?.errors ?? [];
      yield* evaluationsOf(filesOf(counted), scored, partsOf(run));
    },
  });
}

/** Names the metric of a statistic's mean: `name/split`, or `name/split/perturbation` for a perturbed one. */
export function metricName({ name: { name, split, perturbation } }: Pick<Stat, "name">): string {
  const parts = [name];
  if (split) parts.push(split);
  if (perturbation) {
    const { computed_on } = perturbation;
    parts.push(variant(perturbation) + (computed_on && computed_on !== "perturbed" ? `:${computed_on}` : ""));
  }
  return parts.join("/");
}

/**
 * HELM's number of references, which an instance without statistics has too: so it is known of one that
 * failed which split it is of.
 */
function countReferences({ instance: { split, perturbation, references } }: RequestState) {
  if (!split) return {};
  const name = { name: "num_references", split, perturbation };
  return { [metricName({ name })]: references?.length ?? 0 };
}

/** The instances that HELM counted, those of each perturbation too. */
function plannedSamples(stats: readonly Stat[]): number | undefined {
  const isCount = ({ name: { name, perturbation } }: Stat) =>
    name === "num_instances" && (perturbation?.computed_on ?? "perturbed") === "perturbed";
  const numbers = Object.values(means(stats.filter(isCount)));
  return numbers.length === 0 ? undefined : Math.ceil(numbers.reduce((total, one) => total + one, 0));
}

function filesOf(folder: Source): Files {
  return (name) => beside(folder, join(folder.path, name));
}

function evaluationsOf(
  file: Files,
  scored: string | undefined,
  parts: Record<string, string>,
): AsyncGenerator<ImportedEvaluation | ImportError> {
  return mapRecords(instancesOf(file), (instance) => evaluationOf(instance, scored, parts));
}

function evaluationOf(
  instance: Instance,
  scored: string | undefined,
  parts: Record<string, string>,
): ImportedEvaluation {
  const { first, stats } = instance;
  const { state } = first;
  const single = instance.requests.length === 1;
  const seconds = state.result?.request_time;
  const failed = instance.requests.find(({ state }) => state.result?.success === false);
  const metrics = { ...countReferences(state), ...means(stats) };
  const score = stats.find(
    (stat) => [stat.name.name, metricName(stat)].includes(scored ?? "") && metricName(stat) in metrics,
  );
  const output = outputOf(instance);
  const perturbed = state.instance.perturbation;
  const mean = (name: string) => {
    const found = stats.find((stat) => stat.name.name === name && stat.count > 0);
    return found && metrics[metricName(found)];
  };
  const requests = instance.requests.map(({ record }) => record);
  return finishEvaluation(first.place, {
    sampleId: perturbed ? `${state.instance.id}:${variant(perturbed)}` : state.instance.id,
    repetition: state.train_trial_index,
    input: state.instance.input.text ?? "",
    output,
    expected: expectedOf(state),
    score: score && metrics[metricName(score)],
    metrics,
    problems: [
      failed && (failed.state.result?.error || "the request failed"),
      output === undefined && "no completion",
    ],
    latencyMs: single && typeof seconds === "number" ? seconds * 1000 : undefined,
    inputTokens: mean("num_prompt_tokens"),
    outputTokens: mean("num_output_tokens"),
    createdAt: utcOfSeconds(state.result?.request_datetime ?? 0),
    metadata: {
      ...parts,
      ...(single ? without(first.record, ["train_trial_index"]) : { requests }),
      ...withoutMean(stats),
      ...first.marks,
    },
  });
}

/** Joins requests, grouped by instance, with their statistics. Orders are alike, so little has to wait. */
async function* instancesOf(file: Files): AsyncGenerator<Instance | ImportError> {
  const statistics = statisticsOf(file("per_instance_stats.json"));
  try {
    for await (const group of groupsOf(recordsOfArray(file("scenario_state.json"), "request_states"))) {
      if (group instanceof ImportError) {
        yield group;
        continue;
      }
      const [first] = group;
      const { instance, train_trial_index: trial } = first.state;
      const { stats, errors, isLost } = await statistics.find(
        keyOf(instance.id, trial, instance.perturbation),
      );
      yield* errors;
      yield isLost
        ? new ImportError(first.place, "its statistics are not among those that can be read")
        : { first, requests: group, stats };
    }
  } finally {
    await statistics.close();
  }
}

/** Groups the requests of each instance. One with a request that cannot be read is left out as a whole. */
async function* groupsOf(
  records: AsyncIterable<LogRecord | ImportError>,
): AsyncGenerator<[Request, ...Request[]] | ImportError> {
  let key = "";
  let isWhole = true;
  let requests: Request[] = [];
  const finished = function* (): Generator<[Request, ...Request[]]> {
    const [first, ...others] = requests;
    if (first && isWhole) yield [first, ...others];
    requests = [];
    isWhole = true;
  };
  for await (const line of records) {
    if (line instanceof ImportError) {
      yield line;
      continue;
    }
    const { instance, train_trial_index: trial } = line.record;
    const { id = null, perturbation = null } = isObject(instance) ? instance : {};
    const lineKey = JSON.stringify([id, trial, perturbation]);
    if (lineKey !== key) yield* finished();
    key = lineKey;
    const state = tryRead(() => checked(requestState, line.record, line.place));
    if (state instanceof ImportError) {
      isWhole = false;
      yield state;
    } else requests.push({ state, ...line });
  }
  yield* finished();
}

/** Finds the statistics of an instance in a file that is in order. Without a file there are none. */
function statisticsOf(source: Source) {
  const waiting = new Map<string, Stat[]>();
  let hasErrors = false;
  const measured = existsSync(source.path)
    ? mapRecords(recordsOfArray(source), ({ record, place }) => checked(instanceStats, record, place))
    : undefined;
  return {
    async find(key: string): Promise<{ stats: Stat[]; errors: ImportError[]; isLost: boolean }> {
      const errors: ImportError[] = [];
      while (!waiting.has(key)) {
        const next = await measured?.next();
        if (!next || next.done) break;
        const one = next.value;
        if (one instanceof ImportError) errors.push(one);
        else {
          const found = keyOf(one.instance_id, one.train_trial_index, one.perturbation);
          waiting.set(found, [...(waiting.get(found) ?? []), ...one.stats]);
        }
      }
      hasErrors ||= errors.length > 0;
      const stats = waiting.get(key);
      waiting.delete(key);
      return { stats: stats ?? [], errors, isLost: hasErrors && stats === undefined };
    },
    async close(): Promise<void> {
      await measured?.return(undefined);
    },
  };
}

/** Reads the statistics of the whole run, and the errors of those that cannot be read. */
async function readStats(
  source: Source,
): Promise<{ value: JsonValue[]; stats: Stat[]; errors: ImportError[] }> {
  const value: JsonValue[] = [];
  const stats: Stat[] = [];
  const errors: ImportError[] = [];
  for await (const read of recordsOfArray(source)) {
    const found = read instanceof ImportError ? read : tryRead(() => checked(stat, read.record, read.place));
    if (!(read instanceof ImportError)) value.push(read.record);
    if (found instanceof ImportError) errors.push(found);
    else stats.push(found);
  }
  return { value, stats, errors };
}

/** Collects means by {@link metricName}. A statistic without values has none. */
function means(stats: Stat[]): Record<string, number> {
  const entries = stats.flatMap((stat): [string, number][] => {
    const mean = typeof stat.sum === "number" ? stat.sum / stat.count : Number.NaN;
    return Number.isFinite(mean) ? [[metricName(stat), mean]] : [];
  });
  return Object.fromEntries(entries);
}

/** Collects the statistics that are more than their mean. */
function withoutMean(stats: Stat[]): JsonObject {
  const rest = stats.filter(({ count, sum }) => count !== 1 || typeof sum !== "number");
  return rest.length > 0 ? { stats: json.parse(rest) } : {};
}

function mainMetric(run: z.infer<typeof runSpec>): string | undefined {
  const known = run.groups?.find((group) => mainMetrics.has(group));
  if (known !== undefined) return mainMetrics.get(known);
  return run.metric_specs?.flatMap((spec) => spec.args?.names ?? [])[0];
}

function outputOf({ requests }: Instance): string | undefined {
  const texts = requests.flatMap(({ state }) => state.result?.completions?.[0]?.text ?? []);
  if (texts.length === 0) return undefined;
  return requests.length === 1 ? texts[0] : JSON.stringify(texts);
}

/** Returns the correct reference; several as a JSON array. */
function expectedOf({ instance }: RequestState): string | undefined {
  const correct = (instance.references ?? []).filter(({ tags }) => tags.includes("correct"));
  const texts = correct.flatMap(({ output }) => output.text ?? []);
  return texts.length > 1 ? JSON.stringify(texts) : texts[0];
}

function keyOf(id: string, trial: number, perturbed: Perturbation | null | undefined): string {
  return JSON.stringify([id, trial, perturbed ? variant(perturbed) : null]);
}

/** Names a perturbation. One with its own parameters gets their hash as well. */
function variant(perturbed: Perturbation): string {
  const { name, robustness, fairness, computed_on, seed, ...parameters } = perturbed;
  if (Object.keys(parameters).length === 0) return name;
  return `${name}-${sha256(JSON.stringify(parameters)).slice(0, 8)}`;
}
