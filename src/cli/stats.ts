import { GetStatsResponseSchema } from "../../gen/ltb/v1/system_service_pb.ts";
import { createClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { formatFields, print, printJson, toPlain } from "./shared/output.ts";

export function addCommand(program: Command): void {
  addServiceCommand(program, "stats")
    .summary("show what the database holds")
    .description("Shows sizes and counts of the database and the state of the connection pool.")
    .examples("ltb stats", "ltb stats --json | jq .database_size_mb")
    .action(async (options: ServiceOptions) => {
      using client = createClient(options);
      const stats = toPlain(GetStatsResponseSchema, await client.system.getStats({}));
      if (options.json) return printJson(stats);
      // In MiB it is told as well.
      const { database_size_bytes: _, ...rest } = stats;
      print(formatFields(rest));
    });
}
