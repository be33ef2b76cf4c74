import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { duration } from "../shared/options.ts";
import { printSecret } from "./print.ts";

interface Options extends ServiceOptions {
  overlap: number;
}

export function addCommand(key: Command): void {
  withServiceOptions(key.command("rotate"))
    .description("Makes a new API key in place of another and prints it, once, on standard output.")
    .argument("<id>", "id of the old key, as ltb key list shows it")
    .option(
      "--overlap <duration>",
      "how long the old key works on, up to 30d; 0: it ends at once",
      duration,
      0,
    )
    .addHelpText("after", examples(["ltb key rotate 01890a5d-ac96-774b-bcce-b302099a8057 --overlap 1d", ""]))
    .action(async (id: string, options: Options) => {
      using client = createClient(options);
      const overlap = durationFromMs(options.overlap);
      const { apiKey, secret } = await client.users.rotateApiKey({ id, overlap });
      printSecret(apiKey, secret, options);
    });
}
