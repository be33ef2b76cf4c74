import { z } from "zod";
import { limits } from "../../limits.ts";
import { type Fragment, sql } from "./sql.ts";

/** One page of a list. */
export interface Page<Item, Position> {
  items: readonly Item[];
  /** Undefined on the last page. */
  next: Position | undefined;
}

export interface PageOptions<Position> {
  /** At most 1000. Default: 50. */
  limit?: number;
  after?: Position | undefined;
}

interface PageParts {
  /** A select of at most one row more than the page may hold, in order. */
  rows: Fragment;
  /** The select list of each row, named `r`. */
  columns: Fragment;
  /** Joined to `r`. */
  joins?: Fragment;
  /** About how many bytes a row `r` will take. */
  size: Fragment;
  /** The order of `rows`, in columns of `r`. */
  order: Fragment;
  /** About how many bytes the page may have; a single row may have more. Default: `limits.pageBytes`. */
  maxBytes?: number | undefined;
}

/**
 * One page of a list. It also ends before it grows beyond `limits.pageBytes`: a thousand rows of the largest
 * allowed size would be gigabytes. The sizes are read without fetching the values.
 */
export function page(parts: PageParts): Fragment {
  const { rows, columns, joins = sql.fragment``, size, order, maxBytes = limits.pageBytes } = parts;
  return sql.fragment`
    select ${columns}, r.fetched
    from (
      select r.*, count(*) over () as fetched, row_number() over running as place, sum(${size})
        over running as bytes_so_far
      from (${rows}) r
      window running as (order by ${order} rows between unbounded preceding and current row)
    ) r ${joins}
    where r.place = 1 or r.bytes_so_far <= ${maxBytes}
    order by ${order}`;
}

/**
 * About how many bytes a column of jsonb takes, as Struct or as text. pg_column_size of a column is that of
 * its compressed form; `#> '{}'` is the same document, uncompressed.
 */
export const jsonSize = (column: Fragment) => sql.fragment`
  coalesce(greatest(pg_column_size(${column} #> '{}'), octet_length(${column}::text)), 0)`;

/** Makes a page of a list in the order of creation. */
export function pageOf<Row extends { fetched: number; createdAt: string; id: string }>(
  rows: readonly Row[],
  limit: number,
): Page<Omit<Row, "fetched">, { createdAt: string; id: string }> {
  const { items, last } = cut(rows, limit);
  return { items, next: last && { createdAt: last.createdAt, id: last.id } };
}

/** How many rows the page was cut from; more than it holds means that there is another page. */
export const fetched = { fetched: z.number() };

/** The rows of a page without what only served to cut it, and the last of them if another page follows. */
export function cut<Row extends { fetched: number }>(rows: readonly Row[], limit: number) {
  const items = rows.slice(0, limit).map(({ fetched: _, ...item }) => item as Omit<Row, "fetched">);
  const hasMore = (rows[0]?.fetched ?? 0) > items.length;
  return { items, hasMore, last: hasMore ? items.at(-1) : undefined };
}
