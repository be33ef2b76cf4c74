import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, vi } from "vitest";
import { makeFirstAdmin } from "../../src/auth/first-admin.ts";
import { run } from "../../src/cli/run.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningService, serve } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import { createTestDatabase } from "../harness/postgres.ts";

export const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment without what the caller may have set for us, colours or npm; no authentication. */
export function environment(settings: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = /^(?:LTB_|DATABASE_|npm_|INIT_CWD$|FORCE_COLOR$|NO_COLOR$|COLUMNS$)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(kept), LTB_AUTH: "off", ...settings };
}

/** Another program may have the usual ports: a service of a test takes any that are free. */
export const anyPort = { LTB_GRPC_ADDRESS: "127.0.0.1:0", LTB_HTTP_ADDRESS: "127.0.0.1:0" };

export function start(
  args: string[],
  settings: Record<string, string> = {},
  cwd = tmpdir(),
  stdin: "ignore" | "pipe" = "ignore",
): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: environment({ ...(args[0] === "serve" && anyPort), ...settings }),
    stdio: [stdin, "pipe", "pipe"],
  });
}

/** Runs the command line to its end. */
export async function ltb(args: string[], settings: Record<string, string> = {}): Promise<Finished> {
  return finished(start(args, settings));
}

export async function finished(child: ChildProcess): Promise<Finished> {
  if (child.stdout === null || child.stderr === null) throw new Error("no pipes");
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/**
 * Commands against the service at an address. `run` and `json` take place in this process, one after the
 * other, which takes a tenth of the time; `json` expects success and parses what is printed. `spawn` and
 * `fed`, which has something on its standard input, are processes.
 */
export function commands(address: string) {
  let last: Promise<unknown> = Promise.resolve();
  const run = (...args: string[]) => {
    const mine = last.then(() => runHere([...args, "--address", address]));
    last = mine.catch(() => undefined);
    return mine;
  };
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, "--json");
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const spawn = (...args: string[]) => start(args, { LTB_ADDRESS: address });
  const fed = async (input: string, ...args: string[]) => {
    const child = start(args, { LTB_ADDRESS: address }, tmpdir(), "pipe");
    child.stdin?.end(input);
    return finished(child);
  };
  return { run, json, spawn, fed };
}

/** Runs the command line to its end in this process: nothing else of the test may print meanwhile. */
export async function runHere(args: string[]): Promise<Finished> {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      printed[stream] += String(chunk);
      return true;
    }),
  );
  const listeners = process.stdout.listeners("error");
  try {
    return { code: await run(args), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
    for (const listener of process.stdout.listeners("error"))
      if (!listeners.includes(listener)) process.stdout.off("error", listener as () => void);
    process.exitCode = undefined;
  }
}

/**
 * A service in this process, on free ports and a database of its own.
 * @param keyFolder where the key of its first admin is to be stored; without it, the service asks for none
 */
export async function startTestService(keyFolder?: string): Promise<RunningService & { address: string }> {
  const env = { ...anyPort, LTB_AUTH: keyFolder === undefined ? "off" : "required" };
  const connection = await createTestDatabase();
  if (keyFolder !== undefined) {
    const database = await Database.connect(connection);
    await makeFirstAdmin(database, keyFolder).finally(() => database.close());
  }
  const config = {
    ...loadConfig({ env, cwd: import.meta.dirname }),
    database: { kind: "external", connection, migration: undefined, replica: undefined, listen: true },
  } as const;
  const service = await serve(config, { log: createLogger("silent") });
  return { ...service, address: `127.0.0.1:${service.grpcAddress.port}` };
}

/** Imports what three models answered to the same 55 questions, as benchmarks of their names. */
export async function importModels(ltb: ReturnType<typeof commands>): Promise<void> {
  const file = join(import.meta.dirname, "..", "..", "samples", "grade-school-math.jsonl");
  for (const model of ["6b_finetuning", "6b_verification", "175b_verification"]) {
    const map = `input=question,expected=ground_truth,output=\`${model}\`.solution,score=\`${model}\`.is_correct`;
    await ltb.json("import", file, "--map", map, "--model", model, "--name", model);
  }
}

/** 0 and the numbers after it, so many. */
export const range = (length: number) => Array.from({ length }, (_, n) => n);

/** The suites of a JUnit report, whose every tag must be closed and every special character escaped. */
export function suitesOf(xml: string): { name: string; failures: string[] }[] {
  const open: string[] = [];
  const suites: { name: string; failures: string[] }[] = [];
  const words = { amp: "&", lt: "<", gt: ">", quot: '"' };
  const plain = (text = "") =>
    text.replaceAll(/&(amp|lt|gt|quot);/g, (_, name: keyof typeof words) => words[name]);
  const tag = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<>]*")*)(\/?)>/g;
  expect(xml.replace(/^<\?xml.*\?>\n/, "").replaceAll(tag, "")).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)/);
  for (const [, end, name = "", attributes = "", single] of xml.matchAll(tag)) {
    const value = (key: string) => plain(new RegExp(` ${key}="([^"]*)"`).exec(attributes)?.[1]);
    if (name === "testsuite" && !end) suites.push({ name: value("name"), failures: [] });
    if (name === "failure") suites.at(-1)?.failures.push(value("message"));
    if (end) expect(open.pop()).toBe(name);
    else if (!single) open.push(name);
  }
  expect(open).toEqual([]);
  return suites;
}
