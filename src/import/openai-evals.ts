import * as z from "zod";
import type { JsonObject } from "../validation.ts";
import { benchmarkKey, finishBenchmark, numbersOf, utc } from "./benchmark.ts";
import { ImportError, type Place, tryRead } from "./import-error.ts";
import { isObject } from "./json-text.ts";
import { type Event, evalsSample, eventSchema, isScored } from "./openai-evals-sample.ts";
import { type LogRecord, recordsOfLines } from "./records.ts";
import { checked, text } from "./schema.ts";
import { mapRecords, type Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** The part of `RunSpec` (evals' `base.py`) that is read here. */
const specSchema = z.looseObject({
  completion_fns: z.array(z.string()).min(1),
  eval_name: z.string().min(1),
  run_id: z.string().min(1),
  created_at: text,
});

interface Overview {
  spec: z.infer<typeof specSchema>;
  /** The specification as it is in the log. */
  about: JsonObject;
  report?: JsonObject;
  /** The line of each sample's last event: a log mixes samples that ran at once, and marks no ends. */
  lastLine: Map<string, number>;
  /** Keys of the first metrics event. */
  metrics: string[];
  /** Samples with an event that cannot be read. */
  unread: Set<string>;
  /** True if there are events that cannot be read, of samples that are not known. */
  isPatchy: boolean;
  lastTime?: string | undefined;
}

type Entry =
  | { kind: "spec"; value: JsonObject; place: Place }
  | { kind: "report"; value: JsonObject }
  /** An event of the whole run, which belongs to no sample. */
  | { kind: "run" }
  | ({ kind: "event"; sampleId: string; event: Event } & LogRecord)
  | { kind: "unread"; sampleId: string; error: ImportError };

/** Most bytes of events of samples that are not complete yet. */
const MAX_OPEN_BYTES = 256 * 1024 * 1024;

/**
 * Reads the log of one run of OpenAI evals, JSONL written by `LocalRecorder` of its `record.py`: the
 * specification of the run, events of samples, and a report unless the run never ended. It reads it twice.
 */
export async function* readOpenaiEvals(source: Source): AsyncGenerator<ImportedBenchmark> {
  const overview = await overviewOf(source);
  const { spec, about, report, lastLine, lastTime } = overview;
  const place = { file: source.file };
  const specPlace = { ...place, line: 1, field: "spec.created_at" };
  const model = spec.completion_fns[0] ?? "";
  yield finishBenchmark(source, place, {
    key: benchmarkKey("openai-evals", spec.run_id),
    name: `${spec.eval_name}:${model}`,
    // A path names a solver with its model; a bare name is one of OpenAI's models.
    provider: model.includes("/") ? undefined : "openai",
    model,
    dataset: spec.eval_name,
    totalIterations: report && lastLine.size,
    status: report ? "completed" : "running",
    // The time is Python's str(datetime.utcnow()).
    startedAt: utc(spec.created_at && `${spec.created_at}Z`, specPlace),
    completedAt: report && lastTime,
    labels: { source: "openai-evals" },
    metadata: about,
    metrics: numbersOf(report ?? {}),
    results: report,
    evaluations: (counted) => evaluationsOf(counted, overview),
  });
}

async function* evaluationsOf(
  source: Source,
  overview: Overview,
): AsyncGenerator<ImportedEvaluation | ImportError> {
  const score = source.options.score ?? mainMetric(overview);
  const open = new Map<string, { events: Event[]; marks: JsonObject; bytes: number }>();
  let openBytes = 0;
  // Samples may lack events: the run never ended, or their lines cannot be read.
  const isPatchy = overview.report === undefined || overview.isPatchy;
  for await (const entry of entriesOf(source)) {
    if (entry instanceof ImportError) yield entry;
    else if (entry.kind === "unread") yield entry.error;
    if (entry instanceof ImportError || entry.kind !== "event" || overview.unread.has(entry.sampleId))
      continue;
    const { sampleId, event, bytes, marks, place } = entry;
    const sample = open.get(sampleId) ?? { events: [], marks: {}, bytes: 0 };
    sample.events.push(event);
    sample.bytes += bytes;
    Object.assign(sample.marks, marks);
    openBytes += bytes;
    if (overview.lastLine.get(sampleId) === place.line) {
      open.delete(sampleId);
      openBytes -= sample.bytes;
      // A later log of the run, or a mended one, has all of it.
      if (isPatchy && !isScored(sample.events)) continue;
      yield tryRead(() => evalsSample(sampleId, sample.events, { score, marks: sample.marks, place }));
    } else open.set(sampleId, sample);
    if (openBytes > MAX_OPEN_BYTES)
      throw new ImportError(place, `more than ${MAX_OPEN_BYTES} bytes of samples that are not complete yet`);
  }
}

async function overviewOf(source: Source): Promise<Overview> {
  const overview: Omit<Overview, "spec"> = {
    ...{ about: {}, lastLine: new Map(), metrics: [] },
    ...{ unread: new Set(), isPatchy: false },
  };
  let spec: Overview["spec"] | undefined;
  let unread: ImportError | undefined;
  try {
    for await (const entry of entriesOf(source)) {
      if (entry instanceof ImportError) {
        overview.isPatchy = true;
        unread ??= entry;
      } else if (entry.kind === "unread") overview.unread.add(entry.sampleId);
      else if (entry.kind === "spec") {
        spec ??= checked(specSchema, entry.value, { ...entry.place, field: "spec" });
        overview.about = entry.value;
      } else if (entry.kind === "report") overview.report = entry.value;
      else if (entry.kind === "event") {
        const { type, data, created_at } = entry.event;
        overview.lastLine.set(entry.sampleId, entry.place.line);
        if (type === "metrics" && overview.metrics.length === 0) overview.metrics = Object.keys(data);
        const time = tryRead(() => utc(created_at, entry.place));
        if (typeof time === "string") overview.lastTime = time;
      }
    }
  } catch (error) {
    // Reading the samples meets the same error, after those that come before it.
    if (spec === undefined) throw error;
  }
  const missing = "missing; expected it on the first line";
  if (spec === undefined) throw unread ?? new ImportError({ file: source.file, field: "spec" }, missing);
  return { ...overview, spec };
}

function entriesOf(source: Source): AsyncGenerator<Entry | ImportError> {
  return mapRecords(recordsOfLines(source), entryOf);
}

function entryOf(line: LogRecord): Entry | ImportError {
  const { record, place } = line;
  if (isObject(record.spec)) return { kind: "spec", value: record.spec, place };
  if (isObject(record.final_report)) return { kind: "report", value: record.final_report };
  const event = tryRead(() => checked(eventSchema, record, place));
  const { sample_id: sampleId } = record;
  if (event instanceof ImportError)
    return typeof sampleId === "string" ? { kind: "unread", sampleId, error: event } : event;
  if (event.sample_id === null) return { kind: "run" };
  return { kind: "event", sampleId: event.sample_id, event, ...line };
}

/** Finds the metric behind the report, preferably one that it names. Undefined: whether samples matched. */
function mainMetric({ report, metrics }: Overview): string | undefined {
  const usual = ["score", "accuracy", "correct"].filter((name) => metrics.includes(name));
  const reported = metrics.filter((name) => report && Object.hasOwn(report, name));
  return usual.find((name) => reported.includes(name)) ?? reported[0] ?? usual[0];
}
