import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { Job } from "../../gen/ltb/v1/job_pb.ts";
import { hostAndPort } from "../address.ts";
import type { WorkerLog } from "../client/index.ts";
import { JobError, withEvaluations } from "../client/worker/outcome.ts";
import { parseFieldMap } from "../import/field-map.ts";
import { requireRead } from "../import/import-error.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "../import/types.ts";
import { packageRoot } from "../version.ts";
import { apiKeyFor, referToKey } from "./shared/api-key.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { CliError } from "./shared/errors.ts";
import { note, print, printJson } from "./shared/output.ts";
import { commandLine } from "./shared/shell.ts";
import { tlsOf } from "./shared/tls.ts";
import { summaryObject, summaryText } from "./summary.ts";

const SAMPLE = join(packageRoot, "samples", "grade-school-math.jsonl");
const MAP =
  "input=question,expected=ground_truth,output=`175b_verification`.solution,score=`175b_verification`.is_correct";

const JOB_TYPE = "demo";
/** Only the demo's workers have it, so that no other is given its jobs. */
const TAG = "ltb-demo";
const WORKERS = 3;
const CAPACITY = 4;
/** How long a worker pretends to think. */
const THINKING_MS = 30;
const PATIENCE_MS = 60_000;

export function addCommand(program: Command): void {
  addServiceCommand(program, "demo")
    .summary("run a complete workflow on a small sample")
    .description(
      "Runs the complete distributed workflow against a running service: creates a benchmark and a job for each question of a " +
        "small sample (grade-school math), starts three workers, which answer from a log (of a 175B model; no model is needed), " +
        "stores their results as evaluations, and shows the summary.",
    )
    .examples(["ltb demo", "in a second terminal, beside ltb serve"])
    .callService(demo);
}

async function demo({ benchmarks, jobs }: ServiceClient, options: ServiceOptions): Promise<void> {
  const step = (name: string, what: string) => {
    if (!options.json) print(`${name.padEnd(20)}  ${what}`);
  };
  const { name, provider, model, dataset, evaluations } = await readSample();
  const answers = new Map<string, ImportedEvaluation>();
  for await (const read of evaluations) {
    const evaluation = requireRead(read);
    answers.set(evaluation.sampleId, evaluation);
  }

  const about = { name, provider, model, dataset, totalIterations: answers.size };
  const { benchmark } = await benchmarks.createBenchmark(about);
  const id = benchmark?.id ?? "";
  step("CreateBenchmark", `${name}: ${model} on ${dataset}, ${id}`);
  await benchmarks.updateBenchmark({ id, status: BenchmarkStatus.RUNNING });
  step("UpdateBenchmark", "running");

  const questions = [...answers.values()].map(({ sampleId, input }) => ({
    jobType: JOB_TYPE,
    payload: { sample_id: sampleId, question: input },
    requiredTags: [TAG],
    benchmarkId: id,
  }));
  const created = await jobs.batchCreateJobs({ jobs: questions });
  step("BatchCreateJobs", `${created.jobs.length} jobs, one for each question`);

  const { runWorker } = await import("../client/index.ts");
  const done = new Map<string, number>();
  const workers = Array.from({ length: WORKERS }, (_, n) => {
    const workerId = `demo-${id.slice(-12)}-${n + 1}`;
    done.set(workerId, 0);
    return runWorker({
      address: options.address,
      apiKey: apiKeyFor(options),
      tls: tlsOf(options),
      workerId,
      capacity: CAPACITY,
      tags: [TAG],
      log,
      handlers: {
        [JOB_TYPE]: async (job) => {
          await sleep(THINKING_MS);
          done.set(workerId, (done.get(workerId) ?? 0) + 1);
          return answer(job, answers);
        },
      },
    });
  });
  step("RegisterWorker", `${[...done.keys()].join(", ")}; each runs ${CAPACITY} jobs at a time`);
  try {
    const failed = Promise.race(workers.map(({ done: ended }) => ended));
    await Promise.race([allCompleted(jobs, id), failed]);
    const shares = [...done].map(([workerId, count]) => `${workerId.slice(-1)}: ${count}`).join(", ");
    step("ClaimJobs", `by long polls; jobs that each worker ran: ${shares}`);
    step("CompleteJobs", "each result with its evaluation, in one transaction");
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  step("DeregisterWorker", "all three");

  await benchmarks.updateBenchmark({ id, status: BenchmarkStatus.COMPLETED });
  step("UpdateBenchmark", "completed");
  const summary = await benchmarks.getBenchmarkSummary({ benchmarkId: id });
  if (options.json) return printJson(summaryObject(name, summary));
  step("GetBenchmarkSummary", "");
  const address = hostAndPort(options.address);
  const plaintext = tlsOf(options) ? "" : "-plaintext ";
  const authorization =
    apiKeyFor(options) === undefined ? "" : `-H "authorization: Bearer ${referToKey(options)}" `;
  print(`\n${summaryText(name, summary)}

Look closer:
  grpcurl ${plaintext}${authorization}-d '{"benchmark_id":"${id}","page_size":2,"view":"EVALUATION_VIEW_FULL"}' ${address} ltb.v1.BenchmarkService/ListEvaluations
  ${commandLine(`job list --benchmark ${id} --limit 3`)}
  ${commandLine(`export ${id} --format csv -o demo.csv`)}`);
}

/** Runs a job. A real worker would ask its model here, and score the answer. */
function answer({ payload }: Job, answers: ReadonlyMap<string, ImportedEvaluation>) {
  const found = answers.get(String(payload?.sample_id));
  if (found === undefined) throw new JobError("the log has no such sample", { retryable: false });
  const { createdAt: _, ...evaluation } = found;
  return withEvaluations({ score: evaluation.score ?? null }, [evaluation]);
}

/** Resolves when all jobs of the benchmark have completed. */
async function allCompleted(jobs: ServiceClient["jobs"], benchmarkId: string): Promise<void> {
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await sleep(50)) {
    const { completed, failed, cancelled, total } = await jobs.getJobStats({ benchmarkId });
    if (failed + cancelled > 0)
      throw new CliError(
        `${failed + cancelled} jobs failed; ${commandLine(`job list --benchmark ${benchmarkId}`)}`,
      );
    if (completed === total) return;
  }
  throw new CliError(
    `the jobs were not done after ${PATIENCE_MS / 1000} s; ${commandLine(`job stats --benchmark ${benchmarkId}`)}`,
    { code: "DEADLINE_EXCEEDED" },
  );
}

const log: WorkerLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_, message) => note(`worker: ${message}`),
  error: (_, message) => note(`worker: ${message}`),
};

async function readSample(): Promise<ImportedBenchmark> {
  const model = { provider: "openai", model: "gpt-3-175b-verification" };
  const options = { ...model, name: "demo", dataset: "grade-school-math", map: parseFieldMap(MAP) };
  const { readLogs } = await import("../import/read-logs.ts");
  for await (const benchmark of readLogs(SAMPLE, options)) return requireRead(benchmark);
  throw new CliError(`${SAMPLE} holds no evaluations: install the package again`);
}
