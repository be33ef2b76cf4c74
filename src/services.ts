import { AuditService } from "../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../gen/ltb/v1/worker_service_pb.ts";
import { sealMethods } from "./audit/seal/service.ts";
import { auditMethods } from "./audit/service.ts";
import { benchmarkMethods } from "./benchmarks/service.ts";
import type { Config } from "./config.ts";
import { evaluationMethods } from "./evaluations/service.ts";
import { jobService } from "./jobs/service.ts";
import { type ProvidedService, provide } from "./rpc/call/handler.ts";
import type { Database } from "./storage.ts";
import { systemService } from "./system/service.ts";
import { userService } from "./users/service.ts";
import { workerService } from "./workers/service.ts";

/** The services of `ltb.v1`, for both listeners. A method without implementation answers UNIMPLEMENTED. */
export function services(database: Database, config: Config, consolePort = () => 0): ProvidedService[] {
  return [
    provide(BenchmarkService, {
      ...benchmarkMethods(database.benchmarks),
      ...evaluationMethods(database.evaluations),
    }),
    provide(JobService, jobService(database)),
    provide(WorkerService, workerService(database.workers)),
    provide(UserService, userService(database.users)),
    provide(AuditService, { ...auditMethods(database.audit), ...sealMethods(database.auditTrail) }),
    provide(SystemService, systemService(database, config, consolePort)),
  ];
}
