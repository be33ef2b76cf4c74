import type { DescService } from "@bufbuild/protobuf";
import { AuditService } from "../../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../../gen/ltb/v1/worker_service_pb.ts";

const all: readonly DescService[] = [
  BenchmarkService,
  JobService,
  WorkerService,
  UserService,
  AuditService,
  SystemService,
];

/** The service of this name, without its package. */
export function named(name: string): DescService {
  const found = all.find((service) => service.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}
