import type { Direction } from "./options.ts";
import { oneLine } from "./output.ts";

const oneOf = (words: string) => `(?:${words.trim().split(/\s+/).join("|")})`;

const errors = oneOf(
  `errors? mistakes? failures? crash(?:es)? timeouts? violations? toxicity hallucinations? regret
  fpr fnr false.(?:positives?|negatives?) misclassifications? invalid brier ece wer cer ter mae medae mse rmse rmsle mape smape crps fid`,
);
const losses = oneOf(
  `loss(?:es)? logloss perplexit(?:y|ies) ppl nll surprisal cross.?entropy divergences? kl kld jsd
  distances? levenshtein neg(?:ative)?.log.?likelihood bits.per.(?:byte|char|character|token|word) bpb bpc bpt bpw`,
);
const costs = oneOf(
  `latenc(?:y|ies) durations? runtime elapsed delays? ttft tpot overhead (?<!per.)(?:costs?|prices?|usd)
  (?:(?:num|total|prompt|completion|input|output|reasoning).)+tokens(?!.per)
  (?<!per.)(?<!uptime.)(?:(?:milli|micro|nano)?seconds|secs)`,
);
/** A unit, which says nothing where a name begins with it, as `ms_marco` does, nor of `tokens_per_ms`. */
const units = "(?<!per )(?:ms|secs?|(?:milli|micro|nano)seconds?)(?= per | \\/|$)";
/** Not what came in time, nor how many times. */
const times = `(?<!(?<![^ ])(?:on|in|up|first) )times?(?= (?:to|per|taken|s|${oneOf("ms secs? seconds")})(?: |$)| \\/|$)`;

/** Words in the names of metrics of which lower values are mostly better. */
const mostlyLower = new RegExp(`(?<![^ ])(?:${[errors, losses, costs, units, times].join("|")})(?![^ ])`);

/**
 * Words that turn these round, as in `error_free` and `no_error`; and in scikit-learn's
 * `neg_mean_squared_error`.
 */
const freeOf =
  /(?<![^ ])(?:(?:no|non|without) [a-z\d]+|[a-z\d]+ free|neg(?:ative)? (?:[a-z\d]+ )*?(?:error|loss|distance|score|perplexity|rmse|mse|mae))(?![^ ])/g;

/** What a name ends with that is of something else than it speaks of, as in `error_detection_f1/test`. */
const mostlyHigher =
  /(?<![^ ])(?:acc|accuracy|f\d|recall|precision|auc|auroc|auprc|correlation|similarity|reduction|savings?|saved|(?:detection|recovery|handling|efficiency)(?: (?:score|rate))?|(?:latency|cost|time) score)(?= \/|$)/;

/** The words of a name in small letters, with a slash where it has a slash, dot or colon. */
const wordsOf = (name: string) =>
  name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .replaceAll(/[/.:]+/g, " / ")
    .replaceAll(/[^\p{L}\d/]+/gu, " ")
    .trim();

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
  const words = wordsOf(metric);
  const saysLower = mostlyLower.test(words.replaceAll(freeOf, "")) && !mostlyHigher.test(words);
  if (lowerIsBetter || given.higherIsBetter || !saysLower) return [];
  return [
    `higher values of ${quote(metric)} count as better: say --lower-is-better if they are not, or --higher-is-better`,
  ];
}
