import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
const folder = temporaryFolder();
let admin: string;
beforeAll(async () => {
  service = await startTestService(folder);
  admin = (await readFile(join(folder, "admin.key"), "utf8")).trim();
});
afterAll(() => service.stop());

/** The command line of a user; a new one with this name, or the admin. */
async function lineOf(name: string) {
  const { json, run } = commands(service.address);
  const as = (key: string) => ({
    json: (...args: string[]) => json(...args, "--api-key", key),
    run: (...args: string[]) => run(...args, "--api-key", key),
  });
  const root = as(admin);
  if (name === "admin") return root;
  const about = ["--email", `${name}@example.org`, "--role", "user", "--no-password"];
  await root.json("user", "create", name, ...about);
  const { secret } = await root.json("key", "create", "--user", name);
  return as(secret);
}

async function file(name: string, ...lines: unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join("\n"));
  return path;
}

test("everybody who imports a log has a benchmark of his own, and again the same", async () => {
  const path = await file("shared.jsonl", { sample_id: "a", input: "q", output: "a", score: 1 });
  const ids: string[] = [];
  for (const name of ["eve", "bob", "admin"]) {
    const line = await lineOf(name);
    const [first] = (await line.json("import", path)).benchmarks;
    expect(first).toMatchObject({ created: true, inserted: 1 });
    expect((await line.json("import", path)).benchmarks).toMatchObject([
      { id: first.id, created: false, inserted: 0, duplicates: 1 },
    ]);
    ids.push(first.id);
  }
  expect(new Set(ids).size).toBe(3);
});

test("an export whose id somebody took is not written into his benchmark, not by an admin either", async () => {
  const id = "00000000-0000-4000-8000-0000000000ee";
  const about = { name: "mine", provider: "p", model: "m", dataset: "d" };
  const path = await file(
    "export.jsonl",
    { ltb_export: 1, benchmark: { id, ...about } },
    { sample_id: "secret", input: "q", output: "a", score: 1 },
  );
  const other = await file("other.jsonl", { sample_id: "a", input: "q", output: "a", score: 1 });
  const mallory = await lineOf("mallory");
  const create = await mallory.json("import", path);
  expect(create.benchmarks).toMatchObject([{ id, created: true }]);
  const line = await lineOf("admin");
  const { code, stdout, stderr } = await line.run("import", path, other);
  expect(code).toBe(1);
  expect(stderr).toContain(`benchmark ${id}, which this log would be, is there already, of another user`);
  // The files after it are imported.
  expect(stdout).toMatch(/^other {2}\S+: 1 inserted/m);
  expect((await line.json("benchmark", "show", id)).completed_iterations).toBe(1);
  // Whoever wants to, may.
  expect((await line.json("import", path, "--benchmark", id)).benchmarks).toMatchObject([{ duplicates: 1 }]);
});

test("a log of another model is not written into the benchmark of its id", async () => {
  const path = await file("model.jsonl", { sample_id: "a", input: "q", output: "a", score: 1 });
  const line = await lineOf("admin");
  const id = "00000000-0000-4000-8000-0000000000ef";
  const header = (model: string) => ({
    ltb_export: 1,
    benchmark: { id, name: "n", provider: "p", model, dataset: "d" },
  });
  await line.json(
    "import",
    await file("model.jsonl", header("m1"), { sample_id: "a", input: "q", output: "a" }),
  );
  await file("model.jsonl", header("m2"), { sample_id: "b", input: "q", output: "a" });
  const { code, stderr } = await line.run("import", path);
  expect(code).toBe(1);
  expect(stderr).toContain("is there already, of model m1");
});
