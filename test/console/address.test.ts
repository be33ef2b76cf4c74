import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { browser, program, settled } from "./browser.ts";
import { plain, sampleOf, seedBenchmark } from "./samples.ts";

describe.skipIf(!program)("the URL is the whole state", async () => {
  const { serve, db, caller } = await bench();
  const { open } = browser();
  let console_ = "";
  let key = "";

  beforeAll(async () => {
    await seedBenchmark(db);
    const { httpAddress } = await serve();
    console_ = `http://${formatAddress(httpAddress)}/console`;
    key = (await caller("viewer")).key;
  });

  const titled = (page: Page, name: string) =>
    page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

  test("a link holds the open sample, its view and the list it was found in; back goes where one came from", async () => {
    const list = `${console_}/benchmarks/${plain}/samples`;
    const page = await open(list, { key });
    await page.getByLabel("Outcome").selectOption("1");
    await page.getByLabel(/^Order/).selectOption("oldest");
    await page.getByRole("link", { name: "q7", exact: true }).click();
    await titled(page, "q7");
    await page.getByRole("link", { name: "Markdown" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("view")).toBe("markdown");

    // Another browser has nothing but the link, and a cookie.
    const elsewhere = await open(page.url(), { key });
    await titled(elsewhere, "q7");
    await elsewhere.locator("[aria-current]", { hasText: "Markdown" }).waitFor();
    await elsewhere.getByRole("button", { name: "Next" }).click();
    await titled(elsewhere, "q47");
    expect(new URL(elsewhere.url()).search).toBe(new URL(page.url()).search);

    const sample = page.url();
    await page.getByRole("link", { name: "Samples", exact: true }).click();
    await titled(page, "Samples");
    await page.goBack();
    await titled(page, "q7");
    expect(page.url()).toBe(sample);
    while (page.url().includes("/samples/")) await page.goBack();
    await titled(page, "Samples");
    await settled(page);
    expect(page.url()).toBe(`${list}?failed=1&order=oldest`);
    expect(await page.getByLabel("Outcome").inputValue()).toBe("1");
    // A page that sent the reader elsewhere would have lost what lies ahead.
    await page.goForward();
    await titled(page, "q7");
  });

  test("a sample is found by its name and repetition after it was stored anew", async () => {
    const sampleId = "a/b %2F?#é";
    const given = { benchmarkId: plain, sampleId, input: "i", output: "o" };
    await db.evaluations.create({ ...given, repetition: 0 });
    const first = await db.evaluations.create({ ...given, repetition: 1 });
    const path = `/benchmarks/${plain}/samples/${first.id}`;
    const page = await open(console_ + path, { key });
    await titled(page, `${sampleId} · repetition 1`);
    const link = page.getByRole("link", { name: "by sample and repetition" });
    const lasting = new URL((await link.getAttribute("href")) ?? "", console_).href;
    expect(lasting).not.toContain(first.id);
    await db.evaluations.delete(first.id, plain);
    const anew = await db.evaluations.create({ ...given, repetition: 1 });
    await page.goto(`${console_}/benchmarks/${plain}/samples/${sampleOf(3)}`);
    await titled(page, "q3");
    await page.goto(`${lasting}?view=markdown`);
    await page.waitForURL(`${console_}/benchmarks/${plain}/samples/${anew.id}?view=markdown`);
    await titled(page, `${sampleId} · repetition 1`);
    await page.goBack();
    await titled(page, "q3");
    await page.goto(lasting.replace(/1$/, "2"));
    await page.getByText("has no repetition 2 of this sample").waitFor();
  });
});
