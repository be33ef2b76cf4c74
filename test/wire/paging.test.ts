import { expect, test } from "vitest";
import { z } from "zod";
import { ServiceError } from "../../src/errors.ts";
import { decodePageToken, encodePageToken, pageSize } from "../../src/wire/paging.ts";

const schema = z.object({ createdAt: z.string(), id: z.string() });
const position = { createdAt: "2026-01-01T00:00:00.000001Z", id: "b1" };

function reasonOf(work: () => unknown): ServiceError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

test.each([
  [0, 50],
  [1, 1],
  [1_000, 1_000],
])("page_size %i means %i rows", (asked, expected) => {
  expect(pageSize(asked)).toBe(expected);
});

test.each([-1, 1_001])("page_size %i is refused by name and limit", (asked) => {
  const error = reasonOf(() => pageSize(asked));
  expect(error).toMatchObject({ reason: "INVALID_ARGUMENT", violations: [{ field: "page_size" }] });
  expect(error?.message).toMatch(/1000/);
});

test("a token leads back to its position", () => {
  const token = encodePageToken(position, { status: "running", model: undefined });
  expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(decodePageToken(token, { status: "running" }, schema)).toEqual(position);
});

test("no token is the first page, and the last page has none", () => {
  expect(decodePageToken("", {}, schema)).toBeUndefined();
  expect(encodePageToken(undefined, {})).toBe("");
});

test("a token holds for its filters only, in whatever order they come", () => {
  const token = encodePageToken(position, { status: "running", labels: { a: "1", b: "2" } });
  expect(decodePageToken(token, { labels: { b: "2", a: "1" }, status: "running" }, schema)).toEqual(position);
  for (const other of [
    {},
    { status: "failed", labels: { a: "1", b: "2" } },
    { status: "running", labels: { a: "1" } },
  ]) {
    expect(reasonOf(() => decodePageToken(token, other, schema))?.reason).toBe("INVALID_PAGE_TOKEN");
  }
});

test.each([
  "x",
  "💥",
  "AAAA",
  Buffer.from("[]").toString("base64url"),
  Buffer.from('{"a":1}').toString("base64url"),
  Buffer.from('[5,{"createdAt":"x","id":"y"}]').toString("base64url"),
  encodePageToken({ createdAt: "x" }, {}),
  encodePageToken({ createdAt: 5, id: "x" }, {}),
])("the damaged token %j is refused", (token) => {
  expect(reasonOf(() => decodePageToken(token, {}, schema))).toMatchObject({
    reason: "INVALID_PAGE_TOKEN",
    violations: [{ field: "page_token" }],
  });
});
