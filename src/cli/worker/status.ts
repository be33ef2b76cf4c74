import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  HealthStatusSchema,
  type Worker,
  WorkerStatus,
  WorkerStatusSchema,
} from "../../../gen/ltb/v1/worker_pb.ts";
import { span } from "../shared/output.ts";

/** The states of a worker by the names that people use. */
export const workerStatuses = {
  idle: WorkerStatus.IDLE,
  busy: WorkerStatus.BUSY,
  draining: WorkerStatus.DRAINING,
  offline: WorkerStatus.OFFLINE,
} as const;

export function workerStatusName({ status }: Worker): string {
  return WorkerStatusSchema.value[status]?.localName.toLowerCase() ?? String(status);
}

export function healthName({ health }: Worker): string {
  return HealthStatusSchema.value[health]?.localName.toLowerCase() ?? String(health);
}

/** How long ago the worker was last heard of. */
export function silence({ lastHeartbeat }: Worker): string {
  if (lastHeartbeat === undefined) return "-";
  // The clocks of the service and of this machine may differ a little.
  const ms = Math.max(0, Date.now() - timestampMs(lastHeartbeat));
  return ms < 1000 ? "now" : `${span(ms)} ago`;
}
