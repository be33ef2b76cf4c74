import type { DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import type { UserRole } from "../principal.ts";
import type { Scope } from "../users/scopes.ts";
import type { OwnerRule } from "./rules.ts";
import * as own from "./rules.ts";

/** The permission to call a method. */
export interface Permission<Request = never> {
  /** The roles that may call the method, besides admin, which may call every method. */
  readonly roles: readonly UserRole[];
  /** The scope that a limited key needs; undefined: any key may call. */
  readonly scope: Scope | undefined;
  /** The rule on what the request of a caller who is not admin may concern. */
  readonly rule?: OwnerRule<Request> | undefined;
  /** True for calls that wait for an event; they do not count as calls in progress. */
  readonly waits?: boolean;
}

/** A method that needs no credential. */
export const open = "open";

type Table<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]:
    | Permission<MessageShape<Service["method"][Name]["input"]>>
    | typeof open;
};

const everyone: readonly UserRole[] = ["user", "viewer", "worker"];
const admins: readonly UserRole[] = [];

function allow<Request>(
  scope: Scope | undefined,
  roles: readonly UserRole[],
  rule?: OwnerRule<Request>,
  { waits = false } = {},
): Permission<Request> {
  return { scope, roles, rule, waits };
}

const benchmarks: Table<typeof BenchmarkService> = {
  createBenchmark: allow("benchmarks:write", ["user"]),
  getBenchmark: allow("benchmarks:read", everyone),
  updateBenchmark: allow("benchmarks:write", ["user"], own.benchmark),
  deleteBenchmark: allow("benchmarks:write", ["user"], own.benchmark),
  listBenchmarks: allow("benchmarks:read", everyone),
  createEvaluation: allow("evaluations:write", ["user", "worker"], own.evaluationsBenchmark),
  batchCreateEvaluations: allow("evaluations:write", ["user", "worker"], own.evaluationsBenchmarks),
  updateEvaluation: allow("evaluations:write", ["user"], own.evaluation),
  streamEvaluations: allow("evaluations:write", ["user", "worker"], own.evaluationsBenchmarks),
  getEvaluation: allow("benchmarks:read", everyone),
  batchGetEvaluations: allow("benchmarks:read", everyone),
  deleteEvaluation: allow("evaluations:write", ["user"], own.evaluation),
  cleanupEvaluations: allow("evaluations:write", admins),
  listEvaluations: allow("benchmarks:read", everyone),
  listFailureGroups: allow("benchmarks:read", everyone),
  exportEvaluations: allow("benchmarks:read", everyone),
  getBenchmarkSummary: allow("benchmarks:read", everyone),
  getMetricHistogram: allow("benchmarks:read", everyone),
  compareBenchmarks: allow("benchmarks:read", everyone),
  listComparedSamples: allow("benchmarks:read", everyone),
  getLeaderboard: allow("benchmarks:read", everyone),
  getMetricHistory: allow("benchmarks:read", everyone),
  setBaseline: allow("benchmarks:write", ["user"], own.newBaseline),
  getBaseline: allow("benchmarks:read", everyone),
  listBaselines: allow("benchmarks:read", everyone),
  listDatasets: allow("benchmarks:read", everyone),
  listBenchmarkFieldValues: allow("benchmarks:read", everyone),
  unsetBaseline: allow("benchmarks:write", ["user"], own.baseline),
  watchBenchmarks: allow("benchmarks:read", everyone, undefined, { waits: true }),
};

const jobs: Table<typeof JobService> = {
  createJob: allow("jobs:write", ["user"], own.jobsBenchmark),
  batchCreateJobs: allow("jobs:write", ["user"], own.jobsBenchmarks),
  getJob: allow("jobs:read", everyone),
  listJobs: allow("jobs:read", everyone),
  claimJobs: allow("jobs:work", ["worker"], own.worker, { waits: true }),
  completeJobs: allow("jobs:work", ["worker"], own.worker),
  failJobs: allow("jobs:work", ["worker"], own.worker),
  releaseJobs: allow("jobs:work", ["worker"], own.worker),
  updateJobProgress: allow("jobs:work", ["worker"], own.worker),
  updateJob: allow("jobs:write", ["user"], own.job),
  cancelJob: allow("jobs:write", ["user"], own.job),
  retryJob: allow("jobs:write", ["user"], own.job),
  // The handlers leave out the jobs of other users.
  cancelJobs: allow("jobs:write", ["user"]),
  retryJobs: allow("jobs:write", ["user"]),
  deleteJob: allow("jobs:write", ["user"], own.job),
  setJobLimit: allow("queue:write", admins),
  getJobLimit: allow("jobs:read", everyone),
  listJobLimits: allow("jobs:read", everyone),
  listJobFieldValues: allow("jobs:read", everyone),
  deleteJobLimit: allow("queue:write", admins),
  pauseJobs: allow("queue:write", admins),
  resumeJobs: allow("queue:write", admins),
  listJobPauses: allow("jobs:read", everyone),
  listJobLanes: allow("jobs:read", everyone),
  listJobFailureGroups: allow("jobs:read", everyone),
  getJobStats: allow("jobs:read", everyone),
  getQueueHistory: allow("jobs:read", everyone),
  cleanupJobs: allow("queue:write", admins),
  watchJobs: allow("jobs:read", everyone, undefined, { waits: true }),
};

const workers: Table<typeof WorkerService> = {
  registerWorker: allow("jobs:work", ["worker"], own.registration),
  heartbeat: allow("jobs:work", ["worker"], own.worker),
  drainWorker: allow("workers:write", ["worker"], own.worker),
  deregisterWorker: allow("jobs:work", ["worker"], own.worker),
  getWorker: allow("workers:read", everyone),
  listWorkers: allow("workers:read", everyone),
  removeStaleWorkers: allow("workers:write", admins),
  getClusterStats: allow("workers:read", everyone),
};

const users: Table<typeof UserService> = {
  createUser: allow("users:write", admins),
  getUser: allow("users:read", everyone, own.userByKey),
  listUsers: allow("users:read", admins),
  updateUser: allow("users:write", everyone, own.userRecord),
  deleteUser: allow("users:write", admins),
  changePassword: allow("users:write", everyone, own.user),
  login: open,
  logout: allow(undefined, everyone),
  whoAmI: allow(undefined, everyone),
  createApiKey: allow("keys:write", everyone, own.keysUser),
  listApiKeys: allow("keys:read", everyone, own.keysUser),
  revokeApiKey: allow("keys:write", everyone, own.apiKey),
  createLoginCode: allow("keys:write", everyone),
  rotateApiKey: allow("keys:write", everyone, own.apiKey),
};

const audit: Table<typeof AuditService> = {
  createAuditLog: allow("audit:write", ["user", "worker"], own.auditEntriesUser),
  getAuditLog: allow("audit:read", everyone, own.auditEntry),
  listAuditLogs: allow("audit:read", everyone, own.auditEntriesList),
  exportAuditLogs: allow("audit:read", admins),
  getAuditStatus: allow("audit:read", admins),
  verifyAuditLog: allow("audit:read", admins),
  cleanupAuditLogs: allow("audit:write", admins),
};

const system: Table<typeof SystemService> = {
  getStats: allow("system:read", everyone),
  getInfo: allow(undefined, everyone),
};

const health: Table<typeof Health> = { check: open, list: open, watch: open };

const reflection = { serverReflectionInfo: open } satisfies Table<typeof ServerReflection>;

const tables = new Map<string, Readonly<Record<string, Permission | typeof open>>>([
  [BenchmarkService.typeName, benchmarks],
  [JobService.typeName, jobs],
  [WorkerService.typeName, workers],
  [UserService.typeName, users],
  [AuditService.typeName, audit],
  [SystemService.typeName, system],
  [Health.typeName, health],
  [ServerReflection.typeName, reflection],
  [Alpha.typeName, reflection],
]);

/** Returns who may call the method; undefined if it is not in the table, so that nobody may. */
export function permissionOf({ parent, localName }: DescMethod): Permission | typeof open | undefined {
  const table = tables.get(parent.typeName);
  return table && Object.hasOwn(table, localName) ? table[localName] : undefined;
}

/** Lists every entry of the table as `package.Service/localName`, for comparison with the services. */
export function permittedMethods(): string[] {
  return [...tables].flatMap(([service, table]) => Object.keys(table).map((name) => `${service}/${name}`));
}
