import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { browser, program, settled } from "./browser.ts";

describe.skipIf(!program)("the row of sections in a narrow window", async () => {
  const { serve } = await bench();
  const { open } = browser();
  let home = "";

  beforeAll(async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(httpAddress)}/console`;
  });

  test("has the page's own in its middle, and stays where the reader moves it", async () => {
    const page = await open(`${home}/queue`, { width: 390 });
    const sections = page.getByRole("navigation", { name: "Sections" });
    await sections.waitFor();
    await settled(page);
    const middleOf = (selector: string) =>
      page.evaluate<number>(`{
        const { left, width } = document.querySelector('${selector}').getBoundingClientRect();
        left + width / 2;
      }`);
    expect(
      Math.abs((await middleOf(".sections [aria-current]")) - (await middleOf(".sections"))),
    ).toBeLessThanOrEqual(1);
    await sections.evaluate((bar) => {
      bar.scrollLeft = 0;
    });
    // What surrounds the page is drawn anew for it.
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await sections.evaluate((bar) => bar.scrollLeft)).toBe(0);
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("w");
    await page.getByRole("heading", { level: 1, name: "Workers" }).waitFor();
    await expect.poll(() => sections.evaluate((bar) => bar.scrollLeft)).toBeGreaterThan(0);
  });
});
