import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import type { RunningService } from "../../src/serve.ts";
import { bench, clients, listeners } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { barriers, browser, program } from "./browser.ts";
import { claimed } from "./claimed.ts";

describe.skipIf(!program)("queue and workers", async () => {
  const { db, serve } = await bench();
  const { open } = browser();
  let service: RunningService;
  let home = "";

  beforeAll(async () => {
    service = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  const at = (path: string, look?: Parameters<typeof open>[1]) => open(home + path, look);

  test("jobs that ended are deleted, after the most that these can be was typed", async () => {
    const { id } = await db.jobs.create({ jobType: "old" });
    await db.jobs.cancel(id, "of no use");
    const page = await at("/queue");
    await page.getByRole("button", { name: "Delete old jobs…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^completed/).uncheck();
    await dialog.getByLabel(/^cancelled/).check();
    await dialog.getByText("The service counts nothing beforehand here").waitFor();
    expect(await barriers(page)).toEqual([]);
    await dialog.getByLabel(/days ago/).fill("0");
    const go = dialog.getByRole("button", { name: "Delete", exact: true });
    expect(await go.isDisabled()).toBe(true);
    const { cancelled } = await clients(listeners.HTTP(service)).jobs.getJobStats({});
    await dialog.getByLabel(/to go on/).fill(String(cancelled));
    await go.click();
    await page.getByText(new RegExp(`^${cancelled} jobs? (was|were) deleted\\.$`)).waitFor();
    await expect(db.jobs.get(id)).rejects.toThrow();
  });

  test("why is it not running? a pending job says what holds it up", async () => {
    await db.workers.register({ workerId: "nearest", jobTypes: ["held"], tags: ["gpu"] });
    await db.jobs.setLimit({ limitKey: "quota", maxRunning: 0 });
    await db.jobs.pause({ jobType: "held", durationMs: 3_600_000 });
    await db.jobs.create({ jobType: "held", priority: 1 });
    const { id } = await db.jobs.create({ jobType: "held", requiredTags: ["gpu", "eu"], limitKey: "quota" });
    const page = await at(`/jobs/${id}`);
    for (const words of [
      /^Paused .*, ends in .*: *type held/,
      /^Its limit quota is reached: 0\/0 running/,
      /^No worker can run it. The nearest, nearest, lacks tag eu\./,
      /^1 job of its type is ahead of it/,
    ])
      await page.getByRole("listitem").filter({ hasText: words }).waitFor();
    await db.jobs.resume({ jobType: "held" });
    await eventually(async () => (await page.getByText(/^Paused/).count()) === 0);
  });

  test("limits and pauses are set and taken back", async () => {
    await db.jobs.create({ jobType: "queued", limitKey: "key of queued" });
    const page = await at("/queue");
    const lane = page.getByRole("region", { name: "Lanes" }).getByRole("row", { name: /queued/ });
    await lane.getByText("nobody serves it").waitFor();
    await page.getByRole("button", { name: "Set a limit…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Limit key").fill("key of queued");
    await dialog.getByLabel("Most running at the same time").fill("0");
    expect(await barriers(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Set", exact: true }).click();
    await lane.getByText("at its limit").waitFor();
    await page.getByRole("button", { name: "Pause…" }).click();
    await dialog.getByLabel("Type").fill("queued");
    await dialog.getByRole("button", { name: "Pause", exact: true }).click();
    await lane.getByText("paused").waitFor();
    await page
      .getByRole("region", { name: "Pauses" })
      .getByRole("row", { name: /queued/ })
      .getByRole("button", { name: "Resume…" })
      .click();
    await dialog.getByRole("button", { name: "Resume" }).click();
    await lane.getByText("paused").waitFor({ state: "detached" });
    await page
      .getByRole("region", { name: "Limits" })
      .getByRole("row", { name: /key of queued/ })
      .getByRole("button", { name: "Remove…" })
      .click();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await lane.getByText("at its limit").waitFor({ state: "detached" });
  });

  test("a worker is drained and removed", async () => {
    const { workerId, job } = await claimed(db, "worked");
    const page = await at("/workers", { width: 390 });
    await page.getByRole("link", { name: workerId }).click();
    await page
      .getByRole("link", { name: new RegExp(job.id.slice(-8)) })
      .first()
      .waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Drain…" }).click();
    await page.getByLabel("Reason").fill("a new kernel");
    await page.getByRole("button", { name: "Drain", exact: true }).click();
    await page.getByText("a new kernel").waitFor();
    await page.getByRole("button", { name: "Remove…" }).click();
    await page.getByText("The 1 job that it holds go back into the queue.").waitFor();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Workers" }).waitFor();
    expect(await db.jobs.get(job.id)).toMatchObject({ status: "pending" });
  });
});
