import { countCharacters } from "../text.ts";
import { finishBenchmark } from "./benchmark.ts";
import { sha256 } from "./evaluation.ts";
import { ImportError, type Place } from "./import-error.ts";
import { fieldLimits } from "./limits.ts";
import type { Source } from "./source.ts";
import type { ImportedBenchmark, ImportedEvaluation } from "./types.ts";

/** One part of a benchmark that a tool ran as several, such as a subject of MMLU. */
export interface Part {
  /** It stands before the ids of the part's samples, which each part counts anew. */
  name: string;
  benchmark: ImportedBenchmark;
}

/** What the whole is, beside what its first part says. */
type Whole = Pick<ImportedBenchmark, "key" | "name" | "dataset" | "metrics" | "results" | "metadata">;

/** Makes one benchmark of parts of the same run; its samples are theirs, one part after the other. */
export function mergeParts(
  source: Source,
  place: Place,
  whole: { [Field in keyof Whole]: Whole[Field] | undefined } & Pick<Whole, "key" | "name" | "dataset">,
  [first, ...others]: readonly [Part, ...Part[]],
): ImportedBenchmark {
  const parts = [first, ...others];
  const sum = (field: "totalIterations" | "plannedSamples") => {
    const numbers = parts.flatMap(({ benchmark }) => benchmark[field] ?? []);
    return numbers.length === parts.length ? numbers.reduce((a, b) => a + b, 0) : undefined;
  };
  const times = (field: "startedAt" | "completedAt") =>
    parts.flatMap(({ benchmark }) => benchmark[field] ?? []).sort();
  const { provider, model, labels, status } = first.benchmark;
  return finishBenchmark(source, place, {
    ...{ provider, model, labels, status },
    totalIterations: sum("totalIterations"),
    plannedSamples: sum("plannedSamples"),
    startedAt: times("startedAt")[0],
    completedAt: times("completedAt").at(-1),
    ...whole,
    evaluations: () => evaluationsOf(parts),
  });
}

async function* evaluationsOf(parts: readonly Part[]): AsyncGenerator<ImportedEvaluation | ImportError> {
  for (const { name, benchmark } of parts) {
    try {
      for await (const read of benchmark.evaluations) {
        if (read instanceof ImportError) yield read;
        else yield { ...read, sampleId: sampleIdOf(name, read.sampleId) };
      }
    } catch (error) {
      // The end of one part does not keep the others from being read.
      if (!(error instanceof ImportError)) throw error;
      yield error;
    }
  }
}

function sampleIdOf(part: string, sampleId: string): string {
  const id = `${part}/${sampleId}`;
  return countCharacters(id) <= fieldLimits.sampleIdChars ? id : `sha256:${sha256(id)}`;
}
