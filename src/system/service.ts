import type { ServiceImpl } from "@connectrpc/connect";
import type { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import type { Pool } from "../database/connection/pool.ts";
import type { DatabaseStats } from "../database/statistics.ts";
import { limits } from "../limits.ts";
import { scopes } from "../users/scopes.ts";
import { version } from "../version.ts";
import { toDuration } from "../wire/duration.ts";

interface MeasuredStore {
  stats(): Promise<DatabaseStats>;
  poolStats(): ReturnType<Pool["stats"]>;
}

/**
 * SystemService: what this server is and what its database holds.
 * @param consolePort the port that serves the web console; 0: none
 */
export function systemService(
  store: MeasuredStore,
  { maxMessageBytes }: { maxMessageBytes: number },
  consolePort: () => number,
) {
  const startedAt = Date.now();
  return {
    async getStats() {
      const { databaseSizeBytes, databaseSizeMb, serverVersion, schemaVersion, ...counts } =
        await store.stats();
      const { size, used, idle, waiting } = store.poolStats();
      return {
        databaseSizeBytes: BigInt(databaseSizeBytes),
        databaseSizeMb,
        benchmarkCount: BigInt(counts.benchmarkCount),
        evaluationCount: BigInt(counts.evaluationCount),
        jobCount: BigInt(counts.jobCount),
        workerCount: BigInt(counts.workerCount),
        userCount: BigInt(counts.userCount),
        auditLogCount: BigInt(counts.auditLogCount),
        serverVersion,
        schemaVersion,
        pool: { size, open: used + idle, idle, waiting },
        uptime: toDuration(Date.now() - startedAt),
      };
    },

    getInfo() {
      return {
        version,
        apiVersion: "ltb.v1",
        scopes: [...scopes],
        consolePort: consolePort(),
        limits: {
          defaultPageSize: limits.pageSizeDefault,
          maxPageSize: limits.pageSizeMax,
          maxBatchSize: limits.batchItems,
          maxMessageBytes,
          maxJsonBytes: limits.jsonBytes,
          maxTextBytes: limits.evaluationTextBytes,
          requestIdRetention: toDuration(limits.requestIdHours * 3_600_000),
        },
      };
    },
  } satisfies ServiceImpl<typeof SystemService>;
}
