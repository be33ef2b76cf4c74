import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { createKeyFile } from "../../src/audit/seal/key.ts";
import { bench, type Caller } from "../auth/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { barriers, browser, program } from "./browser.ts";

describe.skipIf(!program)("signing in", async () => {
  const { db, serve, caller } = await bench();
  const { open, faults } = browser();
  let home = "";
  const folder = temporaryFolder();
  let admin: Caller;

  /** What a page may ask in vain before somebody is signed in. */
  const refused = () => faults.splice(0).filter((fault) => !/\b401\b/.test(fault));

  beforeAll(async () => {
    const keyFile = join(folder, "audit.key");
    await createKeyFile(keyFile);
    const { httpAddress } = await serve({ LTB_AUDIT_KEY_FILE: keyFile });
    home = `http://${formatAddress(httpAddress)}/console`;
    admin = await caller("admin");
  });

  test("takes a password, says what is wrong, and comes to the page that was asked for", async () => {
    const email = "ann@example.org";
    await db.users.create({ username: "ann", email, role: "admin", password: "correct horse" });
    const page = await open(`${home}/users`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("wrong horse");
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("email or password is wrong").waitFor();
    await page.getByLabel("Password", { exact: true }).fill("correct horse");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "ann" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    // No script reads the cookie, and other tabs have it too.
    expect(await page.evaluate("document.cookie")).toBe("");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    await page.getByText("ann", { exact: true }).first().click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(refused()).toEqual([]);
  });

  test("nobody is refused anything but to say who he is", async () => {
    const page = await open(`${home}/`);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.waitForTimeout(500);
    const calls = faults.splice(0).filter((fault) => fault.startsWith("401 "));
    expect(calls).not.toEqual([]);
    expect(calls.filter((call) => !call.endsWith("/WhoAmI"))).toEqual([]);
  });

  test("takes a key; when that is revoked, asks again in place and loses nothing", async () => {
    const { userId } = admin;
    const { apiKey, secret = "" } = await db.users.createApiKey({ userId, name: "browser" });
    const page = await open(`${home}/audit?entity=user`);
    await page.getByLabel("API key", { exact: true }).check();
    await page.getByLabel("API key", { exact: true }).last().fill(secret);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("table", { name: "Entries of the audit trail" }).waitFor();
    await db.users.revokeApiKey(apiKey.id);
    await page.getByRole("button", { name: "live" }).click();
    await page.getByRole("button", { name: "paused" }).click();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    expect(await barriers(page)).toEqual([]);
    await dialog.getByLabel("API key", { exact: true }).check();
    await dialog.getByLabel("API key", { exact: true }).last().fill(admin.key);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("entity")).toBe("user");
    expect(refused()).toEqual([]);
  });

  test("takes the code of a link once, and keeps it out of the address", async () => {
    const answer = await fetch(new URL("/ltb.v1.UserService/CreateLoginCode", home), {
      method: "POST",
      headers: { authorization: `Bearer ${admin.key}`, "content-type": "application/json" },
      body: "{}",
    });
    const { code } = (await answer.json()) as { code: string };
    const page = await open(`${home}/system#code=${code}`);
    await page.getByRole("heading", { level: 1, name: "System" }).waitFor();
    expect(page.url()).toBe(`${home}/system`);
    const again = await open(`${home}/#code=${code}`);
    await again.getByRole("alert").waitFor();
    expect(refused()).toEqual([]);
  });

  test("a viewer sees no action that it may not do", async () => {
    const viewer = await caller("viewer");
    const page = await open(`${home}/users`);
    await page.getByLabel("API key", { exact: true }).check();
    await page.getByLabel("API key", { exact: true }).last().fill(viewer.key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Only admins see other users.").waitFor();
    await page.goto(`${home}/audit`);
    await page.getByRole("heading", { name: "Audit" }).waitFor();
    await page.waitForLoadState("networkidle");
    expect(await page.getByRole("link", { name: "Verify the trail" }).count()).toBe(0);
    expect(refused()).toEqual([]);
  });

  test("an admin makes a key that is shown once, and verifies the trail", async () => {
    const page = await open(`${home}/account`, { width: 390, theme: "dark" });
    await page.getByLabel("API key", { exact: true }).check();
    await page.getByLabel("API key", { exact: true }).last().fill(admin.key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Make a key").click();
    await page.getByLabel("Name", { exact: true }).fill("ключ для CI");
    await page.getByRole("checkbox", { name: "jobs:read" }).check();
    await page.getByRole("button", { name: "Make", exact: true }).click();
    await page.getByText(/^ltb_/).first().waitFor();
    await page.getByRole("row", { name: /ключ для CI.*jobs:read/ }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.goto(`${home}/audit/verify`);
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("The trail is whole.").waitFor();
    expect(await page.evaluate("localStorage.getItem('ltb.audit.heads')")).toMatch(/^\[/);
    expect(refused()).toEqual([]);
  });
});
