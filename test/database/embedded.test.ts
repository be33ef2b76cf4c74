import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, cp, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findBinaries, findOtherBinaries } from "../../src/database/embedded/binaries.ts";
import { lockFolder } from "../../src/database/embedded/lock.ts";
import { isPostmaster, readPidFile, recoverFolder } from "../../src/database/embedded/postmaster.ts";
import {
  type Embedded,
  EmbeddedError,
  type EmbeddedOptions,
  startEmbedded,
} from "../../src/database/embedded/start-embedded.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { silentLog } from "../harness/log.ts";
import { eventually, within } from "../harness/waiting.ts";

const FIXTURE = join(import.meta.dirname, "fixtures", "serve-embedded.ts");

/** A folder after its first start, to be copied. */
const initialised = temporaryFolder();
beforeAll(async () => {
  await (await startEmbedded({ dataDir: initialised, settings: { fsync: "off" } })).stop();
});

let dataDir: string;
let running: Embedded[];
let children: ChildProcess[];
beforeEach(async () => {
  dataDir = temporaryFolder();
  running = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const embedded of running) await embedded.stop();
  const data = join(dataDir, "postgres", "data");
  const left = await readPidFile(data);
  if (left !== undefined && (await isPostmaster(left.pid, data))) process.kill(left.pid, "SIGQUIT");
  // Those of all tests would be gigabytes at the end of the file.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
});

/** Spares a test the time of a first start. */
function copyInitialised(): void {
  execFileSync("cp", ["-a", join(initialised, "postgres"), dataDir]);
}

async function start(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await startEmbedded({ dataDir, settings: { fsync: "off" }, ...options });
  running.push(embedded);
  return embedded;
}

async function query({ connection }: Embedded, sql: string): Promise<unknown[][]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}

/** Starts the fixture and returns its first line. */
async function serve(folder = dataDir): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [FIXTURE, folder], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  if (child.stdout === null) throw new Error("no output");
  const [chunk] = await once(child.stdout.setEncoding("utf8"), "data");
  return { child, line: String(chunk).trim() };
}

async function postmasterPid(): Promise<number> {
  const file = await readPidFile(join(dataDir, "postgres", "data"));
  if (file === undefined) throw new Error("no postmaster.pid");
  return file.pid;
}

async function refusal(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedError> {
  const error = await start(options).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof EmbeddedError) return error;
  throw new Error(`expected an EmbeddedError, got ${error}`);
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test("a first start makes a closed folder; the next one finds the data and the password again", async () => {
  const first = await start();
  expect(first.connection).toMatchObject({ user: "postgres", database: "llm_test_bench" });
  expect(await query(first, "SHOW listen_addresses")).toEqual([[""]]);
  expect(await query(first, "SHOW password_encryption")).toEqual([["scram-sha-256"]]);
  expect(await query(first, "SHOW fsync")).toEqual([["off"]]);
  expect(await query(first, "SELECT current_database()")).toEqual([["llm_test_bench"]]);
  const base = join(dataDir, "postgres");
  expect((await lstat(base)).mode & 0o777).toBe(0o700);
  expect((await lstat(join(base, "password"))).mode & 0o777).toBe(0o600);
  expect((await readFile(join(base, "password"), "utf8")).trim()).toBe(first.connection.password);
  expect(first.connection.password.length).toBeGreaterThanOrEqual(32);
  await query(first, "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.stop();

  const second = await start({ settings: {} });
  expect(second.connection).toEqual(first.connection);
  expect(await query(second, "SELECT answer FROM kept")).toEqual([[42]]);
  expect(await query(second, "SHOW fsync")).toEqual([["on"]]);
});

test("a wrong password is refused on the socket", async () => {
  copyInitialised();
  const { connection } = await start();
  const client = new Client({ ...connection, password: "wrong" });
  await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
});

test("stop leaves no process, socket or pid file, and may be repeated", async () => {
  copyInitialised();
  const embedded = await start();
  const exits: string[] = [];
  embedded.onExit((cause) => exits.push(cause));
  const pid = await postmasterPid();
  await Promise.all([embedded.stop(), embedded.stop()]);
  await embedded.stop();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(await exists(embedded.connection.host)).toBe(false);
  expect(await exists(join(dataDir, "postgres", "data", "postmaster.pid"))).toBe(false);
  expect(exits).toEqual([]);
});

test("clients that are still connected do not hold up stop", async () => {
  copyInitialised();
  const embedded = await start();
  const client = new Client(embedded.connection);
  client.on("error", () => undefined);
  await client.connect();
  await client.query("BEGIN");
  await within(10_000, embedded.stop());
});

test("a second server on the folder is refused and told the pid of the first", async () => {
  copyInitialised();
  const { child, line } = await serve();
  expect(line).toBe("ready");
  const error = await refusal();
  expect(error.message).toContain(`pid ${child.pid}`);
  expect(error.message).toContain("LTB_DATA_DIR");
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
  await start();
});

test("a second start in the same process is refused too", async () => {
  copyInitialised();
  await start();
  expect((await refusal()).message).toContain(`pid ${process.pid}`);
});

test("of servers that start together on a new folder exactly one serves", async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => serve()));
  expect(all.filter(({ line }) => line === "ready")).toHaveLength(1);
  expect(all.filter(({ line }) => line.startsWith("refused Another server"))).toHaveLength(3);
});

test("after SIGKILL of the server its PostgreSQL is stopped and the data served again", async () => {
  copyInitialised();
  const { child } = await serve();
  const orphan = await postmasterPid();
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  expect(await isPostmaster(orphan, join(dataDir, "postgres", "data"))).toBe(true);
  const warnings: string[] = [];
  const embedded = await start({
    logger: { ...silentLog, warn: (_, message) => void warnings.push(message) },
  });
  expect(warnings.join()).toContain(`pid ${orphan}`);
  expect(await postmasterPid()).not.toBe(orphan);
  expect(await query(embedded, "SELECT 1")).toEqual([[1]]);
});

test("after SIGKILL of PostgreSQL the server hears of it, and the next start recovers what was committed", async () => {
  copyInitialised();
  const first = await start();
  await query(first, "CREATE TABLE kept AS SELECT 42 AS answer");
  const exit = new Promise((resolve) => first.onExit(resolve));
  process.kill(await postmasterPid(), "SIGKILL");
  expect(await exit).toBe("signal SIGKILL");
  await first.stop();
  const second = await start();
  expect(await query(second, "SELECT answer FROM kept")).toEqual([[42]]);
});

test("after SIGKILL of both, with the pid taken by another program, it starts all the same", async () => {
  copyInitialised();
  const { child } = await serve();
  const postmaster = await postmasterPid();
  const exit = once(child, "exit");
  for (const pid of [child.pid ?? 0, postmaster]) process.kill(pid, "SIGKILL");
  await exit;
  const other = spawn("sleep", ["60"]);
  children.push(other);
  const pidFile = join(dataDir, "postgres", "data", "postmaster.pid");
  await writeFile(pidFile, (await readFile(pidFile, "utf8")).replace(String(postmaster), String(other.pid)));
  expect(await query(await start(), "SELECT 1")).toEqual([[1]]);
  expect(other.exitCode).toBeNull();
});

test("a pid file that is a link to another file is not written through", async () => {
  const data = join(dataDir, "postgres", "data");
  await mkdir(data, { recursive: true });
  const victim = join(dataDir, "victim");
  const text = `${process.pid}\n${data}\n0\n5432\n\n\n\nready\n`;
  await writeFile(victim, text);
  await symlink(victim, join(data, "postmaster.pid"));
  await expect(recoverFolder(data, { prefix: [] })).rejects.toMatchObject({ code: "ELOOP" });
  expect(await readFile(victim, "utf8")).toBe(text);
});

test("a lock that is a link leads nowhere", async () => {
  const elsewhere = join(dataDir, "elsewhere");
  await symlink(elsewhere, join(dataDir, "lock"));
  await expect(lockFolder(dataDir, { prefix: [] })).rejects.toThrow("is a link, which is not followed");
  expect(await exists(elsewhere)).toBe(false);
});

test("a kill in the middle of initdb leaves nothing half-made", async () => {
  const child = spawn(process.execPath, [FIXTURE, dataDir], { stdio: "ignore" });
  children.push(child);
  const base = join(dataDir, "postgres");
  const passing = async () =>
    (await readdir(base).catch(() => [])).filter((name) => name.startsWith("data.new-"));
  await eventually(async () => (await passing()).length > 0);
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  expect(await exists(join(base, "data"))).toBe(false);
  expect(await query(await start(), "SELECT 1")).toEqual([[1]]);
  expect(await passing()).toEqual([]);
});

test("an aborted start leaves nothing running", async () => {
  copyInitialised();
  const abort = new AbortController();
  const starting = start({ signal: abort.signal });
  const data = join(dataDir, "postgres", "data");
  await eventually(() => readPidFile(data));
  const pid = await postmasterPid();
  abort.abort();
  // The last steps may have been done before they saw it.
  await starting.then(
    (embedded) => embedded.stop(),
    () => undefined,
  );
  expect(await isPostmaster(pid, data)).toBe(false);
  await start();
});

test("a folder of another major version is refused with the way out", async () => {
  const data = join(dataDir, "postgres", "data");
  await mkdir(data, { recursive: true });
  await writeFile(join(data, "PG_VERSION"), "16\n");
  const { message } = await refusal();
  expect(message).toContain("made by PostgreSQL 16");
  expect(message).toContain("brings PostgreSQL 18");
  expect(message).toContain("ltb upgrade --old-binaries DIR");
  expect(message).toContain("LTB_DATA_DIR");
  expect(await readdir(data)).toEqual(["PG_VERSION"]);
});

test("a folder with something else in it is left alone", async () => {
  const data = join(dataDir, "postgres", "data");
  await mkdir(data, { recursive: true });
  await writeFile(join(data, "thesis.tex"), "");
  expect((await refusal()).message).toContain("no PG_VERSION");
  expect(await readdir(data)).toEqual(["thesis.tex"]);
});

test("a file in the place of the folder is named", async () => {
  const file = join(dataDir, "file");
  await writeFile(file, "");
  expect((await refusal({ dataDir: file })).message).toContain("a file is in its place");
});

test("a lost password file is named, not replaced", async () => {
  copyInitialised();
  await (await start()).stop();
  await rm(join(dataDir, "postgres", "password"));
  expect((await refusal()).message).toContain(join(dataDir, "postgres", "password"));
});

test("when PostgreSQL does not start, its log is quoted and the folder is free again", async () => {
  copyInitialised();
  const { message } = await refusal({ settings: { fsync: "off", shared_buffers: "nonsense" } });
  expect(message).toContain("did not start");
  expect(message).toContain('invalid value for parameter "shared_buffers"');
  await start();
});

test("a path too long for a socket gets a short, private folder for it, gone after stop", async () => {
  const embedded = await start({ dataDir: join(dataDir, "d".repeat(120)) });
  const { host } = embedded.connection;
  expect(host.length).toBeLessThan(60);
  expect((await lstat(host)).mode & 0o777).toBe(0o700);
  expect(await query(embedded, "SELECT 1")).toEqual([[1]]);
  await embedded.stop();
  expect(await exists(host)).toBe(false);
});

test("a folder with spaces, quotes and commas in its name works", async () => {
  const embedded = await start({ dataDir: join(dataDir, `it's a "bench", ünïcode`) });
  expect(await query(embedded, "SELECT 1")).toEqual([[1]]);
});

test("a data folder reached through a link is the same folder", async () => {
  copyInitialised();
  await start();
  const link = join(dataDir, "link");
  await symlink(dataDir, link);
  expect((await refusal({ dataDir: link })).message).toContain("already serves");
});

test.runIf(process.getuid?.() === 0)(
  "root serves a user's folder as that user, and leaves it to them",
  async () => {
    await chown(dataDir, 65_534, 65_534);
    const embedded = await start();
    const base = join(dataDir, "postgres");
    for (const name of await readdir(base)) expect((await lstat(join(base, name))).uid, name).toBe(65_534);
    expect(await readFile(`/proc/${await postmasterPid()}/status`, "utf8")).toMatch(/^Uid:\t65534\t/m);
    await embedded.stop();
  },
);

test.runIf(process.getuid?.() === 0)(
  "root's own closed folder works, as npx has programs in one too",
  async () => {
    const closed = join(dataDir, "closed");
    await mkdir(closed, { mode: 0o700 });
    const { postgres } = await findBinaries();
    await cp(join(dirname(postgres), ".."), join(closed, "native"), { recursive: true });
    const binaries = await findOtherBinaries(join(closed, "native"));
    const embedded = await start({ dataDir: join(closed, ".ltb"), binaries });
    expect(await query(embedded, "SELECT 1")).toEqual([[1]]);
  },
);
