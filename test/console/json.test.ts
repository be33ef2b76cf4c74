import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench, clients, listeners } from "../auth/support.ts";
import { barriers, browser, changeLook, looks, program } from "./browser.ts";

describe.skipIf(!program)("JSON in the console", async () => {
  const { serve } = await bench();
  const { open } = browser();
  let console_ = "";
  let rpc: ReturnType<typeof clients>["benchmarks"];

  beforeAll(async () => {
    const service = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(service.httpAddress)}/console`;
    rpc = clients(listeners.HTTP(service)).benchmarks;
  });

  const openMetadata = async (metadataJson: string) => {
    const about = { name: "has JSON", provider: "p", model: "m", dataset: "d" };
    const { benchmark } = await rpc.createBenchmark({ ...about, metadataJson });
    const page = await open(`${console_}/benchmarks/${benchmark?.id}`);
    const tree = page.getByRole("region", { name: "Metadata" });
    await tree.waitFor();
    return { page, tree };
  };

  test("it folds by keys, and shows what is stored, in both themes", async () => {
    const { page, tree } = await openMetadata(
      `{"big": 12345678901234567891, "מפתח": {"inner": "\u202Eback", "none": null},
        "list": [${Array.from({ length: 1_304 }, (_, index) => index).join(",")}]}`,
    );
    await tree.getByText("12345678901234567891").waitFor();
    await tree.getByText('"מפתח"').waitFor();
    await tree.getByText('"\\u202eback"').waitFor();
    await tree.locator("summary", { hasText: "inner" }).waitFor({ state: "detached" });
    const list = tree.locator("summary", { hasText: '"list": [ 1,304 items ]' });
    expect(await tree.getByText("99", { exact: true }).count()).toBe(0);
    await list.focus();
    await page.keyboard.press("Enter");
    // Each has its place and its value.
    await expect.poll(() => tree.getByText("99", { exact: true }).count()).toBe(2);
    expect(await tree.getByText("100", { exact: true }).count()).toBe(0);
    for (const look of looks) {
      await changeLook(page, look);
      expect(await barriers(page)).toEqual([]);
    }
    const more = tree.getByRole("button", { name: "1,000 of 1,204 more" });
    await more.click();
    await tree.getByRole("button", { name: "204 more" }).click();
    await expect.poll(() => tree.getByText("1303", { exact: true }).count()).toBe(2);
    await list.focus();
    await page.keyboard.press("Space");
    await expect.poll(() => tree.getByText("99", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "As text: Metadata" }).click();
    await expect.poll(() => tree.locator("pre").textContent()).toContain('  "big": 12345678901234567891,\n');
  });

  test("a mebibyte of it leaves the page quick", async () => {
    const row = { id: 1, text: "word ".repeat(10) };
    const { page, tree } = await openMetadata(
      JSON.stringify({ long: "x".repeat(100_000), rows: Array(7_500).fill(row) }),
    );
    await tree.getByRole("button", { name: "98,002 more characters" }).waitFor();
    await tree.locator("summary", { hasText: '"rows"' }).click();
    await tree.getByRole("button", { name: "1,000 of 7,400 more" }).waitFor();
    expect(await page.locator(".tree *").count()).toBeLessThan(1_000);
  });
});
