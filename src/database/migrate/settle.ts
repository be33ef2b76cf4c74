import type { Client } from "pg";
import { type Catalog, readCatalog } from "./catalog.ts";

/** After so many rounds every version from 12 on writes back what it was given; two have been enough. */
const ROUNDS = 4;

/**
 * Brings definitions into the form that PostgreSQL writes back unchanged. What it writes for an expression is
 * not always how it would write that again, so a dump makes `status = any ((array['a'::varchar])::text[])`
 * another text of the same constraint. Each object is therefore made again from its definition, on the tables
 * of the current schema and within the transaction under way, until its text stays.
 * @returns the definitions; one that cannot be made here stays as it is
 */
export async function settleDefinitions(client: Client, definitions: Catalog): Promise<Catalog> {
  const settled = new Map(definitions);
  let moving = [...settled.keys()];
  for (let round = 0; round < ROUNDS && moving.length > 0; round++) {
    const made: string[] = [];
    for (const name of moving) {
      const statements = remake(client, name, settled.get(name) ?? "");
      if (statements === undefined) continue;
      await client.query("savepoint remade");
      try {
        await client.query(statements);
        made.push(name);
      } catch {
        await client.query("rollback to remade");
      }
    }
    const written = await readCatalog(client);
    moving = made.filter((name) => written.get(name) !== settled.get(name));
    for (const name of moving) settled.set(name, written.get(name) ?? "");
  }
  return settled;
}

/** Spells how to make an object again; undefined of objects whose text PostgreSQL keeps as it was given. */
function remake({ escapeIdentifier }: Client, object: string, definition: string): string | undefined {
  const [, kind, owner = "", name = ""] =
    /^(constraint|trigger) ([^.]+)\.(.+)$/.exec(object) ?? /^(?:unique )?(index) ()(.+)$/.exec(object) ?? [];
  const table = escapeIdentifier(owner);
  const id = escapeIdentifier(name);
  switch (kind) {
    case "constraint":
      return `alter table ${table} drop constraint ${id}, add constraint ${id} ${definition}`;
    case "trigger":
      return `drop trigger ${id} on ${table}; ${definition}`;
    case "index":
      return `drop index ${id}; ${definition}`;
    default:
      return undefined;
  }
}
