import { createClient, type Transport } from "@connectrpc/connect";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";

/** Every service of `ltb.v1`. */
export const ltbServices = [
  BenchmarkService,
  JobService,
  WorkerService,
  UserService,
  AuditService,
  SystemService,
] as const;

/** A client of each service. They throw `ConnectError`. */
export function clientsOf(transport: Transport) {
  return {
    benchmarks: createClient(BenchmarkService, transport),
    jobs: createClient(JobService, transport),
    workers: createClient(WorkerService, transport),
    users: createClient(UserService, transport),
    audit: createClient(AuditService, transport),
    system: createClient(SystemService, transport),
  };
}

export type Clients = ReturnType<typeof clientsOf>;
