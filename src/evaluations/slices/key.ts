import { type Fragment, fragmentOf, sql } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { text } from "../../validation.ts";

const LABEL = "label.";
const METADATA = "metadata.";

/**
 * What evaluations are grouped by:
 * - `provider` or `model`, of the evaluation;
 * - `label.NAME`, a label of the benchmark, and so one group a benchmark;
 * - else a key of the metadata: `subject`, or `doc.subject` for one within another. A number is a place in a
 *   list. A name that has dots is found as it stands at the top, and elsewhere in backticks, as in
 *   ``doc.`a.b` ``. `metadata.` may stand before it, for keys that are named like one of the above. What the
 *   metadata lack is looked for in objects `metadata` and `doc` of theirs, such as the samples of Inspect and
 *   of lm-eval have.
 */
export const groupBy = text(limits.groupByLength, 1).refine(
  hasWholeNames,
  "must have a name on each side of every dot; a name with dots of its own stands in backticks",
);

function hasWholeNames(key: string): boolean {
  if (key.startsWith(LABEL)) return key !== LABEL;
  const path = key.startsWith(METADATA) ? key.slice(METADATA.length) : key;
  const names = path.replaceAll(/`[^`]+`/g, "name").split(".");
  // Of an empty key its length is told.
  return key === "" || names.every((name) => name !== "");
}

/** The names of a path, in which those in backticks may have dots. */
function namesOf(path: string): string[] {
  const names = [...path.matchAll(/(?:^|\.)(?:`([^`]+)`|([^.]+))(?=\.|$)/g)];
  const isWhole = names.reduce((length, [all]) => length + all.length, 0) === path.length;
  return isWhole ? names.map(([, quoted, plain]) => quoted ?? plain ?? "") : [path];
}

/**
 * The metadata of an evaluation at a path, as jsonb; null without it.
 * @param e alias of the evaluations
 */
function metadataAt(path: string, e = "e"): Fragment {
  const metadata = fragmentOf(`${e}.metadata`);
  const names = namesOf(path);
  const within = (...keys: string[]) => sql.fragment`${metadata} #> ${sql.array(keys, "text")}`;
  const isPlain = names.length === 1 && names[0] === path;
  const places = [
    sql.fragment`${metadata} -> ${path}::text`,
    ...(isPlain ? [] : [within(...names)]),
    within("metadata", ...names),
    within("doc", ...names),
  ];
  return sql.fragment`coalesce(${sql.join(places, sql.fragment`, `)})`;
}

/** A text that stands for a longer one: its beginning, and what tells it from others that begin alike. */
const shortened = (value: Fragment) => sql.fragment`
  case when char_length(${value}) <= ${limits.groupValueLength}::integer then ${value}
    else left(${value}, ${limits.groupValueLength}::integer) || '… (' || char_length(${value})
      || ' characters, hash ' || to_hex(hashtextextended(${value}, 0)) || ')' end`;

/**
 * The group of an evaluation, as a text; null if it has none. Numbers, booleans, objects and lists are their
 * JSON, so that 1, 1.0 and "1" are one group; the JSON null is no value. A longer text than
 * `limits.groupValueLength` is cut, and told from others by a hash.
 * @param e alias of the evaluations
 */
export function sliceOf(key: string, e = "e"): Fragment {
  if (key === "provider" || key === "model") return fragmentOf(`${e}.${key}::text`);
  if (key.startsWith(LABEL)) {
    const benchmarkId = fragmentOf(`${e}.benchmark_id`);
    const label = key.slice(LABEL.length);
    return sql.fragment`(select b.labels ->> ${label} from benchmarks b where b.id = ${benchmarkId})`;
  }
  const path = key.startsWith(METADATA) ? key.slice(METADATA.length) : key;
  // The offset keeps PostgreSQL from reading a large document once for each time that the value is named.
  return sql.fragment`(
    select ${shortened(sql.fragment`t.value`)} from (
      select case when jsonb_typeof(v.value) = 'number' and v.text like '%.%'
          then rtrim(rtrim(v.text, '0'), '.') else v.text end as value
      from (
        select k.value, k.value #>> '{}' as text
        from (select ${metadataAt(path, e)} as value offset 0) k offset 0
      ) v offset 0
    ) t
  )`;
}
