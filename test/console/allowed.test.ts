import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench, type Caller } from "../auth/support.ts";
import { barriers, browser, goTo, program, settled } from "./browser.ts";
import { plain, sampleOf, seedBenchmark } from "./samples.ts";

/** What stands on buttons that change nothing but what the reader sees. */
const harmless =
  /^\W*(?:Copy|Go to|live$|Show |As (?:text|a tree)|Look again|Previous|Next|Export…$|make it the baseline|leave out)/;

describe.skipIf(!program)("everybody can use it, and nobody can do more than allowed", async () => {
  const { db, serve, caller } = await bench();
  const { open, faults } = browser();
  const jobId = "77777777-7777-4777-8777-777777777777";
  let viewer: Caller;
  let home = "";

  beforeAll(async () => {
    await seedBenchmark(db);
    await db.jobs.create({ id: jobId, jobType: "seen", limitKey: "quota" });
    await db.jobs.setLimit({ limitKey: "quota", maxRunning: 1 });
    await db.jobs.pause({ jobType: "seen" });
    await db.workers.register({ workerId: "watched", jobTypes: ["seen"] });
    viewer = await caller("viewer");
    const { httpAddress } = await serve();
    home = `http://${formatAddress(httpAddress)}/console`;
  });

  test("actions beyond the role are absent, on every page", async () => {
    const page = await open(`${home}/account`, { key: viewer.key });
    await settled(page);
    for (const path of [
      "/",
      "/benchmarks",
      `/benchmarks/${plain}`,
      `/benchmarks/${plain}/samples`,
      `/benchmarks/${plain}/samples/${sampleOf(3)}`,
      "/leaderboards",
      "/leaderboards/grade-school-math",
      "/compare",
      "/jobs",
      `/jobs/${jobId}`,
      "/queue",
      "/workers",
      "/workers/watched",
      "/audit",
      "/audit/verify",
      "/users",
      "/system",
    ]) {
      await goTo(page, home + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await settled(page);
      const buttons = await page.getByRole("button").allInnerTexts();
      expect({ path, buttons: buttons.filter((words) => !harmless.test(words.trim())) }).toEqual({
        path,
        buttons: [],
      });
      expect(await barriers(page)).toEqual([]);
    }
  });

  test("the service decides alone: what the page does not offer is refused to its cookie too", async () => {
    const page = await open(`${home}/jobs/${jobId}`, { key: viewer.key });
    await page.getByRole("heading", { level: 1, name: "seen" }).waitFor();
    for (const [method, request] of [
      ["BenchmarkService/DeleteBenchmark", { id: plain }],
      ["JobService/CancelJob", { id: jobId }],
      ["JobService/ResumeJobs", { jobType: "seen" }],
      ["WorkerService/DeregisterWorker", { workerId: "watched" }],
      ["UserService/ListUsers", {}],
      ["AuditService/VerifyAuditLog", {}],
    ] as const) {
      const answer = await page.evaluate(`fetch("/ltb.v1.${method}", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: ${JSON.stringify(JSON.stringify(request))},
      }).then(async (answer) => ({ method: "${method}", status: answer.status, ...(await answer.json()) }))`);
      expect(answer).toMatchObject({ method, status: 403, code: "permission_denied" });
    }
    expect(faults.splice(0).filter((fault) => !/\b403\b/.test(fault))).toEqual([]);
    expect(await db.jobs.get(jobId)).toMatchObject({ status: "pending" });
    expect(await db.benchmarks.get(plain)).toMatchObject({ status: "running" });
  });

  test("a chart has a table behind it, and keys alone lead from the first page to it", async () => {
    const page = await open(home, { key: viewer.key });
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    // The first page has a link to it too.
    await page.getByRole("heading", { level: 1, name: "Benchmarks" }).waitFor();
    await page.getByRole("link", { name: "gsm-6b, nightly" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "gsm-6b, nightly" }).waitFor();
    const figures = page.getByText("Figures of “Evaluations by score”");
    await figures.waitFor();
    const focused = page.locator(":focus");
    for (let presses = 0; presses < 100; presses++) {
      await page.keyboard.press("Tab");
      if ((await focused.textContent()) === "Figures of “Evaluations by score”") break;
    }
    await page.keyboard.press("Enter");
    const table = page.getByRole("region", { name: "Figures of “Evaluations by score”" }).getByRole("table");
    await table.waitFor();
    // The table tells as many bars as are drawn.
    expect(await table.getByRole("row").count()).toBeGreaterThan(10);
  });
});
