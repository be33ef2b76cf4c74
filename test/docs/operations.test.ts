import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { DATABASE_NAMES } from "../../src/config/choose-database.ts";
import { service } from "../../src/config/settings.ts";
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
const commands = [
  ...lines.map((line) => line.replace(/ +#.*$/, "")).filter((line) => line.startsWith("ltb ")),
  ...[...text.matchAll(/`(ltb [^`]+)`/g)].map(([, command = ""]) => command),
];

test.each(lines)("%s: says how it is known to work", (line) => {
  const [, test] =
    / # (?:by hand|tested: (\S+))$/.exec(line) ?? expect.fail("no test, and not tried by hand");
  if (test !== undefined) expect(existsSync(join(root, test)), test).toBe(true);
});

test.each(commands)("%s is a command with these options", async (line) => {
  const [, ...words] = line.split(/\s+/);
  let command: Command = await createProgram([]);
  while (words[0] !== undefined) {
    const inner = command.commands.find((one) => one.name() === words[0]);
    if (!inner) break;
    command = inner;
    words.shift();
  }
  expect(command.parent, line).not.toBeNull();
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  for (const word of words) if (word.startsWith("-")) expect(known, word).toContain(word);
});

test("settings that are named exist", () => {
  const known = new Set([
    ...Object.keys(service.shape),
    ...Object.values(DATABASE_NAMES),
    "DATABASE_MIGRATION_URL",
    "DATABASE_REPLICA_URL",
  ]);
  const named = [...text.matchAll(/\b(?:LTB|DATABASE)_[A-Z_]+\b/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(known, name).toContain(name);
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
