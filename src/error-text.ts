import { limits } from "./limits.ts";
import { cutBytes } from "./text.ts";

/**
 * Makes a text that can be stored as the error of an attempt, whatever it was made from: a failure must not
 * be refused for its words. What is beyond 64 KiB of UTF-8 is cut off.
 */
export function storableError(text: string): string {
  // PostgreSQL cannot store a NUL, and protobuf cannot carry half a surrogate pair.
  const clean = text.replaceAll("\0", "\ufffd").toWellFormed();
  if (clean === "") return "failed without a message";
  if (Buffer.byteLength(clean) <= limits.textBytes) return clean;
  return `${cutBytes(clean, limits.textBytes - Buffer.byteLength("…"))}…`;
}
