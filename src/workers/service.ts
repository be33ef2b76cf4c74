import type { ServiceImpl } from "@connectrpc/connect";
import type { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { invalidField } from "../errors.ts";
import { limits } from "../limits.ts";
import { actorIdOf } from "../rpc/call/call.ts";
import { fromDuration, toDuration } from "../wire/duration.ts";
import { decodePageToken, encodePageToken, pageSize } from "../wire/paging.ts";
import { workerPosition } from "./input.ts";
import { clusterMessage, workerMessage, workerStatus } from "./messages.ts";
import type { WorkerRepository } from "./repository.ts";

const leaseBounds = { min: limits.leaseMinMs, max: limits.leaseMaxMs, expected: "1 s to 1 h" };
const silence = { min: 1, max: limits.silenceMs, expected: "more than 0 and at most 100 years" };

/** WorkerService. */
export function workerService(workers: WorkerRepository) {
  return {
    async registerWorker({ workerId, address, capacity, tags, jobTypes, metadata, version }, context) {
      const createdBy = actorIdOf(context);
      const registration = { workerId, address, capacity, tags, jobTypes, metadata, version, createdBy };
      const worker = await workers.register(registration);
      return { worker: workerMessage(worker), heartbeatInterval: toDuration(limits.heartbeatIntervalMs) };
    },

    async heartbeat({ workerId, leases: held, cpu, memory, lease }) {
      const leases = held.map(({ jobId, epoch }) => ({ jobId, epoch }));
      const leaseMs = fromDuration(lease, "lease", leaseBounds);
      const reply = await workers.heartbeat({ workerId, leases, cpu, memory, leaseMs });
      const { drain, expiresInMs } = reply;
      const expiry = expiresInMs !== null && { expiresIn: toDuration(expiresInMs) };
      return { drain, cancelled: [...reply.cancelled], lost: [...reply.lost], ...expiry };
    },

    async drainWorker({ workerId, reason }) {
      return { worker: workerMessage(await workers.drain(workerId, reason)) };
    },

    async deregisterWorker({ workerId, reason }) {
      return { jobsReleased: await workers.deregister(workerId, reason) };
    },

    async getWorker({ workerId }) {
      return { worker: workerMessage(await workers.getByWorkerId(workerId)) };
    },

    async listWorkers(request) {
      const filter = {
        status: workerStatus.parse(request.status, "status"),
        tags: request.tags,
        activeWithinMs: fromDuration(request.activeWithin, "active_within", silence),
      };
      const { items, next } = await workers.list(filter, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, workerPosition),
      });
      return { workers: items.map(workerMessage), nextPageToken: encodePageToken(next, filter) };
    },

    async removeStaleWorkers({ olderThan }) {
      const silentMs = fromDuration(olderThan, "older_than", silence);
      if (silentMs === undefined) throw invalidField("older_than", "is required");
      return workers.removeStale(silentMs / 1000);
    },

    async getClusterStats() {
      return clusterMessage(await workers.clusterStats());
    },
  } satisfies Partial<ServiceImpl<typeof WorkerService>>;
}
