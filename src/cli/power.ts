import { InvalidArgumentError, Option } from "commander";
import { noWorsePairsNeeded, noWorsePower } from "../statistics/margin-power.ts";
import { detectableEffect, pairedPower, pairsNeeded } from "../statistics/power.ts";
import type { Command } from "./shared/command.ts";
import { parseRange } from "./shared/coverage.ts";
import { UsageError } from "./shared/errors.ts";
import { parseAlpha, parseDifference, parseWhole } from "./shared/options.ts";
import { formatNumber, print, printJson } from "./shared/output.ts";

interface Options {
  stddev: number;
  difference?: number;
  margin?: number;
  range?: ReturnType<typeof parseRange>;
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
        "it is that they do, by the two-sided paired t-test; McNemar's, which verdicts on scores of 0 and 1 go by, takes up to an eighth more. With a margin it is told how many show that a side which is as good is no " +
        "worse by it, by the test of ltb compare --margin. No service is asked.",
    )
    .requiredOption(
      "--stddev <s>",
      "standard deviation of the differences between the sides; for scores of 0 and 1 about the root of the share of samples on which they disagree",
      parseDifference,
    )
    .option("--difference <d>", "the mean difference to be shown", parseDifference)
    .addOption(
      new Option(
        "--margin <m>",
        "instead of a difference: the largest by which a side may be worse, to show that it is not",
      )
        .argParser(parseDifference)
        .conflicts("difference"),
    )
    .option("--range <low:high>", "with --margin: the least and the greatest value of the metric", parseRange)
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
      ["ltb power --stddev 0.2 --margin 0.02 --range 0:1", "samples for a gate that asks for evidence"],
    )
    .action(show);
}

function show(options: Options): void {
  const { margin, power, alpha } = options;
  if (power !== undefined && power <= alpha)
    throw new UsageError(
      "--power must be above --alpha, the probability with which chance shows a difference",
    );
  if (margin !== undefined) showMargin({ ...options, margin });
  else showPower(options);
}

function showPower({ stddev, difference, range, pairs, power, alpha, json = false }: Options): void {
  if (range !== undefined) throw new UsageError("--range needs --margin");
  if (difference === undefined && pairs === undefined)
    throw new UsageError("give --difference, --pairs or both: what is left out is computed");
  if (difference !== undefined && pairs !== undefined && power !== undefined)
    throw new UsageError("--power is what --difference and --pairs make of it: leave out one of the three");
  const known = { stddev, difference, pairs, power: power ?? DEFAULT_POWER, alpha };
  if (difference === undefined) known.difference = detectableEffect(pairs ?? 2, known.power, alpha) * stddev;
  else if (pairs === undefined) known.pairs = pairsNeeded(difference / stddev, known.power, alpha);
  else known.power = pairedPower(difference / stddev, pairs, alpha);
  if (known.pairs === Number.POSITIVE_INFINITY) throw new UsageError(tooSmall("--difference"));
  if (json) printJson(known);
  else
    print(
      `${known.pairs} samples show a difference of ${formatNumber(known.difference, 3)} with a probability of ${formatNumber(known.power * 100, 3)} %`,
    );
}

const tooSmall = (option: string) =>
  `${option} is too small beside --stddev: it takes more than 1,000,000,000 samples`;

function showMargin({ range, pairs, power, json, ...given }: Options & { margin: number }): void {
  const { stddev, margin, alpha } = given;
  if (pairs !== undefined && power !== undefined)
    throw new UsageError("--power is what --margin and --pairs make of it: leave out one of the three");
  const { rangeLow = Number.NaN, rangeHigh = Number.NaN } = range ?? {};
  const most = range && rangeHigh - rangeLow;
  if (most !== undefined && !(most > margin))
    throw new UsageError("--range needs two ends that are further apart than --margin");
  const plan = { stddev, margin, most, alpha };
  const known = {
    ...{ stddev, margin, range_low: range?.rangeLow, range_high: range?.rangeHigh, alpha },
    pairs: pairs ?? noWorsePairsNeeded(plan, power ?? DEFAULT_POWER),
    power: pairs === undefined ? (power ?? DEFAULT_POWER) : noWorsePower(plan, pairs),
  };
  if (known.pairs === Number.POSITIVE_INFINITY) throw new UsageError(tooSmall("--margin"));
  if (json) printJson(known);
  else
    print(
      `${known.pairs} samples show with a probability of ${formatNumber(known.power * 100, 3)} % that a side which is as good is no worse by ${margin}`,
    );
}

function parsePower(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected a number above 0 and below 1.");
  return value;
}
