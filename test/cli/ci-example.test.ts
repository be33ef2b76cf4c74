import { execFile } from "node:child_process";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { environment, MAIN, startTestService, temporaryFolder } from "./support.ts";

// The steps of examples/ci run as they stand, in the shell that GitHub takes, beside stand-ins for what is
// not ours: the evaluation, and GitHub's own command line.

const workflow = join(import.meta.dirname, "..", "..", "examples", "ci", "github-workflow.yaml");

interface Step {
  name?: string;
  run?: string;
  if?: string;
}

let service: Awaited<ReturnType<typeof startTestService>>;
let folder: string;
beforeAll(async () => {
  service = await startTestService();
  folder = await temporaryFolder();
  const script = async (name: string, text: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  };
  await script("ltb", `exec "${process.execPath}" "${MAIN}" "$@"`);
  await script("gh", 'echo "$@" >> commented');
  await script("evaluate.sh", "cat answers.jsonl");
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

/** Answers the exit codes of the steps by name. */
async function runWorkflow(event: "push" | "pull_request", correct: (n: number) => boolean | null) {
  const answers = Array.from({ length: 400 }, (_, n) => ({
    ...{ id: `q${n}`, question: `${n} + 1`, answer: "a", correct: correct(n) },
  }));
  await writeFile(join(folder, "answers.jsonl"), answers.map((one) => JSON.stringify(one)).join("\n"));
  const [job] = Object.values<{ env: Record<string, string>; steps: Step[] }>(
    parse(await readFile(workflow, "utf8")).jobs,
  );
  const settings = {
    ...{ LTB_ADDRESS: service.address, GITHUB_SHA: event, BASELINE: job?.env.BASELINE ?? "" },
    RUN: event === "push" ? (job?.env.BASELINE ?? "") : "questions of pull request 7",
    ...{ PULL_REQUEST: "7", GITHUB_STEP_SUMMARY: join(folder, "summary.md") },
  };
  const env = { ...environment(settings), PATH: `${folder}:${process.env.PATH}` };
  const codes: Record<string, number> = {};
  for (const { name = "", run, if: condition = event } of job?.steps ?? []) {
    if (run === undefined || name === "Install ltb" || !condition.includes(event)) continue;
    const failed = Object.values(codes).some((code) => code !== 0);
    if (failed && !condition.includes("always()")) continue;
    codes[name] = await promisify(execFile)("bash", ["-e", "-c", run], { cwd: folder, env }).then(
      () => 0,
      ({ code }) => code,
    );
  }
  return codes;
}

test("a workflow for GitHub compares a pull request with main, and shows what it found", async () => {
  const evaluated = { Evaluate: 0, "Keep the results": 0 };
  expect(await runWorkflow("push", (n) => n % 4 > 0)).toEqual(evaluated);
  const shown = { ...evaluated, "Compare with main": 0, "Show the comparison": 0 };
  expect(await runWorkflow("pull_request", (n) => n % 4 > 0 || n === 0)).toEqual(shown);
  const comment = "pr comment 7 --body-file comparison.md --edit-last --create-if-none\n";
  expect(await readFile(join(folder, "commented"), "utf8")).toBe(comment);
  expect(await readFile(join(folder, "summary.md"), "utf8")).toMatch(/no worse than the baseline by 0\.02/);
  expect(await readFile(join(folder, "junit.xml"), "utf8")).toContain('tests="2" failures="0"');

  expect(await runWorkflow("pull_request", (n) => n % 4 > 1)).toEqual({ ...shown, "Compare with main": 3 });
  expect(await readFile(join(folder, "commented"), "utf8")).toBe(comment.repeat(2));
  expect(await readFile(join(folder, "junit.xml"), "utf8")).toContain('tests="2" failures="2"');

  // It crashes in the hard half, and is as good as before in the rest.
  const crashed = (n: number) => (n < 200 ? null : n % 4 > 0);
  expect(await runWorkflow("pull_request", crashed)).toEqual({ ...shown, "Compare with main": 3 });
});
