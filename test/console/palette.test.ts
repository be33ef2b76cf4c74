import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { barriers, browser, changeLook, goTo, looks, program, settled } from "./browser.ts";
import { plain, sampleOf, seedBenchmark } from "./samples.ts";

describe.skipIf(!program)("the palette and the keys", async () => {
  const { serve, db, caller } = await bench();
  const { open, faults } = browser();
  let console_ = "";

  beforeAll(async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(httpAddress)}/console`;
    await seedBenchmark(db);
  });

  const at = async (path: string) => {
    const page = await open(console_ + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(page);
    return page;
  };
  const opened = async (page: Page, typed: string) => {
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /A page/ }).fill(typed);
  };
  const chosen = (page: Page) => page.locator('[role="option"][aria-selected="true"]');
  const titled = (page: Page, name: string | RegExp) =>
    page.getByRole("heading", { level: 1, name }).waitFor();
  /** Ids are tried as everything, and the browser notes each answer that there is no such thing. */
  const forgiveMissing = () => {
    expect(faults.splice(0).filter((fault) => !/404/.test(fault))).toEqual([]);
  };

  test("is read by everybody, in both themes, wide and narrow", async () => {
    const page = await at("/benchmarks");
    for (const look of looks) {
      await changeLook(page, look);
      await opened(page, "");
      await chosen(page).waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("combobox", { name: /A page/ }).waitFor({ state: "hidden" });
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
    }
  });

  test("keys are the page's again as soon as a dialog is closed, while the focus is still in it", async () => {
    const page = await at("/benchmarks");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.evaluate(`{
      const dialog = document.querySelector("dialog");
      const button = dialog.querySelector("button");
      dialog.close();
      for (const key of "gj") button.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }`);
    await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
  });

  test("leads to pages, whole by keys", async () => {
    const page = await at("/");
    await opened(page, "b");
    const first = await chosen(page).innerText();
    const field = page.getByRole("combobox", { name: /A page/ });
    const active = async () => page.locator(`[id="${await field.getAttribute("aria-activedescendant")}"]`);
    await page.keyboard.press("ArrowDown");
    expect(await chosen(page).innerText()).not.toBe(first);
    expect(await (await active()).innerText()).toBe(await chosen(page).innerText());
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    expect(await page.getByRole("option").last().getAttribute("aria-selected")).toBe("true");
    await field.fill("LEADER");
    await page.keyboard.press("Enter");
    await titled(page, "Leaderboards");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  });

  test("finds benchmarks by names in any script, and what was looked at", async () => {
    const names = ["Оценка перевода", "数学の試験", "Épreuve d’Été"] as const;
    for (const name of names) await db.benchmarks.create({ name, provider: "p", model: "m", dataset: "d" });
    const page = await at("/");
    for (const [typed, name] of [
      ["перевод", names[0]],
      ["数学", names[1]],
      ["Épreuve", names[2]],
    ] as const) {
      await opened(page, typed);
      await page.getByRole("option", { name: name }).waitFor();
      await page.keyboard.press("Enter");
      await titled(page, name);
    }
    await opened(page, "epreuve d’ete");
    await page.getByRole("group", { name: "Recent" }).getByRole("option").waitFor();
    // Another user of this browser is not told.
    await page.evaluate(
      `localStorage.setItem("ltb.visited", localStorage.getItem("ltb.visited").replace('"user":""', '"user":"x"'))`,
    );
    await page.reload();
    await opened(page, "");
    await page.getByRole("group", { name: "Recent" }).getByRole("option", { name: names[2] }).waitFor();
    expect(await page.getByRole("option", { name: names[0] }).count()).toBe(0);
  });

  test("takes what the browser keeps as it is, however it came there", async () => {
    const page = await at("/");
    for (const kept of [
      "{",
      '{"user":"","latest":[{"kind":"k","name":"run me","href":"javascript:window.ran=1"},null,3]}',
      '{"user":"","latest":7}',
    ]) {
      await page.evaluate(`localStorage.setItem("ltb.visited", ${JSON.stringify(kept)})`);
      await page.reload();
      await opened(page, "run me");
      await page.getByText("Nothing is called “run me”.").waitFor();
    }
  });

  test("an id is whatever has it, in the palette and as an address", async () => {
    const job = await db.jobs.create({ jobType: "found" });
    const { userId, username } = await caller("viewer");
    const { items } = await db.audit.list({ entityType: "job", entityId: job.id });
    await db.workers.register({ workerId: "gpu/1 ünï", capacity: 1 });
    const page = await at("/");
    for (const [id, title] of [
      [plain, "gsm-6b, nightly"],
      [job.id, /found/],
      [sampleOf(3), "q3"],
      [items[0]?.id ?? "", "Audit entry"],
      [userId, username],
    ] as const) {
      await opened(page, id);
      await page.getByRole("group", { name: "Found" }).getByRole("option").waitFor();
      await page.keyboard.press("Enter");
      await titled(page, title);
      await goTo(page, `${console_}/go/${id}`);
      await titled(page, title);
    }
    await opened(page, "gpu/1");
    await page.getByRole("option", { name: /gpu\/1 ünï/ }).waitFor();
    await page.keyboard.press("Enter");
    await titled(page, "gpu/1 ünï");
    await goTo(page, `${console_}/go/${encodeURIComponent("gpu/1 ünï")}`);
    await titled(page, "gpu/1 ünï");
    await goTo(page, `${console_}/go/00000000-0000-4000-8000-000000000000`);
    await page.getByText("has this id").waitFor();
    forgiveMissing();
  });

  test("has the actions of the page, as the page has them", async () => {
    const { id } = await db.jobs.create({ jobType: "acted on" });
    const page = await at(`/jobs/${id}`);
    await opened(page, "cancel");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Cancel this job" }).waitFor();
  });

  test("rows are walked through, opened and selected", async () => {
    const jobs = await db.jobs.createMany(Array.from({ length: 5 }, () => ({ jobType: "walked" })));
    const page = await at("/jobs?type=walked");
    const boxes = page.getByRole("checkbox", { name: /Select job/ });
    await boxes.nth(4).waitFor();
    for (const key of ["j", "x", "j", "j", "Shift+X"]) await page.keyboard.press(key);
    await page.getByText("3 selected:").waitFor();
    await page.keyboard.press("c");
    await page.getByRole("button", { name: "Cancel 3" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Select none" }).click();
    await boxes.first().click();
    await boxes.nth(3).click({ modifiers: ["Shift"] });
    await page.getByText("4 selected:").waitFor();
    await page.getByRole("button", { name: "Select none" }).click();
    // Where none is selected, the row that is looked at is meant.
    for (const key of ["j", "k", "c"]) await page.keyboard.press(key);
    await page.getByRole("button", { name: "Cancel 1" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    for (const key of ["j", "j"]) await page.keyboard.press(key);
    const tab = page.context().waitForEvent("page");
    await page.keyboard.press("o");
    expect(new URL((await tab).url()).pathname).toMatch(/\/console\/jobs\//);
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await titled(page, /walked/);
    expect(new URL(page.url()).pathname).toBe(`/console/jobs/${jobs.at(-1)?.id}`);
  });

  test("all lists are lists for the keys", async () => {
    await db.workers.register({ workerId: "listed", capacity: 1 });
    await db.jobs.create({ jobType: "listed" });
    await caller("viewer");
    const page = await at("/");
    for (const [path, leads] of [
      ["/", /\/console\/.+/],
      ["/benchmarks", /benchmarks\/.+/],
      [`/benchmarks/${plain}`, /samples|jobs|audit/],
      [`/benchmarks/${plain}/samples`, /samples\/.+/],
      ["/leaderboards", /leaderboards\/.+/],
      ["/leaderboards/grade-school-math", /benchmarks\/.+/],
      ["/queue", /jobs/],
      ["/workers", /workers\/.+/],
      ["/audit", /audit\/.+/],
      ["/users", /users\/.+/],
    ] as const) {
      await page.goto(console_ + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await expect
        .poll(async () => {
          await page.keyboard.press("j");
          return page.evaluate("document.activeElement.tagName");
        })
        .toBe("A");
      await page.keyboard.press("Enter");
      await page.waitForURL(leads);
    }
  });

  test("keys lead to pages, to the filters and out of them, on keyboards of any script", async () => {
    const page = await at("/");
    for (const key of ["g", "j"]) await page.keyboard.press(key);
    await titled(page, "Jobs");
    await page.keyboard.press("/");
    await page.keyboard.type("gb");
    expect(await page.evaluate("document.activeElement.value")).toBe("gb");
    await page.keyboard.press("Escape");
    await page.keyboard.press("p");
    await page.getByRole("button", { name: "paused" }).waitFor();
    await page.evaluate(`for (const [key, code] of [["п", "KeyG"], ["и", "KeyB"]])
      window.dispatchEvent(new KeyboardEvent("keydown", { key, code, cancelable: true }))`);
    await titled(page, "Benchmarks");
  });

  test("d and m lead to a view of a sample and back", async () => {
    const page = await at(`/benchmarks/${plain}/samples/${sampleOf(3)}`);
    const view = () => new URL(page.url()).searchParams.get("view");
    for (const [key, shown] of [
      ["d", "diff"],
      ["m", "markdown"],
      ["m", null],
      ["d", "diff"],
      ["d", null],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(view).toBe(shown);
    }
  });
});
