import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checks } from "../../src/doctor/doctor.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

const root = join(import.meta.dirname, "..", "..");
const text = readFileSync(join(root, "docs", "operations.md"), "utf8");

/** The content of the fenced blocks of a language, with what else stands on their first line. */
function blocks(language: string): { info: string; content: string }[] {
  const found = text.matchAll(/^( *)```(\w+) ?(.*)\n([\s\S]*?)\n\1```$/gm);
  return [...found]
    .filter(([, , name]) => name === language)
    .map(([, , , info = "", content = ""]) => ({ info, content }));
}

test("every check of the doctor is in its table", () => {
  const [, table = ""] = text.split("| check | warns | fails |\n");
  const rows = [...table.matchAll(/^\| ([a-z ]+) \|/gm)].map(([, name]) => name);
  expect(rows.filter((name) => name !== undefined && name in checks)).toEqual(Object.keys(checks));
});

describe("SQL", () => {
  let client: Client;
  beforeAll(async () => {
    client = await onlooker(await createTestDatabase());
  });
  afterAll(() => client.end());

  const statements = blocks("sql")
    .filter(({ info }) => info === "")
    .flatMap(({ content }) => content.split(/;$/m).map((one) => one.trim()))
    .filter(Boolean);

  test.each(statements)("%s", async (statement) => {
    await client.query(statement);
  });
});
