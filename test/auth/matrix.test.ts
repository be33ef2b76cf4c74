import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { open, permissionOf, permittedMethods } from "../../src/auth/permissions.ts";
import { loadConfig } from "../../src/config.ts";
import type { RunningService } from "../../src/serve.ts";
import { services as provided } from "../../src/services.ts";
import type { Database } from "../../src/storage.ts";
import { scopes } from "../../src/users/scopes.ts";
import { bench, type Caller, listeners, outcome } from "./support.ts";

const own = [BenchmarkService, JobService, WorkerService, UserService, AuditService, SystemService];
const all: DescService[] = [...own, Health, ServerReflection, ServerReflectionAlpha];

// Written by hand from the roles' descriptions, not from the table: a = admin, u = user, v = viewer, w =
// worker, - = nobody but the open. What each may do is asked about its own things.
const expected: Record<string, string> = {
  "BenchmarkService/CreateBenchmark": "au",
  "BenchmarkService/GetBenchmark": "auvw",
  "BenchmarkService/UpdateBenchmark": "au",
  "BenchmarkService/DeleteBenchmark": "au",
  "BenchmarkService/ListBenchmarks": "auvw",
  "BenchmarkService/CreateEvaluation": "auw",
  "BenchmarkService/BatchCreateEvaluations": "auw",
  "BenchmarkService/UpdateEvaluation": "au",
  "BenchmarkService/StreamEvaluations": "auw",
  "BenchmarkService/GetEvaluation": "auvw",
  "BenchmarkService/BatchGetEvaluations": "auvw",
  "BenchmarkService/DeleteEvaluation": "au",
  "BenchmarkService/CleanupEvaluations": "a",
  "BenchmarkService/ListEvaluations": "auvw",
  "BenchmarkService/ListFailureGroups": "auvw",
  "BenchmarkService/ExportEvaluations": "auvw",
  "BenchmarkService/GetBenchmarkSummary": "auvw",
  "BenchmarkService/GetMetricHistogram": "auvw",
  "BenchmarkService/CompareBenchmarks": "auvw",
  "BenchmarkService/ListComparedSamples": "auvw",
  "BenchmarkService/GetLeaderboard": "auvw",
  "BenchmarkService/GetMetricHistory": "auvw",
  "BenchmarkService/SetBaseline": "au",
  "BenchmarkService/GetBaseline": "auvw",
  "BenchmarkService/ListBaselines": "auvw",
  "BenchmarkService/ListDatasets": "auvw",
  "BenchmarkService/ListBenchmarkFieldValues": "auvw",
  "BenchmarkService/UnsetBaseline": "au",
  "BenchmarkService/WatchBenchmarks": "auvw",
  "JobService/CreateJob": "au",
  "JobService/BatchCreateJobs": "au",
  "JobService/GetJob": "auvw",
  "JobService/ListJobs": "auvw",
  "JobService/ClaimJobs": "aw",
  "JobService/CompleteJobs": "aw",
  "JobService/FailJobs": "aw",
  "JobService/ReleaseJobs": "aw",
  "JobService/UpdateJobProgress": "aw",
  "JobService/UpdateJob": "au",
  "JobService/CancelJob": "au",
  "JobService/RetryJob": "au",
  "JobService/CancelJobs": "au",
  "JobService/RetryJobs": "au",
  "JobService/DeleteJob": "au",
  "JobService/SetJobLimit": "a",
  "JobService/GetJobLimit": "auvw",
  "JobService/ListJobLimits": "auvw",
  "JobService/ListJobFieldValues": "auvw",
  "JobService/DeleteJobLimit": "a",
  "JobService/PauseJobs": "a",
  "JobService/ResumeJobs": "a",
  "JobService/ListJobPauses": "auvw",
  "JobService/ListJobLanes": "auvw",
  "JobService/ListJobFailureGroups": "auvw",
  "JobService/GetJobStats": "auvw",
  "JobService/GetQueueHistory": "auvw",
  "JobService/CleanupJobs": "a",
  "JobService/WatchJobs": "auvw",
  "WorkerService/RegisterWorker": "aw",
  "WorkerService/Heartbeat": "aw",
  "WorkerService/DrainWorker": "aw",
  "WorkerService/DeregisterWorker": "aw",
  "WorkerService/GetWorker": "auvw",
  "WorkerService/ListWorkers": "auvw",
  "WorkerService/RemoveStaleWorkers": "a",
  "WorkerService/GetClusterStats": "auvw",
  "UserService/CreateUser": "a",
  "UserService/GetUser": "auvw",
  "UserService/ListUsers": "a",
  "UserService/UpdateUser": "auvw",
  "UserService/DeleteUser": "a",
  "UserService/ChangePassword": "auvw",
  "UserService/Login": "open",
  "UserService/Logout": "auvw",
  "UserService/WhoAmI": "auvw",
  "UserService/CreateApiKey": "auvw",
  "UserService/ListApiKeys": "auvw",
  "UserService/RevokeApiKey": "auvw",
  "UserService/RotateApiKey": "auvw",
  "UserService/CreateLoginCode": "auvw",
  "AuditService/CreateAuditLog": "auw",
  "AuditService/GetAuditLog": "auvw",
  "AuditService/ListAuditLogs": "auvw",
  "AuditService/ExportAuditLogs": "a",
  "AuditService/GetAuditStatus": "a",
  "AuditService/VerifyAuditLog": "a",
  "AuditService/CleanupAuditLogs": "a",
  "SystemService/GetStats": "auvw",
  "SystemService/GetInfo": "auvw",
  "Health/Check": "open",
  "Health/List": "open",
  "Health/Watch": "open",
  "ServerReflection/ServerReflectionInfo": "open",
};

const nameOf = ({ parent, name }: DescMethod) => `${parent.name}/${name}`;

// What an empty request is not about the caller itself.
const aboutOneself: Record<string, (caller: Caller) => object> = {
  "UserService/GetUser": ({ userId }) => ({ key: { case: "id", value: userId } }),
  "UserService/UpdateUser": ({ userId }) => ({ id: userId }),
  "UserService/ChangePassword": ({ userId }) => ({ id: userId }),
};

const refusals = /^(CREDENTIAL_|ROLE_REQUIRED|SCOPE_REQUIRED|NOT_OWNER|METHOD_NOT_PERMITTED)/;

let service: RunningService;
const callers: Record<string, Caller> = {};
let revoked: Caller;
let unscoped: Caller;
beforeAll(async () => {
  const { serve, caller, db } = await bench();
  service = await serve();
  callers.a = await caller("admin");
  callers.u = await caller("user");
  callers.v = await caller("viewer");
  callers.w = await caller("worker");
  revoked = await caller("admin");
  await db.users.revokeApiKey(revoked.keyId);
  // An admin's key that only covers one scope.
  unscoped = await caller("admin", ["system:read"]);
});

/**
 * Calls the method with the least that it takes, and answers how it ended; a stream that has begun was let
 * in.
 */
async function call(
  listener: keyof typeof listeners,
  method: DescMethod,
  key: string | undefined,
  request: object = {},
): Promise<string> {
  const client = createClient(method.parent, listeners[listener](service, key)) as Record<
    string,
    (request: unknown, options: object) => unknown
  >;
  const stop = new AbortController();
  const options = { timeoutMs: 5_000, signal: stop.signal };
  async function* once() {
    yield request;
  }
  const streams = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const answer = client[method.localName]?.(streams ? once() : request, options);
  if (method.methodKind === "unary" || method.methodKind === "client_streaming")
    return outcome(answer as Promise<unknown>);
  const messages = (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const silent = new Promise((resolve) => setTimeout(resolve, 4_000));
  const ended = await outcome(Promise.race([messages.next(), silent]));
  stop.abort();
  return ended;
}

const methods = all.flatMap(({ methods }) => methods);

describe("the table", () => {
  test("has every method that is served, and no other", () => {
    const served = [
      ...provided({} as Database, loadConfig({ env: {}, cwd: import.meta.dirname })).map(
        ({ service }) => service,
      ),
      Health,
      ServerReflection,
      ServerReflectionAlpha,
    ].flatMap(({ methods }) => methods.map(({ parent, localName }) => `${parent.typeName}/${localName}`));
    expect(permittedMethods().sort()).toEqual(served.sort());
    for (const method of methods) expect(permissionOf(method), nameOf(method)).toBeDefined();
  });

  test("is what this file expects for every method", () => {
    expect(Object.keys(expected).sort()).toEqual([...new Set(methods.map(nameOf))].sort());
  });

  test("a method that it does not have lets nobody in", async () => {
    const [method] = SystemService.methods;
    const stranger = { ...method, localName: "getSecrets" } as DescMethod;
    expect(permissionOf(stranger)).toBeUndefined();
    expect(permissionOf({ ...method, localName: "constructor" } as DescMethod)).toBeUndefined();
  });

  test("uses every scope", () => {
    const used = methods.flatMap((method) => {
      const permission = permissionOf(method);
      return permission && permission !== open ? (permission.scope ?? []) : [];
    });
    expect([...new Set(used)].sort()).toEqual([...scopes].sort());
  });
});

describe.each(["gRPC", "HTTP"] as const)("on the %s listener", (listener) => {
  const reachable = methods.filter(
    ({ methodKind }) => listener === "gRPC" || methodKind !== "bidi_streaming",
  );
  test.each(reachable.map((method) => [nameOf(method), method] as const))("%s", async (name, method) => {
    const may = expected[name] ?? "-";
    const results: Record<string, string> = {};
    for (const [letter, caller] of Object.entries(callers)) {
      const request = aboutOneself[name]?.(caller);
      const ended = await call(listener, method, caller.key, request);
      results[letter] = refusals.test(ended) ? ended : "let in";
    }
    const nobody = await call(listener, method, undefined);
    const gone = await call(listener, method, revoked.key);
    const narrow = await call(listener, method, unscoped.key);
    const letIn = (letter: string) => (may === "open" || may.includes(letter) ? "let in" : "ROLE_REQUIRED");
    expect(results).toEqual(Object.fromEntries(["a", "u", "v", "w"].map((one) => [one, letIn(one)])));
    if (may === "open") {
      for (const ended of [nobody, gone, narrow]) expect(ended).not.toMatch(refusals);
      return;
    }
    expect(nobody).toBe("CREDENTIAL_MISSING");
    expect(gone).toBe("CREDENTIAL_INVALID");
    const anyKey = /Logout|WhoAmI|GetInfo|GetStats/.test(name);
    if (anyKey) expect(narrow).not.toMatch(refusals);
    else expect(narrow).toBe("SCOPE_REQUIRED");
  });
});
