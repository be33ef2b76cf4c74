import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { barriers, browser, program } from "./browser.ts";

describe.skipIf(!program)("pages", async () => {
  const { serve } = await bench();
  const { open } = browser();
  let console_ = "";

  beforeAll(async () => {
    execFileSync(process.execPath, ["scripts/build-console.ts"]);
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(httpAddress)}/console`;
  });

  test.each([
    ["/", "Overview"],
    ["/system", "System"],
    ["/nowhere", "There is no such page"],
  ])("%s can be read by everybody, in both themes, wide and narrow", async (path, title) => {
    for (const look of [
      { theme: "light", width: 1280 },
      { theme: "dark", width: 390 },
    ] as const) {
      const page = await open(console_ + path, look);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await page.waitForLoadState("networkidle");
      expect(await barriers(page)).toEqual([]);
    }
  });
});
