import { InvalidArgumentError } from "commander";
import { detectableEffect, pairedPower, pairsNeeded } from "../statistics/power.ts";
import type { Command } from "./shared/command.ts";
import { UsageError } from "./shared/errors.ts";
import { parseAlpha, parseDifference } from "./shared/evidence.ts";
import { parseWhole } from "./shared/options.ts";
import { formatNumber, print, printJson } from "./shared/output.ts";

interface Options {
  stddev: number;
  difference?: number;
  pairs?: number;
  power?: number;
  alpha: number;
  json?: boolean;
}

const DEFAULT_POWER = 0.8;

export function addCommand(program: Command): void {
  program
    .command("power")
    .summary("tell how many samples show a difference")
    .description(
      "Tells how many samples, run by both sides, show a mean difference; or which difference so many show; or, with both, how probable " +
        "it is that they do. By the two-sided paired t-test. No service is asked.",
    )
    .requiredOption(
      "--stddev <s>",
      "standard deviation of the differences between the sides; for scores of 0 and 1 about the root of the share of samples on which they disagree",
      parseDifference,
    )
    .option("--difference <d>", "the mean difference to be shown", parseDifference)
    .option("--pairs <n>", "samples that both sides have", parseWhole(2, 1e9))
    .option("--power <p>", `the probability that it is shown (default: ${DEFAULT_POWER})`, parsePower)
    .option("--alpha <p>", "the level of significance", parseAlpha, 0.05)
    .withJson()
    .examples(
      [
        "ltb power --stddev 0.45 --difference 0.02",
        "samples for two points of accuracy, where a fifth differs",
      ],
      ["ltb power --stddev 0.45 --pairs 1319", "what 1,319 samples show"],
      "ltb power --stddev 0.45 --pairs 1319 --difference 0.02",
    )
    .action(showPower);
}

function showPower({ stddev, difference, pairs, power, alpha, json = false }: Options): void {
  if (difference === undefined && pairs === undefined)
    throw new UsageError("give --difference, --pairs or both: what is left out is computed");
  if (difference !== undefined && pairs !== undefined && power !== undefined)
    throw new UsageError("--power is what --difference and --pairs make of it: leave out one of the three");
  const known = { stddev, difference, pairs, power: power ?? DEFAULT_POWER, alpha };
  if (difference === undefined) known.difference = detectableEffect(pairs ?? 2, known.power, alpha) * stddev;
  else if (pairs === undefined) known.pairs = pairsNeeded(difference / stddev, known.power, alpha);
  else known.power = pairedPower(difference / stddev, pairs, alpha);
  if (known.pairs === Number.POSITIVE_INFINITY)
    throw new UsageError(
      "--difference is too small beside --stddev: it takes more than 1,000,000,000 samples",
    );
  if (json) printJson(known);
  else
    print(
      `${known.pairs} samples show a difference of ${formatNumber(known.difference, 3)} with a probability of ${formatNumber(known.power * 100, 3)} %`,
    );
}

function parsePower(text: string): number {
  const value = Number(text);
  if (!(value > 0.05 && value < 1))
    throw new InvalidArgumentError("Expected a number above 0.05 and below 1.");
  return value;
}
