import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { JobStatus, type NewJobSchema } from "../../gen/ltb/v1/job_pb.ts";
import { createClient, type TlsOptions } from "../../src/client/index.ts";
import { environmentFor } from "./foreign.ts";
import { root } from "./paths.ts";
import type { Results } from "./results.ts";
import type { Service } from "./service.ts";

/**
 * Runs a worker of examples/ as it stands on some jobs, one of which it cannot do, and stops it by SIGTERM.
 * @param isToSnooze gives it another whose provider is busy at first, which it is to give back for later
 */
export async function exerciseExample(
  client: string,
  service: Service,
  results: Results,
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
  cwd: string = root,
  isToSnooze = false,
): Promise<void> {
  await results.check({ kind: "behaviour", client, what: "the example worker" }, async () => {
    const tls: TlsOptions | undefined =
      service.caFile === undefined ? undefined : { ca: readFileSync(service.caFile) };
    using calls = createClient({ address: service.grpc, apiKey: service.key, tls });
    const { benchmark } = await calls.benchmarks.createBenchmark({
      name: `example ${client}`,
      provider: "example",
      model: "calculator",
      dataset: "sums",
    });
    const benchmarkId = benchmark?.id ?? "";
    const payloads = [{ sample: "one", a: 1, b: 2 }, { sample: "two", a: 2.5, b: 2 }, { nothing: true }];
    const jobs: MessageInitShape<typeof NewJobSchema>[] = payloads.map((payload) => ({
      jobType: "arithmetic",
      benchmarkId,
      payload,
    }));
    const busy = { sample: "three", a: 1, b: 1, busy_seconds: 1 };
    if (isToSnooze) jobs.push({ jobType: "arithmetic", limitKey: `busy ${client}`, payload: busy });
    const made = await calls.jobs.batchCreateJobs({ jobs });
    const ids = made.jobs.map(({ id }) => id);

    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...environmentFor(service), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (out += chunk));
    const ended = once(child, "exit");
    try {
      const statuses = await finalStatuses(
        calls,
        ids,
        () => child.exitCode === null,
        () => out,
      );
      const { COMPLETED, FAILED } = JobStatus;
      const expected = [COMPLETED, COMPLETED, FAILED, ...(isToSnooze ? [COMPLETED] : [])];
      if (statuses.join() !== expected.join()) throw new Error(`statuses ${statuses}: ${out}`);
      if (isToSnooze) await checkSnooze(calls, ids.at(-1) ?? "");
      const { evaluations } = await calls.benchmarks.listEvaluations({ benchmarkId, view: 2 });
      const found = evaluations
        .map(({ sampleId, output }) => `${sampleId}: ${output}`)
        .filter((text) => /one|two/.test(text))
        .sort();
      if (found.join() !== "one: 3,two: 4.5") throw new Error(`evaluations: ${found}`);
    } finally {
      child.kill("SIGTERM");
    }
    const timeout = setTimeout(() => child.kill("SIGKILL"), 120_000);
    const [code] = await ended;
    clearTimeout(timeout);
    if (code !== 0) throw new Error(`ended with ${code}: ${out.slice(-2000)}`);
    const { workers } = await calls.workers.listWorkers({});
    const left = workers.filter(({ jobTypes }) => jobTypes.includes("arithmetic"));
    if (left.length > 0) throw new Error(`left registered: ${left.map(({ workerId }) => workerId)}`);
    return undefined;
  });
}

/** The job came back once, without a retry spent, and its key was held and is free again. */
async function checkSnooze({ jobs }: ReturnType<typeof createClient>, id: string): Promise<void> {
  const { job } = await jobs.getJob({ id });
  if (job?.snoozeCount !== 1 || job.retryCount !== 0)
    throw new Error(`snoozed ${job?.snoozeCount} times, retried ${job?.retryCount} times`);
  const { pauses } = await jobs.listJobPauses({});
  if (pauses.some(({ limitKey }) => limitKey === job.limitKey)) throw new Error("its key is still held");
}

async function finalStatuses(
  { jobs }: ReturnType<typeof createClient>,
  ids: readonly string[],
  running: () => boolean,
  output: () => string,
): Promise<JobStatus[]> {
  for (let left = 300; left > 0; left--) {
    const found = await Promise.all(ids.map(async (id) => (await jobs.getJob({ id })).job?.status ?? 0));
    if (found.every((status) => status > JobStatus.RUNNING)) return found;
    if (!running()) throw new Error(`the worker ended: ${output().slice(-2000)}`);
    await sleep(100);
  }
  throw new Error(`the jobs did not end within 30 s: ${output().slice(-2000)}`);
}

/** The example in TypeScript, which makes jobs of its own besides. */
export async function exerciseTypescript(
  { clear, tls }: { clear: Service; tls: Service },
  results: Results,
): Promise<void> {
  const args = [join(root, "examples", "typescript", "worker.ts")];
  await exerciseExample("TypeScript", clear, results, process.execPath, args);
  await exerciseExample("TypeScript, TLS", tls, results, process.execPath, args);
}
