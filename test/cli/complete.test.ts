import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ltb } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "ltb-complete-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a shell would offer after these words; the last is the one being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const { code, stdout } = await ltb(["complete", "--", ...words]);
  expect(code).toBe(0);
  // The last line tells the shell what it may add by itself.
  return stdout.trimEnd().split("\n").slice(0, -1);
}

const values = (lines: string[]) => lines.map((line) => line.split("\t")[0]);

test("commands with a line each, their commands, options and choices", async () => {
  const commands = await offered("");
  expect(commands).toContain("import\timport the logs of an evaluation tool");
  for (const line of commands) expect(line.length).toBeLessThan(100);
  expect(values(await offered("job", "s"))).toEqual(["submit", "show", "stats"]);
  expect(values(await offered("import", "--for"))).toEqual(["--format"]);
  expect(values(await offered("import", "--format", "lm"))).toEqual(["lm-eval"]);
  expect(values(await offered("import", "--format=lm"))).toEqual(["lm-eval"]);
});

test("files and folders where one is expected", async () => {
  writeFileSync(join(folder, "run.eval"), "");
  mkdirSync(join(folder, "runs"));
  const both = [join(folder, "run.eval"), join(folder, "runs/")];
  expect(values(await offered("import", `${folder}/r`)).toSorted()).toEqual(both);
  expect(values(await offered("serve", "--config", `${folder}/run.`))).toEqual([join(folder, "run.eval")]);
  expect(await offered("import", `${folder}/none/x`)).toEqual([]);
  expect(await offered("job", "show", `${folder}/r`)).toEqual([]);
});

test.for(["bash", "zsh", "fish", "powershell"])("a script for %s, which asks ltb", async (shell) => {
  const { code, stdout } = await ltb(["complete", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain("ltb complete");
});

test("another shell is refused", async () => {
  const { code, stderr } = await ltb(["complete", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are zsh, bash, fish, powershell");
});
