import { beforeAll, describe, expect, test } from "vitest";
import { frontierOf } from "../../console/src/pages/leaderboards/frontier.ts";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { barriers, browser, program } from "./browser.ts";

describe("what no other beats", () => {
  const offer = (takes: number, worth: number) => ({ takes, worth });

  test("takes less or is worth more than each other one; equals are on it together", () => {
    const [cheap, middle, dear] = [offer(1, 1), offer(2, 5), offer(9, 6)];
    const beaten = [offer(2, 4), offer(3, 5), offer(9, 5.9), offer(1, 0)];
    const found = frontierOf([dear, ...beaten, cheap, middle, offer(2, 5)]);
    expect([...found]).toEqual([cheap, middle, middle, dear]);
    expect([...frontierOf([])]).toEqual([]);
  });
});

describe.skipIf(!program)("comparisons and leaderboards", async () => {
  const { db, serve } = await bench();
  const { open, faults } = browser();
  let home = "";
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(httpAddress)}/console`;
    const costs: Record<string, number> = { base: 0.001, worse: 0.002, same: 0.003 };
    // Of 60 samples the first is right in 40, the second in 10, and the third in 41.
    for (const [name, right] of Object.entries({ base: 40, worse: 10, same: 41 })) {
      const { id } = await db.benchmarks.create({ name, provider: "acme", model: name, dataset: "sums.v1" });
      ids[name] = id;
      const evaluations = Array.from({ length: 60 }, (_, n) => ({
        benchmarkId: id,
        sampleId: `q${n}`,
        input: `What is ${n} and ${n}?`,
        output: n < right ? `It is ${2 * n}.` : `It is <b>${2 * n + 1}</b>.`,
        score: n < right ? 1 : 0,
        costUsd: costs[name] ?? 0,
      }));
      await db.evaluations.createMany(evaluations);
    }
  });

  test("a leaderboard leads to a comparison of what was chosen", async () => {
    const page = await open(`${home}/leaderboards`);
    await page.getByRole("link", { name: "sums.v1" }).click();
    await page.getByRole("heading", { level: 1, name: "Leaderboard of sums.v1" }).waitFor();
    await page.getByRole("checkbox", { name: "Select same" }).check();
    await page.getByRole("checkbox", { name: "Select worse" }).check();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Compare 2 of them" }).click();
    await page.getByRole("cell", { name: "worse", exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("baseline")).toBe(ids.same);
  });

  test("a leaderboard is drawn against what a sample costs, with those marked that no other beats", async () => {
    const page = await open(`${home}/leaderboards/sums.v1`);
    await page.getByRole("link", { name: "Against cost" }).click();
    const chart = page.getByRole("group", { name: "score against cost" });
    await chart.getByRole("link", { name: /^worse: score 0\.1667/ }).waitFor();
    expect(await chart.locator("g.good > a").allTextContents()).toEqual(["same", "base"]);
    expect(await page.getByRole("navigation", { name: "View" }).locator("[aria-current]").count()).toBe(1);
    await page.getByText("Figures of “score against cost”").click();
    const row = page.getByRole("row", { name: /^base 0\.6667 .* \$0\.001 .* yes$/ });
    await row.waitFor();
    expect(await barriers(page)).toEqual([]);
    // The address is the view, and of what has no such values that is said.
    const other = await open(page.url().replace("cost", "latency"), { theme: "dark", width: 390 });
    await other.getByText("None of these benchmarks has a value of latency_ms.").waitFor();
    expect(await barriers(other)).toEqual([]);
  });

  test("a benchmark is found by a part of its name", async () => {
    const page = await open(`${home}/compare?baseline=${ids.base}`);
    await page.getByText("Add a benchmark").click();
    await page.getByLabel("Name or id").fill("ORS");
    await page.getByRole("button", { name: "worse", exact: true }).click();
    await page.getByRole("cell", { name: "worse", exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("with")).toBe(ids.worse);
  });

  test("no number without its uncertainty: better and worse are said only where the test says so", async () => {
    const page = await open(`${home}/compare?baseline=${ids.base}&with=${ids.worse}&with=${ids.same}`, {
      width: 390,
    });
    const rows = page.getByRole("region", { name: "Figures of the comparisons" }).getByRole("row");
    await rows.nth(2).waitFor();
    expect(await rows.nth(1).innerText()).toMatch(/worse\s.*\s*60/);
    expect(await rows.nth(2).innerText()).toContain("no significant difference");
    // Each difference has its interval beside it, in the table and in the chart.
    for (const row of [1, 2]) expect(await rows.nth(row).innerText()).toMatch(/-?0\.\d+ to -?0\.\d+/);
    const chart = page.getByRole("group", { name: "Mean differences of score with 95 % intervals" });
    expect(await chart.locator(".whisker").count()).toBe(2);
    expect(await chart.locator("g.bad").count()).toBe(1);
    const beside = page.getByRole("region", { name: "Differences of cost and latency" }).getByRole("row");
    expect(await beside.nth(1).innerText()).toMatch(/cost_usd.*\s60\s.*\$0\.001\s+\$0\.002\s+\$0\.001/s);
    expect(await beside.count()).toBe(3);
    expect(await barriers(page)).toEqual([]);
  });

  test("from a regression to its reason in two keys", async () => {
    const page = await open(`${home}/compare?baseline=${ids.base}&with=${ids.worse}`);
    let answered = 0;
    page.on("response", (answer) => answer.url().endsWith("/BatchGetEvaluations") && answered++);
    await page.getByRole("link", { name: "30 worse" }).focus();
    await page.keyboard.press("Enter");
    const opened = page.getByRole("region", { name: /^Sample/ });
    await opened.getByRole("heading", { name: "q10", exact: true }).waitFor();
    // What a model wrote is text.
    await opened.locator("ins").filter({ hasText: "<b>" }).first().waitFor();
    // The texts of the next two are there before anybody asks for them, and need no answer any more.
    await expect.poll(() => answered).toBe(3);
    await page.route("**/BatchGetEvaluations", () => undefined);
    await page.keyboard.press("j");
    await opened.getByText("What is 11 and 11?").waitFor();
    await page.keyboard.press("j");
    await opened.getByText("What is 12 and 12?").waitFor();
    expect(new URL(page.url()).searchParams.get("sample")).toBe("q12");
    await page.keyboard.press("k");
    await opened.getByText("What is 11 and 11?").waitFor();
    expect(await barriers(page)).toEqual([]);
    // The address is the whole state: it opens the same, and narrow it is a page of its own.
    const again = await open(page.url(), { theme: "dark", width: 390 });
    await again.getByText("What is 11 and 11?").waitFor();
    expect(await barriers(again)).toEqual([]);
    await again.keyboard.press("Escape");
    await again.getByRole("table", { name: "Samples" }).waitFor();
    expect(await barriers(again)).toEqual([]);
  });

  test("samples are listed by what became of them, beside each other in all benchmarks", async () => {
    const page = await open(`${home}/compare?baseline=${ids.base}&with=${ids.worse}&with=${ids.same}`);
    const samples = page.getByRole("table", { name: "Samples" });
    const status = page.getByRole("region", { name: "Samples", exact: true }).getByRole("status");
    await status.filter({ hasText: /^30 samples$/ }).waitFor();
    const row = samples.getByRole("row").nth(1);
    expect(await row.innerText()).toMatch(/^q10\s+1\s+1\s+▼\s*worse:\s*0\s+1$/);
    for (const [tab, said] of [
      ["Improved", "1 sample"],
      ["Both wrong", "19 samples"],
      ["Only one right", "1 sample"],
      ["Unchanged", "29 samples"],
      ["Missing", "0 samples"],
    ] as const) {
      await page.getByRole("link", { name: tab }).click();
      await status.filter({ hasText: new RegExp(`^${said}$`) }).waitFor();
    }
    expect(new URL(page.url()).searchParams.get("show")).toBe("missing");
    await page.getByRole("link", { name: "Regressed" }).click();
    await page.getByLabel("Of candidate").selectOption("same");
    await page.getByText("No sample is here.").waitFor();
    // A sample that the list does not have, as behind a link that was passed on.
    const far = await open(`${page.url()}&sample=q59`);
    await far.getByRole("region", { name: "Sample q59" }).getByText("What is 59 and 59?").waitFor();
  });

  test("a sample leads to what other benchmarks of the dataset have of it, and to the difference", async () => {
    const page = await open(`${home}/benchmarks/${ids.base}/samples?sample=q10`);
    await page.getByRole("link", { name: "q10" }).click();
    await page.getByText("The same sample in other benchmarks of sums.v1").click();
    const others = page.getByRole("region", { name: "The sample in other benchmarks" }).getByRole("row");
    await others.nth(2).waitFor();
    expect(await others.nth(1).innerText()).toMatch(/^same\s+same\s+1\s+It is 20\./);
    expect(await others.nth(2).innerText()).toMatch(/^worse\s+worse\s+0\s+It is <b>21<\/b>\./);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Compare with worse" }).click();
    const opened = page.getByRole("region", { name: "Sample q10" });
    await opened.locator("ins").filter({ hasText: "<b>" }).first().waitFor();
  });

  test("a candidate for which the list of samples has no room is named", async () => {
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        db.benchmarks.create({ name: `other ${n}`, provider: "acme", model: `m${n}`, dataset: "sums.v1" }),
      ),
    );
    const candidates = others.map(({ id }) => `&with=${id}`);
    const page = await open(`${home}/compare?baseline=${ids.base}${candidates.join("")}`);
    const note = page.getByText("leaves out other 19: choose it under");
    await note.waitFor();
    await page.getByLabel("Of candidate").selectOption({ label: "other 19" });
    await note.waitFor({ state: "detached" });
  });

  test("the ends of a metric that has none of its own are asked for where missing values count as the worst", async () => {
    const [first, second] = await Promise.all(
      [3, 2].map(async (measured) => {
        const about = { name: `${measured} of 3`, provider: "acme", model: "m", dataset: "timed" };
        const { id: benchmarkId } = await db.benchmarks.create(about);
        const evaluations = Array.from({ length: 3 }, (_, n) => ({
          ...{ benchmarkId, sampleId: `q${n}`, input: "i", output: "o" },
          ...(n < measured && { latencyMs: 100 + n }),
        }));
        await db.evaluations.createMany(evaluations);
        return benchmarkId;
      }),
    );
    const path = `compare?baseline=${first}&with=${second}&metric=latency_ms`;
    const page = await open(`${home}/${path}`);
    await page.getByRole("row", { name: /^2 of 3/ }).waitFor();
    await page.getByLabel("Samples without a value").selectOption("as the worst");
    await page.getByRole("alert").filter({ hasText: "range_high" }).waitFor();
    expect(faults.splice(0).filter((fault) => !/\b400\b/.test(fault))).toEqual([]);
    await page.getByLabel("Greatest value possible").fill("60000");
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByRole("row", { name: /^2 of 3 .* 3 / }).waitFor();
    await page.getByRole("button", { name: "Copy as" }).click();
    const command = page.getByRole("dialog", { name: "Copy as" }).getByRole("region", { name: "ltb" });
    await command.waitFor();
    expect(await command.innerText()).toContain("--missing as_worst --range :60000");
    expect(await barriers(page)).toEqual([]);
  });
});
