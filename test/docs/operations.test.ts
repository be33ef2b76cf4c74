import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatabaseConfig } from "../../src/config.ts";
import { checks } from "../../src/doctor/doctor.ts";
import { Database } from "../../src/storage.ts";
import { sample } from "../harness/examples.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

const root = join(import.meta.dirname, "..", "..");
const text = readFileSync(join(root, "docs", "operations.md"), "utf8");

/** The content of the fenced blocks of a language, with what else stands on their first line. */
function blocks(language: string): { info: string; content: string }[] {
  const found = text.matchAll(/^( *)```(\w+) ?(.*)\n([\s\S]*?)\n\1```$/gm);
  return [...found]
    .filter(([, , name]) => name === language)
    .map(([, , , info = "", content = ""]) => ({ info, content }));
}

const lines = blocks("sh").flatMap(({ content }) =>
  content
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean),
);
test.each(lines)("%s: says how it is known to work", (line) => {
  const [, test] =
    / # (?:by hand|tested: (\S+))$/.exec(line) ?? expect.fail("no test, and not tried by hand");
  if (test !== undefined) expect(existsSync(join(root, test)), test).toBe(true);
});

test("every check of the doctor is in its table", () => {
  const [, table = ""] = text.split("| check | warns | fails |\n");
  const rows = [...table.matchAll(/^\| ([a-z ]+) \|/gm)].map(([, name]) => name);
  expect(rows.filter((name) => name !== undefined && name in checks)).toEqual(Object.keys(checks));
});

describe("SQL", () => {
  let connection: DatabaseConfig;
  let client: Client;
  let folder: string;
  beforeAll(async () => {
    connection = await createTestDatabase();
    client = await onlooker(connection);
    folder = await mkdtemp(join(tmpdir(), "ltb-operations-"));
  });
  afterAll(async () => {
    await client.end();
    await rm(folder, { recursive: true });
  });

  const statements = blocks("sql")
    .filter(({ info }) => info === "")
    .flatMap(({ content }) => content.split(/;$/m).map((one) => one.trim()))
    .filter(Boolean);

  test.each(statements)("%s", async (statement) => {
    await client.query(statement);
  });

  test("after the loss of the audit key, every entry is sealed anew", async () => {
    const withKey = (name: string) =>
      Database.connect(connection, { auditKey: { keyFile: join(folder, name), createKey: true } });
    const lost = await withKey("lost.key");
    await lost.auditTrail.open();
    await lost.benchmarks.create(sample);
    await lost.workers.register({ workerId: "w", address: "", capacity: 1 });
    const { id } = await lost.jobs.create({ jobType: "t" });
    await lost.jobs.claim({ workerId: "w" });
    await lost.jobs.complete("w", [{ jobId: id, epoch: 1 }]);
    await lost.auditTrail.seal();
    await lost.close();

    const block = blocks("sql").find(({ info }) => info === "lost-audit-key");
    await client.query(block?.content ?? "");
    const db = await withKey("new.key");
    await db.auditTrail.open();
    expect(await db.auditTrail.seal()).toBeGreaterThanOrEqual(4);
    const { rows } = await client.query("select count(*)::int as entries from audit_unsealed");
    expect(rows).toEqual([{ entries: 0 }]);
    const { checked, broken } = await db.auditTrail.verify();
    expect(broken).toBeUndefined();
    expect(checked).toBeGreaterThanOrEqual(4);
    await db.close();
  });
});
