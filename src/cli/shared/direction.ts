import type { Direction } from "./options.ts";
import { oneLine } from "./output.ts";

/** Words in the names of metrics of which lower values are mostly better. */
const mostlyLower =
  /(?:^|[^a-z])(?:errors?|loss(?:es)?|perplexity|ppl|nll|cross[^a-z]?entropy|brier|bits[^a-z]per[^a-z](?:byte|char|character)|bpb|wer|cer|mae|mse|rmse|failures?|latency|duration|runtime|(?:milli)?seconds|ms|costs?|toxicity|hallucinations?)(?:[^a-z]|$)/;

/** Words that turn these round, as in `error_free` and `no_error`. */
const freeOf = /(?:^|[^a-z])(?:(?:no|non|without)[^a-z]+[a-z]+|[a-z]+[^a-z]free)(?=[^a-z]|$)/g;

/**
 * Warns where higher values of a metric count as better though its name says otherwise, and nobody did.
 * @param quote shows the name
 */
export function directionWarnings(
  metric: string,
  given: Direction,
  lowerIsBetter: boolean,
  quote = oneLine,
): string[] {
  const words = metric.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  if (lowerIsBetter || given.higherIsBetter || !mostlyLower.test(words.replaceAll(freeOf, ""))) return [];
  return [
    `higher values of ${quote(metric)} count as better: say --lower-is-better if they are not, or --higher-is-better`,
  ];
}
