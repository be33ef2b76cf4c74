import { CommanderError } from "commander";
import { hasCode } from "../thrown.ts";
import { createProgram } from "./program.ts";
import { exitCodes, UsageError } from "./shared/errors.ts";

/**
 * Runs the command line.
 * @param args what follows the program's name
 * @returns the exit code: 0, 1 for a failure, 2 for wrong usage
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    // `ltb help job submit` is `ltb job submit --help`; of a command that does not exist there is none.
    const topic = args[0] === "help" ? args.slice(1) : undefined;
    const program = await createProgram(topic ?? args);
    const isKnown = topic?.length === 0 || program.commands.some((command) => command.name() === topic?.[0]);
    await program.parseAsync(topic && isKnown ? [...topic, "--help"] : (topic ?? args), { from: "user" });
    return Number(process.exitCode ?? exitCodes.ok);
  } catch (error) {
    if (hasCode(error, "EPIPE")) return exitCodes.ok;
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    const { describeError, showError } = await import("./shared/describe-error.ts");
    showError(describeError(error), { json: args.includes("--json"), cause: error });
    return error instanceof CommanderError || error instanceof UsageError
      ? exitCodes.usage
      : exitCodes.failure;
  }
}
