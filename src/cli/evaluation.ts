import type { Command } from "commander";
import { listCommand } from "./evaluation/list.ts";

export function evaluationCommand(program: Command): void {
  const evaluation = program
    .command("evaluation")
    .summary("list or search evaluations")
    .description("Lists and searches the evaluations of a benchmark.");
  listCommand(evaluation);
}
