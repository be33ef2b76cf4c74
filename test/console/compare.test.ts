import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { barriers, browser, program } from "./browser.ts";

describe.skipIf(!program)("comparisons and leaderboards", async () => {
  const { db, serve } = await bench();
  const { open } = browser();
  let home = "";
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    execFileSync(process.execPath, ["scripts/build-console.ts"]);
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    home = `http://${formatAddress(httpAddress)}/console`;
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
      }));
      await db.evaluations.createMany(evaluations);
    }
  });

  test("a leaderboard leads to a comparison of what was chosen", async () => {
    const page = await open(`${home}/leaderboards`);
    await page.getByRole("link", { name: "sums.v1" }).click();
    await page.getByRole("heading", { level: 1, name: "Leaderboard of sums.v1" }).waitFor();
    await page.getByRole("checkbox", { name: "choose same" }).check();
    await page.getByRole("checkbox", { name: "choose worse" }).check();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: "Compare 2 of them" }).click();
    await page.getByRole("cell", { name: "worse", exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("baseline")).toBe(ids.same);
  });

  test("a benchmark is found by a part of its name", async () => {
    const page = await open(`${home}/compare?baseline=${ids.base}`);
    await page.getByText("Add a benchmark").click();
    await page.getByLabel("Name or id").fill("ORS");
    await page.getByRole("button", { name: "worse", exact: true }).click();
    await page.getByRole("cell", { name: "worse", exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get("with")).toBe(ids.worse);
  });

  test("better and worse are said only where the test says so, and a regression opens with its words", async () => {
    const page = await open(`${home}/compare?baseline=${ids.base}&with=${ids.worse}&with=${ids.same}`, {
      width: 390,
    });
    const rows = page.getByRole("region", { name: "Figures of the comparisons" }).getByRole("row");
    await rows.nth(2).waitFor();
    expect(await rows.nth(1).innerText()).toMatch(/worse\s.*\s*60/);
    expect(await rows.nth(2).innerText()).toContain("no significant difference");
    await page.getByRole("button", { name: "q10", exact: true }).first().click();
    await page.getByText("What is 10 and 10?").waitFor();
    // What a model wrote is text, be it in sight or below.
    await page.locator("ins").filter({ hasText: "<b>" }).first().waitFor();
    expect(new URL(page.url()).searchParams.get("sample")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await barriers(page)).toEqual([]);
    // The address is the whole state: it opens the same.
    const again = await open(page.url(), { theme: "dark" });
    await again.getByText("What is 10 and 10?").waitFor();
    expect(await barriers(again)).toEqual([]);
  });
});
