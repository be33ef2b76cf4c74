import { Code } from "@connectrpc/connect";
import type { z } from "zod";
import { type Content, contentHash } from "../content-hash.ts";
import { invalidField, ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";

/**
 * Rows of the page asked for.
 * @param asked `page_size` of the request; 0 for the default of 50.
 * @throws INVALID_ARGUMENT if it is negative or over 1,000.
 */
export function pageSize(asked: number): number {
  if (asked >= 0 && asked <= limits.pageSizeMax) return asked || limits.pageSizeDefault;
  const { pageSizeDefault, pageSizeMax } = limits;
  const range = `from 0 (which means ${pageSizeDefault}) to ${pageSizeMax}`;
  throw invalidField("page_size", `must be ${range}, is ${asked}`);
}

/**
 * An opaque `next_page_token`.
 * @param position where the page ended: the sort keys of its last row; undefined after the last page: "".
 * @param filters all that decides which rows the list has, and their order; the token is good for the same.
 */
export function encodePageToken(position: { [key: string]: Content } | undefined, filters: Content): string {
  if (!position) return "";
  return Buffer.from(JSON.stringify([fingerprintOf(filters), position])).toString("base64url");
}

/**
 * The position in a `page_token`; undefined for "", the first page.
 * @param filters as they were given for the page before.
 * @param schema what a position of this list looks like.
 * @throws INVALID_PAGE_TOKEN if the token is damaged or from other filters or another order.
 */
export function decodePageToken<Schema extends z.ZodType>(
  token: string,
  filters: Content,
  schema: Schema,
): z.output<Schema> | undefined {
  if (token === "") return undefined;
  const [bound, position] = parse(token);
  const parsed = schema.safeParse(position);
  if (typeof bound !== "string" || !parsed.success)
    throw invalidToken("is not a token that this list gave out");
  if (bound === fingerprintOf(filters)) return parsed.data;
  throw invalidToken(
    "belongs to a list with other filters or another order; repeat those, or start without a token",
  );
}

/** Guards against mistakes, not against forgery: a made-up position shows nothing that the list would not. */
function fingerprintOf(filters: Content): string {
  return contentHash(filters).slice(0, 16);
}

function parse(token: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function invalidToken(description: string): ServiceError {
  return new ServiceError(Code.InvalidArgument, "INVALID_PAGE_TOKEN", `page_token: ${description}`, {
    violations: [{ field: "page_token", description }],
  });
}
