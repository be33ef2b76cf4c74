import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { commands, finished, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
const folder = temporaryFolder();
let cli: ReturnType<typeof commands>;
beforeAll(async () => {
  service = await startTestService();
  cli = commands(service.address);
});
afterAll(() => service.stop());

const submit = async (...args: string[]) => (await cli.json("job", "submit", ...args)).id as string;
const show = (id: string) => cli.json("job", "show", id);

/** Starts `ltb worker run` and resolves when it is registered. */
async function worker(
  ...args: string[]
): Promise<{ child: ChildProcess; done: ReturnType<typeof finished> }> {
  const child = cli.spawn("worker", "run", ...args);
  const done = finished(child);
  if (child.stderr !== null) await untilLine(child.stderr, "registered");
  return { child, done };
}

async function untilLine(stream: NodeJS.ReadableStream, wanted: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => line === wanted && resolve());
  });
}

describe("a command for each job", () => {
  test("gets and gives all digits of numbers", async () => {
    const { child, done } = await worker("--id", "digits", "--type", "digits=cat");
    const id = await submit("digits", '{"seed":9007199254740993}');
    expect((await finished(cli.spawn("job", "watch", id))).code).toBe(0);
    const { stdout } = await cli.run("job", "show", id);
    expect(stdout).toMatch(/^result +\{"seed":9007199254740993\}$/m);
    child.kill("SIGTERM");
    await done;
  });

  test("gets payload and environment, gives result or error", async () => {
    const types = {
      json: "cat",
      text: `printf '%s %s\\n' "$LTB_JOB_TYPE" "$LTB_JOB_ID"`,
      none: "exit 0",
      flaky: `echo "attempt $LTB_ATTEMPT" >&2; test "$LTB_ATTEMPT" = 2`,
      hopeless: "seq 1 30 >&2; exit 65",
      temporary: "exit 75",
    };
    const options = Object.entries(types).flatMap(([type, command]) => ["--type", `${type}=${command}`]);
    const { child, done } = await worker(
      "--id",
      "w1",
      "--capacity",
      "3",
      "--tag",
      "gpu",
      "--json",
      ...options,
    );
    const ids = Object.fromEntries(
      await Promise.all([
        ...["text", "none", "flaky", "hopeless"].map(async (type) => [type, await submit(type)]),
        (async () => ["json", await submit("json", '{"a":[1]}', "--tag", "gpu")])(),
        (async () => ["temporary", await submit("temporary", "--max-retries", "0")])(),
      ]),
    );
    expect((await finished(cli.spawn("job", "watch", ids.json, ids.text, ids.none, ids.flaky))).code).toBe(0);
    expect((await finished(cli.spawn("job", "watch", ids.hopeless, ids.temporary))).code).toBe(1);

    const completed = { status: "JOB_STATUS_COMPLETED", assigned_worker_id: "w1" };
    expect(await show(ids.json)).toMatchObject({ ...completed, result: { a: [1] } });
    expect(await show(ids.text)).toMatchObject({ ...completed, result: `text ${ids.text}` });
    expect(await show(ids.none)).toMatchObject({ ...completed, result: null });
    expect(await show(ids.flaky)).toMatchObject({
      ...completed,
      retry_count: 1,
      attempts: [
        { outcome: "JOB_ATTEMPT_OUTCOME_FAILED", error: "exit code 1: attempt 1" },
        { outcome: "JOB_ATTEMPT_OUTCOME_COMPLETED", error: "" },
      ],
    });
    const lines = Array.from({ length: 20 }, (_, n) => n + 11).join("\n");
    expect(await show(ids.hopeless)).toMatchObject({
      status: "JOB_STATUS_FAILED",
      error: `exit code 65: ${lines}`,
      retry_count: 0,
    });
    expect(await show(ids.temporary)).toMatchObject({ status: "JOB_STATUS_FAILED", error: "exit code 75" });
    const { stdout } = await cli.run("job", "show", ids.flaky);
    expect(stdout).toMatch(/^ +\d +\d+ +w1 +\S+ \S+ +\S+ \w+ +failed +exit code 1: attempt 1$/m);

    expect(await cli.json("worker", "list", "--tag", "gpu", "--active-within", "1m")).toMatchObject({
      workers: [{ worker_id: "w1", capacity: 3, completed_tasks: 4, failed_tasks: 3 }],
      more: false,
    });
    expect(await cli.run("worker", "list", "--tag", "other")).toMatchObject({
      stdout: "",
      stderr: "no workers\n",
    });
    const shown = await cli.run("worker", "show", "w1");
    expect(shown.stdout).toMatch(/^status +idle\nhealth +healthy$/m);

    child.kill("SIGTERM");
    const ended = await done;
    expect(ended.code).toBe(0);
    const attempts = ended.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(attempts).toContainEqual({
      job_id: ids.hopeless,
      job_type: "hopeless",
      attempt: 1,
      outcome: "failed",
      duration_ms: expect.any(Number),
      error: `exit code 65: ${lines}`,
    });
    expect(attempts.filter(({ outcome }) => outcome === "done")).toHaveLength(4);
    expect((await cli.run("worker", "show", "w1")).code).toBe(1);
  });

  test("a timeout ends it: SIGTERM first, to all that it started", async () => {
    const path = join(folder, "told");
    const command = `stop=0; trap 'echo told > ${path}; exit 1' TERM; sleep 60 & wait`;
    const { child, done } = await worker("--id", "w2", "--type", `long=${command}`);
    const id = await submit("long", "--timeout", "1", "--max-retries", "0");
    await eventually(async () => (await show(id)).status === "JOB_STATUS_FAILED");
    await eventually(async () => (await readFile(path, "utf8").catch(() => "")) === "told\n");
    expect(await show(id)).toMatchObject({ error: "the attempt ran past its timeout" });
    child.kill("SIGINT");
    expect(await done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${id}  long  timeout in `),
    });
  });

  test("told to stop, it finishes what runs; told again, it ends with all commands", async () => {
    const path = join(folder, "pid");
    const { child, done } = await worker("--id", "w3", "--type", `short=echo begun > ${path}; sleep 1`);
    const short = await submit("short");
    await eventually(async () => (await readFile(path, "utf8").catch(() => "")) !== "");
    child.kill("SIGTERM");
    expect((await done).code).toBe(0);
    expect((await show(short)).status).toBe("JOB_STATUS_COMPLETED");

    const second = await worker("--id", "w3", "--type", `long=echo $$ > ${path}; sleep 60`);
    await submit("long");
    await eventually(async () => /^\d+\n/.test(await readFile(path, "utf8")));
    const pid = Number(await readFile(path, "utf8"));
    second.child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 600));
    second.child.kill("SIGTERM");
    expect((await second.done).code).toBe(1);
    await eventually(async () => !isAlive(pid));
  });

  test.for([
    [["--type", "a=b"], "required option '--id <id>'"],
    [["--id", "w"], "required option '--type <type=command>'"],
    [["--id", "w", "--type", "nothing"], "Expected TYPE=COMMAND"],
    [["--id", "w", "--type", "a="], "Expected TYPE=COMMAND"],
    [["--id", "w", "--type", "a=b", "--capacity", "0"], "from 1 to 10000"],
  ] as const)("wrong usage: %s", async ([args, message]) => {
    const { code, stderr } = await cli.run("worker", "run", ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

test("drain and remove-stale", async () => {
  const { child, done } = await worker("--id", "d1", "--type", "drained=cat");
  expect(await cli.json("worker", "drain", "d1", "--reason", "new driver")).toMatchObject({
    status: "WORKER_STATUS_DRAINING",
    drain_reason: "new driver",
  });
  const { stdout } = await cli.run("worker", "list", "--status", "draining");
  expect(stdout).toMatch(/^d1 +draining +healthy +0\/1 +0 +0 +drained +- /m);
  expect(await cli.run("worker", "drain", "nobody")).toMatchObject({ code: 1 });

  expect(await cli.json("worker", "remove-stale", "--older-than", "1h")).toEqual({
    removed: 0,
    jobs_requeued: 0,
  });
  child.kill("SIGKILL");
  await done;
  await eventually(async () => {
    await cli.run("worker", "remove-stale", "--older-than", "100ms");
    return (await cli.json("worker", "list")).workers.length === 0;
  });
  expect((await cli.run("worker", "remove-stale")).code).toBe(2);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
