import {
  type Evaluation,
  EvaluationOrder,
  EvaluationSchema,
  EvaluationView,
} from "../../gen/ltb/v1/evaluation_pb.ts";
import { JsonFormat } from "../../gen/ltb/v1/json_pb.ts";
import { cutText } from "../text.ts";
import { addCompare } from "./evaluation/compare.ts";
import { type FilterOptions, filterOf, withFilterOptions } from "./evaluation/filter.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer } from "./shared/errors.ts";
import { findBenchmarkId, NEWEST } from "./shared/find-benchmark.ts";
import { formatMinute, formatNumber, printFields } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";

const orders = {
  newest: EvaluationOrder.CREATED_AT_DESC,
  oldest: EvaluationOrder.CREATED_AT_ASC,
  best: EvaluationOrder.SCORE_DESC,
  worst: EvaluationOrder.SCORE_ASC,
  highest: EvaluationOrder.METRIC_DESC,
  lowest: EvaluationOrder.METRIC_ASC,
} as const;

type Options = ServiceOptions & FilterOptions & { order: keyof typeof orders; full?: boolean; limit: number };

export function addCommand(program: Command): void {
  const evaluation = program
    .command("evaluation")
    .summary("list, search, show or compare evaluations")
    .description("Lists, searches, shows and compares the evaluations of benchmarks.");
  withFilterOptions(addServiceCommand(evaluation, "list").withReplica())
    .description("Lists the evaluations of a benchmark: newest first, or by score or another metric.")
    .argument("<benchmark>", NEWEST)
    .choice(
      "--order <order>",
      "best and worst: by score, highest and lowest: by --metric; those without one left out",
      Object.keys(orders),
      "newest",
    )
    .option("--full", "with --json: input, output, expected and metadata too")
    .withLimit()
    .examples(
      "ltb evaluation list gsm8k --order worst",
      "ltb evaluation list gsm8k --failed",
      "ltb evaluation list gsm8k --metric latency_ms --order highest --min-value 1000",
      ["ltb evaluation list gsm8k --metadata split=test --metadata shots=5", "contained in the metadata"],
      [
        "ltb evaluation list gsm8k --text 'refund \"credit card\" -fee' --json --full",
        "words of input and output",
      ],
    )
    .callService(list);
  addServiceCommand(evaluation, "show")
    .description("Shows every field of an evaluation.")
    .argument("<id>", "id of the evaluation")
    .examples(
      "ltb evaluation show 01890a5d-ac96-774b-bcce-b302099a8057",
      "ltb evaluation show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq -r .output",
    )
    .callService(show);
  addCompare(evaluation);
}

async function list({ benchmarks }: ServiceClient, reference: string, options: Options): Promise<void> {
  const request = {
    benchmarkId: await findBenchmarkId(benchmarks, reference),
    ...filterOf(options),
    orderBy: orders[options.order],
    view: options.full && options.json ? EvaluationView.FULL : EvaluationView.BASIC,
    jsonFormat: JsonFormat.TEXT,
  };
  await printList("evaluations", options, {
    schema: EvaluationSchema,
    read: (page) => benchmarks.listEvaluations({ ...request, ...page }),
    columns: ["id", "sample", ">score", ">latency ms", "created (UTC)", "error"],
    row,
  });
}

function row({ id, sampleId, repetition, score, latencyMs, createdAt, error }: Evaluation): string[] {
  const sample = repetition > 0 ? `${sampleId}#${repetition}` : sampleId;
  const [reason = ""] = error.split("\n", 1);
  const figures = [formatNumber(score), formatNumber(latencyMs), formatMinute(createdAt)];
  return [id, sample || "-", ...figures, cutText(reason, 80)];
}

async function show({ benchmarks }: ServiceClient, id: string, options: ServiceOptions): Promise<void> {
  const { evaluation } = await benchmarks.getEvaluation({ id, jsonFormat: JsonFormat.TEXT });
  requireAnswer(evaluation, "evaluation");
  printFields(EvaluationSchema, evaluation, options);
}
