import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import type { RunningService } from "../../src/serve.ts";
import { bench, clients, listeners } from "../auth/support.ts";
import { barriers, browser, program, settled } from "./browser.ts";
import { claimed } from "./claimed.ts";

describe.skipIf(!program)("jobs", async () => {
  const { db, serve, caller } = await bench();
  const { faults, open } = browser();
  let service: RunningService;
  let home = "";

  beforeAll(async () => {
    service = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  const rowsOf = (page: Page) => page.getByRole("table", { name: "Jobs" }).getByRole("row");

  const at = (path: string) => open(home + path);

  test("live without jumping: rows change in place, and new ones wait until they are asked for", async () => {
    const { workerId, job, lease } = await claimed(db, "live");
    const older = await db.jobs.create({ jobType: "live", priority: 7 });
    const page = await at("/jobs?type=live");
    await rowsOf(page).nth(2).waitFor();
    const [first, second] = [rowsOf(page).nth(1), rowsOf(page).nth(2)];
    expect(await first.innerText()).toContain(older.id.slice(-8));
    await db.jobs.progress(workerId, [{ ...lease, progress: 0.5, message: "half of it" }]);
    await second.getByText("half of it").waitFor();
    await db.jobs.complete(workerId, [lease]);
    await second.getByText("completed").waitFor();
    const { id } = await db.jobs.create({ jobType: "live" });
    const news = page.getByRole("button", { name: "1 new" });
    await news.waitFor();
    expect(await rowsOf(page).count()).toBe(3);
    expect(await first.innerText()).toContain(older.id.slice(-8));
    await news.click();
    await rowsOf(page).nth(3).waitFor();
    expect(await first.innerText()).toContain(id.slice(-8));
    expect(await second.innerText()).not.toContain(job.id.slice(-8));
    expect(await news.count()).toBe(0);
    // What happens while the page rests is not missed: the stream goes on where it was.
    await page.getByRole("button", { name: "live" }).click();
    await db.jobs.cancel(id, "while nobody looked");
    await db.jobs.cancel(older.id, "while nobody looked");
    await page.waitForTimeout(500);
    expect(await first.getByText("pending").count()).toBe(1);
    await page.getByRole("button", { name: "paused" }).click();
    await first.getByText("cancelled").waitFor();
    await second.getByText("cancelled").waitFor();
    expect(await first.innerText()).toContain(id.slice(-8));
  });

  test("bulk changes one can trust: what matches is retried after a question that counts it, with an account of what was left", async () => {
    const failed = async (uniqueKey?: string) => {
      const { id } = await db.jobs.create({ jobType: "bulk", ...(uniqueKey && { uniqueKey }) });
      await db.jobs.cancel(id, "no need");
      return id;
    };
    await failed();
    await failed();
    const taken = await failed("the key");
    await db.jobs.create({ jobType: "bulk", uniqueKey: "the key" });
    const page = await at("/jobs?type=bulk&status=cancelled");
    const tabs = page.getByRole("navigation", { name: "Status" });
    await tabs.getByText("cancelled 3").waitFor();
    expect(await tabs.locator("[aria-current]").allInnerTexts()).toEqual(["cancelled 3"]);
    await page.getByRole("button", { name: "Retry…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("2 of all cancelled jobs of type bulk are retried.").waitFor();
    await dialog.getByText("1 left as they are: their unique key is taken").waitFor();
    expect(await barriers(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Retry 2" }).click();
    await page.getByText("2 retried. 1 left as they are").waitFor();
    expect(await db.jobs.get(taken)).toMatchObject({ status: "cancelled" });
    expect(await db.jobs.list({ jobType: "bulk", status: "pending" })).toMatchObject({
      items: { length: 3 },
    });
  });

  test("bulk changes one can trust: selected jobs are cancelled with a reason; from a hundred on their number is typed", async () => {
    const made = await db.jobs.createMany(Array.from({ length: 101 }, () => ({ jobType: "chosen" })));
    const page = await at("/jobs?type=chosen");
    await page.getByRole("checkbox", { name: `Select job ${made.at(-1)?.id}` }).check();
    await page.getByRole("button", { name: "Cancel…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("by mistake");
    await dialog.getByRole("button", { name: "Cancel 1" }).click();
    await page.getByText("1 cancelled.").waitFor();
    expect(await db.jobs.get(made.at(-1)?.id ?? "")).toMatchObject({ error: "by mistake" });
    await db.jobs.createMany([{ jobType: "chosen" }]);
    await page.getByRole("button", { name: "Cancel…" }).click();
    const go = dialog.getByRole("button", { name: "Cancel 101" });
    await go.waitFor();
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel("Type 101 to go on").fill("101");
    await go.click();
    await page.getByText("101 cancelled.").waitFor();
    expect(await db.jobs.list({ jobType: "chosen", status: "pending" })).toMatchObject({ items: [] });
  });

  test("bulk changes one can trust: jobs of others are counted, and stay as they are", async () => {
    const { httpAddress } = await serve();
    const { key, userId } = await caller("user");
    const own = await db.jobs.create({ jobType: "shared", createdBy: userId });
    const other = await db.jobs.create({ jobType: "shared", createdBy: (await caller("user")).userId });
    const page = await open(`http://${formatAddress(httpAddress)}/console/jobs?type=shared`, { key });
    await page.getByRole("button", { name: "Cancel…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 of all jobs of type shared is cancelled.").waitFor();
    await dialog.getByText("1 left as they are: other users created them.").waitFor();
    // Whoever changes nothing has asked in vain.
    expect(await db.jobs.get(own.id)).toMatchObject({ status: "pending" });
    await dialog.getByRole("button", { name: "Cancel 1" }).click();
    await page.getByText("1 cancelled. 1 left as they are: other users created them.").waitFor();
    expect(await db.jobs.get(own.id)).toMatchObject({ status: "cancelled" });
    expect(await db.jobs.get(other.id)).toMatchObject({ status: "pending" });
  });

  test("a copy is submitted with another payload, and a payload that is none is told so", async () => {
    const { job } = await clients(listeners.HTTP(service)).jobs.createJob({
      ...{ jobType: "copied", payloadJson: '{"n": 12345678901234567890}', uniqueKey: "of the first" },
      ...{ requiredTags: ["gpu"], limitKey: "quota", maxRetries: 0, timeoutSeconds: 7, priority: 3 },
    });
    const page = await at(`/jobs/${job?.id}`);
    await page.getByRole("button", { name: "Submit a copy…" }).click();
    const dialog = page.getByRole("dialog");
    const payload = dialog.getByLabel("Payload");
    expect(await payload.inputValue()).toContain("12345678901234567890");
    await payload.fill("[1]");
    expect(await barriers(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Submit" }).click();
    await dialog
      .getByRole("alert")
      .getByText(/payload_json/)
      .waitFor();
    expect(faults.splice(0).every((fault) => fault.includes("400"))).toBe(true);
    await payload.fill('{"n": 98765432109876543210}');
    await dialog.getByRole("button", { name: "Submit" }).click();
    await page.getByRole("region", { name: "Payload" }).getByText("98765432109876543210").waitFor();
    const { items } = await db.jobs.list({ jobType: "copied" });
    expect(items.map(({ id }) => id)).toEqual([new URL(page.url()).pathname.split("/").at(-1), job?.id]);
    const { requiredTags, limitKey, maxRetries, timeoutSeconds, priority } = await db.jobs.get(
      items[0]?.id ?? "",
    );
    expect({ requiredTags, limitKey, maxRetries, timeoutSeconds, priority }).toEqual({
      ...{ requiredTags: ["gpu"], limitKey: "quota", maxRetries: 0, timeoutSeconds: 7, priority: 3 },
    });
  });

  test("a job tells what it went through", async () => {
    const { workerId, job, lease } = await claimed(db, "tried");
    const error = `<img src=x onerror="window.hit = true">\u202e${"long".repeat(15_000)}`;
    await db.jobs.fail(workerId, [{ ...lease, error, retryable: true, retryAfterMs: 3_600_000 }]);
    const page = await at(`/jobs/${job.id}`);
    const attempts = page.getByRole("region", { name: "Attempts" }).getByRole("row");
    await attempts.nth(2).waitFor();
    expect(await attempts.nth(1).innerText()).toMatch(/failed[\s\S]*worker of tried/);
    expect(await attempts.nth(2).innerText()).toContain("pause after the failure");
    await page.getByText("It pauses after a failure, and is due").waitFor();
    expect(await page.evaluate("window.hit")).toBeUndefined();
    expect(await barriers(page)).toEqual([]);
    // The page follows the job.
    await db.jobs.cancel(job.id, "enough");
    await page.getByRole("heading", { name: "tried" }).getByText("cancelled").waitFor();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
    await expect(db.jobs.get(job.id)).rejects.toThrow();
  });

  test("documents keep their digits, and failures are grouped by their error", async () => {
    const exact = '{"n": 12345678901234567890, "text": "<b>"}';
    const { job } = await clients(listeners.HTTP(service)).jobs.createJob({
      jobType: "digits",
      payloadJson: exact,
    });
    await db.workers.register({ workerId: "failing", jobTypes: ["digits"] });
    const { leases } = await db.jobs.claim({ workerId: "failing" });
    for (const { id, epoch } of leases)
      await db.jobs.fail("failing", [
        { jobId: id, epoch, error: "no answer after 1500 ms", retryable: false },
      ]);
    const page = await at("/jobs?status=failed&type=digits");
    await page.getByText("By error").click();
    const group = page
      .getByRole("region", { name: "Failures by error" })
      .getByRole("row", { name: /no answer/ });
    await group.getByRole("link", { name: new RegExp(job?.id.slice(-8) ?? "") }).click();
    await page.getByRole("region", { name: "Payload" }).getByText("12345678901234567890").waitFor();
  });

  test("who may only look is offered nothing else", async () => {
    const { httpAddress } = await serve();
    const { key } = await caller("viewer");
    const { id } = await db.jobs.create({ jobType: "seen" });
    const page = await open(`http://${formatAddress(httpAddress)}/console/jobs/${id}`, { key });
    await page.getByRole("heading", { level: 1, name: "seen" }).waitFor();
    for (const [section, heading] of [
      ["Jobs", "Jobs"],
      ["Queue", "Queue"],
      ["Workers", "Workers"],
    ] as const) {
      expect(await page.getByRole("button", { name: /…$/ }).count()).toBe(0);
      await page.getByRole("link", { name: section, exact: true }).first().click();
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await settled(page);
    }
    expect(await page.getByRole("button", { name: /…$/ }).count()).toBe(0);
  });
});
