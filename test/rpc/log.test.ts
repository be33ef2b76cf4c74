import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
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

test("what is written does not act on a terminal, and loses nothing by it", () => {
  const name = "a\u009b31m\u007f\u001b]0;x\u0007\u202e\u2066\u200f\u061cz";
  const program = `
    const { createLogger, openOutput } = await import(process.argv[1]);
    createLogger("info", openOutput(2)).info({ name: process.argv[2] }, process.argv[2]);`;
  const module = join(import.meta.dirname, "../../src/log.ts");
  const args = ["--input-type=module", "-e", program, module, name];
  const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toMatch(/^\P{Cc}+\n$/u);
  expect(stderr).not.toMatch(/\p{Bidi_Control}/u);
  expect(JSON.parse(stderr)).toMatchObject({ name, msg: name });
});

test("for people it is lines with the time, the level, the message and the details, and acts on nothing", () => {
  const program = `
    const { createLogger, openOutput } = await import(process.argv[1]);
    const log = createLogger("info", openOutput(2, process.argv[2]));
    log.info({ method: "ltb.v1.JobService/GetJob", ms: 1.5, note: "a b" }, "call");
    log.error({ err: new Error("\\u001b[31mbroken\\nforged"), name: "\\u009b31m" }, "two\\nlines");`;
  const module = join(import.meta.dirname, "../../src/log.ts");
  const written = (format: string, env: Record<string, string>) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", program, module, format], {
      encoding: "utf8",
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: undefined, ...env },
    }).stderr;
  const plain = written("pretty", { NO_COLOR: "1" });
  const [first, second, ...stack] = plain.split("\n");
  expect(first).toMatch(
    /^\d\d:\d\d:\d\dZ INFO {2}call method=ltb\.v1\.JobService\/GetJob ms=1\.5 note="a b"$/,
  );
  expect(second).toMatch(/^\d\d:\d\d:\d\dZ ERROR two lines name=�31m$/);
  expect(stack.slice(0, 2)).toEqual(["    Error: �[31mbroken", "    forged"]);
  expect(plain.replaceAll("\n", "")).toMatch(/^\P{Cc}+$/u);
  expect(written("pretty", { FORCE_COLOR: "1" })).toContain("\u001b[31mERROR\u001b[39m two lines");
  // What is no terminal gets JSON.
  for (const line of written("auto", {}).trimEnd().split("\n")) JSON.parse(line);
});

describe("a service whose log nobody takes", () => {
  const count = 200_000;
  /** Logs more than any reader, pipe and file takes unread, and says so; goes on, and ends, when told. */
  const program = `
    const { createLogger, logLoss, openOutput } = await import(process.argv[1]);
    const log = createLogger("info", openOutput(2));
    for (let n = 1; n <= ${count}; n++) log.info({ n }, "a line of some length, as those of calls have");
    process.stdout.write("alive");
    process.stdin.on("data", () => log.info({ lost: logLoss.lines }, "the last")).on("end", () => process.exit());`;
  const module = join(import.meta.dirname, "..", "..", "src", "log.ts");
  function start(log: "pipe" | number) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, module], {
      stdio: ["pipe", "pipe", log],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const { stdin, stdout, stderr } = child;
    if (!stdin || !stdout) throw new Error("no pipes");
    return { stdin, stderr, alive: once(stdout, "data"), ended: once(child, "exit") };
  }

  test("works on while the reader has stopped, and tells it later which lines are missing", async () => {
    const { stdin, stderr, alive } = start("pipe");
    await alive;
    let said = "";
    for await (const chunk of stderr ?? []) {
      said += chunk;
      const end = said.slice(-500);
      if (end.includes("missing")) stdin.write("go on");
      if (end.includes("the last")) stdin.end();
    }
    const lines = said
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const index = lines.findIndex(({ level }) => level === "warn");
    expect(lines[index].lines).toBe(count - lines[index - 1].n);
    expect(lines.slice(0, index).every(({ n }, before) => n === before + 1)).toBe(true);
    expect(lines.at(-1)).toMatchObject({ msg: "the last", lost: lines[index].lines });
  });

  test("ends while the reader has stopped, or has gone", async () => {
    const stopped = start("pipe");
    const gone = start("pipe");
    gone.stderr?.destroy();
    for (const { stdin, alive, ended } of [stopped, gone]) {
      await alive;
      stdin.end("go on");
      expect(await ended).toEqual([0, null]);
    }
  });

  test.skipIf(!existsSync("/dev/full"))("works on and ends while the disk is full", async () => {
    const full = await open("/dev/full", "w");
    const { stdin, alive, ended } = start(full.fd);
    await alive;
    stdin.end("go on");
    expect(await ended).toEqual([0, null]);
    await full.close();
  });
});
