import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import { importBenchmark } from "../cli/transfer/import-benchmark.ts";
import { createClient, type LtbClient } from "../client/index.ts";
import { requireRead } from "../import/import-error.ts";
import { readLogs } from "../import/read-logs.ts";
import { messageOf } from "../thrown.ts";

/** A call, and a pause of the upload, may last so many milliseconds; a run waits no longer for a service. */
const SILENCE_MS = 5_000;

/** What promptfoo (0.123) passes to the hook `afterAll`: the parts of its output file. */
export interface PromptfooRun {
  /** `eval-`, three letters and the time of the start in UTC. */
  evalId: string;
  config?: { description?: string | undefined; outputPath?: string | readonly string[] | null };
  prompts: readonly object[];
  results: readonly object[];
}

/**
 * An extension of promptfoo: it stores a run at its end, as `ltb import` of its output does, so importing
 * it as well stores nothing twice. The rows of the hook `afterEach` are not those of the output, as
 * `select-best` and `max-score` change them later, and they lack ids.
 *
 * The service is at LTB_ADDRESS (default: `localhost:50052`), with LTB_API_KEY and LTB_TLS_CA_FILE. A service
 * that fails, or is silent for 5 s, is told on standard error and never fails the run.
 */
export async function afterAll(run: PromptfooRun): Promise<void> {
  try {
    await store(run);
  } catch (error) {
    const name = nameOf(run);
    const rest = `\`promptfoo export eval ${run.evalId} -o ${name}\` and \`ltb import ${name}\` store the rest`;
    console.warn(`ltb: the run is not stored in whole: ${messageOf(error)}; ${rest}`);
  }
}

async function store(run: PromptfooRun): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ltb-promptfoo-"));
  try {
    const path = join(folder, nameOf(run));
    await writeFile(path, outputOf(run), { mode: 0o600 });
    using client = await connect();
    await send(client, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The name of the output, which is the dataset of a run without a description, as it is for the importer. */
function nameOf({ config }: PromptfooRun): string {
  const outputPath = config?.outputPath;
  const path = typeof outputPath === "string" ? outputPath : outputPath?.[0];
  return `${parse(path ?? "").name || "promptfoo"}.json`;
}

/** Makes the output file that the importer reads, a row at a time: all of it may be too long for a string. */
function* outputOf({ evalId, config, prompts, results }: PromptfooRun): Generator<string> {
  const [, start] = /-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)$/.exec(evalId) ?? [];
  const timestamp = start === undefined ? new Date().toISOString() : `${start}Z`;
  const stats = { durationMs: Math.max(0, Date.now() - Date.parse(timestamp)) };
  const about = JSON.stringify({ timestamp, prompts, stats }).slice(0, -1);
  yield `{"evalId":${JSON.stringify(evalId)},"config":${JSON.stringify(config ?? null)},"results":${about},"results":[`;
  for (const [index, row] of results.entries()) yield `${index === 0 ? "" : ","}${JSON.stringify(row)}`;
  yield "]}}";
}

async function connect(): Promise<LtbClient> {
  const { LTB_ADDRESS: address = "localhost:50052", LTB_TLS_CA_FILE: caFile } = process.env;
  const tls = caFile ? { ca: await readFile(caFile) } : undefined;
  return createClient({ address, tls, timeoutMs: SILENCE_MS });
}

async function send(client: LtbClient, path: string): Promise<void> {
  const [{ limits }, { user }] = await Promise.all([client.system.getInfo({}), client.users.whoAmI({})]);
  const maxMessageBytes = limits?.maxMessageBytes ?? 4_194_304;
  for await (const read of readLogs(path, {
    format: "promptfoo",
    onNote: (note) => console.warn(`ltb: ${note}`),
  })) {
    // An upload has no deadline, but each of its messages has.
    const silence = setTimeout(() => client.close(), SILENCE_MS);
    try {
      const onSent = () => silence.refresh();
      const result = await importBenchmark(client.benchmarks, user?.id ?? "", requireRead(read), {
        maxMessageBytes,
        onSent,
      });
      if (result.failure !== undefined) throw result.failure;
      const { name, id, inserted, duplicates, issues } = result;
      console.warn(`ltb: ${name}  ${id}: ${inserted} stored, ${duplicates} were there`);
      for (const { sampleId, outcome, reason } of issues)
        console.warn(`ltb: ${name}, sample ${sampleId}: ${outcome}: ${reason}`);
    } finally {
      clearTimeout(silence);
    }
  }
}
