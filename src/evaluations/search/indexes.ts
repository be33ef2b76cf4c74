import { z } from "zod";
import { type Fragment, sql, statement } from "../../database/statement/sql.ts";

/** What evaluations can be searched by beside their columns, each with an index that an operator adds where it is worth its price. */
export const searchKinds = ["metadata", "text"] as const;

export type SearchKind = (typeof searchKinds)[number];

interface SearchIndex {
  name: string;
  /** What is indexed: a query that does not repeat it word for word cannot use the index. */
  expression: Fragment;
  operatorClass: string;
}

// Both hold the benchmark in each of their keys, so that a search reads nothing of other benchmarks, and needs no extension for it.
export const searchIndexes: Readonly<Record<SearchKind, SearchIndex>> = {
  // {"<benchmark>": metadata}: jsonb_path_ops hashes each value with the keys that lead to it, and so with the benchmark.
  metadata: {
    name: "idx_evaluations_metadata",
    expression: sql.fragment`jsonb_set('{}', array[benchmark_id::text], metadata)`,
    operatorClass: "jsonb_path_ops",
  },
  // The benchmark as one more word, with a space, which no word of a text has. Beyond 1 MiB of words PostgreSQL refuses the whole row.
  text: {
    name: "idx_evaluations_text",
    expression: sql.fragment`(
      to_tsvector('simple', left(input, 50000) || ' ' || left(coalesce(output, ''), 50000))
        || array_to_tsvector(array['benchmark ' || benchmark_id::text])
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
      and c.relname in (${sql.literalValue(searchIndexes.metadata.name)}, ${sql.literalValue(searchIndexes.text.name)})`,
  examples: [[]],
});
