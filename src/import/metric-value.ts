import type { JsonValue } from "../validation.ts";

/** Returns the finite number that a text is, as programs write it. */
export function numberIn(text: string): number | undefined {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) return undefined;
  return Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** Returns a text that names a category, and not a number that could not be. */
export function categoryOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "string" || value.length > 255) return undefined;
  return /^\s*(nan|[+-]?(inf(inity)?|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?))?\s*$/i.test(value) ? undefined : value;
}
