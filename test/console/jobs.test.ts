import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { writeMinute } from "../../src/jobs/history/write.ts";
import type { RunningService } from "../../src/serve.ts";
import { bench, clients, listeners } from "../auth/support.ts";
import { eventually, patienceMs } from "../harness/waiting.ts";
import { barriers, browser, program, settled } from "./browser.ts";

describe.skipIf(!program)("jobs, queue and workers", async () => {
  const { db, serve, caller } = await bench();
  const { faults, open } = browser();
  let service: RunningService;
  let home = "";

  beforeAll(async () => {
    service = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  const rowsOf = (page: Page) => page.getByRole("table", { name: "Jobs" }).getByRole("row");
  const at = async (path: string, look?: Parameters<typeof open>[1]) => {
    const page = await open(home + path, look);
    page.setDefaultTimeout(patienceMs);
    return page;
  };

  const signedIn = async (url: string, key: string) => {
    const page = await open(url, { key });
    page.setDefaultTimeout(patienceMs);
    return page;
  };

  /** A job of the type that a worker of its own has been given. */
  const claimed = async (jobType: string) => {
    const workerId = `worker of ${jobType}`;
    await db.workers.register({ workerId, jobTypes: [jobType], capacity: 10 });
    const job = await db.jobs.create({ jobType });
    const { leases } = await db.jobs.claim({ workerId, jobTypes: [jobType], leaseMs: 600_000 });
    const [lease] = leases;
    if (lease?.id !== job.id) throw new Error("another job was claimed");
    return { workerId, job, lease: { jobId: job.id, epoch: lease.epoch } };
  };

  test("live without jumping: rows change in place, and new ones wait until they are asked for", async () => {
    const { workerId, job, lease } = await claimed("live");
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
    const page = await signedIn(`http://${formatAddress(httpAddress)}/console/jobs?type=shared`, key);
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

  test("a job tells what it went through", async () => {
    const { workerId, job, lease } = await claimed("tried");
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

  test("why is it not running? a pending job says what holds it up", async () => {
    await db.workers.register({ workerId: "nearest", jobTypes: ["held"], tags: ["gpu"] });
    await db.jobs.setLimit({ limitKey: "quota", maxRunning: 0 });
    await db.jobs.pause({ jobType: "held" });
    await db.jobs.create({ jobType: "held", priority: 1 });
    const { id } = await db.jobs.create({ jobType: "held", requiredTags: ["gpu", "eu"], limitKey: "quota" });
    const page = await at(`/jobs/${id}`);
    for (const words of [
      /^Paused .*: *type held/,
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
    const { workerId, job } = await claimed("worked");
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

  test("the overview follows what runs, and names what needs a look", async () => {
    const { id } = await db.benchmarks.create({
      name: "under way",
      provider: "acme",
      model: "m",
      dataset: "d",
      totalIterations: 40,
    });
    await db.benchmarks.update(id, { status: "running" });
    const add = (from: number, to: number) =>
      db.evaluations.createMany(
        Array.from({ length: to - from }, (_, n) => ({
          benchmarkId: id,
          sampleId: `q${from + n}`,
          input: "i",
          output: "o",
          score: n % 2,
        })),
      );
    await add(0, 10);
    await db.jobs.create({ jobType: "lonely", requiredTags: ["nobody has it"] });
    const page = await at("/");
    await page.getByText("10 of 40").waitFor();
    await page.getByText(/mean score so far 0\.5 \(95 %: .*n = 10\)/).waitFor();
    await page
      .getByRole("region", { name: "Needs a look" })
      .getByText(/lonely/)
      .waitFor();
    await add(10, 20);
    await page.getByText("20 of 40").waitFor();
    const health = page.getByRole("listitem");
    await health.filter({ hasText: /^Database answers PostgreSQL/ }).waitFor();
    await health.filter({ hasText: /^Audit trail/ }).waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  test("a chart is a filter: states of a type lead to its jobs, and minutes of the queue have their figures", async () => {
    for (let made = 0; made < 3; made++) await db.jobs.create({ jobType: "charted", requiredTags: ["none"] });
    for (const ago of [51, 50]) {
      const minute = Math.floor(Date.now() / 60_000 - ago) * 60_000;
      await db.executor.any(writeMinute(new Date(minute).toISOString()));
    }
    const page = await at("/");
    await page.getByText("Figures of “Jobs at the end of each minute”").click();
    const figures = page.getByRole("region", { name: "Jobs at the end of each minute" }).getByRole("row");
    await figures.nth(2).waitFor();
    const { pending } = await clients(listeners.HTTP(service)).jobs.getJobStats({});
    expect(await figures.nth(2).innerText()).toMatch(new RegExp(`\\s${pending}\\s+\\d+$`));
    const types = page.getByRole("region", { name: "Jobs by type" });
    await types
      .getByRole("row", { name: /^charted/ })
      .getByRole("link", { name: "3 ready" })
      .click();
    await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
    await rowsOf(page).nth(3).waitFor();
    expect(new URL(page.url()).search).toBe("?type=charted&status=pending");
  });

  test("the overview names keys of the reader that expire soon", async () => {
    const { httpAddress } = await serve();
    const { userId } = await caller("user");
    const expiresAt = new Date(Date.now() + 10 * 86_400_000).toISOString();
    const { secret = "" } = await db.users.createApiKey({ userId, name: "ends soon", expiresAt });
    await db.users.createApiKey({ userId, name: "goes on" });
    const page = await signedIn(`http://${formatAddress(httpAddress)}/console/`, secret);
    await page.getByText(/^your key ends soon/).waitFor();
    expect(await page.getByText(/goes on/).count()).toBe(0);
    // Only admins hear how the trail is.
    await page
      .getByRole("listitem")
      .filter({ hasText: /^Database/ })
      .waitFor();
    expect(
      await page
        .getByRole("listitem")
        .filter({ hasText: /^Audit trail/ })
        .count(),
    ).toBe(0);
  });

  test("who may only look is offered nothing else", async () => {
    const { httpAddress } = await serve();
    const { key } = await caller("viewer");
    const { id } = await db.jobs.create({ jobType: "seen" });
    const page = await signedIn(`http://${formatAddress(httpAddress)}/console/jobs/${id}`, key);
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
