import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type BenchmarkComparisonSchema,
  type ComparedOrder,
  ComparedOrderSchema,
  type ComparedState,
  ComparedStateSchema,
  type ComparisonSliceSchema,
  type ComparisonSlicesSchema,
  ComparisonTest,
  type LeaderboardEntrySchema,
  type MarginTest,
  MarginTestSchema,
  type MetricRunSchema,
  type MetricSlicesSchema,
  type Reducer,
  ReducerSchema,
} from "../../gen/ltb/v1/benchmark_pb.ts";
import {
  type EvaluationOutcome,
  EvaluationOutcomeSchema,
  type EvaluationSchema,
  type FailureGroupSchema,
  type NewEvaluation as WireEvaluation,
} from "../../gen/ltb/v1/evaluation_pb.ts";
import { benchmarkStatus } from "../benchmarks/messages.ts";
import { documentFields, fromTimestamp, jsonOf, omitEmpty, omitNulls, toTimestamp } from "../wire/convert.ts";
import { wireEnum } from "../wire/enums.ts";
import type { Comparison } from "./compare/comparison.ts";
import type { FailureGroup } from "./failures/failure-groups.ts";
import type { MetricRun } from "./history/history.ts";
import type { NewEvaluation } from "./input.ts";
import type { LeaderboardEntry } from "./leaderboard/leaderboard.ts";
import type { ListedEvaluation } from "./rows.ts";
import type { PairSlice, PairSlices } from "./slices/pair-slices.ts";
import type { MetricSlices } from "./slices/slices.ts";
import { intervals } from "./summary/messages.ts";
import type { EvaluationResult } from "./write.ts";

/** The fields that CreateEvaluation and every item of a batch or stream have in common. */
type Sent = Omit<WireEvaluation, "$typeName" | "$unknown">;

export function fromMessage(
  sent: Sent,
  defaultBenchmarkId: string,
  createdBy: string | undefined,
): NewEvaluation {
  return {
    id: omitEmpty(sent.id),
    benchmarkId: sent.benchmarkId || defaultBenchmarkId,
    sampleId: omitEmpty(sent.sampleId),
    repetition: sent.repetition,
    provider: omitEmpty(sent.provider),
    model: omitEmpty(sent.model),
    input: sent.input,
    output: sent.output,
    expected: sent.expected,
    metrics: jsonOf(sent.metrics, sent.metricsJson),
    score: sent.score,
    error: omitEmpty(sent.error),
    latencyMs: sent.latencyMs,
    inputTokens: sent.inputTokens,
    outputTokens: sent.outputTokens,
    costUsd: sent.costUsd,
    metadata: jsonOf(sent.metadata, sent.metadataJson),
    createdAt: timeOf(sent.createdAt),
    createdBy,
  };
}

/** A time out of range stays invalid until its item is validated, so that it refuses no whole batch. */
function timeOf(sent: Timestamp | undefined): string | undefined {
  try {
    return fromTimestamp(sent, "created_at");
  } catch {
    return "";
  }
}

export function evaluationMessage(
  evaluation: ListedEvaluation,
  asText: boolean,
): MessageInitShape<typeof EvaluationSchema> {
  const { createdAt, updatedAt, metrics, metadata, ...same } = evaluation;
  const documents = documentFields({ metrics, metadata }, asText);
  return {
    ...omitNulls(same),
    ...documents,
    createdAt: toTimestamp(createdAt),
    updatedAt: toTimestamp(updatedAt),
  };
}

export function failureMessage({
  firstAt,
  lastAt,
  ...same
}: FailureGroup): MessageInitShape<typeof FailureGroupSchema> {
  return { ...same, firstAt: toTimestamp(firstAt), lastAt: toTimestamp(lastAt) };
}

/** How values of repetitions become one, as the contract says it. */
export const wireReducer = wireEnum<typeof Reducer>(ReducerSchema);

/** Which samples of a comparison are listed, and in which order. */
export const comparedState = wireEnum<typeof ComparedState>(ComparedStateSchema);
export const comparedOrder = wireEnum<typeof ComparedOrder>(ComparedOrderSchema);

const outcomes = wireEnum<typeof EvaluationOutcome>(EvaluationOutcomeSchema).values;

/** The outcome of an item, with field at fault and reason where it stored nothing. */
export function outcomeOf(result: EvaluationResult) {
  const outcome = outcomes[result.outcome];
  if (result.outcome === "rejected") return { outcome, field: result.field, reason: result.reason };
  if (result.outcome !== "conflict") return { outcome };
  return { outcome, reason: `evaluation ${result.id} has other content, which stands` };
}

const tests = {
  mcnemar: ComparisonTest.MCNEMAR_EXACT,
  wilcoxon: ComparisonTest.WILCOXON_SIGNED_RANK,
  cluster_t: ComparisonTest.CLUSTER_T,
};

const marginTests = wireEnum<typeof MarginTest>(MarginTestSchema).values;

export function comparisonMessage(
  comparison: Comparison,
): MessageInitShape<typeof BenchmarkComparisonSchema> {
  const { test, marginTest, regressed, improved, slices, withoutFailed, ...rest } = comparison;
  const { baselineRepetitions, candidateRepetitions, clusters, ...others } = rest;
  const { baselineCoverage, candidateCoverage, bounds, ...figures } = others;
  return {
    ...omitNulls(figures),
    ...(baselineRepetitions && { baselineRepetitions: omitNulls(baselineRepetitions) }),
    ...(candidateRepetitions && { candidateRepetitions: omitNulls(candidateRepetitions) }),
    ...(clusters && { clusters: omitNulls(clusters) }),
    ...(bounds && { bounds: omitNulls(bounds) }),
    baselineCoverage: omitNulls(baselineCoverage),
    candidateCoverage: omitNulls(candidateCoverage),
    test: test === null ? ComparisonTest.UNSPECIFIED : tests[test],
    ...(marginTest && { marginTest: marginTests[marginTest] }),
    ...(slices && { slices: pairSlicesMessage(slices) }),
    // Its groups are with those of all.
    ...(withoutFailed && { withoutFailed: comparisonMessage({ ...withoutFailed, slices: null }) }),
    regressed: [...regressed],
    improved: [...improved],
  };
}

function pairSlicesMessage(found: PairSlices): MessageInitShape<typeof ComparisonSlicesSchema> {
  const { slices, leftOut, ...overall } = found;
  return {
    ...omitNulls(overall),
    leftOut: [...leftOut],
    slices: slices.map(pairSliceMessage),
  };
}

function pairSliceMessage({
  test,
  withoutFailed,
  ...figures
}: PairSlice): MessageInitShape<typeof ComparisonSliceSchema> {
  return {
    ...omitNulls(figures),
    test: test === null ? ComparisonTest.UNSPECIFIED : tests[test],
    ...(withoutFailed && { withoutFailed: pairSliceMessage(withoutFailed) }),
  };
}

export function slicesMessage(found: MetricSlices): MessageInitShape<typeof MetricSlicesSchema> {
  const { slices, leftOut, ...overall } = found;
  return {
    ...omitNulls(overall),
    leftOut: [...leftOut],
    slices: slices.map(({ intervalMethod: method, ...figures }) => ({
      ...omitNulls(figures),
      ...(method && { intervalMethod: intervals[method] }),
    })),
  };
}

export function leaderboardMessage(entry: LeaderboardEntry): MessageInitShape<typeof LeaderboardEntrySchema> {
  const { status, createdAt, intervalMethod: method, repetitions, coverage, bounds, ...figures } = entry;
  return {
    ...omitNulls(figures),
    ...(method && { intervalMethod: intervals[method] }),
    ...(repetitions && { repetitions: omitNulls(repetitions) }),
    ...(bounds && { bounds: omitNulls(bounds) }),
    coverage: omitNulls(coverage),
    status: benchmarkStatus.values[status],
    createdAt: toTimestamp(createdAt),
  };
}

export function runMessage(run: MetricRun): MessageInitShape<typeof MetricRunSchema> {
  const { status, createdAt, intervalMethod: method, repetitions, coverage, ...rest } = run;
  const { sincePrevious, sinceBaseline, ...figures } = rest;
  return {
    ...omitNulls(figures),
    ...(method && { intervalMethod: intervals[method] }),
    ...(repetitions && { repetitions: omitNulls(repetitions) }),
    ...(sincePrevious && { sincePrevious: omitNulls(sincePrevious) }),
    ...(sinceBaseline && { sinceBaseline: omitNulls(sinceBaseline) }),
    coverage: omitNulls(coverage),
    status: benchmarkStatus.values[status],
    createdAt: toTimestamp(createdAt),
  };
}
