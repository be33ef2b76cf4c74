import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { writeBanner } from "../../src/cli/shared/banner.ts";
import { loadConfig } from "../../src/config.ts";
import { serve } from "../../src/serve.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { eventually } from "../harness/waiting.ts";
import { anyPort, finished, runHere, start } from "./support.ts";

// From the embedded database to one's own, back, and to a new folder: what happens to keys and seals.

type Settings = Record<string, string>;

async function external(): Promise<Settings> {
  const { host, port, user, password, database } = await createTestDatabase({ template: false });
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USER: user,
    DATABASE_PASSWORD: password?.reveal() ?? "",
    DATABASE_NAME: database,
  };
}

/** Runs the command line in this process, with these settings. */
async function ltb(args: string[], settings: Settings) {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  try {
    return await runHere(args);
  } finally {
    vi.unstubAllEnvs();
  }
}

async function ok(args: string[], settings: Settings): Promise<string> {
  const { code, stdout, stderr } = await ltb(args, settings);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

/** Serves until `work` is over. `said` are the warnings and errors of the log. */
async function serving<T>(
  settings: Settings,
  work: (service: {
    banner: string;
    address: string;
    said: string[];
    call: (...args: string[]) => Promise<string>;
  }) => Promise<T>,
): Promise<T> {
  const said: string[] = [];
  // What a busy machine takes long for is no news here.
  const note = (message: string) => message !== "slow statement" && said.push(message);
  const log = pino({ level: "warn" }, { write: (line: string) => void note(JSON.parse(line).msg) });
  const config = loadConfig({ env: { ...anyPort, ...settings }, cwd: data });
  const service = await serve(config, { log });
  try {
    const address = `127.0.0.1:${service.grpcAddress.port}`;
    return await work({
      banner: writeBanner(service, 1),
      address,
      said,
      call: (...args) => ok([...args, "--address", address], settings),
    });
  } finally {
    await service.stop();
  }
}

/** Waits until everything is sealed, and answers how many entries hold, without those of looking. */
async function sealed(call: (...args: string[]) => Promise<string>): Promise<number> {
  const ask = async (...args: string[]) => JSON.parse(await call("audit", ...args, "--json"));
  await eventually(async () => (await ask("status")).entries_unsealed === 0);
  const looks = (await ask("list", "--action", "verify", "--limit", "1000")).audit_logs.length;
  const { valid, entries_checked } = await ask("verify");
  expect(valid).toBe(true);
  return Number(entries_checked) - looks;
}

let data: string;
let embedded: Settings;
let backup: string;
let entries: number;
beforeAll(async () => {
  data = temporaryFolder();
  embedded = { LTB_DATA_DIR: data };
  backup = join(data, "embedded.tar");
  entries = await serving(embedded, async ({ call }) => {
    await call("user", "create", "ada", "--email", "ada@example.org", "--no-password");
    return sealed(call);
  });
  await ok(["backup", backup], embedded);
});

test("from the embedded database to one's own in the same folder, and back", async () => {
  const own = { ...embedded, ...(await external()) };
  const restored = await ok(["restore", backup], own);
  expect(restored).toContain(`API key of user admin    ${join(data, "admin.key")} (these commands find it)`);
  expect(restored).not.toContain("Warning");
  const later = await serving(own, async ({ banner, said, call }) => {
    expect(banner).toContain("these commands find it");
    await call("user", "create", "bob", "--email", "bob@example.org", "--no-password");
    const all = await sealed(call);
    expect(said).toEqual([]);
    return all;
  });
  expect(later).toBeGreaterThan(entries);

  const back = join(data, "own.tar");
  await ok(["backup", back], own);
  expect(await ok(["restore", back, "--force"], embedded)).not.toContain("Warning");
  await serving(embedded, async ({ banner, said, call }) => {
    expect(banner).toContain("these commands find it");
    expect(await sealed(call)).toBeGreaterThan(later);
    expect(await call("user", "list")).toContain("bob@example.org");
    expect(said).toEqual([]);
  });
  // An earlier state, on purpose, and again; then the other one, which is as it was left.
  for (const _ of [1, 2]) expect(await ok(["restore", backup, "--force"], embedded)).not.toContain("Warning");
  await serving(embedded, async ({ said, call }) => {
    expect(await sealed(call)).toBeGreaterThan(entries);
    expect(said).toEqual([]);
  });
  await serving(own, async ({ said, call }) => {
    expect(await sealed(call)).toBeGreaterThanOrEqual(later);
    expect(said).toEqual([]);
  });
});

test("a new database of one's own in the folder of the embedded one: nothing is taken for tampered", async () => {
  const own = { ...embedded, ...(await external()) };
  await serving(own, async ({ banner, address, said, call }) => {
    expect((await ltb(["stats", "--address", address], own)).stderr).toContain(
      `it came from ${join(data, "admin.key")}, which may be for another database`,
    );
    expect(banner).toContain(`No key of this database  ${join(data, "admin.key")}`);
    expect(banner).toContain("Nobody can call it yet");
    expect(banner).not.toContain("these commands find it");
    await ok(
      [
        "user",
        "create",
        "root",
        "--email",
        "r@example.org",
        "--role",
        "admin",
        "--no-password",
        "--database",
      ],
      own,
    );
    const key = (await ok(["key", "create", "--user", "root", "--database"], own)).trim();
    expect(await sealed((...args) => call(...args, "--api-key", key))).toBeGreaterThanOrEqual(2);
    expect(said).toEqual([]);
  });
});

test("into a new folder: it is said who gets in, and what seals", async () => {
  const folder = temporaryFolder();
  const settings = { LTB_DATA_DIR: folder };
  const restored = await ok(["restore", backup], settings);
  const lack = `copy the key file of the service that made them to ${join(folder, "audit.key")}; a new key does not do`;
  expect(restored).toContain("its admins are admin\n");
  expect(restored).toContain("key create --user admin --database");
  expect(restored).toContain("--new-admin-key");
  expect(restored).toContain(lack);
  for (const shown of [
    restored,
    await serving(settings, async ({ banner, said }) => {
      expect(said).toEqual([expect.stringContaining(lack)]);
      return banner;
    }),
  ]) {
    expect(shown).not.toContain("admin.key");
    expect(shown).not.toContain("openssl");
  }
  // The keys of the old service work, and its audit key seals.
  await copyFile(join(data, "audit.key"), join(folder, "audit.key"));
  const old = (await readFile(join(data, "admin.key"), "utf8")).trim();
  await serving(settings, async ({ said, call }) => {
    expect(await sealed((...args) => call(...args, "--api-key", old))).toBe(entries + 1);
    expect(said).toEqual([]);
  });

  const again = ["restore", backup, "--force", "--new-admin-key", "--seal-anew", "--json"];
  const answer = JSON.parse(await ok(again, settings));
  const file = join(folder, "admin.key");
  expect(answer).toMatchObject({ keys: { file, user: "admin" }, sessions_ended: 0, warnings: [] });
  const key = (await readFile(file, "utf8")).trim();
  expect(JSON.stringify(answer)).not.toContain(key);
  const once = await readFile(file, "utf8");
  expect(await ok(again.slice(0, -1), settings)).not.toContain((await readFile(file, "utf8")).trim());
  expect(await readFile(file, "utf8")).not.toBe(once);
  await serving(settings, async ({ banner, said, call }) => {
    expect(banner).toContain("these commands find it");
    // Those of the backup, and those of the restore and of the new key.
    expect(await sealed(call)).toBe(entries + 2);
    expect(said).toEqual([]);
  });
});

test("a restore beside the running service raises no alarm", async () => {
  const own = { ...embedded, ...(await external()) };
  await ok(["restore", backup], own);
  await serving(own, async ({ said, call }) => {
    await call("user", "create", "eve", "--email", "eve@example.org", "--no-password");
    const later = await sealed(call);
    await ok(["restore", backup, "--force"], own);
    expect(await sealed(call)).toBeLessThan(later);
    expect(said).toEqual([]);
  });
});

test("a restore that is killed leaves nothing, and can be repeated", async () => {
  const own = { ...embedded, ...(await external()) };
  await ok(["migrate", "up"], own);
  const config = loadConfig({ env: own, cwd: data }).database;
  if (config.kind !== "external") throw new Error("expected one's own");
  const client = await onlooker(config.connection);
  onTestFinished(() => client.end());
  const count = async () =>
    (await client.query("select (select count(*) from users) + (select count(*) from audit_logs) as n"))
      .rows[0].n;
  // Everything is written by the time that it would write its own entry.
  await client.query("begin; lock table audit_logs in share mode");
  const child = start(["restore", backup], own);
  await eventually(
    async () =>
      (
        await client.query(
          "select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())",
        )
      ).rowCount,
  );
  child.kill("SIGKILL");
  await finished(child);
  await client.query("commit");
  await eventually(
    async () =>
      (
        await client.query(
          "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        )
      ).rowCount === 0,
  );
  expect(Number(await count())).toBe(0);
  expect((await ltb(["restore", backup, "--new-admin-key"], own)).stderr).toContain(
    "--new-admin-key is for the embedded database",
  );
  expect(Number(await count())).toBe(0);
  await ok(["restore", backup], own);
  expect(Number(await count())).toBeGreaterThan(2);
});
