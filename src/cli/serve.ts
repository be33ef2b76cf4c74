import { once } from "node:events";
import { makePrintable } from "../text.ts";
import { writeBanner } from "./shared/banner.ts";
import type { Command } from "./shared/command.ts";
import { CliError, exitCodes } from "./shared/errors.ts";
import { stopOnSignal } from "./shared/stop-on-signal.ts";

export function addCommand(program: Command): void {
  program
    .command("serve")
    .summary("run the service")
    .description(
      "Runs the service until Ctrl-C or SIGTERM: gRPC on LTB_GRPC_ADDRESS (127.0.0.1:50052); Connect, gRPC-Web and JSON on " +
        "LTB_HTTP_ADDRESS (127.0.0.1:50053). The database is an embedded PostgreSQL in LTB_DATA_DIR (.ltb), or the one that " +
        "DATABASE_URL or DATABASE_HOST names. Settings come from the environment, .env and a JSON file, in this order. " +
        "Logs go to stderr: lines for people on a terminal, else JSON (LTB_LOG_FORMAT).",
    )
    .option("--config <file>", "JSON file with settings by the names of the environment (LTB_CONFIG_FILE)")
    .examples(
      ["ltb serve", "with its own database"],
      ["LTB_DATA_DIR=/srv/ltb ltb serve", "elsewhere"],
      ["DATABASE_URL=postgres://… ltb serve", "on a PostgreSQL of yours, 12 or newer"],
      ["LTB_LOG_LEVEL=warn ltb serve", "without a line for each request"],
      ["LTB_LOG_FORMAT=json ltb serve", "also on a terminal"],
    )
    .action(serveUntilStopped);
}

async function serveUntilStopped({ config: file }: { config?: string }): Promise<void> {
  const startedAt = performance.now();
  // The service outlives whoever read the first lines of it (`ltb serve | head`), unlike other commands.
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners("error").on("error", () => undefined);
  const { loadConfig } = await import("../config.ts");
  const { createLogger, openOutput } = await import("../log.ts");
  const { serve } = await import("../serve.ts");
  const config = loadConfig(file === undefined ? {} : { file });
  const log = createLogger(config.logLevel, openOutput(2, config.logFormat));
  const stop = stopOnSignal({
    first: (signal) =>
      log.info(`${signal}: finishing the calls in flight, then stopping; once more to stop at once`),
    // PostgreSQL recovers at the next start.
    again: (signal) => log.warn(`${signal} again: stopping at once`),
  });
  try {
    const service = await serve(config, { log, signal: stop });
    const startMs = performance.now() - startedAt;
    // Where only a person sees it, the console's link signs in. A failure to make it is no failure to serve.
    const code =
      process.stdout.isTTY && service.console ? await service.makeLoginCode().catch(noCode) : undefined;
    const banner = writeBanner(service, startMs, { terminal: process.stdout.isTTY, code });
    // As the log, it waits for no reader.
    openOutput(1).write(makePrintable(banner));
    const cause = await Promise.race([service.databaseGone, aborted(stop)]);
    if (cause !== undefined) log.fatal(`the embedded PostgreSQL has ended by itself (${cause}); stopping`);
    await service.stop();
    log.info("stopped");
    if (cause !== undefined)
      throw new CliError(
        `the embedded PostgreSQL has ended by itself (${cause}); data and log: ${service.database}`,
        { code: "UNAVAILABLE" },
      );
  } catch (error) {
    if (!stop.aborted || error !== stop.reason) throw error;
    // A start that was given up on request is no failure. What still waits for the database would keep the
    // process.
    log.info("stopped");
    process.exit(exitCodes.ok);
  }
}

const noCode = () => undefined;

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, "abort");
}
