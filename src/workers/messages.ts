import type { MessageInitShape } from "@bufbuild/protobuf";
import * as pb from "../../gen/ltb/v1/worker_pb.ts";
import type { GetClusterStatsResponseSchema } from "../../gen/ltb/v1/worker_service_pb.ts";
import { omitNulls, toTimestamp } from "../wire/convert.ts";
import { toDuration } from "../wire/duration.ts";
import { wireEnum } from "../wire/enums.ts";
import type { ClusterStats } from "./cluster.ts";
import type { Worker } from "./rows.ts";

export const workerStatus = wireEnum<typeof pb.WorkerStatus>(pb.WorkerStatusSchema);
const health = wireEnum<typeof pb.HealthStatus>(pb.HealthStatusSchema);

export function workerMessage(worker: Worker): MessageInitShape<typeof pb.WorkerSchema> {
  const { version, drainReason, createdBy: _, ...same } = worker;
  return {
    ...omitNulls(same),
    status: workerStatus.values[worker.status],
    health: health.values[worker.health],
    completedTasks: BigInt(worker.completedTasks),
    failedTasks: BigInt(worker.failedTasks),
    version: version ?? "",
    drainReason: drainReason ?? "",
    lastHeartbeat: toTimestamp(worker.lastHeartbeat),
    registeredAt: toTimestamp(worker.registeredAt),
    updatedAt: toTimestamp(worker.updatedAt),
  };
}

export function clusterMessage(stats: ClusterStats): MessageInitShape<typeof GetClusterStatsResponseSchema> {
  const { jobs, averageDurationMs, checkedAt, ...same } = stats;
  return {
    ...same,
    pendingJobs: jobs.pending,
    scheduledJobs: jobs.scheduled,
    runningJobs: jobs.running,
    completedJobs: jobs.completed,
    failedJobs: jobs.failed,
    cancelledJobs: jobs.cancelled,
    ...(averageDurationMs !== null && { averageDuration: toDuration(averageDurationMs) }),
    health: stats.health === null ? pb.HealthStatus.UNSPECIFIED : health.values[stats.health],
    checkedAt: toTimestamp(checkedAt),
  };
}
