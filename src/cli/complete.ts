import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import completions from "@bomb.sh/tab/commander";
import type { Command } from "./shared/command.ts";

/**
 * Adds `complete`, which prints a shell's script, and which that script then asks for what may follow. Has to
 * be added last: it knows the commands that are there.
 */
export function addCommand(program: Command): void {
  const known = completions(program).commands;
  find(program, "complete")
    ?.summary("print a shell's completion script")
    .description("Prints the script by which a shell completes the commands, options and values of ltb.")
    .examples(
      ["ltb complete bash > ~/.local/share/bash-completion/completions/ltb", "needs bash-completion"],
      ["ltb complete zsh > ~/.ltb.zsh", "with `source ~/.ltb.zsh` in ~/.zshrc"],
      "ltb complete fish > ~/.config/fish/completions/ltb.fish",
    );
  for (const [path, completion] of known) {
    const command = find(program, path);
    // A line of the shell is short.
    completion.description = command?.summary() || /^.*?[.:](?= |$)/.exec(completion.description)?.[0] || "";
    for (const argument of completion.arguments.values())
      if (isPath(argument.name)) argument.handler = completePaths;
    for (const { long, flags } of command?.options ?? []) {
      const option = completion.options.get(long?.slice(2) ?? "");
      if (option && isPath(/<(.*)>/.exec(flags)?.[1] ?? "")) option.handler = completePaths;
    }
  }
}

function find(program: Command, path: string): Command | undefined {
  let found: Command | undefined = program;
  for (const name of path.split(" ")) found = found?.commands.find((command) => command.name() === name);
  return found;
}

/** Whether a value is a file or folder, by what help calls it. */
function isPath(placeholder: string): boolean {
  return /^(file|folder|path)/.test(placeholder);
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
