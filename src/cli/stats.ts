import { GetStatsResponseSchema } from "../../gen/ltb/v1/system_service_pb.ts";
import type { ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { printFields } from "./shared/output.ts";

export function addCommand(program: Command): void {
  addServiceCommand(program, "stats")
    .summary("show what the database holds")
    .description("Shows sizes and counts of the database and the state of the connection pool.")
    .examples("ltb stats", "ltb stats --json | jq .database_size_mb")
    .callService(async ({ system }, options: ServiceOptions) => {
      // In MiB the size is told as well.
      const words = { database_size_bytes: null };
      printFields(GetStatsResponseSchema, await system.getStats({}), options, words);
    });
}
