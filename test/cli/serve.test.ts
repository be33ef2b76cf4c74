import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from "vitest";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { greeting } from "../rpc/support.ts";
import { anyPort, environment, type Finished, finished, ltb, MAIN, start } from "./support.ts";

/** A folder after its first start, to be copied. */
const initialised = temporaryFolder();
beforeAll(async () => {
  expect((await ltb(["migrate", "up"], { LTB_DATA_DIR: initialised })).code).toBe(0);
});

let dataDir: string;
let children: ChildProcess[];
beforeEach(async () => {
  dataDir = temporaryFolder();
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  // Those of all tests would be gigabytes at the end of the file.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
});

interface Serving {
  child: ChildProcess;
  done: Promise<Finished>;
  screen: string;
  grpc: string;
  http: string;
}

function startServe(settings: Record<string, string> = {}): { child: ChildProcess; done: Promise<Finished> } {
  const child = start(["serve"], { LTB_DATA_DIR: dataDir, ...settings });
  children.push(child);
  return { child, done: finished(child) };
}

async function serving(settings: Record<string, string> = {}): Promise<Serving> {
  const { child, done } = startServe(settings);
  const screen = await new Promise<string>((resolve, reject) => {
    let out = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
      if (out.includes("Stop it")) resolve(out);
    });
    done.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  const grpc = /^ {2}gRPC +(\S+)$/m.exec(screen)?.[1] ?? "";
  const http = /^ {2}Connect\D+(http:\S+)$/m.exec(screen)?.[1] ?? "";
  return { child, done, screen, grpc, http };
}

function copyInitialised(): void {
  execFileSync("cp", ["-a", join(initialised, "postgres"), dataDir]);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return portOf(server);
}

async function postmaster(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, "postgres", "data", "postmaster.pid"), "utf8"), 10);
}

test("from an empty folder: one screen on stdout, logs as JSON lines on stderr, data found again", async () => {
  const { child, done, screen, grpc, http } = await serving({ LTB_AUTH: "required" });
  expect(screen).toContain(join(dataDir, "postgres"));
  // The key is kept for its owner only, and is not shown where the screen is no terminal.
  const file = join(dataDir, "admin.key");
  const key = (await readFile(file, "utf8")).trim();
  expect(screen).toContain(`API key of user admin    ${file}`);
  expect(screen).not.toContain(key);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const header = `-H "authorization: Bearer $(cat ${relative(tmpdir(), file)})"`;
  expect(screen).toContain(`grpcurl -plaintext ${header} ${grpc} ltb.v1.SystemService/GetStats`);
  const [, url = "", shownHeader = "", body = ""] =
    /curl (http:\S+) (-H "authorization: .*") -H 'Content-Type: application\/json' -d '(.*)'/.exec(screen) ??
    [];
  expect(url).toContain(http);
  expect(shownHeader).toBe(header);
  const headers = { "Content-Type": "application/json" };
  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(401);
  const authorized = { ...headers, authorization: `Bearer ${key}` };
  expect(await (await fetch(url, { method: "POST", headers: authorized, body })).json()).toEqual({});
  const [, command = ""] = /-- (demo.*)$/m.exec(screen) ?? [];
  // The command line finds the key where the service keeps it, and nowhere else.
  expect((await ltb(["stats", "--address", grpc])).stderr).toMatch(
    /^error: UNAUTHENTICATED \(CREDENTIAL_MISSING\): the call needs a credential: give it by --api-key or LTB_API_KEY, .*\n$/,
  );
  const wrong = await ltb(["job", "watch", "--address", grpc], { LTB_API_KEY: "ltb_wrong" });
  expect(wrong.stderr).toMatch(
    /CREDENTIAL_INVALID.*give it by --api-key .*; it came from --api-key or LTB_API_KEY\n$/,
  );
  const demo = await ltb([...command.split(" "), "--json"], { LTB_DATA_DIR: dataDir });
  const { benchmark_id } = JSON.parse(demo.stdout);
  child.kill("SIGTERM");
  const { code, stdout, stderr } = await done;
  expect({ code, stdout }).toEqual({ code: 0, stdout: screen });
  const logged = stderr.trimEnd().split("\n");
  expect(logged.map((line) => JSON.parse(line).msg)).toContain("stopped");

  expect(stderr).not.toContain(key);

  const again = await serving({ LTB_AUTH: "required" });
  expect(again.screen).not.toContain(key);
  expect((await readFile(file, "utf8")).trim()).toBe(key);
  const summary = await ltb(["summary", benchmark_id, "--address", again.grpc], { LTB_API_KEY_FILE: file });
  expect(summary.stdout).toContain("55 evaluations");
});

test("a second service on the same folder is refused, and the first serves on", async () => {
  copyInitialised();
  const { child, grpc } = await serving();
  const second = await startServe().done;
  expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 1, stdout: "" });
  expect(second.stderr).toContain(`Another server (pid ${child.pid}) already serves the data folder`);
  expect(second.stderr).not.toContain("    at ");
  expect((await ltb(["stats", "--address", grpc])).code).toBe(0);
});

test.each(["LTB_GRPC_ADDRESS", "LTB_HTTP_ADDRESS"])(
  "%s is taken: one message, and no database is made",
  async (name) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { code, stdout, stderr } = await startServe({ [name]: `127.0.0.1:${portOf(taken)}` }).done;
    taken.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^error: cannot listen on 127\.0\.0\.1:\d+ \(set by LTB_\w+_ADDRESS\): another program uses that port[^\n]*\n$/,
    );
    expect(await readdir(dataDir)).toEqual([]);
  },
);

describe.skipIf(process.platform !== "linux")("nobody takes what it writes", () => {
  const full = () => openSync("/dev/full", "w");
  /** A pipe whose reader has stopped: it takes no more bytes. */
  const stopped = () => {
    const path = join(dataDir, "pipe");
    execFileSync("mkfifo", [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(fd, "x".repeat(4096));
    }).toThrow("EAGAIN");
    return fd;
  };
  const cases: [string, () => number | "pipe"][] = [
    ["the disk is full", full],
    ["the reader has stopped", stopped],
    ["the reader has gone", () => "pipe"],
  ];

  test.each(cases)("%s: it serves, and stops when told", async (_, output) => {
    copyInitialised();
    const port = await freePort();
    const to = output();
    const child = spawn(process.execPath, [MAIN, "serve"], {
      env: environment({ ...anyPort, LTB_HTTP_ADDRESS: `127.0.0.1:${port}`, LTB_DATA_DIR: dataDir }),
      stdio: ["ignore", to, to],
    });
    children.push(child);
    child.stdout?.destroy();
    child.stderr?.destroy();
    const ended = once(child, "exit");
    const ready = () => fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => status === 200);
    await eventually(() => ready().catch(() => false));
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    if (typeof to === "number") closeSync(to);
  });

  test("a start that fails ends all the same", async () => {
    const to = stopped();
    const child = spawn(process.execPath, [MAIN, "serve"], {
      env: environment({ LTB_GRPC_ADDRESS: "nowhere", LTB_DATA_DIR: dataDir }),
      stdio: ["ignore", to, to],
    });
    children.push(child);
    expect(await once(child, "exit")).toEqual([1, null]);
    closeSync(to);
  });
});

test("ltb doctor tells a database that a service runs from one that a killed service left", async () => {
  copyInitialised();
  const { child } = await serving();
  const examined = async () => (await ltb(["doctor"], { LTB_DATA_DIR: dataDir })).stdout.split("\n")[0];
  expect(await examined()).toContain(`(embedded, run by process ${child.pid})`);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await examined()).toMatch(/^ok +connection +\S+ \(embedded PostgreSQL [\d.]+\), in /);
});

test.each(["serve", "migrate status", "backup x.tar", "doctor", "key create --user a --database"])(
  "%s: a database that does not exist is named, with the command that makes it",
  async (command) => {
    const { host, port, user, password } = inject("postgres");
    const url = `postgres://${user}:${password}@/nowhere?host=${encodeURIComponent(host)}&port=${port}`;
    const settings = { DATABASE_URL: url, LTB_LOG_LEVEL: "error" };
    const { code, stdout, stderr } = await ltb(command.split(" "), settings);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(
      `there is no database "nowhere" at ${host}/.s.PGSQL.${port}: make it (createdb -h ${host} -p ${port} -U ${user} nowhere)`,
    );
    expect((stdout + stderr).trimEnd()).not.toContain("\n");
  },
);

test("a wrong setting ends the start with its name; the stack shows with LTB_LOG_LEVEL=debug", async () => {
  const { code, stderr } = await startServe({ LTB_GRPC_ADDRESS: "nowhere" }).done;
  expect(code).toBe(1);
  expect(stderr).toContain("LTB_GRPC_ADDRESS: expected");
  expect(stderr).not.toContain("    at ");
  expect((await startServe({ LTB_GRPC_ADDRESS: "nowhere", LTB_LOG_LEVEL: "debug" }).done).stderr).toContain(
    "    at ",
  );
});

test("a database that is away ends the start without its password", async () => {
  const { code, stderr } = await startServe({
    DATABASE_URL: "postgres://me:hidden-secret@127.0.0.1:1/none",
    LTB_STARTUP_TIMEOUT: "0.2",
  }).done;
  expect(code).toBe(1);
  expect(stderr).toContain("127.0.0.1:1");
  expect(stderr).not.toContain("hidden-secret");
});

test("a start that waits for its database can be stopped", async () => {
  const { child, done } = startServe({
    DATABASE_URL: "postgres://me@127.0.0.1:1/none",
    LTB_STARTUP_TIMEOUT: "600",
  });
  await once(child.stderr ?? child, "data");
  child.kill("SIGTERM");
  expect((await done).code).toBe(0);
});

test("calls that are accepted finish after SIGTERM", async () => {
  copyInitialised();
  const { child, done, grpc } = await serving();
  const client = createClient(BenchmarkService, createGrpcTransport({ baseUrl: `http://${grpc}` }));
  const { benchmark } = await client.createBenchmark({ name: "b", provider: "p", model: "m", dataset: "d" });
  const benchmarkId = benchmark?.id ?? "";
  const row = (n: number) => ({ sampleId: String(n), input: "i", output: "o", score: 1 });
  const stopped = Promise.withResolvers<void>();
  const stored: string[] = [];
  async function* slowly() {
    yield { benchmarkId, evaluations: [row(0)] };
    await stopped.promise;
    for (let n = 1; n < 20; n++) {
      await sleep(50);
      yield { benchmarkId, evaluations: [row(n)] };
    }
  }
  const stream = client.streamEvaluations(slowly());
  // A steady load beside it: each call either is stored and answered, or is refused because the service
  // stops.
  const load = Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; ; n++) {
        const sampleId = `${worker}/${n}`;
        try {
          await client.createEvaluation({ benchmarkId, sampleId, input: "i", output: "o" });
          stored.push(sampleId);
        } catch (error) {
          return String(error);
        }
      }
    }),
  );
  // By then the stream has begun too, on the same connection.
  await eventually(() => stored.length > 20);
  child.kill("SIGTERM");
  stopped.resolve();
  expect(await stream).toMatchObject({ received: 20, inserted: 20 });
  // REFUSED_STREAM is how HTTP/2 says that a call was not begun.
  for (const refusal of await load) expect(refusal).toMatch(/unavailable|REFUSED_STREAM/);
  expect((await done).code).toBe(0);

  const again = await serving();
  const exported = await ltb(["export", benchmarkId, "--address", again.grpc]);
  expect(exported).toMatchObject({ code: 0, stderr: "" });
  const kept = exported.stdout
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line).sampleId);
  expect(stored.length).toBeGreaterThan(0);
  const found = new Set(kept);
  expect(stored.filter((sampleId) => !found.has(sampleId))).toEqual([]);
});

test("the service stops with 1 when its PostgreSQL dies, though a client of it is frozen", async () => {
  copyInitialised();
  const { done, grpc } = await serving({ LTB_DRAIN_TIMEOUT: "1s" });
  const frozen = connect({ port: Number(grpc.split(":").at(-1)), host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void frozen.destroy());
  frozen.on("error", () => undefined);
  frozen.write(greeting);
  await once(frozen, "readable");
  process.kill(await postmaster(), "SIGKILL");
  const { code, stderr } = await done;
  expect(code).toBe(1);
  expect(stderr).toContain("error: the embedded PostgreSQL has ended by itself (signal SIGKILL)");
});

test("a second signal stops at once, and the next start recovers", async () => {
  copyInitialised();
  const { child, done, grpc } = await serving();
  const client = createClient(BenchmarkService, createGrpcTransport({ baseUrl: `http://${grpc}` }));
  const hold = new AbortController();
  const sent = Promise.withResolvers<void>();
  // A call that would keep the drain waiting for its ten seconds.
  const held = client
    .streamEvaluations(
      (async function* () {
        yield { benchmarkId: "", evaluations: [] };
        sent.resolve();
        await once(hold.signal, "abort");
      })(),
    )
    .catch(() => undefined);
  await sent.promise;
  // Once this is answered, the call before it on the same connection has begun.
  await client.listBenchmarks({});
  child.kill("SIGINT");
  // Those that come soon after the first are the same.
  const killing = setInterval(() => child.kill("SIGINT"), 700);
  const { code, stderr } = await done.finally(() => clearInterval(killing));
  hold.abort();
  await held;
  expect(code).toBe(1);
  expect(stderr).toContain("SIGINT again: stopping at once");
  await serving();
});

// npm runs scripts by a shell, signals only that shell, and the shell dies of SIGTERM without passing it on.
test.skipIf(process.platform === "win32")(
  "started by npm, the service stops when npm's shell is gone",
  async () => {
    copyInitialised();
    const shell = spawn("sh", ["-c", `"${process.execPath}" "${MAIN}" serve; true`], {
      env: environment({ ...anyPort, LTB_DATA_DIR: dataDir, npm_lifecycle_event: "start" }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(shell);
    const done = finished(shell);
    await expect.poll(postmaster).toBeGreaterThan(0);
    shell.kill("SIGTERM");
    // The service holds the pipes open until it has ended.
    expect((await done).stderr).toContain('"stopped"');
    await expect(postmaster()).rejects.toThrow("ENOENT");
  },
);

test("migrate status, up and add", async () => {
  const settings = { LTB_DATA_DIR: dataDir };
  // Only `migrate up` makes a database where none is.
  const before = await ltb(["migrate", "status", "--json"], settings);
  expect(before).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("there is no embedded database"),
  });
  const up = JSON.parse((await ltb(["migrate", "up", "--json"], settings)).stdout);
  const after = JSON.parse((await ltb(["migrate", "status", "--json"], settings)).stdout);
  expect(after.migrations).toHaveLength(3);
  expect(up).toEqual({ applied: after.migrations.map(({ name }: { name: string }) => name) });
  for (const { applied_at } of after.migrations) expect(applied_at).toBeTypeOf("string");
  expect((await ltb(["migrate", "up"], settings)).stdout).toBe("The schema is up to date.\n");
  const bad = await ltb(["migrate", "add", "Not A Name"]);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain("expected lower-case words");
});
