import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadStatements } from "../../scripts/check-sql/load.ts";
import { literalOf } from "../../scripts/sql/literal.ts";
import { formatSql, renderStatement } from "../../scripts/sql/render.ts";
import { binaryArray } from "../../src/database/statement/table.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

let statements: Awaited<ReturnType<typeof loadStatements>>;
beforeAll(async () => {
  statements = await loadStatements();
});

test("docs/sql has every statement as it is", () => {
  const folder = join(import.meta.dirname, "../../docs/sql");
  const kept = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]);
  const rendered = [...statements].map(([name, statement]) => [`${name}.sql`, renderStatement(statement)]);
  expect(Object.fromEntries(kept), "run npm run sql -- --write").toEqual(Object.fromEntries(rendered));
});

describe("formatting", () => {
  const variants = () =>
    [...statements].flatMap(([name, statement]) =>
      statement.examples.map((example) => ({ name, text: statement(...example).sql })),
    );

  test("changes nothing but white space and the case of keywords", () => {
    const bare = (text: string) => text.replaceAll(/\s+/g, "").toLowerCase();
    for (const { name, text } of variants()) expect(bare(formatSql(text)), name).toBe(bare(text));
  });

  test("leaves what PostgreSQL takes", async () => {
    const client = await onlooker(await createTestDatabase());
    try {
      for (const { name, text } of variants()) {
        const prepare = client.query(`prepare formatted as ${formatSql(text)}`);
        await expect(prepare, name).resolves.toBeDefined();
        await client.query("deallocate formatted");
      }
    } finally {
      await client.end();
    }
  });
});

describe("a parameter is spelt as in SQL", () => {
  test.each([
    [null, "null"],
    [1.5, "1.5"],
    ["it's", "'it''s'"],
    [Buffer.from("00ff", "hex"), "'\\x00ff'"],
    [["a", "b c", null], `'{a, "b c", null}'`],
    ["x".repeat(200), `'${"x".repeat(90)}…'`],
  ])("%o", (value, literal) => {
    expect(literalOf(value)).toBe(literal);
  });

  test.each([
    ["bool", [true, null], "'{true, null}'"],
    ["int4", [1, -1], "'{1, -1}'"],
    ["int8", [2 ** 40], "'{1099511627776}'"],
    ["float8", [0.5], "'{0.5}'"],
    ["text", ["null", ""], `'{"null", ""}'`],
    ["uuid", ["01890a5d-ac96-774b-bcce-b302099a8057"], "'{01890a5d-ac96-774b-bcce-b302099a8057}'"],
    ["bytea", ["00ff"], `'{"\\\\x00ff"}'`],
    ["jsonb", [{ a: 1 }], `'{"{\\"a\\":1}"}'`],
    ["timestamptz", ["2026-01-31T12:00:00.001Z"], "'{2026-01-31T12:00:00.001Z}'"],
    ["text", [], "'{}'"],
  ] as const)("%s[] %o", (type, values, literal) => {
    expect(literalOf(binaryArray(type, values))).toBe(literal);
  });
});
