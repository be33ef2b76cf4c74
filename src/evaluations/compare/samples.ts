import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import type { Page, PageOptions } from "../../database/statement/page.ts";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { limits } from "../../limits.ts";
import { distinctIds, finite, notNegative, oneOf, parseInput, parseLimit, text } from "../../validation.ts";
import { isLowerBetter } from "../metric.ts";
import { checkK, reductionFields } from "../samples/reduce.ts";
import { requireBenchmark, type Sampling } from "../statements.ts";
import { exampleSides, reducedSide } from "./statements.ts";

const states = [
  ...(["any", "regressed", "improved", "unchanged", "both_wrong", "only_one", "missing"] as const),
] as const;

export const comparedSamples = z
  .strictObject({
    benchmarkIds: distinctIds(limits.candidates, 2),
    metric: text(limits.nameLength, 1).default("score"),
    state: oneOf(states).default("any"),
    lowerIsBetter: z.boolean().optional(),
    tieTolerance: notNegative.default(0),
    threshold: finite.default(0.5),
    allowDifferentInputs: z.boolean().default(false),
    orderBy: oneOf(["difference_desc", "sample_id"]).optional(),
    ...reductionFields,
  })
  .superRefine(checkK);

/**
 * Which samples of 2 to 20 benchmarks, of which the first is the baseline, are listed; the
 * contract says of `ComparedState` what each state is. By default those that regressed or improved come by
 * their difference, and others by their ids.
 */
export type ComparedSamplesInput = z.input<typeof comparedSamples>;

type Asked = z.output<typeof comparedSamples>;

/** A sample with its value in each benchmark, in the order of these. */
export interface ComparedSample {
  sampleId: string;
  /** How far it got worse or better, or how far apart its values are: what lists go by. */
  difference: number;
  values: {
    /** After the reduction of repetitions; null without a value. */
    value: number | null;
    /** Of the first repetition; null if there is none. */
    evaluationId: string | null;
    /** The repetitions with a value. */
    count: number;
  }[];
}

export const comparedPosition = z.object({ sampleId: z.string(), difference: z.number() });

export type ComparedPosition = z.output<typeof comparedPosition>;

// What tells one sample from another takes little memory for each: the values themselves are read for the
// samples of the page alone. Decimals make 0.8 - 0.7 and 0.6 - 0.5 tie, as in `pairs`.
export const selectSamples = statement("evaluation_compared_samples", {
  row: z.object({ sampleId: z.string(), difference: z.number() }),
  prepared: false,
  build: (sides: readonly Sampling[], asked: Asked, limit: number, after?: ComparedPosition) => {
    const { state, lowerIsBetter = isLowerBetter(asked.metric), tieTolerance, threshold } = asked;
    const compared = { metric: asked.metric, reduction: { reducer: asked.reducer, k: asked.k } };
    const values = sides.map(
      (side, place) => sql.fragment`
        select ${place}::integer as place, v.sample_id, v.value, v.input, v.expected
        from (${reducedSide(side, compared)}) v`,
    );
    const between = (more: string, less: string) =>
      sql.fragment`(${sql.identifier([more])}::numeric - ${sql.identifier([less])}::numeric)::double precision`;
    const [up, down] = [between("most", "baseline"), between("baseline", "least")];
    const [worse, better] = lowerIsBetter ? [up, down] : [down, up];
    const isRight = lowerIsBetter ? sql.fragment`value <= ${threshold}` : sql.fragment`value >= ${threshold}`;
    const areAll = sql.fragment`valued = ${sides.length}`;
    const conditions: Record<Asked["state"], Fragment | false> = {
      any: false,
      regressed: sql.fragment`${worse} > ${tieTolerance}`,
      improved: sql.fragment`${better} > ${tieTolerance}`,
      unchanged: sql.fragment`${areAll} and ${worse} <= ${tieTolerance} and ${better} <= ${tieTolerance}`,
      both_wrong: sql.fragment`${areAll} and correct = 0`,
      only_one: sql.fragment`${areAll} and correct = 1`,
      missing: sql.fragment`valued < ${sides.length}`,
    };
    const spread = sql.fragment`coalesce(${between("highest", "lowest")}, 0)`;
    const size = state === "regressed" ? worse : state === "improved" ? better : spread;
    const isByDifference = isDifferenceFirst(asked);
    const id = sql.fragment`s.sample_id collate "C"`;
    const isAfter =
      after &&
      (isByDifference
        ? sql.fragment`(
            s.difference < ${after.difference} or s.difference = ${after.difference} and ${id} > ${after.sampleId}
          )`
        : sql.fragment`${id} > ${after.sampleId}`);
    return sql.fragment`
      select coalesce(s.sample_id, '') as sample_id, coalesce(s.difference, 0) as difference
      from (
        select sample_id, ${size} as difference
        from (
          select v.sample_id, max(v.value) filter (where v.place = 0) as baseline,
            min(v.value) filter (where v.place > 0) as least,
            max(v.value) filter (where v.place > 0) as most, min(v.value) as lowest,
            max(v.value) as highest, count(v.value) as valued, count(*) filter (where ${isRight}) as correct,
            coalesce(min(v.input) = max(v.input), true)
              and coalesce(min(v.expected) = max(v.expected), true) as is_same
          from (${sql.join(values, sql.fragment` union all `)}) v group by v.sample_id
        ) g
        where ${sql.and([conditions[state], !asked.allowDifferentInputs && sql.fragment`is_same`])}
      ) s
      where ${sql.and([isAfter])}
      order by ${isByDifference ? sql.fragment`s.difference desc, ${id}` : id} limit ${limit}`;
  },
  examples: states.map((state, index): [readonly Sampling[], Asked, number, ComparedPosition | undefined] => [
    [exampleSides(false).baseline, exampleSides(true).candidate],
    {
      ...{ benchmarkIds: [], metric: "score", state, tieTolerance: 0, threshold: 0.5, reducer: "mean", k: 0 },
      ...{ allowDifferentInputs: index % 2 === 0, ...(index > 4 && { orderBy: "difference_desc" as const }) },
    },
    2,
    index % 3 === 0 ? undefined : { sampleId: "s", difference: 0.5 },
  ]),
});

const isDifferenceFirst = ({ orderBy, state }: Asked) =>
  orderBy === undefined ? state === "regressed" || state === "improved" : orderBy === "difference_desc";

export const selectValues = statement("evaluation_compared_values", {
  row: z.object({
    place: z.number(),
    sampleId: z.string().nullable(),
    value: z.number().nullable(),
    id: z.string().nullable(),
    tries: z.number().nullable(),
  }),
  prepared: false,
  build: (sides: readonly Sampling[], { metric, reducer, k }: Asked, sampleIds: readonly string[]) => {
    const only = sql.fragment`e.sample_id = any (${arrayOf("text", sampleIds)})`;
    const values = sides.map(
      (side, place) => sql.fragment`
        select ${place}::integer as place, v.sample_id, v.value, v.id, v.tries
        from (${reducedSide(side, { metric, reduction: { reducer, k } }, only)}) v`,
    );
    return sql.fragment`${sql.join(values, sql.fragment` union all `)}`;
  },
  examples: [
    [
      [exampleSides(false).baseline, exampleSides(true).candidate],
      {
        ...{ benchmarkIds: [], metric: "score", state: "any", tieTolerance: 0, threshold: 0.5 },
        ...{ allowDifferentInputs: false, reducer: "pass_at_k", k: 2 },
      },
      ["s"],
    ],
  ],
});

/** See `EvaluationRepository.listComparedSamples`. */
export async function listComparedSamples(
  { db, heavy }: { db: Executor; heavy: Executor },
  given: ComparedSamplesInput,
  { limit: most, after }: PageOptions<ComparedPosition>,
): Promise<Page<ComparedSample, ComparedPosition>> {
  const asked = parseInput(comparedSamples, given);
  const limit = parseLimit(most);
  const sides: Sampling[] = [];
  for (const id of asked.benchmarkIds) sides.push(await requireBenchmark(db, id));
  const found = await heavy.any(selectSamples(sides, asked, limit + 1, after));
  const shown = found.slice(0, limit);
  const samples = new Map(
    shown.map((sample): [string, ComparedSample] => [
      sample.sampleId,
      { ...sample, values: sides.map(() => ({ value: null, evaluationId: null, count: 0 })) },
    ]),
  );
  const rows = shown.length > 0 ? await heavy.any(selectValues(sides, asked, [...samples.keys()])) : [];
  for (const { place, sampleId, value, id, tries } of rows) {
    const values = samples.get(sampleId ?? "")?.values;
    if (values) values[place] = { value, evaluationId: id, count: value === null ? 0 : (tries ?? 0) };
  }
  return { items: [...samples.values()], next: found.length > limit ? shown.at(-1) : undefined };
}
