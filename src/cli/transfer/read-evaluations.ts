import type { Evaluation, EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import type { filterOf } from "../evaluation/filter.ts";
import { type BenchmarkClient, noDeadline } from "../shared/client.ts";
import { resume } from "./resume.ts";

/**
 * All evaluations of a benchmark that match, oldest first, in the chunks they come in. An export that breaks
 * is resumed where it was. Their documents are texts.
 */
export async function* readEvaluations(
  client: BenchmarkClient,
  benchmarkId: string,
  view: EvaluationView,
  filter: ReturnType<typeof filterOf> = {},
): AsyncGenerator<Evaluation[]> {
  const jsonFormat = JsonFormat.TEXT;
  const chunks = resume((pageToken) =>
    client.exportEvaluations({ ...filter, benchmarkId, view, pageToken, jsonFormat }, noDeadline),
  );
  for await (const { evaluations } of chunks) yield evaluations;
}
