import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";

/** What was asked in a benchmark, as benchmarks and benchmark_count_deltas say it. */
export interface Fingerprint {
  id: string;
  namedSamples: number;
  idsHash: string;
  inputsHash: string;
}

/** How the inputs of a benchmark compare with those of the reference, in the samples that both have. */
export interface InputDifference {
  /** So many of these samples were compared. */
  inputsCompared: number;
  /** So many of those have another input or expected answer. */
  differentInputs: number;
}

/**
 * Whether two sides were asked the same: an input that one side did not send, or an expected answer that one
 * side does not have, contradicts nothing. An input that was not sent is null here.
 */
export const isSameInput = (a: Fragment, b: Fragment) => sql.fragment`(
  coalesce(${a}.input = ${b}.input, true) and coalesce(${a}.expected = ${b}.expected, true)
)`;

interface InputPair {
  a: string;
  b: string;
}

// The samples of a, in the order of their ids, are looked up among those of b. As lateral joins with an
// offset, both are read from the index of samples, whatever PostgreSQL expects of them.
export const comparePairs = statement("evaluation_compare_inputs", {
  row: z.object({ compared: z.number(), different: z.number() }),
  prepared: false,
  build: (pairs: readonly InputPair[], most: number) => sql.fragment`
    select found.compared, found.different
    from ${table("given", pairs, { a: "uuid", b: "uuid", ordinality: true })}
    cross join lateral (
      select count(*) as compared, count(*) filter (where not ${isSameInput(sql.fragment`a`, sql.fragment`b`)}) as different
      from (
        select sample_id, nullif(input, '') as input, expected from evaluations
        where benchmark_id = given.a and sample_id is not null and repetition = 0
        order by sample_id limit ${most}
      ) a cross join lateral (
        select nullif(input, '') as input, expected from evaluations
        where benchmark_id = given.b and sample_id = a.sample_id and repetition = 0
        offset 0
      ) b
    ) found
    order by given.ordinality`,
  examples: [[[{ a: example.id, b: example.id }], 10]],
});

/**
 * Compares what benchmarks were asked with what one of them was: `reference`, or else the one whose
 * fingerprint most of them have, the largest and then the first of those. Equal fingerprints are equal
 * inputs. Where they differ, because of other inputs or of other samples, the samples in common are compared:
 * all of them, unless they are more than `limits.comparedInputs` altogether. Benchmarks without sample ids,
 * or without samples in common, have no difference that is known.
 */
export async function compareInputs(
  db: Executor,
  benchmarks: readonly Fingerprint[],
  reference?: string,
): Promise<{ referenceId: string | undefined; differences: ReadonlyMap<string, InputDifference> }> {
  const differences = new Map<string, InputDifference>();
  const alike = Map.groupBy(
    benchmarks.filter(({ namedSamples }) => namedSamples > 0),
    ({ idsHash, inputsHash }) => `${idsHash} ${inputsHash}`,
  );
  const classes = [...alike.values()].sort((a, b) => b.length - a.length || sizeOf(b) - sizeOf(a));
  const isReferred = (some: readonly Fingerprint[]) => some.some(({ id }) => id === reference);
  const first = classes.find(isReferred) ?? classes[0];
  const known = first?.find(({ id }) => id === reference) ?? first?.[0];
  if (!known) return { referenceId: undefined, differences };
  const others = classes.filter((some) => some !== first);
  const found = await compareWith(
    db,
    known,
    others.map(([one]) => one as Fingerprint),
  );
  const note = (some: readonly Fingerprint[], difference: InputDifference | undefined) => {
    for (const { id } of some) if (difference) differences.set(id, difference);
  };
  note(first ?? [], { inputsCompared: known.namedSamples, differentInputs: 0 });
  for (const [index, some] of others.entries()) note(some, found[index]);
  return { referenceId: known.id, differences };
}

const sizeOf = ([one]: readonly Fingerprint[]) => one?.namedSamples ?? 0;

async function compareWith(
  db: Executor,
  reference: Fingerprint,
  others: readonly Fingerprint[],
): Promise<(InputDifference | undefined)[]> {
  if (others.length === 0) return [];
  const most = Math.max(1, Math.floor(limits.comparedInputs / others.length));
  const pairs = others.map((other) => {
    const [a, b] = other.namedSamples <= reference.namedSamples ? [other, reference] : [reference, other];
    return { a: a.id, b: b.id };
  });
  const found = await db.any(comparePairs(pairs, most));
  return others.map((other, index) => {
    const { compared = 0, different = 0 } = found[index] ?? {};
    if (compared === 0) return undefined;
    // The same samples with another hash differ somewhere among those that were not compared.
    const isSameSet = other.idsHash === reference.idsHash && other.namedSamples === reference.namedSamples;
    const least = isSameSet && compared < other.namedSamples ? 1 : 0;
    return { inputsCompared: compared, differentInputs: Math.max(different, least) };
  });
}
