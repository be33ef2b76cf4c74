import { Code, createClient } from "@connectrpc/connect";
import { describe, test } from "vitest";
import type { BenchmarkView } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import type { JobView } from "../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { contract, expectFailure, sample, wires } from "./support.ts";

const service = contract();

describe.each(wires)("over %s", (wire) => {
  test("a view that the enum does not have is refused by its name", async () => {
    const api = service.benchmarks(wire);
    const jobs = createClient(JobService, service.transport(wire));
    const benchmarkId = (await api.createBenchmark(sample)).benchmark?.id ?? "";
    const refused = { code: Code.InvalidArgument, reason: "INVALID_ARGUMENT", fields: ["view"] };
    const view = 99;
    await expectFailure(api.listBenchmarks({ view: view as BenchmarkView }), refused);
    await expectFailure(api.listEvaluations({ benchmarkId, view: view as EvaluationView }), refused);
    const chunks = api.exportEvaluations({ benchmarkId, view: view as EvaluationView });
    await expectFailure(Array.fromAsync(chunks), refused);
    await expectFailure(jobs.listJobs({ view: view as JobView }), refused);
    const watch = jobs.watchJobs({ view: view as JobView }, { timeoutMs: 3_000 });
    await expectFailure(Array.fromAsync(watch), refused);
  });
});
