import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { createKeyFile } from "../../src/audit/seal/key.ts";
import type { RunningService } from "../../src/serve.ts";
import { tamper } from "../audit/seal/support.ts";
import { bench, type Caller } from "../auth/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { onlooker } from "../harness/postgres.ts";
import { browser, program } from "./browser.ts";

type Heads = Record<string, { sequence: number }>;

describe.skipIf(!program)("trust on the page", async () => {
  const { db, serve, caller, connection } = await bench();
  const { open } = browser();
  const superuser = await onlooker(connection);
  const folder = temporaryFolder();
  const keyFile = join(folder, "audit.key");
  let admin: Caller;
  let service: RunningService;
  let home = "";

  beforeAll(async () => {
    await createKeyFile(keyFile);
    admin = await caller("admin");
    service = await serve({ LTB_AUDIT_KEY_FILE: keyFile });
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  afterAll(() => superuser.end());

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

  test("the end of the chain is downloaded as `ltb audit verify --head-file` reads it", async () => {
    const page = await opened("/audit");
    const arrives = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download the head" }).click();
    const download = await arrives;
    expect(download.suggestedFilename()).toBe("ltb.head");
    expect(await readFile(await download.path(), "utf8")).toMatch(/^\d+:[0-9a-f]{64}\n$/);
  });

  test("a browser that saw the end of the chain notices that it was cut off, where the service cannot", async () => {
    const verify = async (page: Page) => {
      await page.goto(`${home}/audit/verify`);
      await page.getByRole("button", { name: "Verify" }).click();
    };
    const headFile = `${keyFile}.head`;
    const headOf = (text: string) => Number(Object.values(JSON.parse(text) as Heads)[0]?.sequence);
    await db.jobs.create({ jobType: "kept" });
    await expect.poll(async () => headOf(await readFile(headFile, "utf8"))).toBeGreaterThan(0);
    const older = await readFile(headFile, "utf8");
    await db.jobs.create({ jobType: "cut off" });
    await expect.poll(async () => headOf(await readFile(headFile, "utf8"))).toBeGreaterThan(headOf(older));
    const page = await opened("/audit");
    await verify(page);
    await page.getByText("The trail is whole.").waitFor();

    // Whoever cuts the trail off has the machine, and puts back what the service remembers, too.
    await service.stop();
    await tamper(superuser, "delete from audit_seals where sequence > $1", [headOf(older)]);
    const unsealed = "created_at > (select max(sealed_at) from audit_seals)";
    await tamper(superuser, `delete from audit_logs where ${unsealed}`);
    await tamper(superuser, "delete from audit_unsealed");
    await writeFile(headFile, older);
    await serve({ LTB_AUDIT_KEY_FILE: keyFile, LTB_HTTP_ADDRESS: formatAddress(service.httpAddress) });
    const stranger = await opened("/audit");
    await verify(stranger);
    await stranger.getByText("The trail is whole.").waitFor();
    await verify(page);
    await page.getByText("The trail is broken.").waitFor();
    // What is sealed since then may have taken the place of the seal that is gone.
    const gone = /^seal \d+, which was there, is gone: the end of the chain was cut off$/;
    const replaced =
      /^seal \d+ is not the one that was there: the chain was replaced from there or from before$/;
    const told = page.getByRole("paragraph");
    await told
      .filter({ hasText: gone })
      .or(told.filter({ hasText: replaced }))
      .waitFor();
  });
});
