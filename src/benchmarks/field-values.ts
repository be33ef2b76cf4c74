import { z } from "zod";
import {
  type FieldValues,
  type FieldValuesOptions,
  fieldValueRow,
  readFieldValues,
  valuesThatBegin,
} from "../database/field-values.ts";
import { distinctValues } from "../database/statement/distinct.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Fragment, sql, statement } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";
import { oneOf, parseInput, text } from "../validation.ts";

export const benchmarkFields = ["provider", "model", "dataset", "label_key", "label_value"] as const;

export interface BenchmarkValuesOptions extends FieldValuesOptions {
  /** Whose values are asked for, of "label_value" and no other field. */
  labelKey?: string | undefined;
}

const input = z
  .strictObject({
    field: oneOf(benchmarkFields),
    labelKey: text(limits.labelKeyLength, 1).optional(),
  })
  .refine(({ field, labelKey }) => (field === "label_value") === (labelKey !== undefined), {
    path: ["labelKey"],
    message: "is required for values of a label, and for nothing else",
  });

type Asked = z.output<typeof input>;

// No index has labels in an order, and so they are looked for in the newest benchmarks.
function valuesOf({ field, labelKey }: Asked): Fragment {
  if (field !== "label_key" && field !== "label_value")
    return distinctValues(sql.fragment`benchmarks t`, sql.fragment`${sql.identifier(["t", field])}`);
  const value =
    labelKey === undefined
      ? sql.fragment`jsonb_object_keys(b.labels)`
      : sql.fragment`b.labels ->> ${labelKey}::text`;
  return sql.fragment`
    select l.value, 0 as place from (
      select distinct ${value} as value from (
        select labels from benchmarks order by created_at desc, id desc limit ${limits.distinctValues}
      ) b
    ) l where l.value is not null order by l.value collate "C"`;
}

const selectValues = statement("benchmark_field_values", {
  row: fieldValueRow,
  prepared: false,
  build: (asked: Asked, prefix: string, limit: number) => valuesThatBegin(prefix, limit, valuesOf(asked)),
  examples: [
    [{ field: "provider" }, "", 10],
    [{ field: "label_key" }, "p", 10],
    [{ field: "label_value", labelKey: "a" }, "p", 10],
  ],
});

/** See `BenchmarkRepository.listFieldValues`. */
export async function listFieldValues(
  db: Executor,
  field: (typeof benchmarkFields)[number],
  { labelKey, ...options }: BenchmarkValuesOptions,
): Promise<FieldValues> {
  const asked = parseInput(input, { field, labelKey });
  return readFieldValues(db, options, (prefix, limit) => selectValues(asked, prefix, limit));
}
