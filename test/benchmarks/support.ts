import type { BenchmarkChange, BenchmarkWatchFilter } from "../../src/benchmarks/watch.ts";
import { withSignal } from "../../src/call-scope.ts";
import type { ServiceError } from "../../src/errors.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import type { Database } from "../../src/storage.ts";
import type { WatchOptions } from "../../src/watch/watch.ts";
import { eventually } from "../harness/waiting.ts";

/** A watch that is read in the background; back once it is in place, or has failed. */
export async function watching(db: Database, filter: BenchmarkWatchFilter = {}, options: WatchOptions = {}) {
  const controller = new AbortController();
  const changes: BenchmarkChange[] = [];
  let failure: unknown;
  const reading = withSignal(controller, async () => {
    for await (const change of db.benchmarks.watch(filter, options)) changes.push(change);
  }).catch((error) => {
    failure = error;
  });
  await eventually(() => changes.length > 0 || failure !== undefined);
  return {
    changes,
    get failure() {
      return failure as ServiceError | undefined;
    },
    /** What was told of benchmarks, in order. */
    get benchmarks() {
      return changes.flatMap(({ benchmark }) => benchmark ?? []);
    },
    /** What was last told of one. */
    last(id: string) {
      return this.benchmarks.findLast((benchmark) => benchmark.id === id);
    },
    cursor: () => changes.at(-1)?.cursor ?? "",
    async stop() {
      controller.abort();
      await reading;
    },
  };
}

/** Evaluations that are not there yet, each with this score. */
export function evaluations(benchmarkId: string, count: number, score = 1): NewEvaluation[] {
  return Array.from({ length: count }, () => ({ benchmarkId, input: "i", output: "o", score }));
}
