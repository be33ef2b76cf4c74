import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DATABASE_NAMES } from "../src/config/choose-database.ts";
import { service } from "../src/config/settings.ts";
import { loadConfig } from "../src/config.ts";
import { services } from "../src/services.ts";
import type { Database } from "../src/storage.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");

/** What stands between a heading of a Markdown file and the next of its kind. */
function section(text: string, heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`there is no section ${heading}`);
  return found;
}

/** The code spans in the first column of a table. */
function firstColumn(text: string): string[] {
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code),
  );
}

test("docs/errors.md explains exactly the reasons there are, in order", () => {
  const [, union = ""] = /export type Reason =([^;]+);/.exec(read("src/errors.ts")) ?? [];
  const reasons = [...union.matchAll(/"(\w+)"/g)].map(([, reason]) => reason);
  expect(reasons).toContain("NOT_FOUND");
  expect(firstColumn(section(read("docs/errors.md"), "Reasons"))).toEqual(reasons);
});

test("the README has exactly the settings there are", () => {
  const settings = [
    ...Object.keys(service.shape),
    ...Object.values(DATABASE_NAMES),
    "DATABASE_MIGRATION_URL",
    "DATABASE_REPLICA_URL",
    "LTB_CONFIG_FILE",
  ];
  expect(firstColumn(section(read("README.md"), "Configuration")).sort()).toEqual(settings.sort());
});

test("no method of the contract answers UNIMPLEMENTED", () => {
  // Nothing is called, so there is no need of a database.
  const provided = services({} as Database, loadConfig({ env: {}, cwd: import.meta.dirname }));
  const missing = provided.flatMap(({ service, implementation }) =>
    service.methods
      .filter(({ localName }) => !(localName in implementation))
      .map(({ name }) => `${service.name}/${name}`),
  );
  expect(missing).toEqual([]);
});
