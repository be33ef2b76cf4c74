import { spawn } from "node:child_process";
import { once } from "node:events";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { messageOf } from "../thrown.ts";
import type { ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { consoleUrlOf } from "./shared/console-link.ts";
import { CliError } from "./shared/errors.ts";
import { note, print, printJson } from "./shared/output.ts";

interface ConsoleOptions extends ServiceOptions {
  url?: string;
  open: boolean;
}

export function addCommand(program: Command): void {
  addServiceCommand(program, "console")
    .summary("open the web console in a browser, signed in")
    .description(
      "Opens the web console of the service in a browser, signed in by a code that the API key makes: good once, within 10 minutes. " +
        "The session ends after 12 hours, or with that key. Prints the link too.",
    )
    .option(
      "--url <url>",
      "where browsers reach the console, if not on the host of --address and the service's HTTP port: behind a proxy, or in a container",
    )
    .option("--no-open", "only print the link, which is good for any browser")
    .examples("ltb console", "ltb console --url https://bench.example.org/console/ --no-open")
    .callService(async ({ users, system }, options: ConsoleOptions) => {
      const base = options.url ?? urlOf(options, (await system.getInfo({})).consolePort);
      const { user } = await users.whoAmI({});
      // Without authentication nobody signs in.
      const made = user && (await users.createLoginCode({}));
      const url = made ? `${base}#code=${made.code}` : base;
      const expiresAt = made?.expiresAt && timestampDate(made.expiresAt).toISOString();
      if (options.json) printJson({ url, ...(expiresAt !== undefined && { expires_at: expiresAt }) });
      else print(url);
      if (made && !options.json) note("The link signs in once, within 10 minutes.");
      if (options.open) await openBrowser(url);
    });
}

function urlOf(options: ServiceOptions, port: number): string {
  if (port === 0)
    throw new CliError("this service has no console (LTB_CONSOLE=off); --url names that of another");
  return consoleUrlOf(options, port);
}

const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Opens the link by what the platform has for that. Where it has nothing, the link was printed anyway. */
async function openBrowser(url: string): Promise<void> {
  const [program, ...args] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { detached: true, stdio: "ignore" });
  try {
    await once(child, "spawn");
    child.unref();
  } catch (error) {
    note(`No browser could be opened (${messageOf(error)}): open the link in one.`);
  }
}
