import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { AuditTrail } from "../../../src/audit/seal/trail.ts";
import { holdTrail } from "../../../src/backup/after-restore.ts";
import { backUp } from "../../../src/backup/backup.ts";
import { restore } from "../../../src/backup/restore.ts";
import { findConnection } from "../../../src/database/connection/connect.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { createTestDatabase } from "../../harness/postgres.ts";
import { eventually } from "../../harness/waiting.ts";
import { addLogs, recorder, startTrail } from "./support.ts";

// The heads of several databases, in the one file beside the key.

type Trail = Awaited<ReturnType<typeof startTrail>>;

/** A chain of two seals, and servers that know only its key file. */
async function start() {
  const first = await startTrail();
  const { keyFile } = first;
  const { lines, log } = recorder();
  const server = ({ db }: Trail, database: string) => new AuditTrail(db.executor, { keyFile, database, log });
  for (const _ of [1, 2]) {
    await addLogs(first.superuser, 1);
    await server(first, "the first").seal();
  }
  return { first, keyFile, lines, server, headFile: `${keyFile}.head` };
}

/** Seals one more entry. */
async function sealOne(trail: Trail, server: AuditTrail): Promise<number> {
  await addLogs(trail.superuser, 1);
  return server.seal();
}

test("a database that is new gets a head of its own, and a cut of either is found", async () => {
  const { first, lines, server } = await start();
  const second = await startTrail();
  const there = server(second, "the second");
  await there.open();
  expect(await sealOne(second, there)).toBe(1);
  expect((await there.verify()).broken).toBeUndefined();
  const back = server(first, "the first");
  expect(await sealOne(first, back)).toBe(1);
  expect((await back.verify()).broken).toBeUndefined();
  expect(lines).toEqual([]);
  for (const [trail, sequence] of [
    [first, 3],
    [second, 1],
  ] as const) {
    await trail.tamper("delete from audit_seals where sequence = $1", [sequence]);
    const cut = { sequence, reason: expect.stringContaining("the end of the chain was cut off") };
    expect((await server(trail, "either").verify()).broken).toMatchObject(cut);
    expect(await server(trail, "either").seal()).toBe(0);
    expect(lines.at(-1)).toContain("the end of the chain was cut off");
  }
});

test("a new database that was emptied since is not new", async () => {
  const { server } = await start();
  const second = await startTrail();
  await server(second, "the second").open();
  expect(await sealOne(second, server(second, "the second"))).toBe(1);
  await second.tamper("truncate audit_logs, audit_seals, job_attempts, audit_unsealed");
  expect((await server(second, "the second").verify()).broken?.reason).toContain("cut off");
});

test("a database with entries, of which no head is known, waits for an operator", async () => {
  const { headFile, lines, server } = await start();
  const second = await startTrail();
  await addLogs(second.superuser, 1);
  const there = server(second, "the second");
  await there.open();
  expect(await there.seal()).toBe(0);
  const named = `${headFile} has the last seals of other databases (seal 2 of the first) and none of this one, the second.`;
  expect(lines.at(-1)).toContain(named);
  expect(lines.at(-1)).not.toContain("cut off");
  for (const call of [() => there.verify(), () => there.cleanUp(1)])
    await expect(call()).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      message: expect.stringContaining(named),
    });
  await rm(headFile);
  expect(await there.seal()).toBe(1);
  expect((await there.verify()).broken).toBeUndefined();
});

test("a chain that was carried over is recognised by its last head, and one that lacks it is not", async () => {
  const { first, lines, server } = await start();
  const file = join(temporaryFolder(), "backup.tar");
  await backUp(await findConnection(first.config), file);
  const carried = async () => {
    const config = await createTestDatabase({ template: false });
    await restore(await findConnection(config), file);
    return startTrail(config);
  };
  const [cut, whole, older] = [await carried(), await carried(), await carried()];
  await cut.tamper("delete from audit_seals where sequence = 2");
  expect(await server(cut, "a copy").seal()).toBe(0);
  expect(lines.at(-1)).toContain("the last seals of other databases (seal 2 of the first)");
  // The entry that tells of the restore is sealed too.
  const there = server(whole, "a copy");
  expect(await there.seal()).toBe(1);
  expect(await there.verify()).toMatchObject({ checked: 3, head: { sequence: 3 } });
  // Seal 2 is in it, but so it would be in a chain from which seal 3 was cut off.
  expect(await server(older, "an older copy").seal()).toBe(0);
  expect(lines.at(-1)).toContain(
    "(seal 2 of the first, seal 3 of a copy) and none of this one, an older copy.",
  );
});

test("a restore beside a running server is not taken for a cut, and a cut after it is found", async () => {
  const { first, lines, server } = await start();
  const file = join(temporaryFolder(), "backup.tar");
  const connection = await findConnection(first.config);
  await backUp(connection, file);
  const running = server(first, "the first");
  expect(await sealOne(first, running)).toBe(1);
  let verified: ReturnType<typeof running.verify> | undefined;
  await holdTrail(connection, async () => {
    await restore(connection, file, { force: true });
    // The head of what is there now is not yet written.
    expect(await running.seal()).toBe(0);
    verified = running.verify();
    await eventually(async () => {
      const waiting = "select from pg_locks where locktype = 'advisory' and not granted";
      return ((await first.superuser.query(waiting)).rowCount ?? 0) > 0;
    });
    await server(first, "the first").acceptRestored();
  });
  expect((await verified)?.broken).toBeUndefined();
  expect(await running.seal()).toBe(1);
  expect(lines).toEqual([]);
  await first.tamper("delete from audit_seals where sequence = 3");
  expect(await running.seal()).toBe(0);
  expect(lines.at(-1)).toContain("seal 3, which was there, is gone: the end of the chain was cut off");
});

test.each(["{", "[1]", `{"sequence":1,"seal":"${"0".repeat(64)}","sealedAt":""}`])(
  "a file that holds %j keeps the trail from being sealed until it is gone",
  async (text) => {
    const { first, headFile, lines, server } = await start();
    await writeFile(headFile, text);
    const there = server(first, "the first");
    await there.open();
    expect(await sealOne(first, there)).toBe(0);
    expect(lines.at(-1)).toContain(
      `${headFile} should have the last head of the audit trail: it holds something else`,
    );
    expect(await readFile(headFile, "utf8")).toBe(text);
    await rm(headFile);
    expect(await there.seal()).toBe(1);
  },
);

test("sixteen databases are remembered, those of late", async () => {
  const { first, headFile, server } = await start();
  const [[id = "", head] = []] = Object.entries(JSON.parse(await readFile(headFile, "utf8")));
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`1/${n}`, head]));
  await writeFile(headFile, JSON.stringify({ ...many, [id]: head }));
  expect(await sealOne(first, server(first, "the first"))).toBe(1);
  const kept = Object.keys(JSON.parse(await readFile(headFile, "utf8")));
  expect(kept).toEqual([...Array.from({ length: 15 }, (_, n) => `1/${n + 5}`), id]);
});

test("where the host does not tell which database it is, a cut is found all the same", async () => {
  const own = await startTrail();
  await own.superuser.query("alter function pg_catalog.pg_control_system() rename to hidden");
  await sealOne(own, own.another());
  expect(Object.keys(JSON.parse(await readFile(`${own.keyFile}.head`, "utf8")))).toEqual(["unknown"]);
  await own.tamper("truncate audit_logs, audit_seals, audit_unsealed");
  expect((await own.another().verify()).broken?.reason).toContain("cut off");
});
