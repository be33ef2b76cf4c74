import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { createProgram } from "../../src/cli/program.ts";
import type { Command } from "../../src/cli/shared/command.ts";
import { createTransport, type GrpcTransport } from "../../src/client/transport.ts";
import { clients } from "../faults/server.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

// What others have written must not act on the terminal of whoever looks at it.

/** Sets the title, colours by C0 and by C1, and turns around what follows it. */
const turning = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
const hostile = `h\u001b]0;x\u0007\u009b31m\u007f\r\b\t${turning}`;
const acts = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const ids = { benchmark: "", other: "", evaluation: "", job: "", user: "", key: "", entry: "" };
const folder = temporaryFolder();
let transport: GrpcTransport;
let service: Awaited<ReturnType<typeof startTestService>>;
let cli: ReturnType<typeof commands>;

beforeAll(async () => {
  service = await startTestService();
  cli = commands(service.address);
  const { benchmarks, jobs, workers } = clients(service.address);
  transport = createTransport({ address: service.address, timeoutMs: 5_000, interceptors: [] });
  const [users, audit] = [createClient(UserService, transport), createClient(AuditService, transport)];
  const struct = { [hostile]: hostile };
  for (const which of ["benchmark", "other"] as const) {
    const { benchmark } = await benchmarks.createBenchmark({
      ...{ name: hostile, provider: hostile, model: hostile, dataset: hostile, description: hostile },
      ...{ labels: struct, metadata: struct },
    });
    ids[which] = benchmark?.id ?? "";
    const row = { input: hostile, output: hostile, metadata: struct, metrics: { [hostile]: 1, m: 1 } };
    const evaluations = Array.from({ length: 8 }, (_, n) => ({
      ...{ ...row, sampleId: `${hostile}${n}`, model: hostile, provider: hostile },
      score: which === "other" && n > 1 ? 0 : 1,
      ...(n === 0 && { error: hostile }),
    }));
    const { results } = await benchmarks.batchCreateEvaluations({ benchmarkId: ids[which], evaluations });
    expect(results.map(({ reason }) => reason)).toEqual(Array(8).fill(""));
    ids.evaluation = results[0]?.id ?? "";
  }
  await workers.registerWorker({
    ...{ workerId: hostile, address: hostile, jobTypes: [hostile], tags: [hostile], capacity: 2 },
    ...{ version: hostile, metadata: struct },
  });
  const job = {
    jobType: hostile,
    limitKey: hostile,
    requiredTags: [hostile],
    payload: struct,
    metadata: struct,
  };
  ids.job = (await jobs.createJob({ ...job, uniqueKey: hostile })).job?.id ?? "";
  await jobs.claimJobs({ workerId: hostile });
  await jobs.updateJobProgress({
    workerId: hostile,
    items: [{ jobId: ids.job, epoch: 1, progress: 0.5, message: hostile }],
  });
  await jobs.failJobs({
    workerId: hostile,
    items: [{ jobId: ids.job, epoch: 1, error: hostile, retryable: false }],
  });
  await jobs.createJob({ ...job, benchmarkId: ids.benchmark });
  await jobs.setJobLimit({ limitKey: hostile, maxRunning: 1 });
  // A user name has no control characters.
  const { user } = await users.createUser({
    username: turning,
    email: `${turning}@example.com`,
    metadata: struct,
  });
  ids.user = user?.id ?? "";
  ids.key = (await users.createApiKey({ userId: ids.user, name: hostile })).apiKey?.id ?? "";
  const entry = {
    action: hostile,
    entityType: hostile,
    entityId: hostile,
    changes: struct,
    userAgent: hostile,
  };
  ids.entry = (await audit.createAuditLog(entry)).auditLog?.id ?? "";
});
afterAll(async () => {
  transport.close();
  await service.stop();
});

const row = () => JSON.stringify({ id: hostile, prompt: hostile, answer: hostile, error: hostile });

/** The command lines of each command, some of them wrong; or why it has nothing of others to show. */
const lines: Record<string, (() => string[])[] | string> = {
  serve: "it shows its own settings",
  health: "it shows its own settings",
  console: "it shows a link and a code of its own",
  power: "it shows numbers",
  "migrate up": "the schema is ours",
  "migrate down": "the schema is ours",
  "migrate status": "the schema is ours",
  "migrate verify": "the schema is ours",
  "migrate add": "the schema is ours",
  "migrate index add": "the schema is ours",
  "migrate index drop": "the schema is ours",
  "migrate index list": "the schema is ours",
  backup: "the schema is ours",
  "backup verify": "the schema is ours",
  restore: "the schema is ours",
  upgrade: "the schema is ours",
  doctor: "the schema is ours",
  demo: "the sample is ours",
  complete: "commands and files are the caller's",
  "worker run": "it runs until it is stopped; its lines are printed as those of the others",
  import: [
    () => [join(folder, "rows.jsonl"), "--map", "input=prompt,output=answer,sample_id=id", "--name", hostile],
    () => [join(folder, `${hostile}.jsonl`)],
  ],
  summary: [
    () => [ids.benchmark],
    () => [hostile],
    () => [ids.benchmark, "--metric", `no ${hostile}`],
    () => ["none", "--metric", hostile],
  ],
  compare: [
    () => [ids.benchmark, ids.other, "--samples", "5"],
    () => [ids.other, ids.benchmark, "--metric", hostile],
  ],
  leaderboard: [
    () => [hostile],
    () => [hostile, "--metric", hostile],
    () => [hostile, "--metric", `no ${hostile}`],
    () => [`no ${hostile}`],
  ],
  history: [
    () => [hostile],
    () => [hostile, "--metric", hostile, "--baseline", `latest:${hostile}`],
    () => [hostile, "--baseline", `baseline:no ${hostile}`],
    () => [`no ${hostile}`],
  ],
  export: [
    () => [hostile],
    () => [ids.benchmark, "--format", "csv"],
    () => [ids.benchmark, "-o", join(folder, `${hostile}.csv`)],
    () => [`no ${hostile}`],
  ],
  "baseline set": [() => [ids.benchmark], () => [hostile]],
  "baseline show": [() => [], () => [hostile]],
  "baseline unset": [() => [hostile]],
  "benchmark create": [
    () => [
      hostile,
      "--provider",
      hostile,
      "--model",
      hostile,
      "--dataset",
      hostile,
      "--description",
      hostile,
    ],
    () => [hostile, "--provider", "p", "--model", "m", "--dataset", "d", "--metadata", hostile],
  ],
  "benchmark update": [() => [ids.benchmark, "--error", hostile], () => [`no ${hostile}`, "--name", "x"]],
  "benchmark list": [() => []],
  "benchmark show": [() => [ids.benchmark]],
  "benchmark failures": [() => [ids.benchmark]],
  "benchmark watch": [() => [`no ${hostile}`]],
  "benchmark delete": [() => [ids.other, "--yes"], () => [`no ${hostile}`, "--yes"]],
  "evaluation compare": [() => [ids.benchmark, ids.other], () => [ids.benchmark, `no ${hostile}`]],
  "evaluation show": [() => [ids.evaluation], () => [hostile]],
  "evaluation list": [() => [ids.benchmark, "--full"], () => [ids.benchmark, "--failed"]],
  "job submit": [() => [hostile, "{}"], () => [hostile, hostile]],
  datasets: [() => []],
  "job lanes": [() => []],
  "job failures": [() => []],
  "job list": [() => [], () => ["--type", `no ${hostile}`]],
  "job show": [() => [ids.job]],
  "job watch": [() => [ids.job], () => [hostile]],
  "job stats": [() => []],
  "job pause": [() => ["--type", hostile], () => ["--limit-key", hostile]],
  "job resume": [() => ["--type", hostile], () => ["--limit-key", hostile]],
  "job cancel": [() => ["--type", hostile], () => [hostile]],
  "job update": [() => [ids.job, "--limit-key", hostile], () => [hostile, "--priority", "1"]],
  "job retry": [() => [ids.job], () => [hostile]],
  "job delete": [() => [ids.job], () => [hostile]],
  "limit set": [() => [hostile, "--max-running", "2"]],
  "limit get": [() => [hostile], () => [`no ${hostile}`]],
  "limit list": [() => []],
  "limit delete": [() => [hostile], () => [`no ${hostile}`]],
  "worker list": [() => []],
  "worker show": [() => [hostile], () => [`no ${hostile}`]],
  "worker drain": [() => [hostile, "--reason", hostile]],
  "worker remove-stale": [() => ["--older-than", "1d"]],
  "user create": [() => [turning, "--email", "u@example.com", "--no-password"]],
  "user list": [() => []],
  "user show": [() => [turning], () => [hostile]],
  "user update": [() => [ids.user, "--username", `${turning}2`]],
  "user password": [() => [hostile, "--password-file", join(folder, hostile)]],
  "user delete": [() => [ids.user], () => [hostile]],
  "key create": [() => ["--user", ids.user, "--name", hostile], () => ["--user", hostile]],
  "key list": [() => ["--user", ids.user]],
  "key rotate": [() => [ids.key], () => [hostile]],
  "key revoke": [() => [ids.key, "--with-descendants"], () => [hostile]],
  "audit list": [() => [], () => ["--action", hostile]],
  "audit show": [() => [ids.entry], () => [hostile]],
  "audit export": [() => [], () => ["-o", join(folder, `${hostile}.jsonl`)]],
  "audit status": [() => []],
  "audit verify": [() => ["--head-file", join(folder, hostile)]],
  stats: [() => []],
  info: [() => []],
  grpcurl: [() => [], () => [hostile], () => ["CreateJob"]],
  cleanup: [() => ["--jobs-older-than", "1"], () => ["--jobs-older-than", hostile]],
};

test("every command is among these", async () => {
  const paths = (command: Command): string[] =>
    command.commands.flatMap((inner) => {
      const own = inner.registeredArguments.length > 0 || inner.commands.length === 0 ? [inner.name()] : [];
      return [...own, ...paths(inner).map((path) => `${inner.name()} ${path}`)];
    });
  const all = paths(await createProgram(["complete"]));
  expect(all.filter((path) => path !== "doctor").toSorted()).toEqual(
    Object.keys(lines)
      .filter((path) => path !== "doctor")
      .toSorted(),
  );
});

const told = Object.entries(lines).flatMap(([path, made]) =>
  typeof made === "string"
    ? []
    : made.flatMap((args) => [[path, args, []] as const, [path, args, ["--json"]] as const]),
);

test.each(told)("%s", async (path, args, json) => {
  await writeFile(join(folder, "rows.jsonl"), `${row()}\n${row()}\nbroken ${hostile}\n`);
  const words = path.split(" ");
  // A terminal is written to as a pipe is, but for what is exported.
  const wasTerminal = process.stdout.isTTY;
  process.stdout.isTTY = path.endsWith("export");
  try {
    const { stdout, stderr } = await cli.run(...words, ...args(), ...json);
    expect(stdout + stderr).not.toBe("");
    expect(acts.exec(stdout + stderr)).toBeNull();
    if (json.length > 0 && !["export", "grpcurl"].includes(path))
      for (const line of stdout.split("\n")) if (line !== "") JSON.parse(line);
  } finally {
    process.stdout.isTTY = wasTerminal;
  }
});

test("JSON loses nothing by it", async () => {
  const { name, labels } = await cli.json("benchmark", "show", ids.benchmark);
  expect({ name, labels }).toEqual({ name: hostile, labels: { [hostile]: hostile } });
});

test("no command writes to a terminal in another way", async () => {
  const root = join(import.meta.dirname, "..", "..", "src", "cli");
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const writing = [];
  for (const file of files)
    if (/std(out|err)\.write|console\.\w+\(/.test(await readFile(join(root, file), "utf8")))
      writing.push(file);
  // A job's command writes what it likes: whoever runs the worker has written it.
  // A shell reads what may follow, with a tab in each line.
  expect(writing.toSorted()).toEqual(["complete.ts", "shared/output.ts", "worker/execute.ts"]);
});
