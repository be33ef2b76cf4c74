import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clients } from "../faults/server.ts";
import { unknownId } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, finished, ltb, startTestService } from "./support.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

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

async function jsonl(name: string, lines: string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.join("\n"));
  return path;
}

test("numbers that no double holds keep their digits", async () => {
  const payload = '{"seed": 9007199254740993}';
  const digits = '"payload":{"seed":9007199254740993}';
  const created = await cli.run("job", "submit", "digits", payload, "--json");
  expect(created.stdout).toContain(digits);
  const { id } = JSON.parse(created.stdout);
  expect((await cli.run("job", "show", id)).stdout).toMatch(/^payload +\{"seed":9007199254740993\}$/m);
  for (const change of ["cancel", "retry", "show"])
    expect((await cli.run("job", change, id, "--json")).stdout).toContain(digits);
  const lines = await cli.run("job", "submit", "digits", "--jsonl", await jsonl("digits.jsonl", [payload]));
  expect((await cli.run("job", "show", lines.stdout.trim(), "--json")).stdout).toContain(digits);
});

describe("submit", () => {
  test("prints the id, and sends every option", async () => {
    const before = Date.now();
    const args = [
      "--priority",
      "-5",
      "--max-retries",
      "1",
      "--max-snoozes",
      "4",
      "--timeout",
      "7",
      "--tag",
      "gpu",
      "--tag",
      "eu",
    ];
    const more = [
      "--in",
      "5m",
      "--start-within",
      "1h",
      "--limit-key",
      "openai/gpt-4",
      "--unique-key",
      "only",
      "--fair-key",
      "alice",
      "--fair-weight",
      "2.5",
    ];
    const { code, stdout } = await cli.run("job", "submit", "full", '{"a":[1,{"b":null}]}', ...args, ...more);
    expect({ code, id: stdout.trim() }).toEqual({ code: 0, id: expect.stringMatching(UUID) });
    const job = await show(stdout.trim());
    expect(job).toMatchObject({
      job_type: "full",
      payload: { a: [1, { b: null }] },
      status: "JOB_STATUS_PENDING",
      priority: -5,
      max_retries: 1,
      max_snoozes: 4,
      timeout_seconds: 7,
      required_tags: ["eu", "gpu"],
      limit_key: "openai/gpt-4",
      unique_key: "only",
      fair_key: "alice",
      fair_weight: 2.5,
      attempts: [],
    });
    const due = Date.parse(job.run_at);
    expect(Date.parse(job.start_by) - due).toBe(3_600_000);
    expect(due).toBeGreaterThanOrEqual(before + 300_000);
    expect(due).toBeLessThanOrEqual(Date.now() + 300_000);

    const taken = await cli.run("job", "submit", "full", "--unique-key", "only");
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(/^error: ALREADY_EXISTS \(UNIQUE_KEY_TAKEN\)/);
    const list = await cli.run("job", "list", "--type", "full");
    expect(list.stdout).toMatch(/full +scheduled +-5 +0\/1/);
  });

  test("--depends-on waits for jobs, and shows what becomes of it", async () => {
    const [first = "", second = ""] = await Promise.all(
      ["a", "b"].map(async () => (await cli.run("job", "submit", "first")).stdout.trim()),
    );
    const waiting = await cli.run("job", "submit", "next", "--depends-on", first, second);
    const anyway = await cli.run("job", "submit", "next", "--depends-on", first, "--run-after-failure");
    expect(await show(waiting.stdout.trim())).toMatchObject({
      depends_on: [first, second],
      on_dependency_failure: "DEPENDENCY_FAILURE_CANCEL",
      waits_for: 2,
      status: "JOB_STATUS_PENDING",
    });
    expect(await show(anyway.stdout.trim())).toMatchObject({
      on_dependency_failure: "DEPENDENCY_FAILURE_RUN",
      waits_for: 1,
    });
    const list = await cli.run("job", "list", "--type", "next");
    expect(list.stdout).toMatch(/next +waiting /);
    await cli.run("job", "cancel", first);
    await expect
      .poll(async () => (await show(waiting.stdout.trim())).error)
      .toBe(`it depends on job ${first}, which was cancelled`);
    await expect.poll(async () => (await show(anyway.stdout.trim())).waits_for).toBe(0);

    const unknown = await cli.run("job", "submit", "next", "--depends-on", unknownId);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^error: NOT_FOUND.*depends_on\[0\]/);
  });

  test.each([600_000, -600_000])(
    "--in goes by the database's clock where ours is %i ms off",
    async (offMs) => {
      const skewed = `const D = Date; const now = () => D.now() + ${offMs};
      globalThis.Date = class extends D {
        constructor(...given) { super(...(given.length > 0 ? given : [now()])); }
        static now() { return now(); }
      };`;
      const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(skewed)}`;
      const path = await jsonl("later.jsonl", ["{}"]);
      for (const [delay, delayMs, more] of [
        ["30s", 30_000, []],
        ["0.5s", 500, ["--jsonl", path]],
      ] as const) {
        const args = ["job", "submit", "later", "--in", delay, ...more];
        const { stdout, stderr } = await ltb(args, { NODE_OPTIONS, LTB_ADDRESS: service.address });
        const [id = stderr] = stdout.split("\n");
        const { created_at, run_at } = await show(id);
        expect(Date.parse(run_at) - Date.parse(created_at)).toBe(delayMs);
      }
    },
  );

  test("takes a time, a benchmark by name, and the defaults", async () => {
    const path = await jsonl("one.jsonl", ['{"input":"1 + 1","output":"2","score":1}']);
    const { benchmarks } = await cli.json("import", path, "--name", "mine");
    const id = await submit("timed", "--run-at", "2031-01-02T03:04:05Z", "--benchmark", "mine");
    expect(await show(id)).toMatchObject({
      run_at: "2031-01-02T03:04:05Z",
      benchmark_id: benchmarks[0].id,
      payload: {},
      priority: 0,
      max_retries: 3,
      timeout_seconds: 300,
    });
    const missing = await cli.run("job", "submit", "timed", "--benchmark", "nobody's");
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no benchmark has the id or name"),
    });
  });

  test("reads a payload from a file and from standard input", async () => {
    const path = await jsonl("payload.json", ['\uFEFF{ "from":', ' "file" }']);
    expect((await show(await submit("file", `@${path}`))).payload).toEqual({ from: "file" });
    const { stdout } = await cli.fed('{"from":"stdin"}\n', "job", "submit", "file", "-");
    expect((await show(stdout.trim())).payload).toEqual({ from: "stdin" });
    const absent = await cli.run("job", "submit", "file", `@${path}.absent`);
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining("no such file") });
  });

  test("a job for each line, in batches, in order", async () => {
    const path = await jsonl(
      "lines.jsonl",
      Array.from({ length: 1200 }, (_, n) => `{"n":${n}}`).concat(["", "  "]),
    );
    const { code, stdout, stderr } = await cli.run("job", "submit", "line", "--jsonl", path, "--tag", "t");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "created 1200 jobs\n" });
    const ids = stdout.trimEnd().split("\n");
    expect(new Set(ids).size).toBe(1200);
    expect(await show(ids[1100] ?? "")).toMatchObject({ payload: { n: 1100 }, required_tags: ["t"] });

    // Lists read on from page to page.
    const { jobs, more } = await cli.json("job", "list", "--type", "line", "--limit", "1100");
    expect({ count: jobs.length, more, payload: jobs[0].payload }).toEqual({
      count: 1100,
      more: true,
      payload: null,
    });
    const queue = await cli.json("job", "list", "--type", "line", "--order", "queue", "--limit", "2000");
    expect(queue.more).toBe(false);
    expect(queue.jobs.map(({ id }: { id: string }) => id)).toEqual(ids);
    const cut = await cli.run("job", "list", "--type", "line", "--limit", "2");
    expect(cut.stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(cut.stderr).toContain("--limit 20");
  });

  test("lists are narrowed by limit key, time and creator, and ordered by the end", async () => {
    const { stdout } = await cli.run("job", "submit", "narrow", "--limit-key", "ключ");
    const id = stdout.trim();
    const ids = async (...args: string[]) =>
      (await cli.json("job", "list", "--type", "narrow", ...args)).jobs.map((job: { id: string }) => job.id);
    expect(await ids("--limit-key", "ключ", "--created-after", "2026-01-01")).toEqual([id]);
    expect(await ids("--created-by", unknownId)).toEqual([]);
    expect(await ids("--limit-key", "other")).toEqual([]);
    const fair = (await cli.run("job", "submit", "narrow", "--fair-key", "Алиса")).stdout.trim();
    expect(await ids("--fair-key", "Алиса")).toEqual([fair]);
    expect((await cli.run("job", "submit", "narrow", "--fair-weight", "0")).stderr).toContain(
      "Expected a number from 0.01 to 100",
    );
    expect(await ids("--created-before", "2026-01-01")).toEqual([]);
    await cli.run("job", "cancel", id);
    expect(await ids("--status", "cancelled", "--order", "ended")).toEqual([id]);
    expect(await ids("--status", "cancelled", "--ended-after", "2026-01-01")).toEqual([id]);
    expect(await ids("--status", "cancelled", "--ended-before", "2026-01-01")).toEqual([]);
    const refused = await cli.run("job", "list", "--order", "ended");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("needs status COMPLETED") });
  });

  test("a bad line keeps those before it; the same request id creates nothing twice", async () => {
    const good = Array.from({ length: 1001 }, (_, n) => `{"n":${n}}`);
    const path = await jsonl("mended.jsonl", [...good, "[1]"]);
    const args = ["job", "submit", "mended", "--jsonl", path, "--request-id", "mine"];
    const cut = await cli.run(...args, "--json");
    expect(cut.code).toBe(1);
    const { ids, complete } = JSON.parse(cut.stdout);
    expect({ count: ids.length, complete }).toEqual({ count: 1000, complete: false });
    expect(cut.stderr).toContain("mended.jsonl, line 1002: expected a JSON object, found an array");
    expect(cut.stderr).toContain("--request-id mine");

    await jsonl("mended.jsonl", [...good, '{"n":1001}']);
    const mended = await cli.json(...args);
    expect(mended.ids.slice(0, 1000)).toEqual(ids);
    expect((await cli.json("job", "stats", "--type", "mended")).total).toBe(1002);
  });

  test("lines from standard input that fill a message early go in several", async () => {
    const huge = JSON.stringify({ text: "x".repeat(900_000) });
    const { code, stdout } = await cli.fed(
      Array(6).fill(huge).join("\r\n"),
      "job",
      "submit",
      "huge",
      "--jsonl",
      "-",
    );
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(6);
  });

  test.for([
    [["x", "[1]"], "PAYLOAD: expected a JSON object, found an array"],
    [["x", "{"], "PAYLOAD: not JSON"],
    [["x", "{}", "--jsonl", "f"], "give either a payload or --jsonl"],
    [["x", "--in", "soon"], "Expected a time span such as 30s"],
    [["x", "--run-at", "tomorrow"], "Expected a time such as 2026-01-31T18:00:00Z"],
    [["x", "--run-at", "2026-02-30"], "Expected a time such as 2026-01-31T18:00:00Z"],
    [["x", "--run-at", "2026-01-31", "--in", "5m"], "cannot be used with option"],
    [["x", "--max-retries", "101"], "from 0 to 100"],
    [["x", "--priority", "1.5"], "Expected a whole number"],
    [["x", "--unique-key", "k", "--jsonl", "f"], "cannot be used with option"],
  ] as const)("wrong usage: %s", async ([args, message]) => {
    const { code, stdout, stderr } = await cli.run("job", "submit", ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});

describe("cancel, retry, delete", () => {
  test("by id; one that fails does not keep the others", async () => {
    const [a, b] = [await submit("ids"), await submit("ids")];
    const { code, stdout, stderr } = await cli.run("job", "cancel", a, unknownId, b, "--reason", "no use");
    expect({ code, stdout }).toEqual({ code: 1, stdout: `cancelled ${a}\ncancelled ${b}\n` });
    expect(stderr).toContain("NOT_FOUND");
    expect(await show(a)).toMatchObject({ status: "JOB_STATUS_CANCELLED", error: "no use" });

    expect(await cli.json("job", "retry", a)).toMatchObject({
      jobs: [{ id: a, status: "JOB_STATUS_PENDING" }],
    });
    const again = await cli.run("job", "retry", a, "--json");
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toEqual({ jobs: [] });
    expect(JSON.parse(again.stderr).error.code).toBe("FAILED_PRECONDITION");

    expect(await cli.json("job", "delete", a, b)).toEqual({ deleted: [a, b] });
    expect((await cli.run("job", "show", a)).code).toBe(1);
  });

  test("update one that waits, also by its unique key", async () => {
    const key = ["--unique-key", "daily", "--priority", "1"];
    const id = (await cli.run("job", "submit", "changed", ...key)).stdout.trim();
    const { code, stdout } = await cli.run(
      "job",
      "update",
      id,
      "--priority",
      "7",
      "--in",
      "5m",
      "--tag",
      "gpu",
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: `changed ${id}\n` });
    expect(await show(id)).toMatchObject({ priority: 7, required_tags: ["gpu"], run_at: expect.any(String) });
    const now = await cli.json("job", "update", id, "--in", "0s", "--payload", '{"n": 1}');
    expect(now).toMatchObject({ payload: { n: 1 }, priority: 7 });
    const again = await cli.run("job", "submit", "changed", ...key, "--if-exists", "return");
    expect(again).toMatchObject({ code: 0, stdout: `${id}\n` });
    expect(again.stderr).toContain("has this unique key already");
    expect((await cli.run("job", "submit", "changed", ...key)).stderr).toContain(id);
    await cli.run("job", "submit", "changed", ...key, "--if-exists", "replace");
    expect(await show(id)).toMatchObject({ priority: 1, payload: {} });
    expect((await cli.run("job", "update", id)).stderr).toContain("say what to change");
    await cli.run("job", "delete", id);
  });

  test("by filter, and old ones by cleanup", async () => {
    for (const type of ["bulk", "bulk", "spared"]) await submit(type);
    const none = { skipped: 0, not_permitted: 0 };
    const dry = { dry_run: true, more: false };
    expect(await cli.json("job", "cancel", "--type", "bulk", "--dry-run")).toEqual({
      cancelled: 2,
      ...none,
      ...dry,
    });
    expect(await cli.json("job", "cancel", "--type", "bulk")).toEqual({ cancelled: 2, ...none });
    const would = await cli.run("job", "retry", "--type", "bulk", "--dry-run");
    expect(would.stdout).toBe("2 jobs would be in the queue again\n");
    expect(await cli.json("job", "retry", "--type", "bulk", "--status", "cancelled")).toEqual({
      retried: 2,
      ...none,
    });
    expect(await cli.json("job", "retry", unknownId, "--dry-run")).toEqual({
      retried: 0,
      ...none,
      skipped: 1,
      ...dry,
    });
    expect(await cli.json("job", "cancel", "--type", "bulk", "--created-before", "2020-01-01")).toEqual({
      cancelled: 0,
      ...none,
    });
    await cli.run("job", "cancel", "--type", "bulk", "--status", "pending", "--reason", "Wrong prompt");
    const match = ["--error", "wrong PROMPT", "--type", "bulk", "--metadata", "{}"];
    expect(await cli.json("job", "retry", ...match, "--dry-run")).toEqual({ retried: 0, ...none, ...dry });
    match.splice(-2);
    expect(await cli.json("job", "retry", ...match, "--ended-after", "2020-01-01", "--dry-run")).toEqual({
      retried: 2,
      ...none,
      ...dry,
    });
    expect((await cli.json("job", "list", ...match)).jobs).toHaveLength(2);
    expect((await cli.json("job", "list", ...match, "--tag", "gpu")).jobs).toHaveLength(0);
    expect((await cli.run("job", "retry", "--metadata", "[]")).stderr).toMatch(/--metadata.*object/s);
    expect(await cli.json("cleanup", "--jobs-older-than", "1")).toEqual({ jobs_deleted: 0 });
    expect((await cli.json("cleanup", "--jobs-older-than", "0")).jobs_deleted).toBeGreaterThanOrEqual(2);
    const stats = await cli.json("job", "stats");
    expect(stats.by_type).toContainEqual(
      expect.objectContaining({ job_type: "spared", pending: 1, total: 1 }),
    );
    expect((await cli.json("job", "stats", "--type", "bulk")).total).toBe(0);
    const { stdout } = await cli.run("job", "stats");
    expect(stdout).toMatch(
      /^type +pending +scheduled +running +completed +failed +cancelled +total +oldest waits$/m,
    );
    expect(stdout).toMatch(/^all( +\d+){7} +[\d.]+ (ms|s|min)$/m);
  });

  test("failures are none where no job has failed", async () => {
    const none = await cli.run("job", "failures", "--type", "bulk", "--ended-after", "2026-01-01");
    expect(none).toMatchObject({ code: 0, stdout: "", stderr: "no failures\n" });
    expect(await cli.json("job", "failures")).toMatchObject({ groups: [], failures_read: 0, more: false });
  });

  test("either ids or filters, and not neither", async () => {
    const both = await cli.run("job", "cancel", unknownId, "--type", "x");
    const neither = await cli.run("job", "retry");
    for (const { code, stderr } of [both, neither]) {
      expect(code).toBe(2);
      expect(stderr).toContain("give either ids, or options");
    }
  });
});

describe("limits and pauses", () => {
  test("set, list, delete", async () => {
    const limit = await cli.json("limit", "set", "p/m", "--max-running", "2");
    expect(limit).toMatchObject({ limit_key: "p/m", max_running: 2, per_minute: null, running: 0 });
    await cli.run("limit", "set", "p/n", "--per-minute", "0");
    const { stdout } = await cli.run("limit", "list");
    expect(stdout).toMatch(
      /^limit key +running +max running +per minute +tokens a minute\np\/m +0 +2 +- +-\np\/n +0 +- +0 +-$/m,
    );
    expect(await cli.json("limit", "list", "--limit", "1")).toMatchObject({
      limits: [{ limit_key: "p/m" }],
      more: true,
    });
    expect(await cli.json("limit", "delete", "p/m")).toEqual({ deleted: "p/m" });
    expect((await cli.run("limit", "delete", "p/m")).code).toBe(1);
    expect((await cli.run("limit", "set", "p/m")).code).toBe(2);
  });

  test("pause and resume tell the lanes", async () => {
    await submit("halted", "--tag", "z", "--limit-key", "key");
    const lane = { job_type: "halted", required_tags: ["z"], limit_key: "key" };
    expect(await cli.json("job", "pause", "--type", "halted")).toEqual({
      lanes: [expect.objectContaining({ ...lane, paused: true, ready: 1, matching_workers: 0 })],
    });
    expect((await cli.run("job", "lanes", "--type", "halted")).stdout).toMatch(
      /^halted +z +key +1 +[\d.]+ m?s +0 +0 +paused$/m,
    );
    const { stdout } = await cli.run("job", "resume", "--type", "halted");
    expect(stdout).toMatch(/^halted +z +key +open$/m);
    expect((await cli.run("job", "lanes", "--limit-key", "key")).stdout).toMatch(/ no worker for it$/m);
    const none = await cli.run("job", "pause", "--limit-key", "unused");
    expect(none).toMatchObject({ code: 0, stdout: "", stderr: "done; there are no such jobs now\n" });
    expect((await cli.run("job", "pause")).code).toBe(2);
    await cli.run("job", "pause", "--type", "halted", "--for", "10m");
    const { pauses } = await clients(service.address).jobs.listJobPauses({});
    const pause = pauses.find(({ jobType }) => jobType === "halted");
    expect(Number(pause?.endsAt?.seconds) - Number(pause?.createdAt?.seconds)).toBeOneOf([599, 600, 601]);
    const short = await cli.run("job", "pause", "--type", "halted", "--for", "10ms");
    expect(short).toMatchObject({ code: 1, stderr: expect.stringContaining("duration: must be") });
  });
});

describe("watch", () => {
  test("ends when all have ended; exit code 1 unless all completed", async () => {
    const id = await submit("watched");
    const child = cli.spawn("job", "watch", id, "--json");
    const seen = new Promise((resolve) => child.stdout?.once("data", resolve));
    const watching = finished(child);
    const unknown = finished(cli.spawn("job", "watch", unknownId));
    const piped = cli.fed(`${id}\n`, "job", "watch", "-");
    await seen;
    await cli.run("job", "cancel", id, "--reason", "enough");
    const { code, stdout } = await watching;
    expect(code).toBe(1);
    const states = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).job.status);
    expect(states).toEqual(["JOB_STATUS_PENDING", "JOB_STATUS_CANCELLED"]);
    expect(await piped).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/ watched {2}cancelled {2}enough\n$/),
    });
    expect(await unknown).toMatchObject({ code: 1, stdout: expect.stringContaining("deleted") });
    expect(await cli.fed("", "job", "watch", "-")).toMatchObject({ code: 0, stderr: "no jobs to watch\n" });
  });

  test("of many jobs it tells at first how many stand how, and in the end how they ended", async () => {
    const [a, b, c] = [await submit("counted"), await submit("counted"), await submit("counted")];
    await cli.run("job", "cancel", c, "--reason", "early");
    const child = cli.spawn("job", "watch", a, b, c);
    const watching = finished(child);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    await cli.run("job", "cancel", a, b);
    const { code, stdout, stderr } = await watching;
    expect({ code, stderr }).toEqual({ code: 1, stderr: "3 jobs: 2 pending, 1 cancelled\n" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ +/)[3]).slice(0, -1)).toEqual(Array(3).fill("cancelled"));
    expect(lines.at(-1)).toBe("3 cancelled");
  });

  test("without ids it goes on until Ctrl-C", async () => {
    const child = cli.spawn("job", "watch", "--type", "followed");
    const done = finished(child);
    const seen = new Promise((resolve) => child.stdout?.once("data", resolve));
    let isSeen = false;
    void seen.then(() => {
      isSeen = true;
    });
    // Not before the watch is in place.
    while (!isSeen) {
      await submit("unwatched");
      await submit("followed");
    }
    child.kill("SIGINT");
    const { code, stdout } = await done;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\dZ {2}[0-9a-f-]{36} {2}followed {2}pending$/m);
    expect(stdout).not.toContain("unwatched");
  });
});
