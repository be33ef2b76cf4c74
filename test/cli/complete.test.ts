import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { ltb, runHere, startTestService } from "./support.ts";

const folder = temporaryFolder();

/** What a shell would offer after these words; the last is the one being typed. */
async function offered(words: string[], settings: Record<string, string> = {}): Promise<string[]> {
  const { code, stdout, stderr } = await ltb(["complete", "--", ...words], settings);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // The last line tells the shell what it may add by itself.
  return stdout.trimEnd().split("\n").slice(0, -1);
}

const values = (lines: string[]) => lines.map((line) => line.split("\t")[0]);

test("commands with a line each, their commands, options and choices", async () => {
  const commands = await offered([""]);
  expect(commands).toContain("import\timport the logs of an evaluation tool");
  for (const line of commands) expect(line.length).toBeLessThan(100);
  expect(values(await offered(["job", "s"]))).toEqual(["submit", "show", "stats"]);
  expect(values(await offered(["import", "--for"]))).toEqual(["--format"]);
  expect(values(await offered(["import", "--format", "lm"]))).toEqual(["lm-eval"]);
  expect(values(await offered(["import", "--format=lm"]))).toEqual(["lm-eval"]);
});

test("files and folders where one is expected", async () => {
  writeFileSync(join(folder, "run.eval"), "");
  mkdirSync(join(folder, "runs"));
  const both = [join(folder, "run.eval"), join(folder, "runs/")];
  expect(values(await offered(["import", `${folder}/r`])).toSorted()).toEqual(both);
  expect(values(await offered(["serve", "--config", `${folder}/run.`]))).toEqual([join(folder, "run.eval")]);
  expect(await offered(["import", `${folder}/none/x`])).toEqual([]);
  expect(await offered(["job", "show", `${folder}/r`])).toEqual([]);
});

describe("names come from the service", () => {
  test("benchmarks, datasets, workers, limits and keys", async () => {
    const folder = temporaryFolder();
    const service = await startTestService(folder);
    onTestFinished(async () => {
      await service.stop();
    });
    const key = readFileSync(join(folder, "admin.key"), "utf8").trim();
    const at = ["--address", service.address, "--api-key", key];
    for (const name of ["nightly", "$(touch /tmp/x)", "two words"])
      await runHere([
        "benchmark",
        "create",
        name,
        "--provider",
        "p",
        "--model",
        "m",
        "--dataset",
        "gsm8k",
        ...at,
      ]);
    await runHere(["limit", "set", "openai/gpt-4", "--max-running", "1", ...at]);
    const settings = { LTB_ADDRESS: service.address, LTB_API_KEY: key };
    const named = async (...words: string[]) => values(await offered(words, settings));
    // What a shell would run or take apart is not offered.
    expect(await named("summary", "")).toEqual(["nightly"]);
    expect(await offered(["compare", "x", "ni"], settings)).toEqual(["nightly\tm on gsm8k"]);
    expect(await named("job", "stats", "--benchmark", "")).toEqual(["nightly"]);
    expect(await named("leaderboard", "g")).toEqual(["gsm8k"]);
    expect(await named("limit", "delete", "")).toEqual(["openai/gpt-4"]);
    expect(await named("user", "show", "")).toEqual(["admin"]);
    expect(await named("key", "revoke", "")).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(await named("worker", "show", "")).toEqual([]);
    expect(values(await offered(["summary", ...at, ""]))).toEqual(["nightly"]);
    expect(await named("benchmark", "create", "n")).toEqual([]);
  });

  test("without one there are none, and nothing is said", async () => {
    const settings = { LTB_ADDRESS: "127.0.0.1:1" };
    expect(await ltb(["complete", "--", "summary", ""], settings)).toEqual({
      code: 0,
      stdout: ":4\n",
      stderr: "",
    });
  });
});

test("bash takes the script twice", async () => {
  const script = join(folder, "ltb.bash");
  writeFileSync(script, (await ltb(["complete", "bash"])).stdout);
  const { status, stderr, error } = spawnSync("bash", ["-c", '. "$0"; . "$0"', script], { encoding: "utf8" });
  expect([status, stderr, error]).toEqual([0, "", undefined]);
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
