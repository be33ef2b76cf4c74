import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { MigrationError } from "../../src/database/migrate/migrate.ts";
import { isAway } from "../../src/database/statement/errors.ts";
import { Patience } from "../../src/database/statement/patience.ts";
import { ServiceError } from "../../src/errors.ts";
import { elapsed } from "../harness/waiting.ts";

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

describe("patience", () => {
  /** A log that keeps its warnings. */
  function recorder() {
    const lines: string[] = [];
    const nothing = () => undefined;
    const warn = (_: object, line: string) => lines.push(line);
    return { lines, log: { debug: nothing, info: nothing, warn, error: nothing } };
  }

  test("does it again until it succeeds, and tells what is waited for", async () => {
    const { lines, log } = recorder();
    expect(await new Patience(30_000, { log }).retry(failing(3))).toBe(4);
    expect(lines).toEqual([
      "waiting for the database, for 30 s more (LTB_STARTUP_TIMEOUT): connect ECONNREFUSED",
    ]);
  });

  test("gives up at once where waiting would not help, and after its time", async () => {
    const wrong = new Error("password authentication failed");
    await expect(new Patience(30_000).retry(failing(1, wrong))).rejects.toBe(wrong);
    await expect(new Patience(0).retry(failing(100))).rejects.toBe(lost);
    await expect(new Patience(200).retry(failing(100))).rejects.toBe(lost);
  });

  test("is one for all that share it, one within another too", async () => {
    const patience = new Patience(1_500);
    await expect(patience.retry(() => patience.retry(failing(100)))).rejects.toBe(lost);
    expect(await elapsed(() => patience.retry(failing(100)).catch(() => undefined))).toBeLessThan(1_000);
  });

  test("stops when it is told to", async () => {
    const controller = new AbortController();
    const patience = new Patience(60_000, { signal: controller.signal });
    const result = patience.retry(failing(Number.POSITIVE_INFINITY));
    controller.abort();
    await expect(result).rejects.toBe(lost);
  });
});
