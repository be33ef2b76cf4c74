import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { barriers, browser, goTo, program, settled } from "./browser.ts";
import { hostile, hostileSamples, seedHostile } from "./samples.ts";

describe.skipIf(!program)("texts exact and harmless", async () => {
  const { serve, db } = await bench();
  const { open } = browser();
  let console_ = "";

  beforeAll(async () => {
    await seedHostile(db);
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(httpAddress)}/console`;
  });

  /** Opens a page, and notes what it asks of others than the service. */
  async function openWatched(path: string, width = 390) {
    const page = await open("about:blank", { width });
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(console_.replace(/console$/, ""))) elsewhere.push(request.url());
    });
    await page.goto(console_ + path);
    return { page, elsewhere };
  }

  /** Nothing of what is shown ran, was loaded from elsewhere, hid the page or widened it. */
  async function expectHarmless({ page, elsewhere }: Awaited<ReturnType<typeof openWatched>>) {
    await settled(page);
    expect(await page.evaluate("window.ran")).toBeUndefined();
    expect(elsewhere).toEqual([]);
    expect(await page.locator("main script, main style, main img, main iframe, main svg image").count()).toBe(
      0,
    );
    expect(await page.locator('a[href^="javascript:"], a[href^="data:"]').count()).toBe(0);
    expect(await barriers(page)).toEqual([]);
  }

  const sample = (name: keyof typeof hostileSamples, view = "") =>
    `/benchmarks/${hostile}/samples/${hostileSamples[name]}?view=${view}`;

  test("every page shows it as text", async () => {
    const watched = await openWatched("/account");
    for (const [path, text] of [
      ["/benchmarks", "onerror"],
      [`/benchmarks/${hostile}?metric=%3Cscript%3E&group=%3Cscript%3E`, "window.ran=7"],
      [`/benchmarks/${hostile}/samples?sample=&min=abc&order=__proto__`, "window.ran=12"],
      [`/benchmarks/${hostile}`, "window.ran=7"],
      [sample("markup"), "window.ran = 1"],
      [sample("markup", "diff"), "Heading"],
      [sample("conversation", "chat"), "elsewhere.example/i.png"],
      [sample("conversation", "json"), "12345678901234567890"],
      [sample("nested", "markdown"), "not be shown|cannot be shown|>>>>"],
    ] as const) {
      await goTo(watched.page, console_ + path);
      await watched.page.locator("main").getByText(new RegExp(text)).first().waitFor();
      await expectHarmless(watched);
    }
  });

  test("Markdown is laid out, and its mathematics; HTML, pictures and scripts in it are text", async () => {
    const watched = await openWatched(sample("markup", "markdown"), 1280);
    const output = watched.page.getByRole("region", { name: "Output" });
    await output.locator("math").first().waitFor();
    const shown = (await output.textContent()) ?? "";
    expect(shown).toContain("It costs $5 and $6.");
    expect(shown).toContain("<script>window.ran = 1</script>");
    expect(shown).toContain("picture, not loaded: pixel https://elsewhere.example/p.png");
    // What KaTeX does not understand stays as it was written.
    expect(shown).toContain("\\def\\a{\\a\\a}\\a");
    expect(
      await output.getByRole("link").evaluateAll((links) => links.map((link) => link.textContent)),
    ).toEqual(expect.arrayContaining(["there"]));
    expect(await output.getByRole("table").count()).toBe(1);
    await expectHarmless(watched);
  });

  test("characters that nobody sees have their codes, turn nothing, and are copied", async () => {
    const watched = await openWatched(sample("markup"));
    for (const [view, region] of [
      ["text", "Output"],
      ["diff", "Differences of expected and output"],
    ] as const) {
      await goTo(watched.page, console_ + sample("markup", view));
      const text = watched.page.getByRole("region", { name: region }).locator("pre");
      await text.waitFor();
      expect(await text.textContent()).toContain("\u202Ereversed");
      expect(await watched.page.evaluate(isDrawnForwards("reversed"))).toBe(true);
      expect(await text.locator('[data-codes="U+202E"]').count()).toBe(1);
      await expectHarmless(watched);
    }
  });

  test("2 MiB of one line are cut with a word, shown whole when asked, and leave the page usable", async () => {
    const { page } = await openWatched(sample("long"), 1280);
    const input = page.getByRole("region", { name: "Input" });
    await input.getByText(/the first 50,000 of 2,097,151 characters/).waitFor();
    await input.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => lengthOf(page)).toBe(2_097_151);
    expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
    await page.getByRole("link", { name: "Difference" }).click();
    await page.getByText(/these are lines|too long, to be compared/).waitFor();
  });

  /** Whether a word of what is shown is drawn from left to right. */
  const isDrawnForwards = (word: string) => `(() => {
    const texts = document.createTreeWalker(document.querySelector("main pre"), NodeFilter.SHOW_TEXT);
    while (!texts.nextNode().nodeValue.includes("${word}"));
    const begin = texts.currentNode.nodeValue.indexOf("${word}");
    const leftOf = (at) => {
      const range = document.createRange();
      range.setStart(texts.currentNode, at);
      range.setEnd(texts.currentNode, at + 1);
      return range.getBoundingClientRect().left;
    };
    return leftOf(begin) < leftOf(begin + ${word.length - 1});
  })()`;

  const lengthOf = (page: Page) =>
    page.evaluate(`document.querySelector('section[aria-label="Input"] pre').textContent.length`);
});
