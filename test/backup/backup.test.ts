import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { copyFile, open, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { Client } from "pg";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createKeyFile } from "../../src/audit/seal/key.ts";
import { ArchiveWriter, readArchive } from "../../src/backup/archive.ts";
import { backUp } from "../../src/backup/backup.ts";
import { computeFingerprint, readTables } from "../../src/backup/catalog.ts";
import type { BackupHeader } from "../../src/backup/format.ts";
import { layouts } from "../../src/backup/layouts.ts";
import { restore } from "../../src/backup/restore.ts";
import { verifyBackup } from "../../src/backup/verify.ts";
import type { DatabaseConfig } from "../../src/config.ts";
import { type Connection, findConnection } from "../../src/database/connection/connect.ts";
import { migrateUp } from "../../src/database/migrate/migrate.ts";
import { foldSamples } from "../../src/evaluations/samples/fold.ts";
import { Database } from "../../src/storage.ts";
import { parseToken, type Token } from "../../src/users/tokens.ts";
import { migrationsKnown } from "../database/support.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase } from "../harness/postgres.ts";

const folder = temporaryFolder();
let source: Connection;
let file: string;
const { config, db } = await testDatabase();
beforeAll(async () => {
  source = await connection(config);
  await fill(db);
  await db.maintain();
  file = join(folder, "whole.tar");
  await backUp(source, file);
});

const connection = (config: DatabaseConfig) => findConnection(config);
const empty = async () => connection(await createTestDatabase({ template: false }));

/** Every kind of value that a table holds, also those that COPY has to escape. */
async function fill(db: Database): Promise<void> {
  const benchmark = await db.benchmarks.create({
    name: "back\\slash\ttab \\N \\. ünïcode 💾",
    provider: "p",
    model: "m",
    dataset: "d",
    labels: { "a b": "\r\n" },
    metadata: { nested: { quote: '"', backslash: "\\", number: 1e-7, list: [null, true] } },
  });
  await db.evaluations.createMany(
    Array.from({ length: 1_000 }, (_, i) => ({
      benchmarkId: benchmark.id,
      sampleId: `s${i}`,
      input: i % 2 ? "\\.\n" : "",
      output: "x".repeat(i),
      score: i / 3,
      ...(i % 7 === 0 && { error: "line\nline", output: null }),
    })),
  );
  await db.benchmarks.setBaseline(benchmark.id);
  const repeated = await db.benchmarks.create({ ...sample, repetitions: 2 });
  for (const repetition of [0, 1]) {
    await db.evaluations.createMany([
      { benchmarkId: repeated.id, sampleId: "s", repetition, input: "i", output: "o", score: repetition / 3 },
    ]);
    // What is kept of the first is folded, the second has a mark.
    if (repetition === 0) await foldSamples(db.executor);
  }
  const jobs = await db.jobs.createMany(
    Array.from({ length: 20 }, (_, i) => ({
      jobType: "t",
      payload: { i },
      uniqueKey: i === 0 ? "k" : undefined,
    })),
  );
  await db.workers.register({ workerId: "w", address: "h:1", capacity: 10 });
  const { leases } = await db.jobs.claim({ workerId: "w", maxJobs: 4 });
  const [first, second] = leases;
  await db.jobs.complete("w", [{ jobId: first?.id ?? "", epoch: first?.epoch ?? 0, result: [1, "\\"] }]);
  await db.jobs.fail("w", [
    { jobId: second?.id ?? "", epoch: second?.epoch ?? 0, error: "e", retryable: false },
  ]);
  await db.jobs.cancel(jobs[19]?.id ?? "");
  await db.jobs.setLimit({ limitKey: "l", maxRunning: 2 });
}

/** Rows and a hash of the text of each table, in an order of its own. */
async function contentOf(of: Connection): Promise<Record<string, string>> {
  const client = new Client(of);
  await client.connect();
  try {
    const content: Record<string, string> = {};
    for (const { name, columns } of await readTables(client)) {
      const row = columns.map((column) => `t.${client.escapeIdentifier(column)}`).join(", ");
      const { rows } = await client.query<{ text: string }>(
        `select row(${row})::text as text from ${client.escapeIdentifier(name)} t order by 1`,
      );
      const hash = createHash("sha256");
      for (const { text } of rows) hash.update(`${text}\n`);
      content[name] = `${rows.length} ${hash.digest("hex")}`;
    }
    return content;
  } finally {
    await client.end();
  }
}

test("what is restored is what was backed up, and the service goes on with it", async () => {
  const target = await empty();
  const { manifest } = await restore(target, file);
  const content = await contentOf(source);
  const { audit_logs, audit_unsealed, ...others } = await contentOf(target);
  expect({ ...content, ...others }).toEqual(content);
  // The trail tells of it.
  const rowsOf = (text = "") => Number.parseInt(text, 10);
  expect(rowsOf(audit_logs)).toBe(rowsOf(content.audit_logs) + 1);
  expect(rowsOf(audit_unsealed)).toBe(rowsOf(content.audit_unsealed) + 1);
  expect(manifest.tables.evaluations?.rows).toBe(1_002);
  const again = await Database.connect({ ...target, sslMode: "disable" });
  const { pending, running, completed, failed, cancelled } = await again.jobs.getStats();
  expect({ pending, running, completed, failed, cancelled }).toEqual({
    pending: 15,
    running: 2,
    completed: 1,
    failed: 1,
    cancelled: 1,
  });
  // Sequences go on behind what is there.
  await again.jobs.createMany([{ jobType: "t" }, { jobType: "other" }]);
  const { leases } = await again.jobs.claim({ workerId: "w", maxJobs: 5 });
  expect(leases).toHaveLength(5);
  await again.close();
});

test("a backup under load is of one moment", async () => {
  const stop = new AbortController();
  const { id: benchmarkId } = await db.benchmarks.create({
    name: "load",
    provider: "p",
    model: "m",
    dataset: "d",
  });
  const writer = (async () => {
    // Each in one transaction: a benchmark's counts and the evaluations agree at every moment, or the backup
    // tore them apart.
    for (let i = 0; !stop.signal.aborted; i++)
      await db.evaluations.createMany(
        Array.from({ length: 50 }, (_, k) => ({
          benchmarkId,
          sampleId: `${i}-${k}`,
          input: "i",
          output: "o",
        })),
      );
  })();
  const files = [join(folder, "load1.tar"), join(folder, "load2.tar")];
  for (const path of files) await backUp(source, path);
  stop.abort();
  await writer;
  for (const path of files) {
    const target = await empty();
    await restore(target, path);
    const again = await Database.connect({ ...target, sslMode: "disable" });
    const { completedIterations } = await again.benchmarks.get(benchmarkId);
    const { evaluationCount } = await again.evaluations.summarize(benchmarkId);
    expect(evaluationCount).toBe(completedIterations);
    expect(evaluationCount % 50).toBe(0);
    await again.close();
  }
});

test("a table's rows are counted, also where PostgreSQL's own count comes late", async () => {
  const done = Buffer.from([0x63, 0, 0, 0, 4]);
  const proxy = createServer((client) => {
    const { host, port } = config;
    const server = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    client.pipe(server);
    const pass = async (chunk: Buffer) => {
      const end = chunk.indexOf(done) + done.length;
      if (end < done.length) return void client.write(chunk);
      client.write(chunk.subarray(0, end));
      await sleep(50);
      await pass(chunk.subarray(end));
    };
    let last: Promise<void> = Promise.resolve();
    server.on("data", (chunk) => {
      last = last.then(() => pass(chunk));
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => undefined).on("close", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const path = join(folder, "late.tar");
  const { manifest } = await backUp({ ...source, host: "127.0.0.1", port }, path);
  expect(manifest.tables.evaluations?.rows).toBeGreaterThan(0);
  await verifyBackup(path);
});

test("a database with rows is refused without force, and replaced with it", async () => {
  const target = await empty();
  await restore(target, file);
  const again = await Database.connect({ ...target, sslMode: "disable" });
  await again.benchmarks.create({ name: "later", provider: "p", model: "m", dataset: "d" });
  const before = await contentOf(target);
  await expect(restore(target, file)).rejects.toThrow(/is not empty .*--force/);
  expect(await contentOf(target)).toEqual(before);
  await restore(target, file, { force: true });
  expect((await again.benchmarks.list({ name: "later" })).items).toEqual([]);
  // Its guards are up again.
  const client = new Client(target);
  await client.connect();
  await expect(client.query("delete from audit_logs")).rejects.toThrow(/append-only/);
  await client.end();
  await again.close();
});

test("who gets in after a restore: what holds again is named, and sessions end", async () => {
  const target = await connection(await createTestDatabase());
  const db = await Database.connect({ ...target, sslMode: "disable" });
  onTestFinished(() => db.close());
  const { users } = db;
  const password = "correct horse battery staple";
  const make = (username: string, more = {}) =>
    users.create({ username, email: `${username}@example.org`, role: "admin", ...more });
  const [ada, bob] = [await make("ada", { password }), await make("bob")];
  const kim = await make("kim");
  const { apiKey } = await users.createApiKey({ userId: bob.id, name: "ci" });
  const { apiKey: adas } = await users.createApiKey({ userId: ada.id, name: "ci" });
  const { token } = await users.login({ email: "ada@example.org", password });
  const isGood = async () => (await users.findPrincipal(parseToken(token) as Token)) !== undefined;
  const path = join(folder, "secured.tar");
  await backUp(target, path);
  for (const { id } of [apiKey, adas]) await users.revokeApiKey(id);
  await users.update(bob.id, { active: false });
  await users.changePassword(ada.id, { newPassword: "a better password than before" });
  await users.update(kim.id, { role: "viewer" });

  const kept = await restore(target, path, { force: true, keepSessions: true });
  expect(kept).toMatchObject({ sessionsEnded: 0, sessionsKept: 1 });
  expect(kept.cameBack.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
    { what: "former password", name: "ada" },
    { what: "disabled user", name: "bob" },
    { what: "revoked key", name: `ci of ada (${adas.id})` },
    { what: "revoked key", name: `ci of bob (${apiKey.id})` },
    { what: "former role", name: "kim (admin)" },
  ]);
  expect(await isGood()).toBe(true);
  // The same again brings nothing more back.
  expect(await restore(target, path, { force: true })).toMatchObject({
    sessionsEnded: 1,
    sessionsKept: 0,
    cameBack: [],
  });
  expect(await isGood()).toBe(false);
  const { items } = await db.audit.list({ action: "restore" });
  expect(items).toMatchObject([
    {
      entityType: "database",
      actor: "ltb",
      changes: { after: { backup_of: kept.header.createdAt, sessions_ended: 1, sealed_anew: false } },
    },
  ]);
});

describe("the audit trail after a restore", () => {
  /** A backup of a trail that is sealed, with a key of its own. */
  async function sealed(name: string) {
    const from = await createTestDatabase();
    const keyFile = join(folder, `${name}.key`);
    const db = await Database.connect(from, { auditKey: { keyFile, createKey: true } });
    onTestFinished(() => db.close());
    await db.auditTrail.open();
    await db.benchmarks.create(sample);
    await db.workers.register({ workerId: "w", address: "", capacity: 1 });
    const { id } = await db.jobs.create({ jobType: "t" });
    await db.jobs.claim({ workerId: "w" });
    await db.jobs.complete("w", [{ jobId: id, epoch: 1 }]);
    await db.auditTrail.seal();
    const path = join(folder, `${name}.tar`);
    await backUp(await connection(from), path);
    return { db, keyFile, path, head: (await db.auditTrail.verify()).head };
  }
  /** Another server's view of a database, with the log's lines. */
  async function server(target: Connection, keyFile: string) {
    const lines: string[] = [];
    const keep = (_: object, message: string) => void lines.push(message);
    const db = await Database.connect(
      { ...target, sslMode: "disable" },
      { auditKey: { keyFile, createKey: true }, log: { ...silentLog, warn: keep, error: keep } },
    );
    onTestFinished(() => db.close());
    await db.auditTrail.open();
    return { trail: db.auditTrail, lines };
  }

  test("it goes on with the key that sealed it; without, what to do is right", async () => {
    const { keyFile, path } = await sealed("key-at-hand");
    const target = await empty();
    await restore(target, path);
    const own = join(folder, "restored.key");
    const { trail, lines } = await server(target, own);
    expect(await trail.seal()).toBe(0);
    expect(lines.at(-1)).toMatch(
      /no key in .*restored\.key .*copy the key file of the service that made them to .*restored\.key; a new key does not do/,
    );
    expect(lines.at(-1)).not.toContain("openssl");
    await copyFile(keyFile, own);
    expect(await trail.seal()).toBe(1);
    expect(await trail.verify()).toMatchObject({ checked: 5, unsealed: 0 });
  });

  test("a new key beside it: what to do is right too", async () => {
    const { keyFile, path } = await sealed("key-before");
    const target = await empty();
    await restore(target, path);
    const own = join(folder, "too-early.key");
    await createKeyFile(own);
    const early = await server(target, own);
    expect(await early.trail.seal()).toBe(0);
    expect(early.lines.at(-1)).toMatch(
      /put the lines of that one's key file before those in .*too-early\.key/,
    );
    await writeFile(own, (await readFile(keyFile, "utf8")) + (await readFile(own, "utf8")));
    const { trail } = await server(target, own);
    expect(await trail.seal()).toBe(1);
    expect(await trail.verify()).toMatchObject({ checked: 5, unsealed: 0 });
  });

  test("the key is lost: it is sealed anew, and tells which seals were dropped", async () => {
    const { db, path, head } = await sealed("lost");
    const target = await empty();
    await restore(target, path, { sealAnew: true });
    const { trail, lines } = await server(target, join(folder, "new.key"));
    expect(await trail.seal()).toBe(5);
    expect(await trail.verify()).toMatchObject({ checked: 5, unsealed: 0, head: { sequence: 1 } });
    expect(lines).toEqual([]);
    const again = await Database.connect({ ...target, sslMode: "disable" });
    onTestFinished(() => again.close());
    const { items } = await again.audit.list({ action: "restore" });
    expect(items).toMatchObject([
      { changes: { after: { sealed_anew: true, head: `${head?.sequence}:${head?.seal}` } } },
    ]);
    expect((await db.auditTrail.verify()).broken).toBeUndefined();
  });
});

/** Where the content of each entry of a tar archive stands; what fills its last block belongs to nobody. */
function entriesOf(tar: Buffer): { start: number; size: number }[] {
  const entries: { start: number; size: number }[] = [];
  for (let header = 0; tar[header]; ) {
    const size = Number.parseInt(tar.toString("latin1", header + 124, header + 136), 8);
    entries.push({ start: header + 512, size });
    header += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

describe("damage is found before the database is touched", () => {
  /** Damages a copy of the backup and tries to restore it with force over the source's own data. */
  async function refused(damage: (path: string) => Promise<void>): Promise<string> {
    const path = join(folder, "damaged.tar");
    await copyFile(file, path);
    await damage(path);
    const before = await contentOf(source);
    const error = await restore(source, path, { force: true }).catch((error: Error) => error);
    expect(await contentOf(source)).toEqual(before);
    await expect(verifyBackup(path)).rejects.toThrow();
    if (!(error instanceof Error)) throw new Error("it was restored");
    return error.message;
  }

  test("cut off anywhere", async () => {
    const { size } = await stat(file);
    for (const part of [0, 0.01, 0.3, 0.7, 0.97]) {
      const message = await refused((path) => truncate(path, Math.floor((size * part) / 512) * 512));
      expect(message).toMatch(/cut off|not a backup|damaged/);
    }
  });

  test("a bit flipped in what the archive holds", async () => {
    const bytes = await readFile(file);
    const [{ start, size } = { start: 0, size: 0 }] = entriesOf(bytes).sort((a, b) => b.size - a.size);
    expect(size).toBeGreaterThan(10_000);
    const entry = bytes.subarray(start, start + size);
    const content = gunzipSync(entry);
    /** Whether the flipped bit makes a difference: one may lead to an equal text elsewhere, or be unused. */
    const matters = (offset: number) => {
      const flipped = Buffer.from(entry);
      flipped.writeUInt8((flipped[offset - start] ?? 0) ^ 4, offset - start);
      try {
        return !gunzipSync(flipped).equals(content);
      } catch {
        return true;
      }
    };
    for (const part of [0.25, 0.5, 0.75]) {
      let offset = start + Math.floor(size * part);
      while (!matters(offset)) offset++;
      const message = await refused(async (path) => {
        const handle = await open(path, "r+");
        await handle.write(Buffer.from([(bytes[offset] ?? 0) ^ 4]), 0, 1, offset);
        await handle.close();
      });
      expect(message).toMatch(/damaged/);
    }
  });

  test("something else, and what a later release wrote", async () => {
    expect(await refused((path) => writeFile(path, "-- PostgreSQL database dump\n".repeat(100)))).toMatch(
      /damaged|not a backup/,
    );
    const rename = (from: string, to: string) => async (path: string) => {
      const bytes = await readFile(path);
      bytes.write(to, bytes.indexOf(from));
      await writeFile(path, bytes);
    };
    expect(await refused(rename('"version":1', '"version":9'))).toMatch(
      /format 9, this program reads up to 1/,
    );
  });
});

describe("a backup of another layout is refused, and nothing is written", () => {
  const version = "20240320000003_add_audit_logs";
  /** A whole backup of no rows that says of itself what `header` says. */
  async function backupOf(header: Partial<BackupHeader>): Promise<string> {
    const path = join(folder, "layout.tar");
    const writer = new ArchiveWriter(createWriteStream(path));
    await writer.header({
      format: "llm-test-bench-backup",
      version: 1,
      createdAt: "2024-03-20T02:00:00Z",
      serviceVersion: "0.1.0",
      postgresVersion: "18.0",
      schemaVersion: version,
      fingerprint: layouts[version] ?? "",
      tables: [],
      ...header,
    });
    await writer.manifest({ tables: {}, sequences: {} });
    return path;
  }

  test("the same backup with the right fingerprint is good", async () => {
    const path = await backupOf({});
    await verifyBackup(path);
    await restore(await empty(), path);
  });

  test.each<[string, Partial<BackupHeader>]>([
    ["without a fingerprint, as before 0.1.0", { fingerprint: "" }],
    [
      "of a migration of before 0.1.0",
      { fingerprint: "", schemaVersion: "20240320000010_add_benchmark_deletions" },
    ],
    ["of tables that were edited since", { fingerprint: "0".repeat(64) }],
  ])("%s", async (_, header) => {
    const path = await backupOf(header);
    const message =
      /another layout .*pre-release, before 0\.1\.0.*Restore it with the version that wrote it \(0\.1\.0, 2024-/;
    await expect(verifyBackup(path)).rejects.toThrow(message);
    const target = await empty();
    await expect(restore(target, path)).rejects.toThrow(message);
    expect(await contentOf(target)).toEqual({});
    const before = await contentOf(source);
    await expect(restore(source, path, { force: true })).rejects.toThrow(
      header.schemaVersion ? "the database is at" : message,
    );
    expect(await contentOf(source)).toEqual(before);
  });

  test("of a database with a table of its own, which it goes back into all the same", async () => {
    const target = await empty();
    await restore(target, file);
    const client = new Client(target);
    await client.connect();
    await client.query("create table notes (id integer); insert into notes values (1)");
    const path = join(folder, "notes.tar");
    await backUp(target, path);
    const other = await empty();
    await expect(restore(other, path)).rejects.toThrow(/another layout .*tables or columns of its own/);
    expect(await contentOf(other)).toEqual({});
    await client.query("delete from notes");
    await restore(target, path, { force: true });
    expect((await client.query("select id from notes")).rows).toEqual([{ id: 1 }]);
    await client.end();
  });

  test("a database of before 0.1.0 is not backed up", async () => {
    const target = await empty();
    await restore(target, file);
    const client = new Client(target);
    await client.connect();
    await client.query("update schema_migrations set checksum = repeat('0', 64)");
    await client.end();
    await expect(backUp(target, join(folder, "old.tar"))).rejects.toThrow(/pre-release layout/);
    await expect(restore(target, file, { force: true })).rejects.toThrow(/pre-release layout/);
  });

  test("the fingerprints that are known are those that the migrations make", async () => {
    const target = await empty();
    const client = new Client(target);
    await client.connect();
    const found: Record<string, string> = {};
    for (const name of await migrationsKnown()) {
      await migrateUp(target, { upTo: name });
      found[name] = computeFingerprint(await readTables(client));
    }
    await client.end();
    expect(layouts).toEqual(found);
  });
});

test("a backup of a later schema is refused", async () => {
  const path = join(folder, "later.tar");
  const bytes = await readFile(file);
  const at = bytes.indexOf('"schemaVersion":"2') + '"schemaVersion":"'.length;
  bytes.write("9", at);
  await writeFile(path, bytes);
  await expect(restore(await empty(), path)).rejects.toThrow(/which this program does not know/);
});

test("what the database refuses undoes the whole restore", async () => {
  const target = await empty();
  const client = new Client(target);
  client.on("error", () => undefined);
  await client.connect();
  await restore(target, file);
  await client.query("alter table jobs add constraint no_jobs check (job_type <> 't') not valid");
  const before = await contentOf(target);
  await expect(restore(target, file, { force: true })).rejects.toThrow(/no_jobs/);
  expect(await contentOf(target)).toEqual(before);
  await client.end();
});

test("a failed backup leaves no file, and a database without our tables is none", async () => {
  await expect(backUp(await empty(), join(folder, "none.tar"))).rejects.toThrow(/no tables of this service/);
  await expect(backUp(source, join(folder, "missing", "x.tar"))).rejects.toThrow(/ENOENT/);
  expect((await readdir(folder)).filter((name) => /none|partial/.test(name))).toEqual([]);
});

test("memory does not grow with the table", async () => {
  const { id: benchmarkId } = await db.benchmarks.create({
    name: "big",
    provider: "p",
    model: "m",
    dataset: "d",
  });
  const client = new Client(source);
  await client.connect();
  client.on("error", () => undefined);
  // 160 MB of text.
  await client.query(
    `insert into evaluations (id, benchmark_id, provider, model, input, output, metrics, content_hash)
    select md5(random()::text || i)::uuid, $1, 'p', 'm', repeat(md5(i::text), 1000), '', '{}', decode(md5(''), 'hex')
    from generate_series(1, 5000) i`,
    [benchmarkId],
  );
  const path = join(folder, "big.tar");
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const sampler = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 5);
  const { manifest } = await backUp(source, path);
  await readArchive(path, { table: () => undefined });
  clearInterval(sampler);
  expect(manifest.tables.evaluations?.bytes).toBeGreaterThan(160e6);
  expect(most).toBeLessThan(80e6);
  await client.query("delete from benchmarks where id = $1", [benchmarkId]);
  await client.end();
});
