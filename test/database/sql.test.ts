import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { checkStatements, type Fault } from "../../scripts/check-sql/check.ts";
import { loadStatements } from "../../scripts/check-sql/load.ts";
import { formatFault } from "../../scripts/check-sql/print.ts";
import { type Fragment, type Statement, StatementText, sql } from "../../src/database/statement/sql.ts";
import { createTestDatabase } from "../harness/postgres.ts";

type Loaded = Awaited<ReturnType<typeof loadStatements>>;

let check: (statements: Loaded) => ReturnType<typeof checkStatements>;
beforeAll(async () => {
  const { host, port, user, password, database } = await createTestDatabase();
  check = (statements) =>
    checkStatements({ host, port, user, database, password: password?.reveal() }, statements);
});

test("every statement agrees with its row schema", async () => {
  const statements = await loadStatements();
  expect([...statements.keys()]).toEqual(
    expect.arrayContaining(["benchmark_list", "evaluation_insert", "maintenance_fold_counts", "request_get"]),
  );
  const { faults } = await check(statements);
  expect(faults.map(formatFault)).toEqual([]);
});

describe("a statement that does not agree with its row schema is reported", () => {
  interface Seeded {
    row: z.ZodType;
    query: Fragment | Fragment[];
  }

  /** The faults of a statement that is not part of the service's. Several queries are as many examples. */
  async function faultsOf({ row, query }: Seeded, prepared = false): Promise<Fault[]> {
    const variants = [query].flat();
    const build = (index: number) => ({
      ...sql.type(row)``,
      ...new StatementText().read(variants[index] ?? sql.fragment``),
      ...(prepared && { name: "seeded" }),
    });
    const examples = variants.map((_, index): [number] => [index]);
    const seeded: Statement<[number], z.ZodType> = Object.assign(build, {
      statementName: "seeded",
      row,
      examples,
    });
    return (await check(new Map([["seeded", seeded as unknown as Statement<never[], z.ZodType>]]))).faults;
  }

  const fault = (column: string, problem: RegExp, sides: Partial<Fault> = {}) =>
    expect.objectContaining({
      statement: "seeded",
      example: 1,
      column,
      problem: expect.stringMatching(problem),
      ...sides,
    });

  test("a column under another name, and one that is missing", async () => {
    const row = z.object({ created: z.string() });
    const query = sql.fragment`select created_at from benchmarks`;
    expect(await faultsOf({ row, query })).toEqual([
      fault("createdAt", /not in the row schema/, {
        database: "timestamp with time zone, not null (benchmarks.created_at)",
        schema: "no such column",
      }),
      fault("created", /missing/, { database: "no such column", schema: "string" }),
    ]);
  });

  test("a column that comes twice", async () => {
    const row = z.object({ id: z.string() });
    const query = sql.fragment`select b.id, d.benchmark_id as id from benchmarks b join benchmark_count_deltas d on d.benchmark_id = b.id`;
    expect(await faultsOf({ row, query })).toEqual([fault("id", /twice/)]);
    const alias = sql.fragment`select b.created_at, b.updated_at as "createdAt" from benchmarks b`;
    expect(await faultsOf({ row: z.object({ createdAt: z.string() }), query: alias })).toEqual([
      fault("createdAt", /twice/),
    ]);
  });

  test.each([
    [
      "a number for a text",
      sql.fragment`select name as x from benchmarks`,
      z.number(),
      /refuses what comes: "text"/,
    ],
    ["a text for a numeric", sql.fragment`select 1.5 as x`, z.number(), /refuses what comes: "1.5"/],
    ["a date for a time", sql.fragment`select now() as x`, z.date(), /refuses what comes/],
    [
      "elements of another type",
      sql.fragment`select array[1, 2] as x`,
      z.array(z.string()),
      /refuses what comes: \[1\]/,
    ],
    [
      "an enum without a state that the table allows",
      sql.fragment`select status as x from benchmarks`,
      z.enum(["pending", "running", "completed", "failed"]),
      /refuses what comes: "cancelled"/,
    ],
    [
      "a schema that accepts everything",
      sql.fragment`select 1 as x`,
      z.custom<number>(),
      /accepts what never comes/,
    ],
    ["a schema that converts", sql.fragment`select 1 as x`, z.coerce.number(), /accepts what never comes/],
    ["a type without a sample", sql.fragment`select point(1, 2) as x`, z.string(), /without a sample/],
  ])("%s", async (_, query, x, problem) => {
    expect(await faultsOf({ row: z.object({ x }), query })).toEqual([fault("x", problem)]);
  });

  test("a nullable column whose schema refuses null, also through a CTE and for JSON", async () => {
    const row = z.object({ error: z.string(), metrics: z.custom<object>() });
    const query = sql.fragment`with b as (update benchmarks set error = error returning *) select error, metrics from b`;
    expect(await faultsOf({ row, query })).toEqual([
      fault("error", /can be null/, { database: "text, can be null (benchmarks.error)", schema: "string" }),
      fault("metrics", /can be null/),
    ]);
  });

  test("an enum may have less than the table allows where the statement sets the column", async () => {
    const row = z.object({ status: z.enum(["failed", "cancelled"]) });
    const query = sql.fragment`
      with b as (update benchmarks set status = 'failed', completed_at = now() returning *) select status from b`;
    expect(await faultsOf({ row, query })).toEqual([]);
  });

  test("a column that an outer join makes null", async () => {
    const row = z.object({ id: z.string(), e: z.string() });
    const query = sql.fragment`select b.id, e.id as e from benchmarks b left join evaluations e on e.benchmark_id = b.id`;
    expect(await faultsOf({ row, query })).toEqual([
      fault("e", /can be null/, { database: "uuid, can be null (evaluations.id, by an outer join)" }),
    ]);
    const inner = sql.fragment`${query} where e.score > 0.5`;
    expect(await faultsOf({ row, query: inner })).toEqual([]);
  });

  test("a schema that allows null where it never comes, unless another variant answers one", async () => {
    const row = z.object({ name: z.string().nullable() });
    const query = sql.fragment`select name from benchmarks`;
    expect(await faultsOf({ row, query })).toEqual([
      fault("name", /never null/, {
        database: "character varying, not null (benchmarks.name)",
        schema: "string | null",
      }),
    ]);
    expect(await faultsOf({ row, query: [query, sql.fragment`select null::text as name`] })).toEqual([]);
  });

  test("an aggregate over no rows", async () => {
    const row = z.object({ total: z.number() });
    const query = sql.fragment`select sum(total_iterations) as total from benchmarks`;
    expect(await faultsOf({ row, query })).toEqual([fault("total", /answers what it should not/)]);
  });

  test("SQL that does not parse, and a parameter of another type", async () => {
    const refused = (problem: RegExp) => [
      { statement: "seeded", example: 1, problem: expect.stringMatching(problem) },
    ];
    const row = z.object({ id: z.string() });
    expect(await faultsOf({ row, query: sql.fragment`selekt id from benchmarks` })).toEqual(
      refused(/PostgreSQL refuses it: syntax error at or near "selekt"/),
    );
    expect(await faultsOf({ row, query: sql.fragment`select id from bench` })).toEqual(
      refused(/relation "bench" does not exist/),
    );
    expect(
      await faultsOf({ row, query: sql.fragment`select id from benchmarks where id = ${"one"}` }),
    ).toEqual(refused(/invalid input syntax for type uuid/));
  });

  test("a prepared statement whose text varies, no examples, and a row that is no object", async () => {
    const row = z.object({ one: z.number() });
    const query = [sql.fragment`select 1 as one`, sql.fragment`select 2 as one`];
    expect(await faultsOf({ row, query }, true)).toEqual([
      { statement: "seeded", example: 2, problem: expect.stringMatching(/text varies/) },
    ]);
    expect(await faultsOf({ row, query })).toEqual([]);
    expect(await faultsOf({ row, query: [] })).toEqual([
      { statement: "seeded", problem: "it has no examples" },
    ]);
    expect(await faultsOf({ row: z.string(), query })).toEqual([
      { statement: "seeded", problem: "its row schema is not an object" },
    ]);
  });

  test("and what the checker runs leaves nothing behind", async () => {
    const row = z.object({ actor: z.string() });
    const insert = sql.fragment`insert into requests (method, request_id, body_hash) values ('m', 'r', '') returning actor`;
    const count = sql.fragment`select actor from requests limit (select 1 / (1 - count(*)) from requests)`;
    expect(await faultsOf({ row, query: [insert, count] })).toEqual([]);
  });
});
