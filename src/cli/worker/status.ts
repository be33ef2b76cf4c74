import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type HealthStatus,
  HealthStatusSchema,
  type Worker,
  type WorkerStatus,
  WorkerStatusSchema,
} from "../../../gen/ltb/v1/worker_pb.ts";
import { wireEnum } from "../../wire/enums.ts";
import { span } from "../shared/output.ts";

const workerStatus = wireEnum<typeof WorkerStatus>(WorkerStatusSchema);
const healthStatus = wireEnum<typeof HealthStatus>(HealthStatusSchema);

/** The states of a worker by the names that people use. */
export const workerStatuses = workerStatus.values;

export function workerStatusName({ status }: Worker): string {
  return workerStatus.describe(status);
}

export function healthName({ health }: Worker): string {
  return healthStatus.describe(health);
}

/** How long ago the worker was last heard of. */
export function silence({ lastHeartbeat }: Worker): string {
  if (lastHeartbeat === undefined) return "-";
  // The clocks of the service and of this machine may differ a little.
  const ms = Math.max(0, Date.now() - timestampMs(lastHeartbeat));
  return ms < 1000 ? "now" : `${span(ms)} ago`;
}
