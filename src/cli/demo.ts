import { join } from "node:path";
import type { Command } from "commander";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { parseFieldMap } from "../import/field-map.ts";
import { readLogs } from "../import/read-logs.ts";
import type { ImportedBenchmark } from "../import/types.ts";
import { packageRoot } from "../version.ts";
import { createClient, hostAndPort, type ServiceOptions, withServiceOptions } from "./client.ts";
import { CliError } from "./errors.ts";
import { examples } from "./examples.ts";
import { commandLine } from "./invocation.ts";
import { print, printJson } from "./output.ts";
import { summaryObject, summaryText } from "./summary.ts";
import { uploadEvaluations } from "./transfer/upload.ts";

const SAMPLE = join(packageRoot, "samples", "grade-school-math.jsonl");
const MAP =
  "input=question,expected=ground_truth,output=`175b_verification`.solution,score=`175b_verification`.is_correct";

export function demoCommand(program: Command): void {
  withServiceOptions(program.command("demo"))
    .summary("run a complete workflow on a small sample")
    .description(
      "Runs the complete workflow against a running service: creates a benchmark, streams the evaluations of a small sample " +
        "(grade-school math, solved by a 175B model), sets it to completed and shows the summary.",
    )
    .addHelpText("after", examples(["ltb demo", "in a second terminal, beside ltb serve"]))
    .action(demo);
}

async function demo(options: ServiceOptions): Promise<void> {
  using client = createClient(options);
  const step = (name: string, what: string) => {
    if (!options.json) print(`${name.padEnd(20)}  ${what}`);
  };
  const sample = await readSample();
  const { limits } = await client.system.getInfo({});

  const { name, provider, model, dataset } = sample;
  const { benchmark } = await client.benchmarks.createBenchmark({ name, provider, model, dataset });
  const id = benchmark?.id ?? "";
  step("CreateBenchmark", `${name}: ${model} on ${dataset}, ${id}`);
  await client.benchmarks.updateBenchmark({ id, status: BenchmarkStatus.RUNNING });
  step("UpdateBenchmark", "running");

  const maxMessageBytes = limits?.maxMessageBytes ?? 4_194_304;
  const upload = await uploadEvaluations(client.benchmarks, id, sample.evaluations, { maxMessageBytes });
  if (upload.failure !== undefined) throw upload.failure;
  step("StreamEvaluations", `${upload.received} sent, ${upload.inserted} stored`);

  await client.benchmarks.updateBenchmark({
    id,
    status: BenchmarkStatus.COMPLETED,
    totalIterations: upload.received,
  });
  step("UpdateBenchmark", "completed");

  const summary = await client.benchmarks.getBenchmarkSummary({ benchmarkId: id });
  if (options.json) return printJson(summaryObject(name, summary));
  step("GetBenchmarkSummary", "");
  const address = hostAndPort(options.address);
  print(`\n${summaryText(name, summary)}

Look closer:
  grpcurl -plaintext -d '{"benchmark_id":"${id}","page_size":2,"view":"EVALUATION_VIEW_FULL"}' ${address} ltb.v1.BenchmarkService/ListEvaluations
  ${commandLine(`export ${id} --format csv -o demo.csv`)}`);
}

async function readSample(): Promise<ImportedBenchmark> {
  const options = {
    name: "demo",
    provider: "openai",
    model: "gpt-3-175b-verification",
    dataset: "grade-school-math",
  };
  for await (const benchmark of readLogs(SAMPLE, { ...options, map: parseFieldMap(MAP) })) return benchmark;
  throw new CliError(`${SAMPLE} holds no evaluations: install the package again`);
}
