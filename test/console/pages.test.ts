import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import {
  barriers,
  browser,
  changeLook,
  cutTables,
  goTo,
  lanName,
  looks,
  program,
  settled,
} from "./browser.ts";
import { plain, sampleOf, seedBenchmark } from "./samples.ts";

const candidates = ["55555555-5555-4555-8555-555555555551", "55555555-5555-4555-8555-555555555552"];
const failed = "66666666-6666-4666-8666-666666666666";

describe.skipIf(!program)("pages", async () => {
  const { serve, db } = await bench();
  const { open, faults } = browser();
  let console_ = "";

  beforeAll(async () => {
    await seedBenchmark(db);
    for (const [index, id] of candidates.entries()) {
      const about = { provider: "openai", model: "gpt-6b", dataset: "grade-school-math" };
      await db.benchmarks.create({ ...about, id, name: `a candidate that differs little, no. ${index}` });
      const samples = Array.from({ length: 60 }, (_, n) => ({
        ...{ benchmarkId: id, sampleId: `q${n}`, input: `What is ${n} times two?\nThink.` },
        ...{ output: "o", score: ((n + index) % 20) / 20 },
      }));
      await db.evaluations.createMany(samples);
    }
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(httpAddress)}/console`;
    const workerId = "page worker";
    await db.workers.register({ workerId, jobTypes: ["grade", "judge"], tags: ["gpu"], capacity: 9 });
    await db.jobs.create({ id: failed, jobType: "judge", benchmarkId: plain, limitKey: "quota/of-judges" });
    await db.jobs.createMany(Array.from({ length: 8 }, (_, priority) => ({ jobType: "grade", priority })));
    await db.jobs.create({ jobType: "<b>\u202etype", limitKey: "quota", requiredTags: ["a", "b"] });
    const claim = async (jobType: string, maxJobs: number) => {
      const { leases } = await db.jobs.claim({ workerId, jobTypes: [jobType], maxJobs });
      const [one] = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
      if (!one) throw new Error("nothing was claimed");
      return one;
    };
    await db.jobs.complete(workerId, [await claim("grade", 4)]);
    const error = "x".repeat(60_000);
    await db.jobs.fail(workerId, [{ ...(await claim("judge", 1)), error, retryable: false }]);
    await db.jobs.setLimit({ limitKey: "quota", maxRunning: 3, perMinute: 60 });
    await db.jobs.pause({ limitKey: "quota" });
  });

  test("a page that came in clear text by a name works, without what browsers keep for secure ones", async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off", LTB_CONSOLE_HOSTS: lanName });
    const page = await open(`http://${lanName}:${httpAddress.port}/console/benchmarks`);
    await page.getByRole("link", { name: "gsm-6b, nightly" }).waitFor();
    expect(await page.evaluate("typeof crypto.randomUUID")).toBe("undefined");
    // Chromium says that it leaves out a header that it heeds in secure contexts only.
    expect(faults.splice(0).filter((fault) => !fault.includes("Cross-Origin-Opener-Policy"))).toEqual([]);
  });

  const pages = [
    ["/", "Overview"],
    ["/benchmarks", "Benchmarks"],
    [`/benchmarks/${plain}?group=subject`, "gsm-6b, nightly"],
    [`/benchmarks/${plain}/samples`, "Samples"],
    [`/benchmarks/${plain}/samples/${sampleOf(3)}?view=diff`, "q3"],
    [`/compare?baseline=${plain}&with=${candidates.join("&with=")}`, "Compare"],
    ["/leaderboards/grade-school-math", "Leaderboard of grade-school-math"],
    ["/jobs", "Jobs"],
    [`/jobs/${failed}`, "judge"],
    ["/jobs?status=pending&order=priority", "Jobs"],
    ["/queue", "Queue"],
    ["/workers", "Workers"],
    ["/workers/page%20worker", "page worker"],
    ["/audit", "Audit"],
    ["/leaderboards", "Leaderboards"],
    ["/system", "System"],
    ["/nowhere", "There is no such page"],
  ] as const;

  test("all can be read by everybody, in both themes, wide and narrow", async () => {
    const page = await open(`${console_}/account`);
    for (const [path, title] of pages) {
      await goTo(page, console_ + path);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await settled(page);
      for (const figures of await page.locator(".chart summary").all()) await figures.click();
      for (const look of looks) {
        await changeLook(page, look);
        expect({ path, barriers: await barriers(page), cut: await cutTables(page) }).toEqual({
          path,
          barriers: [],
          cut: [],
        });
      }
    }
  });
});
