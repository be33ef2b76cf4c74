import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { makeFirstAdmin } from "../../src/auth/first-admin.ts";
import type { RunningService } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { eventually } from "../harness/waiting.ts";
import { environment, finished, ltb, MAIN, start, startTestService } from "./support.ts";

const folder = temporaryFolder();
let service: RunningService & { address: string };
beforeAll(async () => {
  service = await startTestService(folder);
});
afterAll(() => service.stop());

const signIn = (code: string | undefined, address = service.address) => {
  const users = createClient(UserService, createGrpcTransport({ baseUrl: `http://${address}` }));
  return users.login({ code: code ?? "" });
};

const link = /^http:\/\/127\.0\.0\.1:\d+\/console\/#code=(ltc_\w+)$/m;

/** The command in an environment whose only programs are those in `bin`. */
const run = (args: string[], bin: string) =>
  ltb(["console", "--address", service.address, ...args], { LTB_DATA_DIR: folder, PATH: bin });

test("ltb console prints a link that signs in once, and opens a browser with it", async () => {
  const bin = temporaryFolder();
  const opened = join(bin, "opened");
  await writeFile(
    join(bin, "xdg-open"),
    `#!/bin/sh\nprintf %s "$1" > '${opened}.part'\n/bin/mv '${opened}.part' '${opened}'\n`,
  );
  await chmod(join(bin, "xdg-open"), 0o755);
  const done = await run([], bin);
  expect(done).toMatchObject({ code: 0, stderr: "The link signs in once, within 10 minutes.\n" });
  const [url, code] = link.exec(done.stdout) ?? [];
  expect(done.stdout).toBe(`${url}\n`);
  expect(url).toContain(`:${service.httpAddress.port}/`);
  if (process.platform === "linux")
    expect(await eventually(() => readFile(opened, "utf8").catch(() => undefined))).toBe(url);
  expect((await signIn(code)).user).toMatchObject({ username: "admin" });
  await expect(signIn(code)).rejects.toThrow("the code is wrong, was used or is over");
});

test("ltb console prints the link where there is no browser, and only that with --no-open", async () => {
  const bare = await run([], folder);
  expect(bare).toMatchObject({ code: 0, stdout: expect.stringMatching(link) });
  if (process.platform === "linux")
    expect(bare.stderr).toContain("No browser could be opened (spawn xdg-open ENOENT)");
  const quiet = await run(["--no-open", "--url", "https://bench.example.org/console/", "--json"], folder);
  expect(quiet.stderr).toBe("");
  expect(JSON.parse(quiet.stdout)).toEqual({
    url: expect.stringMatching(/^https:\/\/bench\.example\.org\/console\/#code=ltc_\w+$/),
    expires_at: expect.stringMatching(/Z$/),
  });
});

test("ltb console says what keeps it from making a link", async () => {
  const { key } = await scopedKey();
  const refused = await ltb(["console", "--address", service.address, "--no-open"], { LTB_API_KEY: key });
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("SCOPE_EXCEEDED");
});

test("without authentication the link has no code", async () => {
  const open = await startTestService();
  onTestFinished(() => open.stop());
  const done = await ltb(["console", "--address", open.address, "--no-open"]);
  expect(done).toMatchObject({
    code: 0,
    stdout: `http://127.0.0.1:${open.httpAddress.port}/console/\n`,
    stderr: "",
  });
});

test("ltb serve prints a link that signs in on a terminal only, and no key or code elsewhere", async () => {
  const dataDir = temporaryFolder();
  const connection = await createTestDatabase();
  const database = await Database.connect(connection);
  const key = await makeFirstAdmin(database, dataDir).finally(() => database.close());
  const settings = environment({
    LTB_AUTH: "required",
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_DATA_DIR: dataDir,
    DATABASE_HOST: connection.host,
    DATABASE_PORT: String(connection.port),
    DATABASE_NAME: connection.database,
    DATABASE_USER: connection.user,
    DATABASE_PASSWORD: connection.password?.reveal() ?? "",
  });
  const screenOf = async (...options: string[]) => {
    const child = spawn(process.execPath, [...options, MAIN, "serve"], { env: settings });
    onTestFinished(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    });
    let screen = "";
    child.stdout.on("data", (chunk) => {
      screen += chunk;
    });
    const stop = async () => {
      child.kill("SIGTERM");
      await once(child, "exit");
    };
    await eventually(() => screen.includes("Stop it") || child.exitCode !== null);
    return { screen, stop };
  };
  const piped = await screenOf();
  expect(piped.screen).toMatch(
    /^ {2}Console +http:\/\/127\.0\.0\.1:\d+\/console\/ {2}\(.*console --address .* signs a browser in\)$/m,
  );
  expect(piped.screen).toContain(`API key of user admin    ${join(dataDir, "admin.key")}`);
  expect(piped.screen).not.toMatch(/lt[bcs]_[0-9A-Za-z]+_\w{30}/);
  await piped.stop();
  const shown = await screenOf("--import", "data:text/javascript,process.stdout.isTTY=true");
  const [, code] =
    /^ {2}Console +http:\S+\/console\/#code=(ltc_\w+) {2}\(once, for 10 minutes\)$/m.exec(shown.screen) ?? [];
  const grpc = /^ {2}gRPC +(\S+)$/m.exec(shown.screen)?.[1] ?? "";
  expect((await signIn(code, grpc)).user).toMatchObject({ username: "admin" });
  await expect(signIn(code, grpc)).rejects.toThrow("the code is wrong");
  expect(shown.screen).not.toContain(key);
  await shown.stop();
});

async function scopedKey(): Promise<{ key: string }> {
  const made = await finished(
    start(["key", "create", "--address", service.address, "--scope", "keys:write", "--json"], {
      LTB_DATA_DIR: folder,
    }),
  );
  return { key: JSON.parse(made.stdout).secret };
}

test("commands that make or show something say at a terminal where the console shows it, and nowhere else", async () => {
  const terminal = { NODE_OPTIONS: "--import data:text/javascript,process.stderr.isTTY=true" };
  const settings = { LTB_DATA_DIR: folder };
  const at = ["--address", service.address];
  const made = "benchmark create seen --provider p --model m --dataset d".split(" ");
  const shown = await ltb([...made, ...at], { ...settings, ...terminal });
  const [id] = shown.stdout.split("\n");
  const console_ = `http://127.0.0.1:${service.httpAddress.port}/console`;
  expect(shown.stderr).toBe(`in the console: ${console_}/benchmarks/${id}\n`);
  const submitted = await ltb(["job", "submit", "seen", ...at], { ...settings, ...terminal });
  const job = submitted.stdout.trim();
  const seen = await ltb(["job", "show", job, ...at], { ...settings, ...terminal });
  for (const { stderr } of [submitted, seen])
    expect(stderr).toBe(`in the console: ${console_}/jobs/${job}\n`);
  const file = join(folder, "rows.jsonl");
  await writeFile(file, `{"sample_id":"1","input":"i","output":"o","score":1}\n`);
  const given = ["--name", "imported", "--provider", "p", "--model", "m", "--dataset", "d"];
  const imported = await ltb(["import", file, ...given, ...at], { ...settings, ...terminal });
  expect(imported).toMatchObject({ code: 0 });
  expect(imported.stderr).toMatch(new RegExp(`in the console: ${console_}/benchmarks/[0-9a-f-]{36}\n$`));
  for (const quiet of [
    await ltb([...made, ...at, "--json"], { ...settings, ...terminal }),
    await ltb([...made, ...at], settings),
  ])
    expect(quiet).toMatchObject({ code: 0, stderr: "" });
});
