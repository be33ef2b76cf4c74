import {
  type MetricSummary,
  type Reducer,
  ReducerSchema,
  type Repetitions,
} from "../../../gen/ltb/v1/benchmark_pb.ts";
import { wireEnum } from "../../wire/enums.ts";
import { given } from "./options.ts";
import { formatNumber } from "./output.ts";

const wireReducer = wireEnum<typeof Reducer>(ReducerSchema);

/** The reducers by the names that people use. */
export const reducerNames = Object.keys(wireReducer.values);

/** Options of a command that makes one value of the repetitions of a sample. */
export interface Reducing {
  reducer?: keyof typeof wireReducer.values;
  k?: number;
}

/** The fields of a request that say how repetitions become one value. */
export function reducerOf({ reducer, k }: Reducing) {
  return given({ reducer: reducer && wireReducer.values[reducer], k });
}

/** The name of a reducer in JSON. */
export const wireName = (reducer: Reducer) => ReducerSchema.value[reducer]?.name ?? String(reducer);

/** "mean", or "pass_at_k with k = 3". */
export function reducerText({ reducer, k }: { reducer: Reducer; k: number }): string {
  return k > 0 ? `${wireReducer.describe(reducer)} with k = ${k}` : wireReducer.describe(reducer);
}

/** "5", or "3–5". */
export function rangeText({ least, most }: Pick<Repetitions, "least" | "most">): string {
  return least === most ? String(most) : `${least}–${most}`;
}

export const agreementText = ({ agreement }: { agreement?: number | undefined }) =>
  agreement === undefined ? "-" : `${formatNumber(100 * agreement, 3)} %`;

export const repetitionColumns = [
  "metric",
  ">samples",
  ">without a value",
  ">values",
  ">repetitions",
  ">lacking some",
  ">all the same",
];

/** What of the figures of a summary is of samples, where there are repetitions. */
export const explainSamples = (by: { reducer: Reducer; k: number }) =>
  `n, mean, standard deviation, standard error and interval are of samples, each of which counts once, by the ${reducerText(by)} of its repetitions; the other figures are of all values.`;

/**
 * Says where samples have more repetitions in one benchmark than in another, by a reducer that is the larger
 * the more there are.
 * @param reducer its name
 */
export function unevenWords(counts: readonly number[], reducer: string | undefined): string[] {
  if (reducer !== "max" && reducer !== "at_least_k") return [];
  const [least, greatest] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0 || least === greatest) return [];
  return [
    `the ${reducer} of ${greatest} repetitions is larger than that of ${least} by chance alone, so that these do not compare; mean and pass_at_k do`,
  ];
}

/** Says how repetitions became one value where some of the ranked have any, and how many there were. */
export function rankedRepetitions(
  entries: readonly { repetitions?: Repetitions | undefined }[],
  by: { reducer: Reducer; k: number },
): string[] {
  const found = entries.flatMap(({ repetitions }) => repetitions ?? []);
  if (found.length === 0) return [];
  const range = {
    least: Math.min(...found.map(({ least }) => least)),
    most: Math.max(...found.map(({ most }) => most)),
  };
  const uneven = unevenWords(
    entries.map(({ repetitions }) => repetitions?.most ?? 1),
    wireReducer.describe(by.reducer),
  );
  const number = `${found.length} of ${entries.length} benchmarks ${found.length === 1 ? "has" : "have"}`;
  return [
    `${number} ${rangeText(range)} repetitions of a sample, which counts once, by their ${reducerText(by)}.`,
    ...uneven.map((words) => `warning: ${words}.`),
  ];
}

/** The rows of a table of repetitions, of the metrics that have any. */
export function repetitionRows(metrics: readonly MetricSummary[]): (string | number)[][] {
  return metrics.flatMap(({ name, coverage, count, repetitions: found }) => {
    if (found === undefined) return [];
    const { samplesLacking } = found;
    const { scored = 0, missing = 0 } = coverage ?? {};
    return [[name, scored, missing, count, rangeText(found), samplesLacking, agreementText(found)]];
  });
}
