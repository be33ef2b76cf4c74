import { z } from "zod";
import { type Fragment, fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";

/** Evaluations can be searched by these. Each has an index that an operator adds if it is worth its price. */
export const searchKinds = ["metadata", "text"] as const;

export type SearchKind = (typeof searchKinds)[number];

interface SearchIndex {
  name: string;
  /** A query that does not repeat it word for word cannot use the index. */
  expression: Fragment;
  operatorClass: string;
}

const characters = fragmentOf(String(limits.searchTextCharacters));

/** The words of an evaluation: the index keeps them, and a walk makes them of each row. */
export const textWords = sql.fragment`
  to_tsvector('simple', left(input, ${characters}) || ' ' || left(coalesce(output, ''), ${characters}))`;

// Both hold the benchmark in each key: a search reads nothing of other benchmarks, and needs no extension.
export const searchIndexes: Readonly<Record<SearchKind, SearchIndex>> = {
  // {"<benchmark>": metadata}: jsonb_path_ops hashes each value with its keys, and so with the benchmark.
  metadata: {
    name: "idx_evaluations_metadata",
    expression: sql.fragment`jsonb_set('{}', array[benchmark_id::text], metadata)`,
    operatorClass: "jsonb_path_ops",
  },
  // The benchmark is one more word, with a space, which no word of a text has. Beyond 1 MiB of words
  // PostgreSQL refuses the whole row.
  text: {
    name: "idx_evaluations_text",
    expression: sql.fragment`(
      ${textWords} || array_to_tsvector(array['benchmark ' || benchmark_id::text])
    )`,
    operatorClass: "tsvector_ops",
  },
};

// An index that is still being built, or was left behind by a build that failed, is not valid.
export const readySearchIndexes = statement("evaluation_search_indexes", {
  row: z.object({ name: z.string() }),
  build: () => sql.fragment`
    select c.relname::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = to_regclass('evaluations') and i.indisvalid
      and c.relname in (${sql.literalValue(searchIndexes.metadata.name)},
        ${sql.literalValue(searchIndexes.text.name)})`,
  examples: [[]],
});
