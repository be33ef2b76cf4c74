import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { formatAddress } from "../../src/address.ts";
import { sql, statement } from "../../src/database/statement/sql.ts";
import { writeMinute } from "../../src/jobs/history/write.ts";
import { bench } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { barriers, browser, changeLook, looks, program, settled } from "./browser.ts";

/** Has a job ended two hours ago. */
const endEarlier = statement("job_end_earlier", {
  row: z.object({ id: z.string() }),
  build: (id: string) => sql.fragment`
    with ended as (
      update job_finished set finished_at = finished_at - interval '2 hours' where job_id = ${id}
    )
    update jobs set completed_at = completed_at - interval '2 hours' where id = ${id} returning id`,
  examples: [],
});

describe.skipIf(!program)("what surrounds every page", async () => {
  const { db, serve } = await bench();
  const { open, faults } = browser();
  let home = "";

  beforeAll(async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(httpAddress)}/console`;
  });

  test("in a narrow window the row of sections has the page's own in its middle, and stays where the reader moves it", async () => {
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

  test("beside the sections stands what runs and what failed, each a way there", async () => {
    const page = await open(`${home}/system`);
    const sections = page.getByRole("navigation", { name: "Sections" });
    await sections.getByRole("link", { name: "Jobs" }).waitFor();
    expect(await sections.getByRole("link", { name: /\d/ }).count()).toBe(0);
    const { id } = await db.benchmarks.create({ name: "b", provider: "p", model: "m", dataset: "d" });
    await db.benchmarks.update(id, { status: "running" });
    await db.workers.register({ workerId: "w", jobTypes: ["fails"] });
    const fail = async () => {
      await db.jobs.create({ jobType: "fails", maxRetries: 0 });
      const { leases } = await db.jobs.claim({ workerId: "w", jobTypes: ["fails"] });
      const { id: jobId = "", epoch = 0 } = leases[0] ?? {};
      await db.jobs.fail("w", [{ jobId, epoch, error: "no answer", retryable: false }]);
      return jobId;
    };
    const before = await fail();
    await db.executor.any(endEarlier(before));
    const lately = await fail();
    await db.jobs.create({ jobType: "fails" });
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    await db.executor.any(writeMinute(new Date(minute).toISOString()));
    await sections.getByRole("link", { name: "1 running", exact: true }).waitFor();
    await sections.getByRole("link", { name: "1 ready to run" }).waitFor();
    // The history of the queue is asked for twice a minute, and with each page.
    await page.reload();
    await sections.getByRole("link", { name: "1 failed in the last 60 minutes" }).waitFor();
    for (const look of looks) {
      await changeLook(page, look);
      expect(await barriers(page)).toEqual([]);
    }
    await changeLook(page, {});
    await sections.getByRole("link", { name: "1 failed in the last 60 minutes" }).click();
    const table = page.getByRole("table", { name: "Jobs" });
    await table.locator(`a[href$="/jobs/${lately}"]`).waitFor();
    expect(await table.locator(`a[href$="/jobs/${before}"]`).count()).toBe(0);
    await page.getByText("To retry or cancel jobs by when they ended, select them.").waitFor();
    await page.getByLabel("Ended since").fill("");
    await table.locator(`a[href$="/jobs/${before}"]`).waitFor();
    expect(new URL(page.url()).search).toBe("?status=failed");
  });

  test("a page goes on where the browser takes itself to be without a network", async () => {
    const page = await open(`${home}/system`);
    await page.getByRole("heading", { level: 1, name: "System" }).waitFor();
    await page.evaluate("dispatchEvent(new Event('offline'))");
    await page.waitForRequest("**/GetClusterStats");
    await page.getByRole("button", { name: "live", exact: true }).waitFor();
  });

  test("a page says how old what it shows is, also while it is paused, and that a part of it stays behind", async () => {
    const page = await open("about:blank", { apart: true });
    await page.clock.install();
    await page.goto(`${home}/`);
    const age = page.getByTitle("When what the page shows was last heard from the service");
    const seen = (name: string, words: RegExp) =>
      eventually(async () => {
        await page.clock.runFor(1_000);
        const button = page.getByRole("button", { name, exact: true });
        return (await button.isVisible()) && words.test(await age.innerText());
      });
    await seen("live", /^(?:now|[1-4] sec\. ago)$/);
    await page.route("**/GetJobStats", (route) => route.fulfill({ status: 500 }));
    await seen("behind", /^\d\d sec\. ago$/);
    await page.unroute("**/GetJobStats");
    await seen("live", /^(?:now|[1-4] sec\. ago)$/);
    await page.keyboard.press("p");
    await seen("paused", /^1 min\. ago$/);
    await page.keyboard.press("p");
    await seen("live", /^(?:now|[1-4] sec\. ago)$/);
    expect(faults.splice(0).filter((fault) => !/\b500\b/.test(fault))).toEqual([]);
  });
});
