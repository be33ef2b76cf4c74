import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands, startTestService } from "../cli/support.ts";
import { unknownId } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
const folder = temporaryFolder();
let cli: ReturnType<typeof commands>;
const jobs: string[] = [];

beforeAll(async () => {
  service = await startTestService();
  cli = commands(service.address);
  for (const type of ["a", "b", "c"]) jobs.push((await cli.json("job", "submit", type)).id);
  await cli.run("job", "cancel", jobs[0] ?? "");
});

afterAll(() => service.stop());

test("list shows who did what to what, newest first, and says if there is more", async () => {
  const { stdout, stderr, code } = await cli.run("audit", "list", "--limit", "2");
  expect(code).toBe(0);
  const [head, ...rows] = stdout.trim().split("\n");
  expect(head).toMatch(/^id +time \(\S+\) +who +action +entity +address$/);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(new RegExp(`cancel +job/${jobs[0]} +127\\.0\\.0\\.1$`));
  expect(stderr).toContain("--limit 20");
});

test("list chooses by entity, action and time", async () => {
  const actions = async (...args: string[]) =>
    (await cli.json("audit", "list", ...args)).audit_logs.map(({ action }: { action: string }) => action);
  expect(await actions("--entity", `job/${jobs[0]}`)).toEqual(["cancel", "create"]);
  expect(await actions("--entity", "job")).toEqual(["cancel", "create", "create", "create"]);
  expect(await actions("--action", "cancel")).toEqual(["cancel"]);
  expect(await actions("--before", "2020-01-01")).toEqual([]);
  expect(await actions("--user", unknownId)).toEqual([]);
  expect((await cli.run("audit", "list", "--before", "2020-01-01")).stderr).toBe("no entries\n");
});

test.each([
  [["list", "--entity", "/x"], 2],
  [["list", "--user", "nobody"], 1],
  [["show", unknownId], 1],
])("%j is told", async (args, code) => {
  const result = await cli.run("audit", ...args);
  expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(/^ltb: |^error: /) });
});

test("show has every field and the changes", async () => {
  const [{ id }] = (await cli.json("audit", "list", "--action", "cancel")).audit_logs;
  const { stdout } = await cli.run("audit", "show", id);
  expect(stdout).toMatch(/action +cancel\n/);
  expect(stdout).toContain('"before": {\n    "status": "pending"');
  expect(await cli.json("audit", "show", id)).toMatchObject({ id, entity_id: jobs[0], actor: "" });
});

test("export writes every entry as a line, oldest first, to a file or stdout", async () => {
  const file = join(folder, "audit.jsonl");
  const { code, stderr } = await cli.run("audit", "export", "-o", file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote 4 entries to ${file}\n` });
  const entries = (await readFile(file, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(entries.map(({ action, entityId }) => `${action} ${entityId}`)).toEqual([
    ...jobs.map((id) => `create ${id}`),
    `cancel ${jobs[0]}`,
  ]);
  const { stdout } = await cli.run("audit", "export", "--action", "cancel");
  expect(JSON.parse(stdout)).toMatchObject({
    id: entries[3].id,
    changes: { after: { status: "cancelled" } },
  });
});

test("cleanup of entries needs the key, and an age of a day or more", async () => {
  const keyless = await cli.run("cleanup", "--audit-older-than", "1");
  expect(keyless).toMatchObject({ code: 1, stderr: expect.stringContaining("LTB_AUDIT_KEY_FILE") });
  expect((await cli.run("cleanup", "--audit-older-than", "0")).code).toBe(2);
  expect((await cli.run("cleanup")).code).toBe(2);
});
