import { createClient } from "@connectrpc/connect";
import { AuditService } from "../../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkService } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../../gen/ltb/v1/job_service_pb.ts";
import { UserService } from "../../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../../gen/ltb/v1/worker_service_pb.ts";
import { transport } from "./transport.ts";

// For streams, and for what is done at once; what a page shows is asked by useQuery.

export const auditClient = createClient(AuditService, transport);
export const benchmarkClient = createClient(BenchmarkService, transport);
export const jobClient = createClient(JobService, transport);
export const userClient = createClient(UserService, transport);
export const workerClient = createClient(WorkerService, transport);
