import { setTimeout as sleep } from "node:timers/promises";
import type { Evaluation, EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { type BenchmarkClient, noDeadline } from "../client.ts";
import { isTransient } from "../errors.ts";
import { note } from "../output.ts";

/** Pauses before a broken export is resumed, in milliseconds; it is given up after the last. */
const PAUSES_MS = [200, 1_000, 3_000, 10_000];

/** All evaluations of a benchmark, oldest first, in the chunks they come in. An export that breaks is resumed where it was. */
export async function* readEvaluations(
  client: BenchmarkClient,
  benchmarkId: string,
  view: EvaluationView,
): AsyncGenerator<Evaluation[]> {
  let pageToken = "";
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of client.exportEvaluations({ benchmarkId, view, pageToken }, noDeadline)) {
        failures = 0;
        pageToken = chunk.nextPageToken;
        yield chunk.evaluations;
      }
      return;
    } catch (error) {
      const pause = PAUSES_MS[failures++];
      // Without a token the first chunk never came: a service that is not there is told at once.
      if (pause === undefined || pageToken === "" || !isTransient(error)) throw error;
      note(`note: the connection broke; resuming in ${pause / 1000} s`);
      await sleep(pause);
    }
  }
}
