import type { Locator } from "playwright-core";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { browser, program } from "./browser.ts";

describe.skipIf(!program)("the service started again under an open page", async () => {
  const { serve, db } = await bench();
  const { open, faults } = browser();

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

  test("what was asked while nobody answered is asked again until somebody does", async () => {
    const first = await serve({ LTB_AUTH: "off" });
    const address = formatAddress(first.httpAddress);
    await db.benchmarks.create({ name: "asked for", provider: "p", model: "m", dataset: "d" });
    const page = await open("about:blank", { apart: true });
    await page.clock.install();
    await page.goto(`http://${address}/console/benchmarks`);
    await page.getByRole("link", { name: "asked for" }).waitFor();
    await first.stop();
    await page.getByLabel("Part of the name").fill("asked");
    await eventually(async () => {
      await page.clock.runFor(1_000);
      return page.getByRole("alert").filter({ hasText: "The service does not answer." }).isVisible();
    });
    await serve({ LTB_AUTH: "off", LTB_HTTP_ADDRESS: address });
    await eventually(async () => {
      await page.clock.runFor(1_000);
      return page.getByRole("link", { name: "asked for" }).isVisible();
    });
    await eventually(async () => (await page.getByRole("alert").count()) === 0);
    expect(faults.splice(0).filter((fault) => !/net::ERR_|50[23]/.test(fault))).toEqual([]);
  });

  test("a page whose service is away says so once, keeps what it shows, and goes on to the next by itself", async () => {
    const first = await serve({ LTB_AUTH: "off" });
    const address = formatAddress(first.httpAddress);
    const page = await open("about:blank", { apart: true });
    await page.clock.install();
    await page.goto(`http://${address}/console/`);
    await page.getByText(/^Nothing is known yet|^Without those that are scheduled/).waitFor();
    await page.evaluate("window.isTheSame = true");
    await first.stop();
    const seen = (what: Locator) =>
      eventually(async () => {
        await page.clock.runFor(1_000);
        return what.isVisible();
      });
    await seen(page.getByRole("status").filter({ hasText: "The service does not answer." }));
    await page.getByRole("button", { name: "offline" }).waitFor();
    // By then calls were given up, which are tried three times again.
    for (let second = 0; second < 20; second++) await page.clock.runFor(1_000);
    expect(await page.getByRole("alert").count()).toBe(0);
    // Its file has not been loaded.
    await page.getByRole("link", { name: "Audit", exact: true }).click();
    await page.clock.runFor(3_000);
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Overview");
    await serve({ LTB_AUTH: "off", LTB_HTTP_ADDRESS: address });
    await seen(page.getByRole("heading", { level: 1, name: "Audit" }));
    await seen(page.getByRole("button", { name: "live" }));
    expect(await page.getByText("The service does not answer.").count()).toBe(0);
    expect(await page.evaluate("window.isTheSame")).toBe(true);
    expect(faults.splice(0).filter((fault) => !/net::ERR_|50[23]/.test(fault))).toEqual([]);
  });

  test("what the service tells everybody is asked again until somebody answers", async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    const page = await open("about:blank", { apart: true });
    let failures = 0;
    // More often than a call is tried at once.
    await page.route("**/console/config", (route) =>
      failures++ < 3 ? route.abort() : failures < 6 ? route.fulfill({ status: 503 }) : route.continue(),
    );
    await page.clock.install();
    await page.goto(`http://${formatAddress(httpAddress)}/console/benchmarks`);
    await eventually(async () => {
      await page.clock.runFor(1_000);
      return page.getByText("Authentication is off").isVisible();
    });
    expect(faults.splice(0).filter((fault) => !/net::ERR_|503/.test(fault))).toEqual([]);
  });
});
