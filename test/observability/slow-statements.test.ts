import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { onBehalfOf, withOrigin } from "../../src/call-scope.ts";
import { sql, statement } from "../../src/database/statement/sql.ts";
import { StatementWatch } from "../../src/database/statement/statement-watch.ts";
import { limits } from "../../src/limits.ts";
import { Exposition } from "../../src/metrics/exposition.ts";
import { Database } from "../../src/storage.ts";
import { testDatabase } from "../harness/database.ts";
import { silentLog } from "../harness/log.ts";
import { parseExposition } from "./exposition.ts";

const sleeps = statement("test_sleep", {
  row: z.object({ text: z.string() }),
  build: (seconds: number, text: string) =>
    sql.fragment`select ${text}::text as text from pg_sleep(${seconds}) cross join generate_series(1, 3)`,
  examples: [[0, "t"]],
});
const varying = statement("test_sleep_unprepared", {
  row: z.object({ text: z.string() }),
  prepared: false,
  build: (seconds: number, text: string) =>
    sql.fragment`select ${text}::text as text from pg_sleep(${seconds})`,
  examples: [[0, "t"]],
});

type Line = Record<string, unknown> & { message: string };
const lines: Line[] = [];
const log = {
  ...silentLog,
  warn: (details: object, message: string) => void lines.push({ ...details, message }),
};
const { config, connect } = await testDatabase();
const db = await connect({}, { slowQueryMs: 200, log });
beforeEach(() => {
  lines.length = 0;
});

const slow = () => lines.filter(({ message }) => message === "slow statement");

describe("a slow statement", () => {
  test("is told by name, with rows and request id, and without a value", async () => {
    await withOrigin({ requestId: "req-1" }, () => db.executor.any(sleeps(0.25, "secret value")));
    expect(slow()).toEqual([
      {
        message: "slow statement",
        statement: "test_sleep",
        durationMs: expect.any(Number),
        waitedMs: expect.any(Number),
        rows: 3,
        requestId: "req-1",
      },
    ]);
    expect(slow()[0]?.durationMs).toBeGreaterThanOrEqual(200);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test("has its name also where its text varies, and within a transaction", async () => {
    await db.executor.transaction(async (transaction) => {
      await transaction.one(varying(0.25, "t"));
    });
    expect(slow()).toMatchObject([{ statement: "test_sleep_unprepared", rows: 1 }]);
  });

  test("that fails is told too, without rows", async () => {
    const failing = db.executor.any(sleeps(0.25, "nul \0 secret"));
    await failing.catch(() => undefined);
    const late = db.executor.transaction(async (transaction) => {
      await transaction.any(sleeps(0.25, "x"));
      throw new Error("undone");
    });
    await expect(late).rejects.toThrow();
    expect(slow().length).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test("does not count the wait for a connection, which is told apart", async () => {
    const small = await Database.connect({ ...config, poolSize: 1 }, { slowQueryMs: 400, log });
    try {
      await Promise.all([small.executor.any(sleeps(0.5, "a")), small.executor.any(sleeps(0.5, "b"))]);
    } finally {
      await small.close();
    }
    expect(slow()).toHaveLength(2);
    expect(Math.max(...slow().map(({ waitedMs }) => Number(waitedMs)))).toBeGreaterThan(300);
    lines.length = 0;
    const watch = new StatementWatch({ slowMs: 60_000, log });
    await watch.run("s", 90_000, async () => 1);
    expect(lines).toEqual([]);
  });

  test("that calls share names some of them and how many there are", async () => {
    const callers = Array.from({ length: 20 }, (_, call) => ({ requestId: `req-${call}`, place: undefined }));
    await onBehalfOf(callers, () => db.executor.any(sleeps(0.25, "t")));
    expect(slow()).toMatchObject([{ calls: 20 }]);
    expect(slow()[0]?.requestIds).toEqual(["req-0", "req-1", "req-2", "req-3", "req-4"]);
    expect(slow()[0]).not.toHaveProperty("requestId");
  });
});

test("creates that arrive together are told with the calls that they are for", async () => {
  const watched = await Database.connect(config, { slowQueryMs: 1, log });
  try {
    await Promise.all(
      Array.from({ length: 5 }, (_, call) =>
        withOrigin({ requestId: `create-${call}` }, () => watched.jobs.create({ jobType: "t" })),
      ),
    );
    const inserts = slow().filter(({ statement: name }) => name === "job_insert");
    // One that took less than a millisecond is not told.
    for (const { requestId, requestIds } of inserts)
      expect(JSON.stringify(requestId ?? requestIds)).toContain("create-");
  } finally {
    await watched.close();
  }
});

test("many at once are told by some lines and a sum", async () => {
  const watch = new StatementWatch({ slowMs: 0.000001, log });
  const work = () => new Promise<number>((resolve) => setImmediate(resolve, 1));
  for (let run = 0; run < limits.slowLogLines + 25; run++) await watch.run("s", 0, work);
  expect(slow()).toHaveLength(limits.slowLogLines);
  const { value } = parseExposition((await new Exposition(watch.families()).read()).text);
  expect(value("ltb_db_slow_statements_total")).toBe(limits.slowLogLines + 25);
});

test("0: none is told", async () => {
  const quiet = await Database.connect(config, { slowQueryMs: 0, log });
  try {
    await quiet.executor.any(sleeps(0.05, "t"));
    expect(slow()).toEqual([]);
  } finally {
    await quiet.close();
  }
});
