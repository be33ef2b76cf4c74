import { type Baseline, BaselineSchema } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer } from "./shared/errors.ts";
import { findBenchmarkId, NEWEST } from "./shared/find-benchmark.ts";
import { formatMinute, formatTable, oneLine, print, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";

export function addCommand(program: Command): void {
  const baseline = program
    .command("baseline")
    .summary("pin the benchmark that others are compared with")
    .description(
      "Pins a benchmark as the baseline of its dataset; `baseline:DATASET` names it in other commands.",
    );
  addServiceCommand(baseline, "set")
    .description("Pins a benchmark as the baseline of its dataset, in place of the former one.")
    .argument("<benchmark>", NEWEST)
    .examples("ltb baseline set nightly", "ltb baseline set latest:gsm8k,label.branch=main,status=completed")
    .callService(set);
  addServiceCommand(baseline, "show")
    .description("Shows the baseline of a dataset, or of every dataset that has one.")
    .argument("[dataset]", "only that of this dataset")
    .withLimit()
    .examples("ltb baseline show", "ltb baseline show gsm8k --json")
    .callService(show);
  addServiceCommand(baseline, "unset")
    .description("Leaves a dataset without a baseline. The benchmark stays.")
    .argument("<dataset>", "the dataset")
    .examples("ltb baseline unset gsm8k")
    .callService(unset);
}

async function set({ benchmarks }: ServiceClient, reference: string, options: ServiceOptions): Promise<void> {
  const benchmarkId = await findBenchmarkId(benchmarks, reference);
  const { baseline } = await benchmarks.setBaseline({ benchmarkId });
  printBaseline(baseline, options);
}

async function show(
  { benchmarks }: ServiceClient,
  dataset: string | undefined,
  options: ServiceOptions & { limit: number },
): Promise<void> {
  if (dataset !== undefined) {
    const { baseline } = await benchmarks.getBaseline({ dataset });
    return printBaseline(baseline, options);
  }
  await printList("baselines", options, {
    schema: BaselineSchema,
    read: benchmarks.listBaselines,
    columns,
    row,
  });
}

async function unset({ benchmarks }: ServiceClient, dataset: string, options: ServiceOptions): Promise<void> {
  await benchmarks.unsetBaseline({ dataset });
  if (options.json) printJson({ unset: dataset });
  else print(`${oneLine(dataset)} has no baseline`);
}

function printBaseline(baseline: Baseline | undefined, { json }: ServiceOptions): void {
  requireAnswer(baseline, "baseline");
  if (json) printJson(toPlain(BaselineSchema, baseline));
  else print(formatTable(columns, [row(baseline)]));
}

const columns = ["dataset", "baseline", "id", "pinned (UTC)"];

function row({ dataset, benchmarkName, benchmarkId, setAt }: Baseline) {
  return [dataset, benchmarkName, benchmarkId, formatMinute(setAt)];
}
