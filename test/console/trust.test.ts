import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { createKeyFile } from "../../src/audit/seal/key.ts";
import { bench, type Caller } from "../auth/support.ts";
import { browser, program } from "./browser.ts";

describe.skipIf(!program)("trust on the page", async () => {
  const { db, serve, caller } = await bench();
  const { open } = browser();
  const folder = await mkdtemp(join(tmpdir(), "ltb-trust-"));
  const keyFile = join(folder, "audit.key");
  let admin: Caller;
  let home = "";

  beforeAll(async () => {
    await createKeyFile(keyFile);
    admin = await caller("admin");
    const service = await serve({ LTB_AUDIT_KEY_FILE: keyFile });
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const opened = (path: string) => open(home + path, { key: admin.key });

  test("what is done in the console is in the history of what it was done to, sealed, with who and by what", async () => {
    const given = { name: "before", provider: "p", model: "m", dataset: "d", createdBy: admin.userId };
    const { id } = await db.benchmarks.create(given);
    const page = await opened(`/benchmarks/${id}`);
    await page.getByRole("button", { name: "Rename…" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("after");
    await page.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("listitem").filter({ hasText: "name before after" }).waitFor();
    await page.getByRole("link", { name: "Changes" }).click();
    const row = page.getByRole("row").filter({ hasText: "update" });
    await row.getByText("sealed", { exact: true }).waitFor();
    await row.getByRole("link", { name: "update" }).click();
    const fact = (name: string) =>
      page
        .locator(".fact")
        .filter({ has: page.locator("dt", { hasText: name }) })
        .locator("dd");
    await fact("Agent").waitFor();
    expect(await fact("Agent").innerText()).toMatch(/^LTB console, Mozilla\//);
    expect(await fact("Who").innerText()).toBe(admin.username);
    expect(await fact("Address").innerText()).toBe("127.0.0.1");
    expect(await fact("Sealed").innerText()).toMatch(/^yes/);
  });

  test.each([
    ["a job", "/jobs/", async () => (await db.jobs.create({ jobType: "grade" })).id],
    ["a user", "/users/", async () => admin.userId],
  ])("%s has its history", async (_, path, made) => {
    const id = await made();
    const page = await opened(path + id);
    await page.getByRole("link", { name: /^Changes of this/ }).click();
    await page.getByRole("row").filter({ hasText: "create" }).first().waitFor();
    expect(new URL(page.url()).searchParams.get("id")).toBe(id);
  });
});
