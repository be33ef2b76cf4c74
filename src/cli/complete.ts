import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import completions from "@bomb.sh/tab/commander";
import { isPlainWord } from "../text.ts";
import { findNames, kindOf, type Name, type NameKind } from "./complete/names.ts";
import type { Command } from "./shared/command.ts";
import { oneLine, print } from "./shared/output.ts";

const offerNothing = () => undefined;

type Offer = (value: string, description: string) => void;

/**
 * Adds `complete`, which prints a shell's script, and which that script then asks for what may follow. Has to
 * be added last: it knows the commands that are there.
 */
export function addCommand(program: Command): void {
  const completer = completions(program);
  let asked: NameKind | undefined;
  let names: Name[] = [];

  find(program, "complete")
    ?.summary("print a shell's completion script")
    .description(
      "Prints the script by which a shell completes the commands, options and values of ltb, and the names that the service knows.",
    )
    .examples(
      ["ltb complete bash > ~/.local/share/bash-completion/completions/ltb", "needs bash-completion"],
      ["ltb complete zsh > ~/.ltb.zsh", "with `source ~/.ltb.zsh` in ~/.zshrc"],
      "ltb complete fish > ~/.config/fish/completions/ltb.fish",
    );
  for (const [path, completion] of completer.commands) {
    const command = find(program, path);
    // A line of the shell is short.
    completion.description = command?.summary() || /^.*?[.:](?= |$)/.exec(completion.description)?.[0] || "";
    for (const argument of completion.arguments.values())
      argument.handler = handlerFor(path, argument.name) ?? argument.handler ?? offerNothing;
    for (const { long, flags } of command?.options ?? []) {
      const handler = handlerFor(path, /<(.*)>/.exec(flags)?.[1] ?? "");
      const option = completion.options.get(long?.slice(2) ?? "");
      if (option && handler) option.handler = handler;
    }
  }

  function handlerFor(path: string, placeholder: string): ((offer: Offer) => void) | undefined {
    if (/^(file|folder|path)/.test(placeholder)) return completePaths;
    const kind = kindOf(path, placeholder);
    if (kind === undefined) return undefined;
    return (offer) => {
      asked = kind;
      for (const { value, about = "" } of names) offer(value, about);
    };
  }

  const { parse, setup } = completer;
  // The service is asked for what may follow if the first run asks for names of it; then there is another.
  completer.parse = (words) => {
    const run = () => capture(() => parse.call(completer, [...words]));
    const lines = run();
    if (asked === undefined) return printPlain(lines);
    const found = findNames(asked, words).then((all) => {
      names = all;
      return run();
    });
    void found.catch(() => lines).then(printPlain);
  };
  // A shell may read the script again, and its constants are in its way then.
  completer.setup = (...args) => {
    const [script = ""] = capture(() => setup.call(completer, ...args));
    print(script.replaceAll(/^readonly (?=ShellComp)/gm, ""));
  };
}

function find(program: Command, path: string): Command | undefined {
  let found: Command | undefined = program;
  for (const name of path.split(" ")) found = found?.commands.find((command) => command.name() === name);
  return found;
}

/** Returns what is written by `console.log`. */
function capture(write: () => void): string[] {
  const texts: string[] = [];
  const { log } = console;
  console.log = (text: string) => texts.push(text);
  try {
    write();
  } finally {
    console.log = log;
  }
  return texts;
}

/** Prints what may follow. A value that is no plain word is none: bash would run a `$(…)` that is in it. */
function printPlain(lines: readonly string[]): void {
  for (const line of lines) {
    const [value = "", ...about] = line.split("\t");
    if (isPlainWord(value)) console.log([value, ...about.map(oneLine)].join("\t"));
  }
}

function completePaths(complete: (value: string, description: string) => void): void {
  const typed = (process.argv.at(-1) ?? "").replace(/^--[^=]*=/, "");
  const folder = typed.endsWith("/") ? typed : dirname(typed || "x");
  const isHere = folder === "." && !typed.startsWith("./");
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = isHere ? entry.name : `${folder.replace(/\/$/, "")}/${entry.name}`;
      complete(entry.isDirectory() ? `${path}/` : path, "");
    }
  } catch {
    // No such folder: nothing to offer.
  }
}
