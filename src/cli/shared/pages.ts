import { note } from "./output.ts";

/** Most items that a page may have. */
const PAGE_ITEMS = 1000;

/**
 * Reads pages of a list until `limit` items are there or the list ends. A page may be short, even empty, and
 * still have a next.
 * @returns the items, and whether there are more of them
 */
export async function collect<Item>(
  limit: number,
  read: (page: { pageSize: number; pageToken: string }) => Promise<{ items: Item[]; nextPageToken: string }>,
): Promise<{ items: Item[]; more: boolean }> {
  const items: Item[] = [];
  let pageToken = "";
  do {
    // One more than is shown tells whether there are more.
    const page = await read({ pageSize: Math.min(limit + 1 - items.length, PAGE_ITEMS), pageToken });
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && items.length <= limit);
  return { items: items.slice(0, limit), more: items.length > limit };
}

/** Says below a table that it was cut. */
export function noteMore(more: boolean, limit: number): void {
  if (more) note(`note: there are more; --limit ${limit * 10} shows them`);
}
