import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { adminKeyFile } from "../../src/auth/admin-key.ts";
import { findFirstKeys, makeAdminKey, makeFirstAdmin } from "../../src/auth/first-admin.ts";
import { apiKeyFor, describeKeySource } from "../../src/cli/shared/api-key.ts";
import { writeBanner } from "../../src/cli/shared/banner.ts";
import { Database } from "../../src/storage.ts";
import { parseToken, type Token } from "../../src/users/tokens.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { bench, listeners, outcome } from "./support.ts";

let folder: string;
beforeEach(async () => {
  folder = temporaryFolder();
});

async function emptyDatabase(): Promise<Database> {
  const db = await Database.connect(await createTestDatabase());
  onTestFinished(() => db.close());
  return db;
}

test("an admin and a key are made once, and the key is kept for its owner only", async () => {
  const db = await emptyDatabase();
  const key = await makeFirstAdmin(db, folder);
  expect(await db.users.findPrincipal(parseToken(key ?? "") as Token)).toMatchObject({
    username: "admin",
    role: "admin",
    scopes: [],
  });
  const file = adminKeyFile(folder);
  expect(await readFile(file, "utf8")).toBe(`${key}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["admin.key"]);
  expect(await makeFirstAdmin(db, folder)).toBeUndefined();
  expect(await db.users.count()).toBe(1);
  expect(await readFile(file, "utf8")).toBe(`${key}\n`);
});

test("where the key cannot be kept no admin is made, so that the next start can", async () => {
  const db = await emptyDatabase();
  await expect(makeFirstAdmin(db, join(folder, "missing"))).rejects.toThrow(/cannot be kept in .*ENOENT/);
  expect(await db.users.count()).toBe(0);
  expect(await makeFirstAdmin(db, folder)).toBeDefined();
});

test("the command line finds the key for this machine, and sends it nowhere else", async () => {
  const db = await emptyDatabase();
  const key = await makeFirstAdmin(db, folder);
  vi.stubEnv("LTB_DATA_DIR", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const address of ["localhost:50052", "127.0.0.1:1", "[::1]:1", "https://localhost:50052"])
    expect(apiKeyFor({ address }), address).toBe(key);
  for (const address of ["bench.example.org:50052", "10.0.0.1:1", "https://127.0.0.1.example.org:1"])
    expect(apiKeyFor({ address }), address).toBeUndefined();
  expect(apiKeyFor({ address: "localhost:50052", apiKey: "given" })).toBe("given");
  expect(describeKeySource({ address: "localhost:1" })).toBe(
    `${adminKeyFile(folder)}, which may be for another database`,
  );
  expect(describeKeySource({ address: "localhost:1", apiKey: "given" })).toBe("--api-key or LTB_API_KEY");
  vi.stubEnv("LTB_API_KEY_FILE", adminKeyFile(folder));
  expect(apiKeyFor({ address: "bench.example.org:50052" })).toBe(key);
  vi.stubEnv("LTB_API_KEY_FILE", join(folder, "missing"));
  expect(() => apiKeyFor({ address: "localhost:1" })).toThrow("LTB_API_KEY_FILE cannot be read");
});

test("the writeBanner says how to come in", () => {
  const address = { host: "127.0.0.1", port: 50_052 };
  const service = { grpcAddress: address, httpAddress: address, tls: false, database: "d", console: true };
  const shown = (keys: Parameters<typeof writeBanner>[0]["keys"], terminal = true, code?: string) =>
    writeBanner({ ...service, keys }, 1, { terminal, code });
  const file = "/srv/my data/it's/admin.key";
  expect(shown({ kind: "file", file, user: "admin", made: "ltb_x" })).toContain("\n  ltb_x\n");
  // Elsewhere it would stay in a journal, or in the log of a container.
  expect(shown({ kind: "file", file, user: "admin", made: "ltb_x" }, false)).toBe(
    shown({ kind: "file", file, user: "admin", made: undefined }),
  );
  expect(shown({ kind: "file", file, user: "admin", made: undefined })).toContain(
    `Bearer $(cat '/srv/my data/it'\\''s/admin.key')"`,
  );
  const elsewhere = { kind: "elsewhere", anyUser: true, admins: [], strangeFile: undefined } as const;
  expect(shown({ ...elsewhere, anyUser: false })).toMatch(/Nobody can call it yet[\s\S]*user create/);
  expect(shown(elsewhere)).toMatch(/no active admin[\s\S]*user create/);
  const known = shown({ ...elsewhere, admins: ["ada l'admin", "bob"], strangeFile: file });
  expect(known).not.toContain("user create");
  expect(known).toContain("its admins are ada l'admin, bob");
  expect(known).toContain("key create --user 'ada l'\\''admin' --database");
  expect(known).toContain(`${file}: it is of another one`);
  expect(known).toContain("Bearer $LTB_API_KEY");
  expect(known).not.toContain("these commands find it");
  expect(shown({ kind: "off" })).not.toContain("Bearer");
  // Each way in to the console, and none where there is none.
  const line = /^ {2}Console .*$/m;
  const own = { kind: "file", file, user: "admin", made: undefined } as const;
  const page = "  Console                  http://127.0.0.1:50052/console/";
  expect(line.exec(shown(own, true, "ltc_1"))?.[0]).toBe(`${page}#code=ltc_1  (once, for 10 minutes)`);
  expect(line.exec(shown(own))?.[0]).toBe(`${page}  (npm run ltb -- console signs a browser in)`);
  expect(line.exec(shown(elsewhere))?.[0]).toBe(`${page}  (npm run ltb -- console signs a browser in)`);
  expect(line.exec(shown({ kind: "off" }))?.[0]).toBe(page);
  expect(writeBanner({ ...service, console: false, keys: own }, 1)).not.toMatch(line);
});

test("the file in the data folder counts only if its key opens this database", async () => {
  const db = await emptyDatabase();
  const nobody = { kind: "elsewhere", anyUser: false, admins: [], strangeFile: undefined };
  expect(await findFirstKeys(db, folder, undefined)).toEqual(nobody);
  const key = await makeFirstAdmin(db, folder);
  const file = adminKeyFile(folder);
  const codesBy: unknown = expect.any(String);
  const own = { kind: "file", file, user: "admin", made: undefined, codesBy };
  expect(await findFirstKeys(db, folder, undefined)).toEqual(own);
  expect(await findFirstKeys(db, folder, key)).toEqual({ ...own, made: key });
  const other = await emptyDatabase();
  expect(await findFirstKeys(other, folder, undefined)).toEqual({ ...nobody, strangeFile: file });
  await other.users.create({ username: "ada", email: "ada@example.org", role: "admin" });
  const strange = { kind: "elsewhere", anyUser: true, admins: ["ada"], strangeFile: file };
  expect(await findFirstKeys(other, folder, undefined)).toEqual(strange);
  // A new key is that of an admin who is there.
  const made = await makeAdminKey(other, folder, "new");
  expect(await findFirstKeys(other, folder, made)).toEqual({
    kind: "file",
    file,
    user: "ada",
    made,
    codesBy,
  });
  expect(await other.users.count()).toBe(1);
  expect(await findFirstKeys(db, folder, undefined)).toMatchObject({ strangeFile: file });
});

test("LTB_REFLECTION=off: the services describe themselves to nobody", async () => {
  const own = await bench();
  const asked = async (settings: Record<string, string>) => {
    const service = await own.serve(settings);
    const client = createClient(ServerReflection, listeners.gRPC(service));
    async function* request() {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    }
    const answers = client.serverReflectionInfo(request())[Symbol.asyncIterator]();
    return outcome(answers.next());
  };
  expect(await asked({})).toBe("OK");
  expect(await asked({ LTB_REFLECTION: "off" })).toBe("UNIMPLEMENTED");
});
