import { expect, test } from "vitest";
import { createLogger } from "../../src/log.ts";

function linesOf(level: "info" | "silent", write: (log: ReturnType<typeof createLogger>) => void): unknown[] {
  const lines: unknown[] = [];
  write(createLogger(level, { write: (line) => lines.push(JSON.parse(line)) }));
  return lines;
}

test("a line is JSON with level, time and message", () => {
  const [line] = linesOf("info", (log) => log.info({ a: 1 }, "hello"));
  expect(line).toMatchObject({ level: "info", a: 1, msg: "hello" });
  expect((line as { time: string }).time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test("credentials are blanked out", () => {
  const lines = linesOf("info", (log) => {
    log.info({ authorization: "Bearer a-secret" }, "one");
    log.info({ headers: { authorization: "Bearer a-secret", accept: "*/*" } }, "two");
    log.child({ metadata: { authorization: "Bearer a-secret" } }).info("three");
  });
  expect(JSON.stringify(lines)).not.toContain("a-secret");
  expect(lines[1]).toMatchObject({ headers: { accept: "*/*" } });
});

test("lines below the level are left out", () => {
  expect(linesOf("info", (log) => log.debug("x"))).toEqual([]);
  expect(linesOf("silent", (log) => log.fatal("x"))).toEqual([]);
});
