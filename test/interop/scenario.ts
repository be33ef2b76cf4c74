import type { DescMethod } from "@bufbuild/protobuf";
import { exampleBodies } from "../../src/cli/grpcurl/example-bodies.ts";
import { findMethods } from "../../src/cli/grpcurl/methods.ts";
import type { JsonObject } from "../../src/validation.ts";

/** One call: a method and its example, whose ids and names are of this run only. */
export interface Step {
  /** `Service/Method`. */
  name: string;
  method: DescMethod;
  body: JsonObject;
  /** What has to be in the answer, in JSON without spaces. */
  expected: RegExp;
}

/** Every method once, in an order in which each example succeeds, even if other runs came before. */
export function scenario(): Step[] {
  const run = Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
  const own = (body: JsonObject) =>
    JSON.parse(
      JSON.stringify(body)
        .replaceAll("01890a5d-", `${run}-`)
        .replaceAll("worker-1", `worker-${run}`)
        .replaceAll(/\bada\b/g, `ada-${run}`)
        .replaceAll(/("request_id":"[^"]*)/g, `$1-${run}`),
    );
  return Object.entries(exampleBodies).map(([name, body]) => {
    const [method] = findMethods(name);
    if (method === undefined) throw new Error(`there is no method ${name}`);
    return {
      name,
      method,
      body: own(body),
      expected: expected[name] ?? /^/,
    };
  });
}

/** The request for the second benchmark that CompareBenchmarks needs. */
export function secondBenchmark(first: JsonObject): JsonObject {
  return { ...first, id: String(first.id).replace(/1$/, "2"), request_id: `${first.request_id}-second` };
}

const expected: Record<string, RegExp> = {
  "BenchmarkService/CreateBenchmark": /"status":"BENCHMARK_STATUS_PENDING".*"shots":5/,
  "BenchmarkService/UpdateBenchmark": /"status":"BENCHMARK_STATUS_RUNNING"/,
  "BenchmarkService/ListBenchmarks": /"benchmarks":\[\{.*"shots":5/,
  "BenchmarkService/CreateEvaluation": /"sample(Id|_id)":"q1".*"exact_match":true/,
  "BenchmarkService/BatchCreateEvaluations": /EVALUATION_OUTCOME_CREATED.*EVALUATION_OUTCOME_CREATED/,
  "BenchmarkService/StreamEvaluations": /"received":1,"inserted":1/,
  "BenchmarkService/BatchGetEvaluations": /"input(Bytes|_bytes)":\d/,
  "BenchmarkService/UpdateEvaluation": /"judged":"partly"/,
  "BenchmarkService/ListEvaluations": /"sample(Id|_id)":"q4".*"sample(Id|_id)":"q1"/,
  "BenchmarkService/ListFailureGroups": /"groups":\[\{"message":"timeout","count":1/,
  "BenchmarkService/ExportEvaluations": /"error":"timeout"/,
  "BenchmarkService/GetBenchmarkSummary": /"evaluation(Count|_count)":4/,
  "BenchmarkService/GetMetricHistogram": /"edges":\[.*"histograms":\[\{/,
  "BenchmarkService/CompareBenchmarks": /"comparisons":\[\{/,
  "BenchmarkService/ListComparedSamples": /^\{/,
  "BenchmarkService/GetLeaderboard": /"entries":\[\{"rank":1,.*"mean":.*"total(Count|_count)":\d/,
  "BenchmarkService/GetMetricHistory": /"runs":\[\{.*"mean":/,
  "BenchmarkService/GetBaseline": /"benchmark(Name|_name)":/,
  "BenchmarkService/ListBaselines": /"baselines":\[\{/,
  "BenchmarkService/ListDatasets": /"dataset":"mmlu","benchmark(Count|_count)":\d/,
  "BenchmarkService/ListBenchmarkFieldValues": /^\{/,
  "BenchmarkService/WatchBenchmarks":
    /"cursor":".*"completed(Iterations|_iterations)":\d.*"mean(Score|_score)":/,
  "JobService/BatchCreateJobs": /"jobs":\[\{.*\{.*\{/,
  "JobService/GetJob": /"prompt":"What is 2 \+ 2\?"/,
  "JobService/SetJobLimit": /"per(Minute|_minute)":600/,
  "JobService/ListJobFieldValues": /"values":\["openai/,
  "JobService/PauseJobs": /"paused":true/,
  "JobService/ListJobPauses": /"pauses":\[\{.*"created(At|_at)":/,
  "JobService/ListJobLanes": /"lanes":\[\{.*"ready":\d/,
  "JobService/ClaimJobs": /("epoch":1,"attempt":1.*){3}/,
  "JobService/UpdateJobProgress": /LEASE_OUTCOME_OK/,
  "WorkerService/Heartbeat": /^\{"expires(In|_in)":"\d/,
  "JobService/CompleteJobs": /LEASE_OUTCOME_OK","evaluations(Inserted|_inserted)":1/,
  "JobService/FailJobs": /LEASE_OUTCOME_OK","status":"JOB_STATUS_PENDING"/,
  "JobService/ReleaseJobs": /LEASE_OUTCOME_OK/,
  "JobService/CancelJob": /JOB_STATUS_CANCELLED/,
  "JobService/RetryJob": /JOB_STATUS_PENDING/,
  "JobService/WatchJobs": /"cursor":".*JOB_STATUS_COMPLETED.*"answer":"4"/,
  "JobService/ListJobFailureGroups": /^\{/,
  "JobService/CancelJobs": /"affected":3/,
  "WorkerService/GetClusterStats": /"total(Workers|_workers)":\d/,
  "WorkerService/DrainWorker": /WORKER_STATUS_DRAINING/,
  "UserService/Login": /"session(Token|_token)":"/,
  "UserService/WhoAmI": /USER_ROLE_ADMIN/,
  "UserService/CreateApiKey": /"secret":"/,
  "UserService/RotateApiKey": /"secret":"/,
  "UserService/CreateLoginCode": /"code":"ltc_/,
  "UserService/RevokeApiKey": /"revoked(At|_at)":"/,
  "AuditService/GetAuditLog": /"action":"deploy"/,
  "AuditService/ListAuditLogs": /"entity(Type|_type)":"benchmark"/,
  "AuditService/ExportAuditLogs": /"action":"deploy"/,
  "AuditService/VerifyAuditLog": /"valid":true/,
  "AuditService/GetAuditStatus": /"head":\{.*"valid":true/,
};
