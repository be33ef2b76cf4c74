import { limits } from "../../limits.ts";
import { type Fragment, sql } from "./sql.ts";

/**
 * The different values of the first column of an index, in its order, as rows (value, place): each is one
 * look into the index, however many rows have it (a loose index scan). It ends after `limits.distinctValues`.
 * @param from a table with its alias `t`, as what it is to be read from
 * @param column a column of `t`, not null, that the index begins with
 * @param where a condition on `t` that goes with the index. Default: none
 */
export function distinctValues(
  from: Fragment,
  column: Fragment,
  where = sql.fragment`true`,
  after?: string,
): Fragment {
  const next = (condition: Fragment) => sql.fragment`
    select ${column} as value from ${from} where ${where} and ${condition} order by ${column} limit 1`;
  const first = after === undefined ? sql.fragment`true` : sql.fragment`${column} > ${after}`;
  return sql.fragment`
    with recursive found as (
      select first.value, 1 as place from (${next(first)}) first
      union all
      select next.value, found.place + 1
      from found cross join lateral (${next(sql.fragment`${column} > found.value`)}) next
      where found.place < ${limits.distinctValues}
    )
    select value, place from found`;
}
