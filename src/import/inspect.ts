import * as z from "zod";
import type { JsonObject, JsonValue } from "../validation.ts";
import { benchmarkKey, finishBenchmark, splitModel, utc } from "./benchmark.ts";
import { ImportError } from "./import-error.ts";
import { type InspectRun, inspectSample } from "./inspect-sample.ts";
import { splitJson } from "./json-split.ts";
import { isObject, type PlacedRecord, parseJson, without } from "./json-text.ts";
import { recordsOfArray } from "./records.ts";
import { checked, json, number, text } from "./schema.ts";
import { chunksOf, mapRecords, type Source } from "./source.ts";
import type { ImportedBenchmark } from "./types.ts";
import { readZip, readZipDirectory } from "./zip.ts";

const scoreSchema = z.looseObject({
  name: z.string(),
  scorer: text,
  reducer: text,
  metrics: z.record(z.string(), z.looseObject({ value: json.optional() })),
});

/** The part of `EvalLog` (Inspect's `log/_log.py`) that is read here, without its samples. */
const headerSchema = z.looseObject({
  status: text,
  eval: z.looseObject({
    eval_id: text,
    run_id: text,
    task_id: text,
    created: text,
    task: z.string(),
    model: z.string(),
    config: z.looseObject({ epochs: number }).nullish(),
    dataset: z.looseObject({ samples: number, sample_ids: z.array(json).nullish() }).nullish(),
    scorers: z.array(z.looseObject({ name: text, metrics: json.optional() })).nullish(),
  }),
  results: z
    .looseObject({ total_samples: z.int().nullish(), scores: z.array(scoreSchema).nullish() })
    .nullish(),
  stats: z.looseObject({ started_at: text, completed_at: text }).nullish(),
  error: z.looseObject({ message: z.string() }).nullish(),
});
type Header = z.infer<typeof headerSchema>;

const statuses: Record<string, ImportedBenchmark["status"]> = {
  success: "completed",
  cancelled: "cancelled",
  error: "failed",
  started: "running",
};

const MANY_IDS = 1000;
/** Inspect's metrics that count the samples of each category. */
const categoryMetrics = /"(?:inspect_ai\/)?(?:frequency|category_rate)"/;

const isSample = (name: string) => name.startsWith("samples/") && name.endsWith(".json");

/** Reads an Inspect log in its ZIP form, `.eval`. The journal is the header of a run that never ended. */
export async function* readInspectZip(source: Source): AsyncGenerator<ImportedBenchmark> {
  const directory = await readZipDirectory(source);
  const damage = directory.damage === undefined ? [] : [directory.damage];
  for (const name of ["header.json", "_journal/start.json"]) {
    for await (const header of readZip(source, directory, (entry) => entry === name)) {
      if (header instanceof ImportError) damage.push(header);
      else {
        yield benchmarkOf(header, source, async function* (counted) {
          yield* damage;
          yield* readZip(counted, directory, isSample);
        });
        return;
      }
    }
  }
  const missing = "no header.json in this ZIP file; expected an Inspect .eval log";
  throw damage[0] ?? new ImportError({ file: source.file }, missing);
}

/** Reads an Inspect log in its JSON form. */
export async function* readInspectJson(source: Source): AsyncGenerator<ImportedBenchmark> {
  const { file, limits } = source;
  const members = new Map<string, JsonValue>();
  const marks: JsonObject = {};
  // The reductions repeat the samples' scores.
  const wanted = (key: string) => key !== "samples" && key !== "reductions";
  for await (const part of splitJson(chunksOf(source), { ...source, items: "samples", wanted })) {
    if (part instanceof ImportError || part.index !== undefined) {
      // Inspect writes the samples after everything that is needed, so they are not read now.
      if (["status", "eval", "stats"].every((name) => members.has(name))) break;
      continue;
    }
    const { key, line, bytes } = part;
    if (key === undefined) continue;
    const parsed = parseJson(bytes, { file, line, field: key }, limits);
    members.set(key, parsed.value);
    Object.assign(marks, parsed.marks);
  }
  // A sample can be as large as an entry of the ZIP form.
  const roomy = { ...limits, maxRecordBytes: limits.maxFileBytes };
  const samples = (counted: Source) => recordsOfArray({ ...counted, limits: roomy }, "samples");
  yield benchmarkOf({ record: Object.fromEntries(members), marks, place: { file } }, source, samples);
}

function benchmarkOf(
  { record, marks, place }: PlacedRecord,
  source: Source,
  samples: (counted: Source) => AsyncIterable<PlacedRecord | ImportError>,
): ImportedBenchmark {
  const header = checked(headerSchema, record, place);
  const { eval: run, stats } = header;
  const id = run.eval_id ?? [run.run_id, run.task_id, run.created].filter(Boolean).join("/");
  const inspected = runOf(header, source);
  return finishBenchmark(source, place, {
    key: benchmarkKey("inspect", id),
    name: `${run.task}:${run.model}`,
    ...splitModel(run.model),
    dataset: run.task,
    totalIterations: totalOf(header),
    repetitions: run.config?.epochs,
    plannedSamples: plannedSamples(header),
    status: statuses[header.status ?? "started"] ?? "running",
    error: header.error?.message,
    startedAt: utc(stats?.started_at || run.created, { ...place, field: "stats.started_at" }),
    completedAt: utc(stats?.completed_at, { ...place, field: "stats.completed_at" }),
    labels: { source: "inspect" },
    metadata: {
      ...withoutManyIds(without(record, ["status", "results", "samples", "reductions"])),
      ...marks,
    },
    metrics: publishedMetrics(header),
    results: record.results,
    evaluations: (counted) => mapRecords(samples(counted), (sample) => inspectSample(sample, inspected)),
  });
}

/** Leaves out a long list of sample ids: the samples have them, and it would crowd out the rest. */
function withoutManyIds(record: JsonObject): JsonObject {
  const { eval: run } = record;
  const dataset = isObject(run) ? run.dataset : undefined;
  if (!isObject(run) || !isObject(dataset)) return record;
  const { sample_ids: ids } = dataset;
  if (!Array.isArray(ids) || ids.length <= MANY_IDS) return record;
  return { ...record, eval: { ...run, dataset: without(dataset, ["sample_ids"]) } };
}

function totalOf(header: Header): number | undefined {
  const { eval: run, results } = header;
  if (typeof results?.total_samples === "number") return results.total_samples;
  const samples = plannedSamples(header);
  return samples === undefined ? undefined : samples * (run.config?.epochs ?? 1);
}

/** Inspect lists the samples that a limit has left; the size of the dataset is that before it. */
function plannedSamples({ eval: { dataset, config }, results }: Header): number | undefined {
  if (dataset?.sample_ids) return dataset.sample_ids.length;
  if (typeof results?.total_samples === "number")
    return Math.ceil(results.total_samples / (config?.epochs ?? 1));
  return dataset?.samples ?? undefined;
}

function runOf({ eval: run, results }: Header, { options }: Source): InspectRun {
  const counted = run.scorers?.filter(({ metrics }) => categoryMetrics.test(JSON.stringify(metrics ?? null)));
  const categorical = new Set(counted?.flatMap(({ name }) => name ?? []));
  const { model } = run;
  if (options.score !== undefined) return { model, scorers: [options.score], chosen: true, categorical };
  const first = results?.scores?.[0];
  const scorer = run.scorers?.[0]?.name;
  // Scores have the names of their scorers without those of the packages.
  const names = [scorer, scorer?.slice(scorer.lastIndexOf("/") + 1), first?.scorer, first?.name];
  return { model, scorers: names.filter((name) => typeof name === "string"), chosen: false, categorical };
}

/** Names a metric: `scorer.metric`, or `scorer.reducer.metric` if epochs were reduced in several ways. */
function publishedMetrics({ results }: Header): JsonObject {
  const scores = results?.scores ?? [];
  const entries = scores.flatMap(({ name, reducer, metrics }) => {
    const several = scores.filter((other) => other.name === name).length > 1;
    const prefix = several && reducer ? `${name}.${reducer}` : name;
    return Object.entries(metrics).map(([metric, { value }]) => [`${prefix}.${metric}`, value ?? null]);
  });
  return Object.fromEntries(entries);
}
