import { Client, type ClientConfig } from "pg";
import { z } from "zod";
import { runQuery, typeParsers } from "../../src/database/connection/driver.ts";
import type { Statement } from "../../src/database/statement/sql.ts";
import { type Catalog, readCatalog } from "./catalog.ts";
import { type CanBeNull, type ColumnFault, compareColumns } from "./columns.ts";
import { describe } from "./describe.ts";
import { type PlanNode, tableUses } from "./plan.ts";
import { allowsNull } from "./schema.ts";

export interface Fault extends Partial<ColumnFault> {
  statement: string;
  /** Position of the example, from 1; unset if the statement as a whole is wrong. */
  example?: number;
  problem: string;
}

export interface Report {
  checked: { statement: string; examples: number; columns: number; faults: number }[];
  faults: Fault[];
}

type AnyStatement = Statement<never[], z.ZodType>;

interface Query {
  sql: string;
  values: readonly unknown[];
  name?: string;
}

/** The uses of a column's schema, to find out whether it allows nulls for a reason. */
interface Use {
  fault: Fault;
  canBeNull: CanBeNull;
}

/**
 * Compares each statement, in every variant that its examples reach, with its row schema on a migrated
 * database. PostgreSQL must parse, plan and run it (in a transaction that is undone), and names, types and
 * nullability of its columns must match the schema.
 */
export async function checkStatements(
  connection: ClientConfig,
  statements: ReadonlyMap<string, AnyStatement>,
): Promise<Report> {
  const client = new Client({ ...connection, types: typeParsers });
  await client.connect();
  try {
    const catalog = await readCatalog(client);
    const report: Report = { checked: [], faults: [] };
    const nullable = new Map<z.core.$ZodType, Use[]>();
    for (const [name, statement] of statements) {
      const faults = await checkStatement(client, catalog, name, statement, nullable);
      const columns = statement.row instanceof z.ZodObject ? Object.keys(statement.row.shape).length : 0;
      report.checked.push({
        statement: name,
        examples: statement.examples.length,
        columns,
        faults: faults.length,
      });
      report.faults.push(...faults);
    }
    report.faults.push(...needlesslyNullable(nullable));
    return report;
  } finally {
    await client.end();
  }
}

async function checkStatement(
  client: Client,
  catalog: Catalog,
  name: string,
  statement: AnyStatement,
  nullable: Map<z.core.$ZodType, Use[]>,
): Promise<Fault[]> {
  const { row, examples } = statement;
  if (!(row instanceof z.ZodObject)) return [{ statement: name, problem: "its row schema is not an object" }];
  if (examples.length === 0) return [{ statement: name, problem: "it has no examples" }];
  const faults: Fault[] = [];
  const texts = new Set<string>();
  for (const [index, example] of examples.entries()) {
    const at = { statement: name, example: index + 1 };
    try {
      const query: Query = statement(...(example as never[]));
      const { sql: text } = query;
      if (query.name !== undefined && texts.add(text).size > 1) {
        faults.push({ ...at, problem: "its text varies: a prepared statement has one text" });
      }
      const values = [...query.values];
      const fields = await describe(client, text);
      const useOf = tableUses(await explain(client, text, values));
      const found = compareColumns(fields, row, catalog, useOf, (fault, schema, canBeNull) => {
        if (!allowsNull(schema)) return;
        const problem = "is never null, here and wherever this schema of a column is used";
        const use = { fault: { ...at, ...fault, problem }, canBeNull };
        nullable.set(schema, [...(nullable.get(schema) ?? []), use]);
      });
      faults.push(...found.map((fault) => ({ ...at, ...fault })));
      if (found.length === 0)
        faults.push(...(await run(client, text, values, row)).map((fault) => ({ ...at, ...fault })));
    } catch (error) {
      faults.push({
        ...at,
        problem: `PostgreSQL refuses it: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }
  return faults;
}

async function explain(client: Client, text: string, values: unknown[]): Promise<PlanNode> {
  const result = await client.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
    `explain (verbose, format json) ${text}`,
    values,
  );
  return result.rows[0]?.["QUERY PLAN"][0]?.Plan ?? {};
}

/**
 * Finds nulls of expressions, such as a sum over no rows. The entities that an example refers to need not
 * exist.
 */
async function run(
  client: Client,
  text: string,
  values: unknown[],
  row: z.ZodObject,
): Promise<Omit<Fault, "statement">[]> {
  await client.query("begin");
  try {
    const { rows } = await runQuery(client, text, values);
    const issues = rows.flatMap((answer) => row.safeParse(answer).error?.issues ?? []);
    return issues.map(({ path, message }) => ({
      column: String(path[0]),
      problem: `answers what it should not: ${message}`,
    }));
  } catch (error) {
    if (/^23/.test(String((error as { code?: unknown }).code))) return [];
    throw error;
  } finally {
    await client.query("rollback");
  }
}

function needlesslyNullable(nullable: Map<z.core.$ZodType, Use[]>): Fault[] {
  return [...nullable.values()]
    .filter((uses) => uses.every(({ canBeNull }) => canBeNull === false))
    .flatMap(([use]) => (use ? [use.fault] : []));
}
