import { type ChildProcess, execFileSync, spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeFirstAdmin } from "../../src/auth/first-admin.ts";
import { backUp } from "../../src/backup/backup.ts";
import { loadConfig } from "../../src/config.ts";
import type { Connection } from "../../src/database/connection/connect.ts";
import { type Binaries, findBinaries, findOtherBinaries } from "../../src/database/embedded/binaries.ts";
import { prepareFolders } from "../../src/database/embedded/folders.ts";
import { isPostmaster, readPidFile } from "../../src/database/embedded/postmaster.ts";
import { packageName, RELEASES } from "../../src/database/embedded/releases.ts";
import { startEmbedded } from "../../src/database/embedded/start-embedded.ts";
import { migrateUp, verifyMigrations } from "../../src/database/migrate/migrate.ts";
import { addSearchIndex, listSearchIndexes } from "../../src/evaluations/search/manage-indexes.ts";
import { createLogger } from "../../src/log.ts";
import { serve } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import { finished, ltb, start } from "../cli/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { initialiseTest } from "../harness/server.ts";
import { eventually } from "../harness/waiting.ts";

const own = await findBinaries();
const cache = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "ltb-matrix");

/** An older PostgreSQL: that of TEST_POSTGRES_BIN, one that `npm run test:matrix` fetched, or Debian's. */
const old = await findOlder([
  ...(process.env.TEST_POSTGRES_BIN === undefined ? [] : [process.env.TEST_POSTGRES_BIN]),
  ...Object.values(RELEASES)
    .reverse()
    .map((release) => join(cache, release)),
  ...globSync("/usr/lib/postgresql/*/").sort().reverse(),
]);

async function findOlder(folders: string[]): Promise<(Binaries & { folder: string }) | undefined> {
  for (const folder of folders) {
    const found = await findOtherBinaries(folder).catch(() => undefined);
    if (found && Number(found.major) < Number(own.major)) return { ...found, folder };
  }
  return undefined;
}

/** A folder as a service on the older PostgreSQL left it, to be copied. */
let initial: string;
let original: Record<string, unknown>;
let dataDir: string;
const children: ChildProcess[] = [];

const madeBy = (folder: string) => readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
const base = () => join(dataDir, "postgres");
const upgrade = (...args: string[]) => ltb(["upgrade", ...args], { LTB_DATA_DIR: dataDir });

describe.skipIf(old === undefined)(
  "the embedded database of an older PostgreSQL (skipped where none is: npm run test:matrix fetches them)",
  () => {
    const { major = "", version = "", folder = "" } = old ?? {};

    beforeAll(async () => {
      if (old === undefined) return;
      initial = temporaryFolder();
      const prepared = await prepareFolders(initial, old);
      await initialiseTest(prepared.folders, old, prepared.runner);
      const postgres = await startEmbedded({ dataDir: initial, binaries: old, settings: { fsync: "off" } });
      const { connection } = postgres;
      await migrateUp(connection);
      const keyFile = join(initial, "audit.key");
      const config = { ...connection, sslMode: "disable" } as const;
      const db = await Database.connect(config, { auditKey: { keyFile, createKey: true } });
      await makeFirstAdmin(db, initial);
      const { id } = await db.benchmarks.create({
        name: "ünïcode 💾",
        provider: "p",
        model: "m",
        dataset: "d",
      });
      await db.evaluations.createMany(
        Array.from({ length: 200 }, (_, i) => ({
          benchmarkId: id,
          sampleId: `${i}`,
          input: "a",
          output: "b",
        })),
      );
      await db.jobs.createMany(Array.from({ length: 20 }, (_, i) => ({ jobType: "t", payload: { i } })));
      await addSearchIndex(connection, "metadata");
      await db.auditTrail.open();
      expect(await db.auditTrail.seal()).toBeGreaterThan(0);
      await db.close();
      original = await tablesOf(connection);
      await postgres.stop();
    });

    beforeEach(async () => {
      dataDir = temporaryFolder();
      execFileSync("cp", ["-a", `${initial}/.`, dataDir]);
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill("SIGKILL");
      for (const data of globSync([join(base(), "data"), join(base(), "upgrade", "postgres", "data")])) {
        const left = await readPidFile(data);
        if (left !== undefined && (await isPostmaster(left.pid, data))) process.kill(left.pid, "SIGQUIT");
      }
      // Those of all tests would be gigabytes at the end of the file.
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
    });

    /** Nothing is left of an upgrade that did not end, and the old folder is in use. */
    const expectUntouched = async () => {
      expect(madeBy(join(base(), "data"))).toBe(major);
      expect((await readdir(base())).filter((name) => /^data.|^upgrade/.test(name))).toEqual([]);
    };

    /** The data is in a folder of our own version, and all of it. */
    const expectUpgraded = async () => {
      const postgres = await startEmbedded({ dataDir });
      expect(madeBy(join(base(), "data"))).toBe(own.major);
      try {
        expect(await tablesOf(postgres.connection)).toEqual(original);
        const { faults, additional } = await verifyMigrations(postgres.connection);
        expect({ faults, additional }).toEqual({
          faults: [],
          additional: ["index idx_evaluations_metadata"],
        });
        const indexes = await listSearchIndexes(postgres.connection);
        expect(indexes.map(({ state }) => state)).toEqual(["ready", "missing"]);
      } finally {
        await postgres.stop();
      }
    };

    test("says at the start and by itself which package has the programs", async () => {
      const way = `npm install --prefix DIR ${packageName}@${RELEASES[major]}`;
      for (const args of [["serve"], ["upgrade"]]) {
        const { code, stderr } = await ltb(args, { LTB_DATA_DIR: dataDir });
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining(`was made by PostgreSQL ${major}; this program`),
        ]);
        expect(stderr).toContain(way);
        expect(stderr).toContain("ltb upgrade --old-binaries DIR");
      }
      await expectUntouched();
    });

    test("is not moved with programs that are missing or of another version, nor while it is served", async () => {
      const nowhere = await upgrade("--old-binaries", dataDir);
      expect(nowhere).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`${dataDir} has no PostgreSQL`),
      });
      const ours = await upgrade("--old-binaries", join(own.postgres, ".."));
      expect(ours).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`has PostgreSQL ${own.version}. The data`),
      });
      const service = await startEmbedded({ dataDir, ...(old && { binaries: old }) });
      const served = await upgrade("--old-binaries", folder);
      await service.stop();
      expect(served).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("already serves the data folder"),
      });
      await expectUntouched();
    });

    test("is moved as a whole: rows, optional indexes, keys and seals; the old folder is kept", async () => {
      const moved = await upgrade("--old-binaries", folder);
      expect(moved.stderr).not.toMatch(/error|warn/i);
      const [, kept = ""] =
        /moved from PostgreSQL [\d.]+ to [\d.]+\. The old data folder is kept as (\S+): /.exec(
          moved.stdout,
        ) ?? [];
      expect(moved.stdout).toContain(`from PostgreSQL ${version} to ${own.version}`);
      expect(kept).toMatch(new RegExp(`/data-${major}-\\d{14}$`));
      expect(madeBy(kept)).toBe(major);
      expect((await readdir(base())).filter((name) => /^data|^upgrade/.test(name)).sort()).toEqual([
        "data",
        basename(kept),
      ]);
      await expectUpgraded();
      // The next start ends an exchange of the folders that was cut off.
      await rename(join(base(), "data"), join(base(), "data.upgraded"));
      await mkdir(join(base(), "upgrade"));
      await expectUpgraded();
      expect(await upgrade("--json")).toMatchObject({ code: 0, stdout: '{"upgraded":false}\n' });
      expect(await readdir(base())).not.toContain("upgrade");

      const addresses = { LTB_GRPC_ADDRESS: "127.0.0.1:0", LTB_HTTP_ADDRESS: "127.0.0.1:0" };
      const config = loadConfig({ env: { ...addresses, LTB_DATA_DIR: dataDir }, cwd: dataDir });
      const service = await serve(config, { log: createLogger("silent") });
      try {
        const client = {
          LTB_ADDRESS: `127.0.0.1:${service.grpcAddress.port}`,
          LTB_API_KEY: (await readFile(join(dataDir, "admin.key"), "utf8")).trim(),
        };
        const trail = await ltb(["audit", "verify", "--json"], client);
        expect([trail.code, JSON.parse(trail.stdout)]).toMatchObject([
          0,
          { valid: true, entries_unsealed: 0 },
        ]);
        expect((await ltb(["benchmark", "list"], client)).stdout).toContain("ünïcode 💾");
      } finally {
        await service.stop();
      }
    });

    test("stays in use when its move is stopped or killed, and is moved by the next try", async () => {
      const cut = async (signal: NodeJS.Signals, place: string) => {
        const child = start(["upgrade", "--old-binaries", folder], { LTB_DATA_DIR: dataDir });
        children.push(child);
        const end = finished(child);
        await eventually(() => globSync(join(base(), "upgrade", place)).length > 0);
        child.kill(signal);
        return end;
      };
      const stopped = await cut("SIGINT", "postgres/data/postmaster.pid");
      expect([stopped.code, stopped.stderr]).toEqual([
        1,
        expect.stringContaining("stopped before the database was moved"),
      ]);
      await expectUntouched();
      for (const place of ["backup.tar.partial", "postgres/data/postmaster.pid"]) {
        await cut("SIGKILL", place);
        expect(madeBy(join(base(), "data"))).toBe(major);
      }
      // Had this one been whole, the old folder could have been served since.
      await rename(join(base(), "upgrade", "postgres", "data"), join(base(), "data.upgraded"));
      expect((await ltb(["serve"], { LTB_DATA_DIR: dataDir })).stderr).toContain(
        `made by PostgreSQL ${major}`,
      );
      expect(await upgrade("--old-binaries", folder)).toMatchObject({ code: 0 });
      expect((await readdir(base())).filter((name) => /^data.upgraded|^upgrade/.test(name))).toEqual([]);
      await expectUpgraded();
    });

    test("stays as it is without room for a second folder", async ({ skip }) => {
      const size = Number(execFileSync("du", ["-sm", dataDir], { encoding: "utf8" }).split("\t")[0]) + 8;
      const options = ["-t", "tmpfs", "-o", `size=${size}m,mode=711`, "none"];
      const small = join(dataDir, "small");
      await mkdir(small);
      skip(spawnSync("mount", [...options, small]).status !== 0, "a small disk can only be made by root");
      try {
        execFileSync("cp", ["-a", base(), small]);
        const full = await ltb(["upgrade", "--old-binaries", folder], { LTB_DATA_DIR: small });
        expect(full).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/no room .* \d+ MB are needed, \d+ MB are free/),
        });
      } finally {
        spawnSync("umount", [small]);
      }
      await expectUntouched();
    });
  },
);

test("a folder of a later PostgreSQL, or of one that no package has, is sent to the release that made it", async () => {
  dataDir = temporaryFolder();
  await mkdir(join(base(), "data"), { recursive: true });
  const cases: [string, string[]][] = [
    ["99", ["--old-binaries", dataDir]],
    ["11", []],
  ];
  for (const [made, args] of cases) {
    await writeFile(join(base(), "data", "PG_VERSION"), `${made}\n`);
    const { code, stderr } = await upgrade(...args);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("Start it with the release of this program that made it, or a later one"),
    ]);
  }
});

test("upgrade needs an embedded database", async () => {
  const folder = temporaryFolder();
  expect(await ltb(["upgrade"], { LTB_DATA_DIR: folder })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`There is no embedded database in ${join(folder, "postgres")}`),
  });
  expect(await readdir(folder)).toEqual([]);
  expect(await ltb(["upgrade"], { DATABASE_URL: "postgres://localhost/x" })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("the settings name another"),
  });
});

/** Rows, bytes and SHA-256 of every table. */
async function tablesOf(connection: Connection): Promise<Record<string, unknown>> {
  const folder = temporaryFolder();
  return (await backUp(connection, join(folder, "all.tar"))).manifest.tables;
}
