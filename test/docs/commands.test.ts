import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { DATABASE_NAMES } from "../../src/config/choose-database.ts";
import { service } from "../../src/config/settings.ts";
import { SECRET_NAMES } from "../../src/config/sources.ts";

const root = join(import.meta.dirname, "..", "..");
const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md") && name !== "api.md");
const names = ["README.md", "CONTRIBUTING.md", ...guides.map((name) => `docs/${name}`)];
const read = (name: string) => readFileSync(join(root, name), "utf8");

/** The commands of ltb in a document: in blocks of sh, and in code within a sentence. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^( *)```sh.*\n([\s\S]*?)^\1```$/gm)].map(([, , content = ""]) =>
    content.replaceAll("\\\n", " "),
  );
  const lines = blocks.flatMap((content) => content.replace(/ #.*$/gm, "").split(/[\n|]/));
  const spans = [...text.matchAll(/`((?:npm run ltb -- |ltb )[^`\n]+)`/g)].map(([, span = ""]) => span);
  return [...lines, ...spans].flatMap((line) => {
    const [, command] = /^ *(?:[A-Z_]+=\S+ )*(?:npm run (?:-s )?ltb -- |ltb )(.+)$/.exec(line) ?? [];
    return command === undefined ? [] : [command.trim()];
  });
}

test.each(names)("every command of ltb in %s exists, with its options", async (name) => {
  for (const line of commandsOf(read(name))) {
    const words = line.replace(/'[^']*'/g, "'").split(/\s+/);
    if (words[0] === "help") words.shift();
    let command: Command = await createProgram([]);
    for (;;) {
      const inner = command.commands.find((one) => one.name() === words[0]);
      if (!inner) break;
      command = inner;
      words.shift();
    }
    if (words.join() !== "--help" && !/^[A-Z]/.test(words[0] ?? ""))
      expect(command.parent, line).not.toBeNull();
    const known = ["--help", ...command.options.flatMap(({ long, short }) => [long, short])];
    for (const word of words) if (/^--?[a-z]/.test(word)) expect(known, line).toContain(word);
  }
});

test("the documents show commands of ltb", () => {
  const shown = names.map((name) => commandsOf(read(name)).length);
  expect(shown.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(60);
});

test.each(names)("every script of npm that %s names exists", (name) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const [, script = ""] of read(name).matchAll(/npm run (?:-s )?([\w:]+)/g))
    expect(scripts).toHaveProperty([script]);
});

// Variables that are no settings of the service: those of its clients, of the commands that workers run, and
// of tests.
const others = [
  ...[
    "LTB_ADDRESS",
    "LTB_API_KEY",
    "LTB_API_KEY_FILE",
    "LTB_TLS_CA_FILE",
    "LTB_TLS_CLIENT_CERT_FILE",
    "LTB_TLS_CLIENT_KEY_FILE",
  ],
  ...["LTB_JOB_ID", "LTB_JOB_TYPE", "LTB_ATTEMPT"],
  // Of packages in other languages.
  ...["LTB_URL", "LTB_EXIT_TIMEOUT", "LTB_SPOOL_DIR"],
  ...["LTB_SEED", "LTB_KILLS", "LTB_CALLS", "LTB_SCHEDULES", "LTB_FUZZ", "LTB_WORKER_PROGRAM"],
];

test.each(names)("every setting that %s names exists", (name) => {
  const known = [
    ...Object.keys(service.shape),
    ...Object.values(DATABASE_NAMES),
    ...["DATABASE_MIGRATION_URL", "DATABASE_REPLICA_URL", "LTB_CONFIG_FILE"],
    ...SECRET_NAMES.map((secret) => `${secret}_FILE`),
    ...others,
  ];
  for (const [setting] of read(name).matchAll(/\b(?:LTB|DATABASE)_[A-Z_]*[A-Z]\b(?!_)/g)) {
    // `DATABASE_UNAVAILABLE` is a reason.
    if (setting !== "DATABASE_UNAVAILABLE") expect(known).toContain(setting);
  }
});
