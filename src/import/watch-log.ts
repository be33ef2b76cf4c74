import { plainSecret, redacted, withoutSecrets } from "../secrets.ts";
import { cutText } from "../text.ts";
import type { JsonValue } from "../validation.ts";
import { compact } from "./evaluation.ts";
import { ImportError } from "./import-error.ts";
import type { Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** Most names of metrics that a message lists. */
const MAX_NAMES = 50;

/** Samples whose scores could not be used are told one by one up to this many. */
const SHOWN_SAMPLES = 20;

/** The metrics of samples by name, each with whether it is a number; others are categories. */
type Metrics = Map<string, boolean>;

/**
 * Says that no sample has the score that the caller chose, where others could be chosen. It reads as far as
 * the first sample that has it, before anything is stored: a sample that was stored without is a conflict.
 */
export async function requireScore(
  { name, evaluations }: ImportedBenchmark,
  { file, options }: Source,
): Promise<ImportError | undefined> {
  const metrics: Metrics = new Map();
  let isWhole = false;
  try {
    for await (const read of evaluations) {
      if (read instanceof ImportError) continue;
      if (read.score !== undefined) return undefined;
      addMetrics(metrics, read);
      isWhole ||= read.error === undefined;
    }
  } catch (error) {
    // Reading the evaluations to store them meets the same error.
    if (!(error instanceof ImportError)) throw error;
  }
  if (metrics.size === 0 && !isWhole) return undefined;
  return new ImportError({ file }, `no sample of ${name} has the score ${options.score}; ${listOf(metrics)}`);
}

/** Replaces what looks like a secret, and notes what would be lost without a word. */
export function watchLog(
  benchmark: ImportedBenchmark,
  { options }: Source,
  { isScorable }: { isScorable: boolean },
): ImportedBenchmark {
  let secrets = 0;
  const hide = <T extends JsonValue>(value: T | undefined): T | undefined =>
    value === undefined || options.keepSecrets ? value : withoutSecrets(value, plainSecret, () => secrets++);
  const { name, provider, model, description, error, metadata, results } = benchmark;
  const about = {
    name: hide(name) ?? name,
    provider: hide(provider) ?? provider,
    model: hide(model) ?? model,
    ...{
      description: hide(description),
      error: hide(error),
      metadata: hide(metadata),
      results: hide(results),
    },
  };
  const secretsAbout = secrets;
  async function* evaluations(): AsyncGenerator<ImportedEvaluation | ImportError> {
    const metrics: Metrics = new Map();
    const samples = { all: 0, scored: 0, without: 0, unusable: 0 };
    const unusable: string[] = [];
    secrets = secretsAbout;
    try {
      for await (const read of benchmark.evaluations) {
        if (read instanceof ImportError) yield read;
        else {
          samples.all++;
          if (read.score !== undefined) samples.scored++;
          else if (read.error === undefined) samples.without++;
          if (samples.scored === 0) addMetrics(metrics, read);
          const { unusable: faults = [], ...kept } = read;
          if (faults.length > 0 && ++samples.unusable <= SHOWN_SAMPLES)
            unusable.push(`sample ${read.sampleId}: ${cutText(faults.join(", "), 500)}`);
          const { error, metadata, provider, model } = read;
          const hidden = { error: hide(error), metadata: hide(metadata) };
          const named = { provider: hide(provider), model: hide(model) };
          yield compact<ImportedEvaluation>({ ...kept, ...hidden, ...named });
        }
      }
    } finally {
      const { all, scored, without } = samples;
      if (isScorable && scored === 0 && metrics.size > 0)
        options.onNote?.(`no sample has a score; ${listOf(metrics)}`);
      if (isScorable && scored > 0 && without > 0)
        options.onNote?.(`${without} of ${all} samples have neither a score nor an error`);
      if (unusable.length > 0)
        options.onNote?.(
          `${samples.unusable} of ${all} samples have scores that are neither a number nor a category, and are no metrics`,
        );
      for (const told of unusable) options.onNote?.(told);
      const more = samples.unusable - unusable.length;
      if (more > 0) options.onNote?.(`… ${more} more samples with such scores`);
      const what = secrets === 1 ? "1 secret was" : `${secrets} secrets were`;
      if (secrets > 0) options.onNote?.(`${what} replaced by ${redacted}; --keep-secrets keeps them`);
    }
  }
  return compact<ImportedBenchmark>({
    ...benchmark,
    ...about,
    evaluations: { [Symbol.asyncIterator]: evaluations },
  });
}

function addMetrics(known: Metrics, { metrics = {} }: ImportedEvaluation): void {
  for (const [name, value] of Object.entries(metrics))
    if (known.size < MAX_NAMES) known.set(name, known.get(name) || typeof value !== "string");
}

function listOf(metrics: Metrics): string {
  const named = (isNumber: boolean) => [...metrics].filter(([, is]) => is === isNumber).map(([name]) => name);
  const [numbers, categories] = [named(true), named(false)];
  const scores = numbers.length > 0 ? `it has ${numbers.join(", ")}` : "it has none that is a number";
  return categories.length > 0 ? `${scores}; of categories ${categories.join(", ")}` : scores;
}
