import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { version } from "../../src/version.ts";
import { ltb, runHere, start } from "./support.ts";

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
])("wrong usage exits with 2: $args", async ({ args, message }) => {
  const { code, stdout, stderr } = await runHere(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
});

test("without a command the help is shown as an error", async () => {
  const { code, stdout, stderr } = await runHere([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("Usage: ltb");
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

test("a port that does not speak gRPC is told apart", async () => {
  const server = createServer((_, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await ltb(["stats", "--address", `127.0.0.1:${port}`]);
  server.close();
  expect(code).toBe(1);
  expect(stderr).toContain("is this the gRPC port?");
});
