import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, test } from "vitest";
import { GetInfoResponseSchema } from "../../gen/ltb/v1/system_service_pb.ts";
import { formatAddress } from "../../src/address.ts";
import { writeMinute } from "../../src/jobs/history/write.ts";
import type { RunningService } from "../../src/serve.ts";
import { bench, clients, listeners } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { barriers, browser, program, settled } from "./browser.ts";

describe.skipIf(!program)("the overview", async () => {
  const { db, serve, caller } = await bench();
  const { open, faults } = browser();
  let service: RunningService;
  let home = "";

  beforeAll(async () => {
    service = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(service.httpAddress)}/console`;
  });

  const at = (path: string) => open(home + path);
  const fail = async (jobType: string, createdBy?: string) => {
    await db.workers.register({ workerId: jobType, jobTypes: [jobType] });
    const { id } = await db.jobs.create({ jobType, maxRetries: 0, ...(createdBy && { createdBy }) });
    const { leases } = await db.jobs.claim({ workerId: jobType, jobTypes: [jobType] });
    const { epoch = 0 } = leases[0] ?? {};
    await db.jobs.fail(jobType, [{ jobId: id, epoch, error: "no answer", retryable: false }]);
    return id;
  };

  // It comes first: what another page was answered less than two seconds ago would not have its minutes.
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
    await page.getByRole("table", { name: "Jobs" }).getByRole("row").nth(3).waitFor();
    expect(new URL(page.url()).search).toBe("?type=charted&status=pending");
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

  test("the overview asks for what it shows while its own file is on its way", async () => {
    const page = await open("about:blank");
    const asked = new Set<string>();
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route("**/ltb.v1.*/*", (route) => {
      asked.add(route.request().url().split("/").at(-1) ?? "");
      return route.continue();
    });
    await page.route("**/assets/page-*.js", (route) => held.then(() => route.continue()));
    await page.goto(`${home}/`);
    const first = ["GetClusterStats", "GetJobStats", "GetQueueHistory", "ListBenchmarks", "ListJobs"];
    await expect.poll(() => [...asked]).toEqual(expect.arrayContaining(first));
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(0);
    letGo();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  });

  test("the overview names keys of the reader that expire soon", async () => {
    const { httpAddress } = await serve();
    const { userId } = await caller("user");
    const expiresAt = new Date(Date.now() + 10 * 86_400_000).toISOString();
    const { secret = "" } = await db.users.createApiKey({ userId, name: "ends soon", expiresAt });
    await db.users.createApiKey({ userId, name: "goes on" });
    const page = await open(`http://${formatAddress(httpAddress)}/console/`, { key: secret });
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

  test("the version is that of the server that answers, also after another one took its place", async () => {
    const page = await open("about:blank", { apart: true });
    let version = "1.0.0";
    await page.route("**/GetInfo", async (route) => {
      const response = await route.fetch();
      const info = { ...fromBinary(GetInfoResponseSchema, await response.body()), version };
      await route.fulfill({ response, body: Buffer.from(toBinary(GetInfoResponseSchema, info)) });
    });
    await page.clock.install();
    await page.goto(`${home}/`);
    await page.getByText("version 1.0.0").waitFor();
    version = "1.1.0";
    await eventually(async () => {
      await page.clock.runFor(5_000);
      return page.getByText("version 1.1.0").isVisible();
    });
  });

  test("what stays the same is asked for once and ever more seldom, and failed jobs as soon as their number changes", async () => {
    const page = await open("about:blank", { apart: true });
    let lists = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/ListBenchmarks")) lists++;
    });
    await page.clock.install();
    await page.goto(`${home}/`);
    await settled(page);
    // Those that run, which the frame counts too, and those that failed.
    expect(lists).toBe(2);
    const wait = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await page.clock.runFor(1_000);
        await settled(page);
      }
    };
    await wait(60);
    lists = 0;
    await wait(60);
    expect(lists).toBeLessThan(11);
    const id = await fail("lately");
    await wait(8);
    await page.locator(`a[href$="/jobs/${id}"]`).waitFor();
  });

  test("a job that failed is retried where it is seen first, by those who may change it", async () => {
    const { httpAddress } = await serve();
    const overview = `http://${formatAddress(httpAddress)}/console/`;
    const [own, viewer] = [await caller("user"), await caller("viewer")];
    const [mine, theirs] = [await fail("mine", own.userId), await fail("theirs")];
    const seen = await open(overview, { key: viewer.key });
    await seen.locator(`a[href$="/jobs/${mine}"]`).waitFor();
    expect(await seen.getByRole("button", { name: /^Retry/ }).count()).toBe(0);
    const page = await open(overview, { key: own.key });
    await page.getByRole("button", { name: `Retry… job ${mine}` }).click();
    expect(await page.getByRole("button", { name: `Retry… job ${theirs}` }).count()).toBe(0);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Retry", exact: true }).click();
    await page.locator(`a[href$="/jobs/${mine}"]`).waitFor({ state: "detached" });
    expect(await db.jobs.get(mine)).toMatchObject({ status: "pending" });
  });

  test("a question about a failed job stays open when somebody else has retried it meanwhile", async () => {
    const id = await fail("asked about");
    const page = await at("/");
    await page.getByRole("button", { name: `Retry… job ${id}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Retry", exact: true }).waitFor();
    await db.jobs.retry(id);
    await page.locator(`[aria-label="Retry… job ${id}"]`).waitFor({ state: "detached" });
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByRole("button", { name: "Retry", exact: true }).click();
    await dialog.getByText("FORBIDDEN_STATUS_CHANGE").click();
    await dialog.getByText("A final status never changes.").waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(faults.splice(0).filter((fault) => !/\b400\b/.test(fault))).toEqual([]);
  });
});
