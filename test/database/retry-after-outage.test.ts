import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { MigrationError } from "../../src/database/migrate/migrate.ts";
import { isAway } from "../../src/database/statement/errors.ts";
import { retryAfterOutage } from "../../src/database/statement/retry-after-outage.ts";
import { ServiceError } from "../../src/errors.ts";

const lost = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

describe("isAway", () => {
  test.each([
    ["a refused connection", lost, true],
    ["a connection that broke in a migration", new MigrationError("m.sql:1: broken", { cause: lost }), true],
    [
      "a client that has lost it before",
      new Error("Client has encountered a connection error and is not queryable"),
      true,
    ],
    [
      "what a repository made of it",
      new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", "away"),
      true,
    ],
    ["an entity that is missing", new ServiceError(Code.NotFound, "NOT_FOUND", "no such"), false],
    ["a migration that is wrong", new MigrationError("m.sql:1: syntax error"), false],
    ["a file that is missing", Object.assign(new Error("ENOENT"), { code: "ENOENT", path: "/x" }), false],
    ["nothing to go by", undefined, false],
  ])("%s: %s", (_, error, expected) => {
    expect(isAway(error)).toBe(expected);
  });
});

/** Fails so many times before it succeeds. */
function failing(times: number, error: unknown = lost) {
  let calls = 0;
  return async () => {
    if (calls++ < times) throw error;
    return calls;
  };
}

describe("retryAfterOutage", () => {
  test("does it again until it succeeds, and tells of the first failure only", async () => {
    const told: unknown[] = [];
    const result = retryAfterOutage(failing(3), { timeoutMs: 30_000, onAway: (error) => told.push(error) });
    expect(await result).toBe(4);
    expect(told).toEqual([lost]);
  });

  test("gives up at once where waiting would not help, and after its time", async () => {
    const wrong = new Error("password authentication failed");
    await expect(retryAfterOutage(failing(1, wrong), { timeoutMs: 30_000 })).rejects.toBe(wrong);
    await expect(retryAfterOutage(failing(100), { timeoutMs: 0 })).rejects.toBe(lost);
    await expect(retryAfterOutage(failing(100), { timeoutMs: 200 })).rejects.toBe(lost);
  });

  test("stops when it is told to", async () => {
    const controller = new AbortController();
    const result = retryAfterOutage(failing(Number.POSITIVE_INFINITY), {
      timeoutMs: 60_000,
      signal: controller.signal,
    });
    controller.abort();
    await expect(result).rejects.toBe(lost);
  });
});
