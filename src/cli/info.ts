import { GetInfoResponseSchema } from "../../gen/ltb/v1/system_service_pb.ts";
import type { ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { printFields } from "./shared/output.ts";

export function addCommand(program: Command): void {
  addServiceCommand(program, "info")
    .summary("show version, features and limits")
    .description("Shows the version, features and limits of the service.")
    .examples("ltb info", "ltb info --json | jq .limits.max_message_bytes")
    .callService(async ({ system }, options: ServiceOptions) =>
      printFields(GetInfoResponseSchema, await system.getInfo({}), options),
    );
}
