import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  HealthStatus as WireHealth,
  WorkerStatus as WireStatus,
  type WorkerSchema,
} from "../../gen/ltb/v1/worker_pb.ts";
import type { GetClusterStatsResponseSchema } from "../../gen/ltb/v1/worker_service_pb.ts";
import { invalidField } from "../errors.ts";
import { fromDuration, toDuration } from "../jobs/messages.ts";
import { defined, toTimestamp } from "../wire/convert.ts";
import type { ClusterStats } from "./cluster.ts";
import type { HealthStatus, Worker, WorkerStatus } from "./rows.ts";

const statuses: Record<WorkerStatus, WireStatus> = {
  idle: WireStatus.IDLE,
  busy: WireStatus.BUSY,
  draining: WireStatus.DRAINING,
  offline: WireStatus.OFFLINE,
};

const fromWire = new Map(Object.entries(statuses).map(([status, wire]) => [wire, status as WorkerStatus]));

const healths: Record<HealthStatus, WireHealth> = {
  healthy: WireHealth.HEALTHY,
  degraded: WireHealth.DEGRADED,
  unhealthy: WireHealth.UNHEALTHY,
};

/** A status of the wire; undefined if unspecified. */
export function workerStatusOf(wire: WireStatus): WorkerStatus | undefined {
  if (wire === WireStatus.UNSPECIFIED) return undefined;
  const status = fromWire.get(wire);
  if (!status) throw invalidField("status", `must be a value of WorkerStatus, is ${wire}`);
  return status;
}

export function workerMessage(worker: Worker): MessageInitShape<typeof WorkerSchema> {
  const { version, drainReason, createdBy: _, ...same } = worker;
  return {
    ...defined(same),
    status: statuses[worker.status],
    health: healths[worker.health],
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
  const { jobs, averageDurationMs, health, checkedAt, ...same } = stats;
  return {
    ...same,
    pendingJobs: jobs.pending,
    scheduledJobs: jobs.scheduled,
    runningJobs: jobs.running,
    completedJobs: jobs.completed,
    failedJobs: jobs.failed,
    cancelledJobs: jobs.cancelled,
    ...(averageDurationMs !== null && { averageDuration: toDuration(averageDurationMs) }),
    health: health === null ? WireHealth.UNSPECIFIED : healths[health],
    checkedAt: toTimestamp(checkedAt),
  };
}

/** A `Duration` in milliseconds, within bounds; unset stays undefined. */
export function durationOf(
  duration: Duration | undefined,
  field: string,
  { min, max, expected }: { min: number; max: number; expected: string },
): number | undefined {
  const ms = fromDuration(duration, field);
  if (ms !== undefined && (ms < min || ms > max)) throw invalidField(field, `must be ${expected}`);
  return ms;
}
