import { GetInfoResponseSchema } from "../../gen/ltb/v1/system_service_pb.ts";
import { createClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { formatFields, print, printJson, toPlain } from "./shared/output.ts";

export function addCommand(program: Command): void {
  addServiceCommand(program, "info")
    .summary("show version, features and limits")
    .description("Shows the version, features and limits of the service.")
    .examples("ltb info", "ltb info --json | jq .limits.max_message_bytes")
    .action(async (options: ServiceOptions) => {
      using client = createClient(options);
      const info = toPlain(GetInfoResponseSchema, await client.system.getInfo({}));
      if (options.json) printJson(info);
      else print(formatFields(info));
    });
}
