import type { FieldDef } from "pg";
import type { z } from "zod";
import type { Catalog } from "./catalog.ts";
import type { TableUse } from "./plan.ts";
import { isJson, sampleOf, unlike } from "./samples.ts";
import { accepts, allowsNull, describeSchema, textsOf } from "./schema.ts";

/** A fault of one column of an answer. */
export interface ColumnFault {
  column: string;
  problem: string;
  /** PostgreSQL's answer, and the row schema's. */
  database: string;
  schema: string;
}

/** Says whether a column can be null; undefined for an expression, about which PostgreSQL says nothing. */
export type CanBeNull = boolean | undefined;

/** Called for each column that the row schema has too. */
export type OnColumn = (
  fault: Omit<ColumnFault, "problem">,
  schema: z.core.$ZodType,
  canBeNull: CanBeNull,
) => void;

/** Compares the columns that PostgreSQL answers with those of the row schema. */
export function compareColumns(
  fields: readonly FieldDef[],
  row: z.ZodObject,
  catalog: Catalog,
  useOf: (table: string) => TableUse,
  onColumn: OnColumn = () => undefined,
): ColumnFault[] {
  const faults: ColumnFault[] = [];
  const names = new Set<string>();
  for (const field of fields) {
    const { texts, canBeNull, description } = sourceOf(field, catalog, useOf);
    const schema = row.shape[field.name];
    const fault = {
      column: field.name,
      database: description,
      schema: schema ? describeSchema(schema) : "no such column",
    };
    const add = (problem: string) => faults.push({ ...fault, problem });
    if (names.has(field.name)) add("comes twice, and only the last would be seen");
    names.add(field.name);
    if (!schema) {
      add("is not in the row schema");
      continue;
    }
    onColumn(fault, schema, canBeNull);
    for (const problem of compareValues(field.dataTypeID, texts, schema, catalog)) add(problem);
    if (canBeNull && !allowsNull(schema)) add("can be null");
  }
  for (const [column, schema] of Object.entries(row.shape)) {
    if (names.has(column)) continue;
    faults.push({
      column,
      problem: "is missing from the answer",
      database: "no such column",
      schema: describeSchema(schema),
    });
  }
  return faults;
}

interface Source {
  /** The texts that the column may hold: any of them or, if the statement writes the column, some. */
  texts: { allowed: readonly string[]; all: boolean } | undefined;
  canBeNull: CanBeNull;
  description: string;
}

function sourceOf(field: FieldDef, catalog: Catalog, useOf: (table: string) => TableUse): Source {
  const type = catalog.types.get(field.dataTypeID)?.name ?? `type ${field.dataTypeID}`;
  const column = catalog.column(field.tableID, field.columnID);
  if (!column) return { texts: undefined, canBeNull: undefined, description: `${type} (an expression)` };
  const { nulled, written } = useOf(column.name.slice(0, column.name.indexOf(".")));
  const canBeNull = !column.notNull || nulled === "always" || (nulled === "sometimes" ? undefined : false);
  const nullability = canBeNull === false ? "not null" : "can be null";
  const why = nulled === "never" || !column.notNull ? "" : ", by an outer join";
  return {
    texts: column.texts && { allowed: column.texts, all: !written },
    canBeNull,
    description: `${type}, ${nullability} (${column.name}${why})`,
  };
}

/** The schema must accept the values of the column, and refuse others. */
function compareValues(
  oid: number,
  texts: Source["texts"],
  schema: z.core.$ZodType,
  catalog: Catalog,
): string[] {
  const sample = sampleOf(oid, catalog);
  if (sample === undefined) return ["has a type without a sample: add one to scripts/check-sql/samples.ts"];
  const own = textsOf(schema);
  const samples =
    typeof sample !== "string"
      ? [sample]
      : ((texts?.all ? texts.allowed : (own ?? texts?.allowed)) ?? [sample]);
  const refused = samples.filter((value) => !accepts(schema, value));
  if (refused.length > 0) return [`refuses what comes: ${list(refused)}`];
  if (isJson(oid)) return [];
  const unknown = texts ? (own ?? []).filter((text) => !texts.allowed.includes(text)) : [];
  const wrong = [...unknown, ...unlike(sample).filter((value) => accepts(schema, value))];
  return wrong.length > 0 ? [`accepts what never comes: ${list(wrong)}`] : [];
}

function list(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(", ");
}
