import type * as z from "zod";
import { ImportError, type Place } from "./import-error.ts";

/**
 * Checks foreign JSON against a schema. The first value that does not fit becomes an {@link ImportError} that
 * names its field.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, place: Place): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.map(String) ?? [];
  const prefix = place.field === undefined ? [] : [place.field];
  const field = [...prefix, ...path].join(".");
  throw new ImportError(field === "" ? place : { ...place, field }, issue?.message ?? "does not fit");
}
