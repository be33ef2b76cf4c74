import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
// Outside this repository, import from "llm-test-bench-persistence/client".
import { createClient, JobError, runWorker, withEvaluations } from "../../src/client/index.ts";

// This worker creates some jobs of type "arithmetic", then runs jobs of that type until Ctrl-C.
// Start the service first: npm start

const {
  LTB_ADDRESS: address = "localhost:50052",
  LTB_API_KEY: apiKey,
  LTB_TLS_CA_FILE: caFile,
} = process.env;
const tls = caFile ? { ca: readFileSync(caFile) } : undefined;

using client = createClient({ address, apiKey, tls });
const { benchmark } = await client.benchmarks.createBenchmark({
  name: "arithmetic",
  provider: "example",
  model: "calculator",
  dataset: "sums",
});
const jobs = Array.from({ length: 20 }, (_, n) => ({
  jobType: "arithmetic",
  benchmarkId: benchmark?.id ?? "",
  payload: { sample: `sum-${n}`, a: n, b: n * n },
}));
await client.jobs.batchCreateJobs({ jobs });

const worker = runWorker({
  address,
  apiKey,
  tls,
  workerId: `example-${randomUUID()}`,
  capacity: 4,
  handleSignals: true,
  handlers: {
    arithmetic: async ({ payload = {} }, { signal, progress }) => {
      const { sample, a, b } = payload;
      if (typeof sample !== "string" || typeof a !== "number" || typeof b !== "number")
        throw new JobError("payload: expected sample, a and b", { retryable: false });
      progress(0, "asking the model");
      await sleep(500, undefined, { signal });
      const output = String(a + b);
      const evaluation = { sampleId: sample, input: `${a} + ${b}`, output, expected: output, score: 1 };
      return withEvaluations({ output }, [{ ...evaluation, provider: "example", model: "calculator" }]);
    },
  },
});
console.log("working; Ctrl-C ends it");
await worker.done;
