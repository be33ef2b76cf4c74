import { z } from "zod";
import { parseInput, violationsOf } from "../validation.ts";
import { itemsOf } from "./input.ts";
import type { EndResult } from "./writes.ts";

/**
 * Writes the items of a call that are valid. The others are rejected one by one, with the field at fault: what is wrong with
 * one is no reason to lose the results of a thousand.
 * @param write answers one result an item, in their order
 * @throws INVALID_ARGUMENT if there are too few or too many items
 */
export async function writeValid<Schema extends z.ZodType>(
  schema: Schema,
  items: readonly z.input<Schema>[],
  write: (valid: z.output<Schema>[]) => Promise<readonly EndResult[]>,
): Promise<readonly EndResult[]> {
  const parsed = parseInput(itemsOf(z.unknown()), items, "items").map((item) => schema.safeParse(item));
  const valid = parsed.flatMap((one) => (one.success ? [one.data] : []));
  const written = (valid.length > 0 ? await write(valid) : []).values();
  return parsed.flatMap((one) => (one.success ? (written.next().value ?? []) : rejection(one.error)));
}

function rejection(error: z.ZodError): EndResult {
  const [violation] = violationsOf(error, "");
  return {
    outcome: "rejected",
    field: violation?.field ?? "",
    reason: violation?.description ?? "is invalid",
  };
}
