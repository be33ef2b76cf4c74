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
    const program = await createProgram(args);
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? exitCodes.ok);
  } catch (error) {
    if (hasCode(error, "EPIPE")) return exitCodes.ok;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok;
      // Help was asked for by leaving the command out; it is the message.
      if (error.code === "commander.help") return exitCodes.usage;
    }
    const { describeError, showError } = await import("./shared/describe-error.ts");
    showError(describeError(error), { json: args.includes("--json"), cause: error });
    return error instanceof CommanderError || error instanceof UsageError
      ? exitCodes.usage
      : exitCodes.failure;
  }
}
