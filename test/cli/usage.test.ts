import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createServerOf2 } from "node:http2";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { formatTable, oneLine } from "../../src/cli/shared/output.ts";
import { commandLine, installedCommand, quotePath } from "../../src/cli/shared/shell.ts";
import { paint, withoutMarks } from "../../src/cli/shared/terminal.ts";
import { quote } from "../../src/text.ts";
import { packageRoot, version } from "../../src/version.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { ltb, MAIN, runHere, start } from "./support.ts";

test("every command has a description and examples", async () => {
  const leaves = (await createProgram([])).commands.flatMap((command) =>
    command.commands.length > 0 ? command.commands : [command],
  );
  expect(leaves.length).toBeGreaterThan(10);
  for (const command of leaves) {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(command.description(), command.name()).not.toBe("");
    expect(help, command.name()).toMatch(/Examples:\n {2}(\S+=\S+ )?ltb /);
  }
});

test("--version and --help succeed on stdout", async () => {
  expect(await ltb(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  const help = await ltb(["import", "--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("--map <fields>");
});

test.for(["--version", "--help"])("%s to a reader that has gone is no failure", async (option) => {
  const child = start([option]);
  child.stdout?.destroy();
  let stderr = "";
  child.stderr?.on("data", (chunk) => (stderr += chunk));
  expect(await once(child, "close")).toEqual([0, null]);
  expect(stderr).toBe("");
});

test.for([
  { args: ["bogus"], message: "unknown command 'bogus'" },
  { args: ["stats", "--bogus"], message: "unknown option '--bogus'" },
  { args: ["summary"], message: "missing required argument 'benchmark'" },
  { args: ["export", "x", "--format", "xml"], message: "Allowed choices are jsonl, csv" },
  { args: ["import", "x", "--map", "input="], message: "column 7" },
  { args: ["stats", "--deadline", "0"], message: "Expected seconds" },
  { args: ["stats", "--address", "localhost"], message: "Expected host:port" },
  { args: ["summary", "x", "--cluster-by", ""], message: "--cluster-by is empty: give it a value, or leave" },
  { args: ["compare", "x", "y", "--group-by="], message: "--group-by is empty" },
  { args: ["summary", "x", "--metric", "score", ""], message: "--metric is empty" },
  { args: ["leaderboard", "x", "--provider", ""], message: "--provider is empty" },
  { args: ["compare", "x", "y", ""], message: "<candidate> is empty: give it a value" },
  { args: ["baseline", "set", ""], message: "<benchmark> is empty" },
  { args: ["backup", ""], message: "<path> is empty" },
])("wrong usage exits with 2: $args", async ({ args, message }) => {
  const { code, stdout, stderr } = await runHere(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
});

test.for([
  { args: [], usage: "ltb [options] [command]" },
  { args: ["job"], usage: "ltb job [options] [command]" },
  { args: ["help"], usage: "ltb [options] [command]" },
  { args: ["help", "job", "submit"], usage: "ltb job submit [options] <type> [payload]" },
  { args: ["job", "help", "submit"], usage: "ltb job submit [options] <type> [payload]" },
])("help is printed where it is asked for, or no command is given: $args", async ({ args, usage }) => {
  const { code, stdout, stderr } = await runHere(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`Usage: ${usage}\n`);
});

test("there is no help for what does not exist", async () => {
  const { code, stderr } = await runHere(["help", "sumary"]);
  expect(code).toBe(2);
  expect(stderr).toContain("unknown command 'sumary'\n(Did you mean summary?)");
});

test("help has a command's own options first, those of the connection last, and every exit code", async () => {
  const { stdout } = await runHere(["import", "--help"]);
  const heads = stdout.match(/^(\S.*:)$| {2}(--format|--json|-h, --help|--address)/gm);
  expect(heads).toEqual([
    "Arguments:",
    "Options:",
    "  --format",
    "  --json",
    "  -h, --help",
    "Connection:",
    "  --address",
    "Examples:",
  ]);
  expect((await runHere(["--help"])).stdout).toMatch(/^Exit codes: 0 .*, 1 .*, 2 .*of compare 3 /m);
});

test.for(["-v", "version", "-V"])("%s prints the version too", async (word) => {
  expect(await ltb([word])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("an older Node", () => {
  const sentence =
    /^ltb needs Node 24\.7 or later, and this is Node (18\.20\.0|[\d.]+) \(.+\): install a newer one\n$/;

  test("gets a sentence, for which it need load nothing of ours", async () => {
    const older = 'Object.defineProperty(process.versions, "node", { value: "18.20.0" })';
    const preload = `--import=data:text/javascript,${encodeURIComponent(older)}`;
    for (const args of [["--version"], ["stats"]]) {
      const { code, stdout, stderr } = await ltb(args, { NODE_OPTIONS: preload });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(sentence);
    }
    const { engines } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
    expect(engines.node).toBe(">=24.7");
  });

  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .find((node) => /^v(18|20|22)\./.test(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout ?? ""));

  // It takes one that is installed beside ours.
  test.skipIf(found === undefined)("can load the built program", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "main.mjs"), stripTypeScriptTypes(readFileSync(MAIN, "utf8")));
    const { status, stderr } = spawnSync(found ?? "", [join(folder, "main.mjs")], { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringMatching(sentence)]);
  });
});

describe("on a terminal", () => {
  const columns = ["id", "name", ">n", "error"];
  const rows = [
    ["01890a5d", "a benchmark", 1, ""],
    ["01890a5e", "another", 12345, "the model did not answer in time"],
  ];
  const table = (width: string) => {
    vi.stubEnv("COLUMNS", width);
    onTestFinished(() => void vi.unstubAllEnvs());
    return withoutMarks(formatTable(columns, rows)).replaceAll("�", "");
  };

  test("a row that is too long goes on in the next line, with whole cells", () => {
    expect(table("80")).toBe(
      [
        "id        name             n  error",
        "01890a5d  a benchmark      1",
        "01890a5e  another      12345  the model did not answer in time",
      ].join("\n"),
    );
    expect(table("40")).toBe(
      [
        "id        name             n\n    error",
        "01890a5d  a benchmark      1",
        "01890a5e  another      12345\n    the model did not answer in time",
      ].join("\n"),
    );
    // A cell that is longer than a line is broken between its words.
    expect(table("26").split("\n").slice(-2)).toEqual(["    the model did not", "    answer in time"]);
  });

  test("one that reports no width, or none that a table could have, folds nothing", () => {
    const { columns } = process.stdout;
    onTestFinished(() => void Object.assign(process.stdout, { columns }));
    const whole = table("1000");
    for (const columns of [0, 1, 9]) {
      Object.assign(process.stdout, { columns });
      expect(table("")).toBe(whole);
      expect(table(`${columns}`)).toBe(whole);
    }
  });

  test("there are colours where they are wanted, and none that others wrote", async () => {
    const shown = async (settings: Record<string, string>) =>
      (await ltb(["job", "stats", "--address", "127.0.0.1:1"], settings)).stderr;
    expect(await shown({ FORCE_COLOR: "1" })).toContain("\u001b[31merror:\u001b[39m UNAVAILABLE");
    expect(await shown({})).toMatch(/^error: UNAVAILABLE/);
    expect(await shown({ NO_COLOR: "1" })).toMatch(/^error: UNAVAILABLE/);
    const { stdout } = await ltb(["--help"], { FORCE_COLOR: "1" });
    expect(stdout).toContain("\u001b[1mUsage:");
    const foreign = paint("red", "x");
    expect(oneLine(foreign)).toBe("�x�");
    expect(formatTable([foreign], [[foreign]])).not.toContain(foreign);
  });
});

test("commands and paths are told as one has to type them where one stands", () => {
  const stand = (folder: string) => {
    vi.stubEnv("npm_lifecycle_event", "start");
    vi.stubEnv("INIT_CWD", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    return [commandLine("serve"), commandLine("demo"), quotePath(join(packageRoot, ".ltb/admin.key"))];
  };
  expect(stand(packageRoot)).toEqual(["npm start", "npm run ltb -- demo", ".ltb/admin.key"]);
  const root = packageRoot.slice(1);
  const npm = `npm --prefix ${quote(root)}`;
  expect(stand("/")).toEqual([`${npm} start`, `${npm} run ltb -- demo`, quote(`${root}/.ltb/admin.key`)]);
});

test("an installed package is called as it can be from where one stands", () => {
  const folder = temporaryFolder();
  onTestFinished(() => void vi.unstubAllEnvs());
  const main = join(folder, "main.js");
  writeFileSync(main, "the program");
  const local = join(folder, "node_modules", ".bin");
  const [global, foreign] = [join(folder, "bin"), join(folder, "foreign")];
  for (const bin of [local, global, foreign]) mkdirSync(bin, { recursive: true });
  for (const bin of [local, global]) symlinkSync(main, join(bin, "ltb"));
  writeFileSync(join(foreign, "ltb"), "somebody else's");
  const called = (path: string[], cwd: string, byNpm = false) => {
    vi.stubEnv("PATH", path.join(delimiter));
    vi.stubEnv("npm_lifecycle_event", byNpm ? "npx" : undefined);
    vi.stubEnv("INIT_CWD", cwd);
    const spy = vi.spyOn(process, "cwd").mockReturnValue(cwd);
    try {
      return installedCommand(main);
    } finally {
      spy.mockRestore();
    }
  };
  expect(called([global], "/")).toBe("ltb");
  expect(called([local], "/")).toBe("ltb");
  // npx puts the project's programs into the PATH of this process only.
  expect(called([local, foreign], folder, true)).toBe("npx ltb");
  expect(called([local, global], "/", true)).toBe("ltb");
  // Elsewhere npx would ask the registry for a package of that name.
  for (const path of [[], [foreign], [foreign, global]])
    expect(called(path, "/")).toBe(`node ${quote(main.slice(1))}`);
});

test.for([
  ["stats"],
  ["info"],
  ["demo"],
  ["summary", "x"],
  ["export", "x"],
  ["benchmark", "list"],
  ["import", "x.jsonl"],
  ["job", "submit", "x"],
  ["job", "cancel", "x"],
  ["job", "watch"],
  ["limit", "list"],
  ["worker", "list"],
])("%s says how to start a service that is not there", async (args) => {
  const { code, stdout, stderr } = await runHere([...args, "--address", "127.0.0.1:1"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^error: UNAVAILABLE \(UNREACHABLE\): no service at 127\.0\.0\.1:1 \(connection refused\)/,
  );
  expect(stderr).toContain("npm start");
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("--json makes errors of every kind JSON", async () => {
  const usage = await ltb(["summary", "--json"]);
  expect(usage.code).toBe(2);
  expect(JSON.parse(usage.stderr).error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "USAGE" });
  const unreachable = await ltb(["stats", "--json"], { LTB_ADDRESS: "127.0.0.1:1" });
  expect(unreachable.code).toBe(1);
  expect(JSON.parse(unreachable.stderr).error).toMatchObject({ code: "UNAVAILABLE", reason: "UNREACHABLE" });
});

test.for([
  ["HTTP", "prefer"],
  ["HTTP", "require"],
  ["HTTP", "disable"],
  ["HTTP/2", "prefer"],
  ["HTTP/2", "disable"],
])("a database's port that is one of %s is told, SSL mode %s", async ([protocol, mode]) => {
  const server = protocol === "HTTP" ? createServer() : createServerOf2();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `postgres://u:secret@127.0.0.1:${port}/d?sslmode=${mode}`;
  const { code, stderr } = await ltb(["migrate", "status"], {
    DATABASE_URL: url,
    LTB_STARTUP_TIMEOUT: "1",
  });
  expect(code).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${port}`);
  // In clear text, what hangs up at once may be a pooler that is starting.
  const told = mode === "disable" ? "whether PostgreSQL listens there" : "does not answer as PostgreSQL does";
  expect(stderr.trim().split("\n").at(-1)).toMatch(
    new RegExp(`${told}.*correct the address \\(DATABASE_URL`),
  );
  expect(stderr).not.toContain("secret");
});

test.for([
  ["doctor"],
  ["backup", "never.tar"],
  ["migrate", "status"],
  ["migrate", "verify"],
  ["key", "create", "--user", "x", "--database"],
])("%s makes no database where there is none", async (args) => {
  const folder = temporaryFolder();
  const { code, stderr } = await ltb(args, { LTB_DATA_DIR: folder });
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`there is no embedded database in ${folder}`),
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("a port that does not speak gRPC is told apart", async () => {
  const server = createServer((_, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await ltb(["stats", "--address", `127.0.0.1:${port}`]);
  server.close();
  expect(code).toBe(1);
  expect(stderr).toContain("is this the gRPC port?");
});
