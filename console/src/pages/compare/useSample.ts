import { create } from "@bufbuild/protobuf";
import { useQueries } from "@tanstack/react-query";
import { type ComparedSample, ComparedSampleSchema } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { firstOfSample } from "../../data/firstOfSample.ts";

/**
 * A sample by its id: the row of the list, or what the benchmarks have of it where it is not among the rows,
 * as when an address was passed on. Then its values are not known.
 */
export function useSample(
  sampleId: string,
  benchmarkIds: readonly string[],
  rows: readonly ComparedSample[],
  { enabled }: { enabled: boolean },
): ComparedSample | undefined {
  const row = rows.find((each) => each.sampleId === sampleId);
  const sought = enabled && row === undefined && sampleId !== "";
  const answers = useQueries({
    queries: (sought ? benchmarkIds : []).map((benchmarkId) => firstOfSample(benchmarkId, sampleId)),
  });
  if (row !== undefined || !sought || answers.some(({ isPending }) => isPending)) return row;
  const values = answers.map(({ data }) => ({ evaluationId: data?.evaluations[0]?.id ?? "" }));
  return values.every(({ evaluationId }) => evaluationId === "")
    ? undefined
    : create(ComparedSampleSchema, { sampleId, values });
}
