import {
  ComparedSampleSchema,
  type ComparedState,
  ComparedStateSchema,
} from "../../../gen/ltb/v1/benchmark_pb.ts";
import { wireEnum } from "../../wire/enums.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { findSides, NEWEST } from "../shared/find-benchmark.ts";
import { requireMetrics } from "../shared/known-names.ts";
import { type Direction, directionOf, given, parseFraction, parseNumber } from "../shared/options.ts";
import { formatNumber, formatTable, note, oneLine, print, printJson } from "../shared/output.ts";
import { collect, noteMore } from "../shared/pages.ts";
import { toPlain } from "../shared/plain.ts";
import { type Reducing, reducerNames, reducerOf } from "../shared/reducer.ts";

const states = wireEnum<typeof ComparedState>(ComparedStateSchema);

interface Options extends ServiceOptions, Direction, Reducing {
  only?: keyof typeof states.values;
  metric: string;
  tolerance: number;
  threshold?: number;
  allowDifferentInputs?: boolean;
  limit: number;
}

export function addCompare(evaluation: Command): void {
  addServiceCommand(evaluation, "compare")
    .withReplica()
    .summary("list samples with their values in several benchmarks")
    .description(
      "Lists samples with their values in a baseline and in candidates: those that a candidate has worse or better, those that all have " +
        "wrong, or that one alone has right. Samples are paired as `ltb compare` pairs them, which says whether differences are more than chance.",
    )
    .argument("<baseline>", NEWEST)
    .argument("<candidate...>", "ids or names, at most 19")
    .choice(
      "--only <state>",
      "regressed, improved: worse or better in a candidate, by the largest difference; both_wrong: right in none; only_one: right in one; " +
        "unchanged: the same in all; missing: without a value in one (default: all samples)",
      Object.keys(states.values),
    )
    .option("--metric <name>", "metric to compare", "score")
    .withDirection()
    .withReducer(reducerNames)
    .option("--tolerance <difference>", "differences up to this are none", parseFraction(Number.MAX_VALUE), 0)
    .option("--threshold <value>", "the value from which on a sample is right (default: 0.5)", parseNumber)
    .option("--allow-different-inputs", "also samples whose inputs or expected answers differ")
    .withLimit()
    .examples(
      ["ltb evaluation compare main pr-123 --only regressed", "the worst first"],
      ["ltb evaluation compare gpt-4 gpt-4o claude --only both_wrong", "what none of them can"],
      ["ltb evaluation compare a b --only only_one --threshold 0.8", "right from 0.8 on"],
    )
    .callService(list);
}

async function list(
  { benchmarks }: ServiceClient,
  baseline: string,
  candidates: string[],
  options: Options,
): Promise<void> {
  const { only, metric, limit } = options;
  const names = await findSides(benchmarks, baseline, candidates);
  const benchmarkIds = [...names.keys()];
  const request = {
    benchmarkIds,
    metric,
    ...given({ state: only && states.values[only], threshold: options.threshold }),
    ...directionOf(options),
    ...reducerOf(options),
    ...given({ allowDifferentInputs: options.allowDifferentInputs }),
    tieTolerance: options.tolerance,
  };
  const { items, more } = await collect(limit, async (page) => {
    const { samples, nextPageToken } = await benchmarks.listComparedSamples({ ...request, ...page });
    return { items: samples, nextPageToken };
  });
  if (items.every(({ values }) => values.every(({ value }) => value === undefined)))
    await requireMetrics(
      benchmarks,
      [...names].map(([id, name]) => ({ id, name })),
      [metric],
    );
  if (options.json) {
    const samples = items.map((sample) => toPlain(ComparedSampleSchema, sample));
    return printJson({ benchmark_ids: benchmarkIds, samples, more });
  }
  if (items.length === 0) return note("no samples");
  const columns = ["sample", ">difference", ...[...names.values()].map((name) => `>${oneLine(name)}`)];
  const rows = items.map(({ sampleId, difference, values }) => [
    sampleId,
    formatNumber(difference),
    ...values.map(({ value }) => formatNumber(value)),
  ]);
  print(formatTable(columns, rows));
  noteMore(more, limit);
}
