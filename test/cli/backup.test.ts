import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { finished, ltb, start } from "./support.ts";

const folder = temporaryFolder();

/** The environment that names a test database. */
async function database(options?: { template: boolean }): Promise<Record<string, string>> {
  const { host, port, user, password, database } = await createTestDatabase(options);
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USER: user,
    DATABASE_PASSWORD: password?.reveal() ?? "",
    DATABASE_NAME: database,
  };
}

test("from one database into another, and never over anything by accident", async () => {
  const [from, to] = [await database(), await database({ template: false })];
  const file = join(folder, "one.tar");
  const written = await ltb(["backup", file, "--json"], from);
  expect(JSON.parse(written.stdout)).toMatchObject({ file, tables: { jobs: { rows: 0 } } });
  expect(await ltb(["backup", "verify", file])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/is whole/),
  });
  const fed = async (content: Buffer, args: string[]) => {
    const child = start(args, to, folder, "pipe");
    child.stdin?.end(content);
    return finished(child);
  };
  const bytes = await readFile(file);
  expect(await fed(bytes, ["backup", "verify", "-"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("standard input is whole"),
  });
  expect(await fed(bytes.subarray(0, 3_000), ["restore", "-"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: standard input is damaged: /),
  });
  expect(await fed(bytes, ["restore", "-"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("standard input is restored"),
  });
  expect(await ltb(["backup", file], from)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/exists already/),
  });
  await writeFile(file, "damage");
  const refused = await ltb(["restore", file, "--json"], to);
  expect([refused.code, JSON.parse(refused.stderr).error.reason]).toEqual([1, "BACKUP_ERROR"]);
});

test("old backups in a folder go, and only those", async () => {
  const from = await database();
  const own = temporaryFolder();
  const old = ["llm_test_bench_20240320_020000.backup.tar", "llm_test_bench_20250101_020000.backup.tar"];
  const others = [
    "llm_test_bench_20240320_020000.dump",
    "notes.txt",
    "x_llm_test_bench_20240320_020000.backup.tar",
  ];
  const long = new Date("2020-01-01");
  for (const name of [...old, ...others]) {
    await writeFile(join(own, name), "");
    await utimes(join(own, name), long, long);
  }
  const { code, stderr } = await ltb(["backup", own, "--keep-days", "7"], from);
  expect(code).toBe(0);
  for (const name of old) expect(stderr).toContain(name);
  const left = await readdir(own);
  expect(left).toHaveLength(others.length + 1);
  expect(left).toEqual(expect.arrayContaining(others));
  // A backup that fails leaves the older ones alone.
  const failed = await ltb(["backup", own, "--keep-days", "1"], await database({ template: false }));
  expect(failed.code).toBe(1);
  expect(await readdir(own)).toHaveLength(others.length + 1);
});

test("the embedded database is backed up while its service runs, and restored when it does not", async () => {
  const dataDir = join(folder, "data");
  const settings = { LTB_DATA_DIR: dataDir };
  const service = start(["serve"], settings);
  await new Promise<void>((resolve, reject) => {
    let screen = "";
    service.stdout?.on("data", (chunk) => {
      screen += chunk;
      if (screen.includes("Stop it")) resolve();
    });
    service.once("exit", () => reject(new Error("the service ended")));
  });
  const file = join(folder, "embedded.tar");
  expect(await ltb(["backup", file], settings)).toMatchObject({ code: 0 });
  expect((await ltb(["migrate", "status"], settings)).code).toBe(0);
  service.kill("SIGTERM");
  await finished(service);
  const elsewhere = { ...settings, LTB_DATA_DIR: join(folder, "elsewhere") };
  expect(await ltb(["restore", file], elsewhere)).toMatchObject({ code: 0 });
});
