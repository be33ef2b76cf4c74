import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { finished, runHere, start, startTestService } from "./support.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "samples", "grade-school-math.jsonl");
const INSPECT = join(import.meta.dirname, "..", "data", "inspect");
const MAP =
  "input=question,expected=ground_truth,output=`6b_finetuning`.solution,score=`6b_finetuning`.is_correct";
const IMPORT = ["import", SAMPLE, "--map", MAP, "--model", "6b"];

let service: Awaited<ReturnType<typeof startTestService>>;
let other: Awaited<ReturnType<typeof startTestService>>;
const folder = temporaryFolder();
beforeAll(async () => {
  [service, other] = await Promise.all([startTestService(), startTestService()]);
});
afterAll(() => Promise.all([service.stop(), other.stop()]));

function run(args: string[], { address } = service) {
  return runHere([...args, "--address", address]);
}

async function json(args: string[], on = service) {
  const { code, stdout, stderr } = await run([...args, "--json"], on);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The lines of an export without what belongs to the database that they are stored in. */
function content(exported: string): unknown[] {
  return exported
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { benchmark, ...evaluation } = JSON.parse(line);
      const { createdAt: _, updatedAt: __, version: ___, completedAt: ____, ...rest } = benchmark ?? {};
      const { id: _____, updatedAt: ______, ...own } = evaluation;
      return { ...own, benchmark: rest };
    });
}

describe("import, summary, export", () => {
  let id: string;

  test("a log becomes a benchmark, and again changes nothing", async () => {
    const first = await json(IMPORT);
    expect(first.benchmarks).toMatchObject([
      {
        name: "grade-school-math",
        created: true,
        inserted: 55,
        duplicates: 0,
        conflicts: 0,
        rejected: 0,
        complete: true,
      },
    ]);
    id = first.benchmarks[0].id;
    expect((await json(IMPORT)).benchmarks).toMatchObject([
      { id, created: false, inserted: 0, duplicates: 55 },
    ]);
    expect(await json(["benchmark", "show", id])).toMatchObject({
      model: "6b",
      status: "BENCHMARK_STATUS_COMPLETED",
      total_iterations: 55,
      completed_iterations: 55,
      failed_iterations: 0,
    });
  });

  test("summary prints a table, and JSON in full precision with plain numbers", async () => {
    const summary = await json(["summary", "grade-school-math"]);
    expect(summary).toMatchObject({
      benchmark_id: id,
      evaluation_count: 55,
      failed_count: 0,
      input_tokens: null,
      cost_usd: null,
    });
    const [score] = summary.metrics;
    const mean = 19 / 55;
    const stddev = Math.sqrt((19 * (1 - mean) ** 2 + 36 * mean ** 2) / 54);
    expect(score).toMatchObject({ name: "score", count: 55, min: 0, p50: 0, p99: 1, max: 1 });
    expect(score.mean).toBeCloseTo(mean, 12);
    expect(score.stddev).toBeCloseTo(stddev, 12);
    expect(score.stderr).toBeCloseTo(stddev / Math.sqrt(55), 12);
    expect(summary).toMatchObject({ exact: false, percentile_error: 0, metrics_left_out: 0 });
    const exact = await json(["summary", "grade-school-math", "--exact"]);
    expect(exact).toMatchObject({ exact: true, percentile_error: 0 });
    expect(exact.metrics[0]).toMatchObject({ count: 55, p50: 0, p99: 1 });
    const { stdout } = await run(["summary", "grade-school-math"]);
    expect(stdout).toMatch(/^metric +n +mean +stddev +stderr +95 % CI +min +p50 +p90 +p95 +p99 +max$/m);
    expect(stdout).toMatch(/^score +55 +0\.34545 /m);
  });

  test("an export read by another service gives the same export", async () => {
    const path = join(folder, "round.jsonl");
    expect(await run(["export", id, "-o", path])).toMatchObject({ code: 0, stdout: "" });
    expect(await json(["import", path], other)).toMatchObject({
      benchmarks: [{ id, created: true, inserted: 55 }],
    });
    const original = await readFile(path, "utf8");
    const copy = (await run(["export", id], other)).stdout;
    expect(content(original)).toHaveLength(56);
    expect(content(copy)).toEqual(content(original));
    // The service that it came from knows all of it.
    expect(await json(["import", path])).toMatchObject({
      benchmarks: [{ created: false, inserted: 0, duplicates: 55 }],
    });
  });

  test("CSV quotes what has to be, and has a column for each metric", async () => {
    const rows = [
      { sample_id: "a", input: 'say "hi",\nplease', output: "", score: 0.1, m: 1.5 },
      { sample_id: "b", input: "x", output: null, error: "timeout" },
    ];
    const path = await file("csv.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
    const map =
      "sample_id=sample_id,input=input,output=output,score=score,error=error,metrics.size, x=m".replace(
        "size, x",
        "`size, x`",
      );
    expect((await run(["import", path, "--map", map])).code).toBe(0);
    const { stdout } = await run(["export", "csv", "--format", "csv"]);
    const [head = "", ...lines] = stdout.split("\n");
    expect(head).toContain("error,latency_ms");
    expect(head).toContain('"metrics.size, x"');
    expect(lines.join("\n")).toContain('"say ""hi"",\nplease","",,');
    expect(lines.join("\n")).toContain(",x,,,");
  });

  test("whoever reads the export may stop", async () => {
    const child = start(["export", id], { LTB_ADDRESS: service.address });
    child.stdout?.once("data", () => child.stdout?.destroy());
    child.stdout?.on("error", () => undefined);
    let stderr = "";
    child.stderr?.on("data", (chunk) => (stderr += chunk));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("an export that fails leaves no file", async () => {
    const path = join(folder, "missing.jsonl");
    expect((await run(["export", "no such", "-o", path])).code).toBe(1);
    await expect(readFile(path)).rejects.toThrow("ENOENT");
    await expect(readFile(`${path}.part`)).rejects.toThrow("ENOENT");
  });
});

describe("input that is wrong", () => {
  const good = (n: number) =>
    JSON.stringify({ sample_id: String(n), input: `in ${n}`, output: "out", score: n % 2 });
  const many = (count: number) => Array.from({ length: count }, (_, n) => good(n));

  test("what is whole is kept, and a mended file sends the rest", async () => {
    const path = await file("cut.jsonl", [...many(450), '{"sample_id":"450","inp'].join("\n"));
    const cut = await run(["import", path, "--json"]);
    expect(cut).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(cut.stdout).benchmarks).toMatchObject([
      {
        ...{ inserted: 450, unreadable: 1, complete: false },
        issues: [{ outcome: "unreadable", reason: expect.stringContaining(`${path}, line 451: not JSON`) }],
      },
    ]);
    const { id } = JSON.parse(cut.stdout).benchmarks[0];
    expect(await json(["benchmark", "show", id])).toMatchObject({
      status: "BENCHMARK_STATUS_COMPLETED",
      completed_iterations: 450,
      total_iterations: 451,
    });

    await file("cut.jsonl", many(500).join("\n"));
    expect(await json(["import", path])).toMatchObject({
      benchmarks: [{ id, created: false, inserted: 50, duplicates: 450 }],
    });
    expect(await json(["benchmark", "show", id])).toMatchObject({
      status: "BENCHMARK_STATUS_COMPLETED",
      completed_iterations: 500,
      total_iterations: 500,
    });
  });

  test("a file whose rest cannot be read ends its benchmark too", async () => {
    const path = await file("cut.json", `[${many(3).join(",")},{"inp`);
    const { code, stdout, stderr } = await run(["import", path]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^cut {2}\S+: 3 inserted, 0 duplicates, 0 conflicts, 0 rejected\n$/);
    expect(stderr).toContain(`error: ${path}, record 3, line 1: the file ends here`);
    const { benchmarks } = await json(["benchmark", "list", "--name", "cut", "--limit", "1"]);
    expect(benchmarks).toMatchObject([{ status: "BENCHMARK_STATUS_COMPLETED", total_iterations: 0 }]);
    await file("cut.json", `[${many(5).join(",")}]`);
    expect((await json(["import", path])).benchmarks).toMatchObject([{ inserted: 2, duplicates: 3 }]);
    expect((await json(["benchmark", "show", benchmarks[0].id])).total_iterations).toBe(5);
  });

  test("a sample that a file has twice was planned once, also when the file is imported again", async () => {
    const [first = "", second = ""] = many(2);
    const other = JSON.stringify({ sample_id: "1", input: "in 1", output: "another", score: 0 });
    const path = await file("twice.jsonl", [first, second, first, other].join("\n"));
    expect((await run(["import", path])).stdout).toContain("2 inserted, 1 duplicates, 1 conflicts");
    const planned = async () => (await json(["summary", "twice"])).metrics[0].coverage;
    expect(await planned()).toMatchObject({ planned: 2, scored: 2, missing: 0 });
    await file("twice.jsonl", [first, second, first, other, good(2)].join("\n"));
    expect((await run(["import", path])).stdout).toContain("1 inserted, 3 duplicates, 1 conflicts");
    expect(await planned()).toMatchObject({ planned: 3, scored: 3, missing: 0 });
  });

  test("a wrong type names file, line and field", async () => {
    const path = await file(
      "types.jsonl",
      [good(0), '{"sample_id":"1","input":"x","output":"y","score":"high"}'].join("\n"),
    );
    const { code, stderr } = await run(["import", path]);
    expect(code).toBe(1);
    expect(stderr).toContain(`  unreadable: ${path}, line 2, field score: expected a number`);
  });

  test("bad records are told one by one up to 20, and counted; importing again finds duplicates", async () => {
    const bad = (n: number) =>
      JSON.stringify({ sample_id: `bad ${n}`, input: "x", output: "y", score: "n/a" });
    const path = await file(
      "bad.jsonl",
      [...many(3), ...Array.from({ length: 30 }, (_, n) => bad(n)), good(3)].join("\n"),
    );
    const first = await run(["import", path]);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("4 inserted, 0 duplicates, 0 conflicts, 0 rejected, 30 unreadable");
    expect(first.stderr.match(/^ {2}unreadable: \/.*\/bad\.jsonl, line \d+, field score: /gm)).toHaveLength(
      20,
    );
    expect(first.stderr).toContain("  … 10 more");
    const again = await run(["import", path]);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain("0 inserted, 4 duplicates, 0 conflicts, 0 rejected, 30 unreadable");
    const { benchmarks } = await json(["benchmark", "list", "--name", "bad", "--limit", "1"]);
    expect(benchmarks).toMatchObject([{ status: "BENCHMARK_STATUS_COMPLETED", completed_iterations: 4 }]);
  });

  test("one bad file does not keep the others out", async () => {
    const path = await file("fine.jsonl", many(3).join("\n"));
    const { code, stdout, stderr } = await run([
      "import",
      join(folder, "absent.json"),
      await file("empty.json", ""),
      path,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${join(folder, "absent.json")}: no such file\n`);
    expect(stderr).toContain("empty.json");
    expect(stdout).toMatch(/^fine {2}[0-9a-f-]{36}: 3 inserted/m);
  });

  test("the same samples with other content are conflicts, which are told and exit with 1", async () => {
    const [first] = (await json(["import", await file("one.jsonl", many(2).join("\n"))])).benchmarks;
    const changed = await file("two.jsonl", [good(0), good(1).replace("out", "changed")].join("\n"));
    const { code, stdout, stderr } = await run(["import", changed, "--benchmark", first.id]);
    expect(code).toBe(1);
    expect(stdout).toContain("0 inserted, 1 duplicates, 1 conflicts, 0 rejected");
    expect(stderr).toContain("conflict: sample 1");
  });

  test("rows that are larger than a message are refused one by one", async () => {
    const huge = "x".repeat(2 * 1024 * 1024);
    const large = JSON.stringify({ sample_id: "large", input: huge, output: huge });
    const path = await file("large.jsonl", [good(0), large, good(1)].join("\n"));
    const { code, stdout, stderr } = await run(["import", path]);
    expect(code).toBe(1);
    expect(stdout).toContain("2 inserted, 0 duplicates, 0 conflicts, 1 rejected");
    expect(stderr).toMatch(/rejected: sample large: takes 4\d{6} bytes/);
  });

  test("control characters of a log do not reach the terminal", async () => {
    const path = await file("esc.jsonl", good(0));
    const { stdout } = await run(["import", path, "--name", "\u001b[31mred"]);
    expect(stdout).toContain("�[31mred");
    expect(stdout).not.toContain("\u001b");
  });
});

describe("a log that comes only once", () => {
  const rows = ["a", "b"].map((id) => JSON.stringify({ sample_id: id, input: "i", output: "o", score: 1 }));
  const copies = temporaryFolder();
  const startHere = (args: string[]) =>
    start(args, { LTB_ADDRESS: service.address, TMPDIR: copies }, folder, "pipe");
  const fed = (input: string | Buffer, ...args: string[]) => {
    const child = startHere(["import", ...args, "--json"]);
    child.stdin?.end(input);
    return finished(child);
  };

  test("is read from standard input, and from a pipe", async () => {
    const { code, stdout } = await fed(rows.join("\n"), "-", "--name", "piped");
    const [first] = JSON.parse(stdout).benchmarks;
    expect([code, first]).toMatchObject([0, { name: "piped", created: true, inserted: 2 }]);
    const again = await fed(rows.join("\n"), "-");
    expect(JSON.parse(again.stdout).benchmarks).toMatchObject([{ id: first.id, inserted: 0, duplicates: 2 }]);
    const log = "2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval";
    const zip = await fed(await readFile(join(INSPECT, log)), "/dev/stdin");
    expect(JSON.parse(zip.stdout).benchmarks).toMatchObject([{ created: true, complete: true }]);
    const pipe = join(folder, "pipe.jsonl");
    execFileSync("mkfifo", [pipe]);
    const written = writeFile(pipe, rows.join("\n"));
    expect((await json(["import", pipe])).benchmarks).toMatchObject([{ name: "pipe", inserted: 2 }]);
    await written;
  });

  test("is named so where it is wrong, and nothing is left of it", async () => {
    expect(await fed("{broken", "-")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("standard input, line 1: not JSON"),
    });
    expect((await fed("", "-")).stderr).toContain("standard input: empty; expected a log");
    expect(await readdir(copies)).toEqual([]);
  });

  test.each<[NodeJS.Signals, string[]]>([
    ["SIGINT", ["import", "-"]],
    ["SIGTERM", ["import", "-"]],
    ["SIGHUP", ["restore", "-"]],
  ])("nor where %s ends %j", async (signal, args) => {
    const child = startHere(args);
    const ended = once(child, "close");
    child.stdin?.write(rows.join("\n"));
    await eventually(async () => (await readdir(copies, { recursive: true })).length === 2);
    child.kill(signal);
    await ended;
    expect(await readdir(copies)).toEqual([]);
  });
});

describe("a benchmark", () => {
  test("is created, changed and shown", async () => {
    const about = ["--provider", "local", "--model", "llama", "--dataset", "mmlu"];
    const metadata = '{"seed": 1, "scorers": [{"name": "match"}, null, [1], "f1"]}';
    const more = ["--total", "7", "--label", "team=a", "--label", "run=1", "--metadata", metadata];
    const { code, stdout } = await run(["benchmark", "create", "by hand", ...about, ...more]);
    const id = stdout.trim();
    expect(code).toBe(0);
    expect(await json(["benchmark", "show", id])).toMatchObject({
      ...{ id, name: "by hand", provider: "local", model: "llama", dataset: "mmlu", total_iterations: 7 },
      ...{ labels: { team: "a", run: "1" }, metadata: { seed: 1 }, status: "BENCHMARK_STATUS_PENDING" },
    });
    const shown = await run(["benchmark", "show", id]);
    expect(shown.stdout).toMatch(/^metadata scorers +\{"name":"match"\}, null, \[1\], f1$/m);
    const repeated = await run(["benchmark", "create", "by hand", ...about, "--id", id]);
    expect(repeated).toMatchObject({ code: 1, stderr: expect.stringContaining("ALREADY_EXISTS") });

    const results = await file("results.json", "[1, null]");
    const changes = ["--name", "renamed", "--status", "failed", "--error", "why", "--results", `@${results}`];
    expect((await run(["benchmark", "update", "by hand", ...changes])).code).toBe(0);
    expect(await json(["benchmark", "show", id])).toMatchObject({
      ...{ name: "renamed", status: "BENCHMARK_STATUS_FAILED", error: "why", results: [1, null] },
      ...{ labels: { team: "a", run: "1" }, total_iterations: 7 },
    });
    const cleared = await json(["benchmark", "update", id, "--error", "", "--label", "team=b"]);
    expect(cleared).toMatchObject({ error: "", labels: { team: "b" } });
  });

  test("is not changed by nothing, nor by what is no JSON", async () => {
    const nothing = await run(["benchmark", "update", "renamed"]);
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining("say what to change: --name") });
    const wrong = await run(["benchmark", "update", "renamed", "--metadata", "[1]"]);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--metadata: expected a JSON object, found an array"),
    });
    const lacking = await run(["benchmark", "create", "x", "--model", "m"]);
    expect(lacking).toMatchObject({ code: 2, stderr: expect.stringContaining("--dataset <dataset>") });
  });
});

test("another name for a log that is there is refused, and nothing is stored", async () => {
  const path = await file("named.jsonl", JSON.stringify({ input: "i", output: "o", score: 1 }));
  const [first] = (await json(["import", path, "--name", "A"])).benchmarks;
  const { code, stdout, stderr } = await run(["import", path, "--name", "B"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe(
    `error: benchmark ${first.id}, which this log would be, is there already, named A; ` +
      `--benchmark ${first.id} adds to it, \`ltb benchmark update ${first.id} --name B\` renames it\n`,
  );
  await run(["benchmark", "update", first.id, "--name", "B"]);
  for (const name of [["--name", "B"], []])
    expect((await json(["import", path, ...name])).benchmarks).toMatchObject([{ id: first.id, name: "B" }]);
  const both = await run(["import", path, "--benchmark", first.id, "--name", "C"]);
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be used with option") });
});

test("a metric that nothing has is an error, with those that there are", async () => {
  const path = await file(
    "metrics.jsonl",
    JSON.stringify({ input: "i", output: "o", score: 1, latency_ms: 5 }),
  );
  await json(["import", path]);
  const { code, stdout, stderr } = await run(["summary", "metrics", "--metric", "score", "nosuch"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe("error: metrics has no values of nosuch; there are score, latency_ms\n");
  // One without evaluations may still get them.
  const about = ["--provider", "p", "--model", "m", "--dataset", "d"];
  await run(["benchmark", "create", "empty", ...about]);
  expect((await run(["summary", "empty", "--metric", "score"])).code).toBe(0);
});

test.for([["stats"], ["job", "watch"]])(
  "%s at the HTTP port says in one line that it is not the one for gRPC",
  async (args) => {
    const address = `127.0.0.1:${service.httpAddress.port}`;
    const { code, stdout, stderr } = await finished(start([...args, "--address", address]));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^error: UNAVAILABLE \(UNREACHABLE\): 127\.0\.0\.1:\d+ does not speak gRPC: is this the gRPC port\? .*--address.*\n$/,
    );
  },
);

describe("benchmarks by name", () => {
  test("the newest is taken with a note, and deleting asks for one", async () => {
    const [first, second] = [(await json(["demo"])).benchmark_id, (await json(["demo"])).benchmark_id];
    expect(first).not.toBe(second);
    const summary = await run(["summary", "demo", "--json"]);
    expect(JSON.parse(summary.stdout).benchmark_id).toBe(second);
    expect(summary.stderr).toContain(`note: 2 benchmarks are named "demo"; this is the newest, ${second}`);

    const ambiguous = await run(["benchmark", "delete", "demo", "--yes"]);
    expect(ambiguous.code).toBe(1);
    expect(ambiguous.stderr).toContain(`${second}, ${first}`);
    const unconfirmed = await run(["benchmark", "delete", first]);
    expect(unconfirmed.code).toBe(2);
    expect(await json(["benchmark", "delete", first, "--yes"])).toEqual({ deleted: first });
    const gone = await run(["summary", first]);
    expect(gone).toMatchObject({ code: 1, stderr: `error: NOT_FOUND: benchmark ${first} does not exist\n` });
    expect(await json(["benchmark", "list", "--name", "demo"])).toMatchObject({
      benchmarks: [{ id: second }],
      more: false,
    });
  });

  test("lists are cut at --limit and say so", async () => {
    await json(["demo"]);
    const list = await json(["benchmark", "list", "--limit", "1", "--status", "completed"]);
    expect(list).toMatchObject({ benchmarks: [{ status: "BENCHMARK_STATUS_COMPLETED" }], more: true });
  });
});

test("demo walks through the workflow", async () => {
  const { code, stdout } = await run(["demo"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^BatchCreateJobs +55 jobs/m);
  const [, ...shares] = /ran: 1: (\d+), 2: (\d+), 3: (\d+)$/m.exec(stdout) ?? [];
  expect(shares.reduce((sum, share) => sum + Number(share), 0)).toBe(55);
  expect(stdout).toMatch(/^score +55 +0\.56364/m);
  const [, id = ""] = /on grade-school-math, (\S+)$/m.exec(stdout) ?? [];
  expect(await json(["job", "stats", "--benchmark", id])).toMatchObject({ completed: 55, total: 55 });
  expect(await json(["worker", "list"])).toEqual({ workers: [], more: false });
});

test("stats and info", async () => {
  const stats = await json(["stats"]);
  expect(stats.evaluation_count).toBeGreaterThan(55);
  expect(stats.schema_version).toMatch(/^\d{14}_/);
  expect(await json(["info"])).toMatchObject({ api_version: "ltb.v1", limits: { max_batch_size: 1000 } });
});

test("an import that is interrupted stores what it sent", async () => {
  const rows = Array.from({ length: 60_000 }, (_, n) =>
    JSON.stringify({ sample_id: String(n), input: "x".repeat(200), output: "y", score: 1 }),
  );
  const child = start(["import", await file("long.jsonl", rows.join("\n")), "--json"], {
    LTB_ADDRESS: service.address,
  });
  const done = finished(child);
  for (;;) {
    const { benchmarks } = await json(["benchmark", "list", "--name", "long"]);
    if (benchmarks[0]?.completed_iterations > 0) break;
  }
  child.kill("SIGINT");
  const { code, stdout, stderr } = await done;
  expect(code).toBe(1);
  expect(stderr).toContain("importing again sends the rest");
  const [{ id, inserted, complete }] = JSON.parse(stdout).benchmarks;
  expect(complete).toBe(false);
  expect(inserted).toBeLessThan(60_000);
  expect((await json(["benchmark", "show", id])).completed_iterations).toBe(inserted);
});
