import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { explanationsIn } from "../console/src/parts/reasons.ts";
import { createProgram } from "../src/cli/program.ts";
import { DATABASE_NAMES } from "../src/config/choose-database.ts";
import { service } from "../src/config/settings.ts";
import { SECRET_NAMES } from "../src/config/sources.ts";
import { loadConfig } from "../src/config.ts";
import { services } from "../src/services.ts";
import type { Database } from "../src/storage.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");

/** What stands between a heading of a Markdown file and the next of its kind. */
function section(text: string, heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`there is no section ${heading}`);
  return found;
}

/** The code spans in the first column of a table. */
function firstColumn(text: string): string[] {
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code),
  );
}

test("docs/errors.md explains exactly the reasons there are, in order", () => {
  const [, union = ""] = /export type Reason =([^;]+);/.exec(read("src/errors.ts")) ?? [];
  const reasons = [...union.matchAll(/"(\w+)"/g)].map(([, reason]) => reason);
  expect(reasons).toContain("NOT_FOUND");
  expect(firstColumn(section(read("docs/errors.md"), "Reasons"))).toEqual(reasons);
  // The console shows them beside an error.
  expect([...explanationsIn(read("docs/errors.md")).keys()]).toEqual(reasons);
});

test("the README has at most 120 lines", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(120);
});

test("docs/architecture.md answers at least 30 questions, each with one file", () => {
  const [, ...rows] = section(read("docs/architecture.md"), "Where is what").match(/^\|.*\|$/gm) ?? [];
  const answers = rows.filter((row) => !row.startsWith("|---"));
  expect(answers.length).toBeGreaterThanOrEqual(30);
  for (const row of answers) expect(row).toMatch(/^\| [A-Z].*\? \| `[\w./-]+\.(tsx?|css|py|go)` \|$/);
});

test("docs/configuration.md has exactly the settings there are", () => {
  const settings = [
    ...Object.keys(service.shape),
    ...Object.values(DATABASE_NAMES),
    "DATABASE_MIGRATION_URL",
    "DATABASE_REPLICA_URL",
    "LTB_CONFIG_FILE",
  ];
  const text = read("docs/configuration.md");
  expect(firstColumn(text).sort()).toEqual(settings.sort());
  for (const name of SECRET_NAMES) expect(text.split("## ")[0], name).toContain(`\`${name}\``);
});

test("docs/cli.md has exactly the commands there are", async () => {
  const program = await createProgram([]);
  const rows = read("docs/cli.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) => {
    // `job pause`, `resume`: a later command of a row may leave out the words that it shares with the first.
    let group: Command = program;
    return firstColumn(row)
      .filter((span) => !span.startsWith("-"))
      .map((span) => {
        const words = span.split(" ").filter((word) => /^[a-z][a-z-]*$/.test(word));
        const command = find(group, words) ?? find(program, words) ?? expect.fail(`no command ${span}`);
        group = command.parent ?? program;
        return pathOf(command);
      });
  });
  const callable = leaves(program).map(pathOf);
  expect(callable.filter((path) => !named.includes(path))).toEqual([]);
});

function find(within: Command, [name, ...rest]: readonly string[]): Command | undefined {
  if (name === undefined) return within;
  const command = within.commands.find((one) => one.name() === name);
  return command && find(command, rest);
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function pathOf(command: Command): string {
  return command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

test("no method of the contract answers UNIMPLEMENTED", () => {
  // Nothing is called, so there is no need of a database.
  const provided = services({} as Database, loadConfig({ env: {}, cwd: import.meta.dirname }));
  const missing = provided.flatMap(({ service, implementation }) =>
    service.methods
      .filter(({ localName }) => !(localName in implementation))
      .map(({ name }) => `${service.name}/${name}`),
  );
  expect(missing).toEqual([]);
});
