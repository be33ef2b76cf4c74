import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type Cell, formatTable, note, print, printJson } from "./output.ts";
import { toPlain } from "./plain.ts";

/** Most items that a page may have. */
const PAGE_ITEMS = 1000;

interface Page {
  pageSize: number;
  pageToken: string;
}

/** Reads pages, of which any may be short or empty, until there are `limit` items or the list ends. */
export async function collect<Item>(
  limit: number,
  read: (page: Page) => Promise<{ items: Item[]; nextPageToken: string }>,
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

/** Calls again until nothing is left. */
export async function* callUntilDone<Answer extends { more: boolean }>(
  call: () => Promise<Answer>,
): AsyncGenerator<Answer> {
  for (let more = true; more; ) {
    const answer = await call();
    yield answer;
    more = answer.more;
  }
}

/** A method that lists messages, and how they are shown. */
interface List<Field extends string, Schema extends DescMessage> {
  schema: Schema;
  read: (page: Page) => Promise<Record<Field, MessageShape<Schema>[]> & { nextPageToken: string }>;
  /** As `formatTable` takes them. */
  columns: readonly string[];
  row: (item: MessageShape<Schema>) => Cell[];
  /** What the items are called where there are none. Default: as the field. */
  things?: string;
}

/** Prints a list, which is this field of the answers, as a table or as JSON. */
export async function printList<Field extends string, Schema extends DescMessage>(
  field: Field,
  { limit, json }: { limit: number; json?: boolean },
  { schema, read, columns, row, things = field }: List<Field, Schema>,
): Promise<void> {
  const { items, more } = await collect(limit, async (page) => {
    const { [field]: items, nextPageToken } = await read(page);
    return { items, nextPageToken };
  });
  if (json) {
    const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return printJson({ [name]: items.map((item) => toPlain(schema, item)), more });
  }
  if (items.length === 0) return note(`no ${things}`);
  print(formatTable(columns, items.map(row)));
  noteMore(more, limit);
}

/** Says below a table that it was cut. */
export function noteMore(more: boolean, limit: number): void {
  if (more) note(`note: there are more; --limit ${limit * 10} shows them`);
}
