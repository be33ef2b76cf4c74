import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/database/connection/connect.ts";
import { migrateDown, migrateUp, verifyMigrations } from "../../src/database/migrate/migrate.ts";
import { emptyDatabase, query } from "./support.ts";

// The bookshop is no part of the service: its migrations do in turn each kind of thing that ours may have to
// do.
const directory = join(import.meta.dirname, "fixtures/bookshop");
const books = "20240101000000_books";
const authors = "20240102000000_authors";
const search = "20240103000000_search";
const prices = "20240104000000_prices";

/** How the release of each migration wrote its data. */
const filling: Record<string, string> = {
  [books]: `
    insert into books values (1, 'Ulysses', 'Joyce', 12.50), (2, 'Dubliners', 'Joyce', null), (3, 'Ναὶ', 'Σεφέρης', 0.99)`,
  [authors]: `
    insert into authors (name) values ('Joyce'), ('Σεφέρης');
    insert into books values (1, 'Ulysses', 12.50, 1), (2, 'Dubliners', null, 1), (3, 'Ναὶ', 0.99, 2)`,
  [search]: `
    insert into authors (name) values ('Joyce'), ('Σεφέρης');
    insert into books values (1, 'Ulysses', 12.50, 1), (2, 'Dubliners', null, 1), (3, 'Ναὶ', 0.99, 2)`,
};

const readCents = (connection: Connection) =>
  query(
    connection,
    "select b.id, title, name, cents from books b join authors a on a.id = b.author_id order by b.id",
  );

describe.each(Object.keys(filling))("from %s", (version) => {
  test("nothing is lost on the way up, nor on the way back", async () => {
    const connection = await emptyDatabase();
    await migrateUp(connection, { directory, upTo: version });
    await query(connection, filling[version] ?? "");
    const select = "select to_jsonb(b) as row from books b order by id";
    const before = await query(connection, select);

    const later = [books, authors, search, prices].filter((name) => name > version);
    expect(await migrateUp(connection, { directory })).toEqual({ applied: later });
    expect(await readCents(connection)).toEqual([
      { id: 1, title: "Ulysses", name: "Joyce", cents: 1250 },
      { id: 2, title: "Dubliners", name: "Joyce", cents: null },
      { id: 3, title: "Ναὶ", name: "Σεφέρης", cents: 99 },
    ]);
    expect(await verifyMigrations(connection, { directory })).toEqual({
      faults: [],
      additional: [],
      isComplete: true,
    });
    await query(connection, "update books set cents = 1300 where id = 1");
    expect(await query(connection, "select * from old_prices")).toEqual([{ book_id: 1, cents: 1250 }]);

    await query(connection, "update books set cents = 1250 where id = 1");
    await migrateDown(connection, { directory, to: version, dropData: true });
    expect(await query(connection, select)).toEqual(before);
    const { faults } = await verifyMigrations(connection, { directory });
    expect(faults).toEqual(later.map((name) => ({ kind: "pending", name })));
  });
});

test("a migration that the data refuses leaves all of it, and is done when the data is fit", async () => {
  const connection = await emptyDatabase();
  await migrateUp(connection, { directory, upTo: search });
  await query(connection, `${filling[search]}; update books set price = 99999.99 where id = 1`);
  await query(connection, "alter table books add constraint cheap check (price < 100000)");
  await expect(migrateUp(connection, { directory })).rejects.toThrow(
    /20240104000000_prices\.sql:3: .*"cheap"/,
  );
  expect(await query(connection, "select price::text from books where id = 1")).toEqual([
    { price: "99999.99" },
  ]);
  await query(connection, "update books set price = 5 where id = 1");
  expect(await migrateUp(connection, { directory })).toEqual({ applied: [prices] });
  expect(await query(connection, "select cents from books where id = 1")).toEqual([{ cents: 500 }]);
});
