import { execFile } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { temporaryFolder } from "../harness/folder.ts";
import { environment, MAIN, startTestService } from "./support.ts";

// The steps of examples/ci run as they stand, in the shell that GitHub takes, beside stand-ins for what is
// not ours: the evaluation, and GitHub's own command line.

const workflow = join(import.meta.dirname, "..", "..", "examples", "ci", "github-workflow.yaml");

interface Step {
  name?: string;
  run?: string;
  if?: string;
}

let service: Awaited<ReturnType<typeof startTestService>>;
const folder = temporaryFolder();
beforeAll(async () => {
  service = await startTestService();
  const script = async (name: string, text: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  };
  await script("ltb", `exec "${process.execPath}" "${MAIN}" "$@"`);
  await script("gh", 'echo "$@" >> commented');
  await script("evaluate.sh", "cat answers.jsonl");
});
afterAll(() => service.stop());

interface Questions {
  count?: number;
  /** As main was asked it, by default. */
  question?: (n: number) => string;
}

let commits = 0;

/** Answers the exit codes of the steps by name. A question whose answer is null crashed. */
async function runWorkflow(
  event: "push" | "pull_request",
  correct: (n: number) => boolean | null,
  { count = 400, question = (n) => `${n} + 1` }: Questions = {},
) {
  const answers = Array.from({ length: count }, (_, n) => ({
    ...{ id: `q${n}`, question: question(n), answer: "a", correct: correct(n) },
  }));
  await writeFile(join(folder, "answers.jsonl"), answers.map((one) => JSON.stringify(one)).join("\n"));
  const [job] = Object.values<{ env: Record<string, string>; steps: Step[] }>(
    parse(await readFile(workflow, "utf8")).jobs,
  );
  const settings = {
    ...{ LTB_ADDRESS: service.address, GITHUB_SHA: `commit ${commits++}`, BASELINE: job?.env.BASELINE ?? "" },
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

test("no gap of main, no new question and no changed one lets a pull request pass that is worse", async () => {
  const failed = { Evaluate: 0, "Keep the results": 0, "Compare with main": 3, "Show the comparison": 0 };
  const passed = { ...failed, "Compare with main": 0 };
  const summary = async () => {
    const text = await readFile(join(folder, "summary.md"), "utf8");
    return text.slice(text.lastIndexOf("### "));
  };
  // Main ran into a limit in 80 questions.
  await runWorkflow("push", (n) => (n < 320 ? n % 5 > 0 : null));
  expect(await runWorkflow("pull_request", (n) => n % 5 > 0 && n % 10 !== 1)).toEqual(failed);
  expect(await summary()).toMatch(
    /^\*\*A gate is not passed:\*\* 1 of 1 candidates are not shown to be no worse/m,
  );
  expect(await summary()).toMatch(/^\| `questions of pull request 7` \| 320 \|.*\| worse \|$/m);
  expect(await runWorkflow("pull_request", (n) => n % 5 > 0)).toEqual(passed);
  expect(await summary()).toMatch(
    /: no worse than the baseline by 0\.02 on the 320 samples that the baseline has /,
  );

  await runWorkflow("push", (n) => n % 4 > 0);
  // As many easy questions are new.
  expect(await runWorkflow("pull_request", (n) => n >= 400 || n % 4 > 1, { count: 800 })).toEqual(failed);
  expect(await runWorkflow("pull_request", (n) => n < 400 && n % 4 > 0, { count: 410 })).toEqual(passed);
  // It is right in all of one half, and wrong in the other, whose questions have got a blank.
  const question = (n: number) => `${n} + 1${n < 200 ? "" : " "}`;
  expect(await runWorkflow("pull_request", (n) => n < 200, { question })).toEqual(failed);
  expect(await readFile(join(folder, "junit.xml"), "utf8")).toContain('tests="2" failures="2"');
  const lead = (await summary()).split("\n\n")[1];
  expect(lead).toMatch(/^\*\*A gate is not passed:\*\* .* other inputs .*--allow-different-inputs/);
});
