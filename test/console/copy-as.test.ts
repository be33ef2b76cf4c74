import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { word } from "../../console/src/parts/copy-as/lines.ts";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { runHere } from "../cli/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { barriers, browser, program, settled } from "./browser.ts";
import { plain, sampleOf, seedBenchmark } from "./samples.ts";

const root = join(import.meta.dirname, "../..");
const folder = temporaryFolder();

/** What a shell, or a terminal into which it is pasted, could take for more than a word. */
const hostile = `-x'"\`$(touch pwned);&|*~!\\ \u001b[201~\n#é数\u202e`;

const run = promisify(execFile);

/** An address as it is read: what is escaped in it, or is not, makes no difference. */
const plainly = (address: string) => decodeURIComponent(address.replaceAll("+", " "));

const bash = (script: string, env: Record<string, string> = {}) =>
  run("bash", ["-c", script], { env: { ...process.env, ...env }, cwd: folder });

/** The words that lines of `ltb` have for a shell. */
async function wordsOf(lines: readonly string[]): Promise<string[][]> {
  const { stdout } = await bash(`ltb() { printf '%s\\0' "$@"; printf '\\0'; }\n${lines.join("\n")}`);
  return stdout
    .split("\0\0")
    .slice(0, -1)
    .map((line) => line.split("\0"));
}

test.each([hostile, "=ls", "-", "a\tb", "\u0085\u009b"])("%j is one word of the shell", async (text) => {
  const { stdout } = await bash(`printf %s ${word(text)}`);
  expect(stdout).toBe(text);
  expect(word(text)).not.toMatch(/\p{Cc}/u);
});

describe.skipIf(!program)("what pages copy", async () => {
  const { serve, db, caller } = await bench();
  const { open } = browser();
  let key = "";
  let console_ = "";
  let paths: string[] = [];
  const hasGrpcurl = await run("grpcurl", ["-version"]).then(
    () => true,
    () => false,
  );
  if (!hasGrpcurl) process.stderr.write("lines of grpcurl are not tried: it is not in PATH\n");

  beforeAll(async () => {
    await seedBenchmark(db);
    const { httpAddress } = await serve();
    console_ = `http://${formatAddress(httpAddress)}/console`;
    const admin = await caller("admin");
    key = admin.key;
    const other = await db.benchmarks.create({
      ...{ name: "other", provider: "p", model: hostile, dataset: "-d" },
      labels: { a: hostile },
    });
    await db.evaluations.create({ benchmarkId: other.id, sampleId: "q1", input: "i", output: "o", score: 1 });
    const job = await db.jobs.create({ jobType: hostile });
    await db.workers.register({ workerId: hostile, capacity: 1, tags: ["gpu"] });
    const { items } = await db.audit.list({ entityType: "job", entityId: job.id });
    const written = encodeURIComponent(hostile);
    paths = [
      `/benchmarks?status=pending&label=${encodeURIComponent(`a=${hostile}`)}&model=${written}`,
      `/benchmarks/${plain}`,
      `/benchmarks/${plain}/samples?failed=1&error=${encodeURIComponent("too many")}&order=oldest`,
      `/benchmarks/${plain}/samples?metric=latency_ms&min=310&max=350.5&order=highest&sample=q20`,
      `/benchmarks/${plain}/samples/${sampleOf(3)}`,
      `/compare?baseline=${plain}&with=${other.id}&missing=AS_WORST&lower=1`,
      "/leaderboards",
      "/leaderboards/grade-school-math?metric=latency_ms&reducer=MEDIAN&min_count=2&status=RUNNING",
      "/leaderboards/-d",
      `/jobs?type=${written}&status=pending&order=priority`,
      `/jobs/${job.id}`,
      "/queue",
      "/workers?status=idle&tag=gpu",
      `/workers/${written}`,
      `/audit?entity=job&id=${job.id}&action=create&from=2020-01-01`,
      `/audit/${items[0]?.id}`,
      "/users",
      `/users/${admin.userId}`,
      "/system",
    ];
  });

  /** The lines of a page by their names. */
  async function linesOf(page: Page, path: string): Promise<Record<string, string>> {
    await page.goto(console_ + path);
    await page.getByRole("button", { name: "Copy as" }).waitFor();
    await settled(page);
    await page.keyboard.press("Shift+Y");
    const dialog = page.getByRole("dialog", { name: "Copy as" });
    const names = ["Link", "ltb", "grpcurl", "curl", "TypeScript"];
    await dialog.getByRole("region", { name: "TypeScript" }).waitFor();
    const texts = await Promise.all(
      names.map((name) => dialog.getByRole("region", { name, exact: true }).locator("pre").textContent()),
    );
    return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ""]));
  }

  test("every view says how to get it without the console: each line works, with its filters, whatever is in them; and none has the key", async () => {
    const page = await open(`${console_}/benchmarks`, { key });
    const env = { LTB_API_KEY: key };
    const scripts: Record<string, string[]> = { curl: [], grpcurl: [], TypeScript: [] };
    const ltb: string[] = [];
    for (const [at, path] of paths.entries()) {
      const lines = await linesOf(page, path);
      expect(Object.values(lines).filter((line) => line.includes(key))).toEqual([]);
      expect(plainly(lines.Link ?? "")).toBe(plainly(console_ + path));
      const client = join(root, "src/client/index.ts");
      const program = (lines.TypeScript ?? "").replace("llm-test-bench-persistence/client", client);
      writeFileSync(join(folder, `${at}.ts`), program);
      ltb.push(lines.ltb ?? "");
      scripts.curl?.push(`${lines.curl} --fail-with-body`);
      if (hasGrpcurl) scripts.grpcurl?.push(lines.grpcurl ?? "");
    }
    for (const options of [
      "--lower-is-better --missing as_worst",
      "--metric latency_ms --reducer median --status running --min-count 2",
    ])
      expect(ltb.filter((line) => line.includes(options))).toHaveLength(1);
    // One program after another within one process.
    const imports = paths.map((_, at) => `await import("${folder}/${at}.ts");`);
    writeFileSync(join(folder, "all.ts"), imports.join("\n"));
    scripts.TypeScript?.push(`"${process.execPath}" "${folder}/all.ts"`);
    // What fails stands last in what `set -x` writes.
    await Promise.all(Object.values(scripts).map((all) => bash(`set -ex\n${all.join("\n")}`, env)));
    expect(await readdir(folder)).not.toContain("pwned");
    const lines = await linesOf(page, paths.find((path) => path.startsWith("/jobs?")) ?? "");
    const { stdout } = await bash(lines.curl ?? "", env);
    expect(JSON.parse(stdout).jobs).toHaveLength(1);
    vi.stubEnv("LTB_API_KEY", key);
    for (const args of await wordsOf(ltb)) expect(await runHere(args)).toMatchObject({ code: 0 });
    const [args = []] = await wordsOf([lines.ltb ?? ""]);
    expect(JSON.parse((await runHere([...args, "--json"])).stdout).jobs).toHaveLength(1);
    vi.unstubAllEnvs();
  });

  test("is read by everybody, copied by a button, and the link by a key", async () => {
    const page = await open(`${console_}/benchmarks`, { key });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const lines = await linesOf(page, "/system");
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Copy curl" }).click();
    await page.getByRole("button", { name: "Copied curl" }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(lines.curl);
    await page.keyboard.press("Escape");
    await page.keyboard.press("y");
    await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(lines.Link);
  });
});
