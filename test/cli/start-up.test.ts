import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { ltb } from "./support.ts";

const folder = temporaryFolder();

const recorder = join(import.meta.dirname, "record-modules.ts");

/** The packages, and our own modules from `src` on, that a command line loads. */
async function loaded(...args: string[]): Promise<{ packages: string[]; ours: string[] }> {
  const list = join(folder, "modules");
  await ltb(args, { NODE_OPTIONS: `--import=${recorder}`, MODULES_FILE: list });
  const urls = readFileSync(list, "utf8").split("\n");
  const found = (pattern: RegExp) => [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))];
  return {
    packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/),
    ours: found(/(?<!node_modules.*)\/src\/(.*)$/),
  };
}

test("--version loads nothing of the command line", async () => {
  expect(await loaded("--version")).toEqual({ packages: [], ours: ["main.ts", "version.ts"] });
});

test("a command loads nothing of the others, nor of the server", async () => {
  const { packages, ours } = await loaded("job", "stats", "--address", "127.0.0.1:1");
  expect(ours).toContain("cli/job/stats.ts");
  expect(ours.filter((path) => /^cli\/(?!shared\/|job\.|job\/stats|run\.|program\.)/.test(path))).toEqual([]);
  expect(packages.toSorted()).toEqual([
    "@bufbuild/protobuf",
    "@connectrpc/connect",
    "@connectrpc/connect-node",
    "ansi-regex",
    "cli-table3",
    "commander",
    "emoji-regex",
    "is-fullwidth-code-point",
    "string-width",
    "strip-ansi",
  ]);
});

test("health loads the settings, and nothing that serves or calls", async () => {
  const { packages } = await loaded("health", "--timeout", "0.1");
  expect(packages.filter((name) => !["commander", "zod"].includes(name))).toEqual([]);
});

test("help and completions load every command, but not what only its work needs", async () => {
  const { packages, ours } = await loaded("--help");
  expect(ours).toEqual(expect.arrayContaining(["cli/serve.ts", "cli/worker.ts", "cli/complete.ts"]));
  const heavy = ["zod", "slonik", "pg", "pino", "@grpc/grpc-js", "yauzl", "cli-progress", "hyparquet"];
  expect(packages.filter((name) => heavy.includes(name))).toEqual([]);
});
