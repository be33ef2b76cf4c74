import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { browser, program } from "./browser.ts";

describe.skipIf(!program)("the service started again under an open page", async () => {
  const { serve, db } = await bench();
  const { open, faults } = browser();

  beforeAll(() => {
    execFileSync(process.execPath, ["scripts/build-console.ts"]);
  });

  test("the page goes on by itself, misses nothing and keeps what was picked and typed", async () => {
    const first = await serve({ LTB_AUTH: "off" });
    const address = formatAddress(first.httpAddress);
    const create = (name: string) =>
      db.benchmarks.create({ name, provider: "p", model: "m", dataset: "d", totalIterations: 10 });
    const [kept, other] = [await create("kept one"), await create("kept other")];
    const page = await open(`http://${address}/console/benchmarks`);
    await page.evaluate("window.isTheSame = true");
    await page.getByLabel("Part of the name").fill("kept");
    await page.getByLabel("Select kept one").check();
    const row = page.getByRole("row").filter({ hasText: "kept one" });
    await db.benchmarks.update(kept.id, { status: "running" });
    await row.getByText("running").waitFor();
    // The stream has a cursor by now, and from there it goes on.
    await first.stop();
    await db.benchmarks.update(other.id, { status: "failed" });
    await serve({ LTB_AUTH: "off", LTB_HTTP_ADDRESS: address });
    await page.getByRole("row").filter({ hasText: "kept other" }).getByText("failed").waitFor();
    await db.benchmarks.update(kept.id, { status: "completed" });
    await row.getByText("completed").waitFor();
    expect(await page.evaluate("window.isTheSame")).toBe(true);
    expect(await page.getByLabel("Part of the name").inputValue()).toBe("kept");
    expect(await page.getByLabel("Select kept one").isChecked()).toBe(true);
    expect(await page.getByRole("alert").count()).toBe(0);
    // The browser notes each call that met nobody.
    expect(faults.splice(0).filter((fault) => !/net::ERR_|50[23]/.test(fault))).toEqual([]);
  });
});
