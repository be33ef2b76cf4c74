import * as z from "zod";
import { ImportError, type Place } from "./import-error.ts";

/** Parts of the schemas of all logs. */
export const text = z.string().nullish();
export const number = z.number().nullish();
export const json = z.json();
export const object = z.record(z.string(), json).nullish();

/** Checks foreign JSON. The first misfit becomes an {@link ImportError} that names its field. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, place: Place): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = [place.field, ...(issue?.path ?? [])].filter((step) => step !== undefined).join(".");
  throw new ImportError(field === "" ? place : { ...place, field }, issue?.message ?? "does not fit");
}
