import { toJson } from "@bufbuild/protobuf";
import { type Benchmark, BenchmarkSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { type Evaluation, EvaluationSchema } from "../../../gen/ltb/v1/evaluation_pb.ts";

/** JSON Lines: the benchmark, then an evaluation a line, as proto3 JSON. `ltb import` reads it. */
export async function* jsonLines(
  benchmark: Benchmark,
  chunks: AsyncIterable<Evaluation[]>,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ ltb_export: 1, benchmark: toJson(BenchmarkSchema, benchmark) })}\n`;
  for await (const evaluations of chunks)
    yield evaluations
      .map((evaluation) => `${JSON.stringify(toJson(EvaluationSchema, evaluation))}\n`)
      .join("");
}
