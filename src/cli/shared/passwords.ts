import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { messageOf } from "../../thrown.ts";
import type { Command } from "./command.ts";
import { CliError, UsageError } from "./errors.ts";
import { ask, note } from "./output.ts";

/** The sources of a password. The command line is none, because other users of the machine can read it. */
export interface PasswordOptions {
  passwordFile?: string;
}

export function withPasswordOption(command: Command): Command {
  return command.option(
    "--password-file <file>",
    "read the password from a file, or with - from standard input, instead of asking for it; one line end after it is left out",
  );
}

/** The password in the file, or what is typed at the prompt, twice if `confirm`. */
export async function readPassword(
  { passwordFile }: PasswordOptions,
  { prompt = "Password", confirm = false } = {},
): Promise<string> {
  if (passwordFile !== undefined) return fromFile(passwordFile);
  if (!process.stdin.isTTY)
    throw new UsageError(
      "there is no terminal to ask for the password: give --password-file FILE, or - for standard input",
    );
  const password = await readHidden(`${prompt}: `);
  if (confirm && (await readHidden(`${prompt} again: `)) !== password)
    throw new CliError("the passwords differ");
  return password;
}

async function fromFile(file: string): Promise<string> {
  try {
    const bytes = file === "-" ? await buffer(process.stdin) : await readFile(file);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsageError(`the password cannot be read: ${messageOf(error)}`, error);
  }
}

/** Asks at the terminal without showing what is typed. */
async function readHidden(question: string): Promise<string> {
  ask(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // With a terminal, readline turns the echo off and edits the line by itself; its output is discarded.
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  const { promise: given, resolve, reject } = Promise.withResolvers<string>();
  lines.once("SIGINT", () => reject(new CliError("cancelled", { code: "CANCELLED" })));
  lines.once("close", () => reject(new CliError("no password was given", { code: "CANCELLED" })));
  lines.question("").then(resolve, reject);
  try {
    return await given;
  } finally {
    lines.close();
    note("");
  }
}
