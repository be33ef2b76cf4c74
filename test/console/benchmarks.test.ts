import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench, clients, listeners } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { barriers, browser, program } from "./browser.ts";
import { count, plain, sampleOf, seedBenchmark } from "./samples.ts";

describe.skipIf(!program)("benchmarks in the console", async () => {
  const { serve, db, caller } = await bench();
  const { open, faults } = browser();
  let console_ = "";
  let signedIn = "";
  let rpc: ReturnType<typeof clients>["benchmarks"];

  beforeAll(async () => {
    await seedBenchmark(db);
    const service = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(service.httpAddress)}/console`;
    rpc = clients(listeners.HTTP(service)).benchmarks;
    const guarded = await serve();
    signedIn = `http://${formatAddress(guarded.httpAddress)}/console`;
  });

  const newBenchmark = (name: string, more: { labels?: Record<string, string> } = {}) =>
    db.benchmarks.create({ name, provider: "p", model: "m", dataset: "d", totalIterations: 10, ...more });

  test("live without jumping: rows change in place, and new benchmarks wait until they are asked for", async () => {
    const { id } = await newBenchmark("changes in place");
    const page = await open(`${console_}/benchmarks`);
    const row = page.getByRole("row").filter({ hasText: "changes in place" });
    await row.getByText("pending").waitFor();
    await db.benchmarks.update(id, { status: "running" });
    await db.evaluations.create({ benchmarkId: id, sampleId: "1", input: "i", output: "o", score: 0.25 });
    await row.getByText("running").waitFor();
    await row.getByText("1 of 10").waitFor();
    await row.getByText("0.25").waitFor();
    await newBenchmark("comes later");
    const more = page.getByRole("button", { name: /^Show \d+ new$/ });
    await more.waitFor();
    expect(await page.getByText("comes later").count()).toBe(0);
    await more.click();
    await page.getByRole("link", { name: "comes later" }).waitFor();
  });

  test("filters and picks are the address; two that are picked can be compared", async () => {
    const one = await newBenchmark("left", { labels: { branch: "main", suite: "pair" } });
    const other = await newBenchmark("right", { labels: { branch: "main", suite: "pair" } });
    const page = await open(`${console_}/benchmarks?label=suite%3Dpair`);
    await page.getByRole("link", { name: "right" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("Part of the name").fill("RIGH");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await page.getByLabel("Part of the name").fill("");
    await expect.poll(() => page.getByRole("row").count()).toBe(3);
    await page.getByLabel("Select left").check();
    await page.getByLabel("Select right").check();
    const link = page.getByRole("link", { name: "Compare them with the first" });
    expect(await link.getAttribute("href")).toBe(`/console/compare?baseline=${one.id}&with=${other.id}`);
    await page.getByLabel("Status").selectOption("failed");
    await page.getByText("No benchmark matches.").waitFor();
    expect(new URL(page.url()).searchParams.get("status")).toBe("failed");
    await page.reload();
    await page.getByText("No benchmark matches.").waitFor();
    await page.getByRole("button", { name: /Remove the filter by label/ }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("label")).toBeNull();
  });

  test("runs of a model on a dataset are drawn, and lead to each other", async () => {
    const ids: string[] = [];
    for (const right of [54, 12]) {
      const name = `run with ${right}`;
      const { id } = await db.benchmarks.create({ name, provider: "p", model: "repeated", dataset: "runs" });
      const evaluationOf = (n: number) => ({ input: "i", output: "o", score: n < right ? 1 : 0 });
      await db.evaluations.createMany(
        Array.from({ length: 60 }, (_, n) => ({ benchmarkId: id, sampleId: `q${n}`, ...evaluationOf(n) })),
      );
      ids.push(id);
    }
    const page = await open(`${console_}/benchmarks/${ids[1]}`);
    await page.getByRole("heading", { name: "Runs of this model on the dataset" }).waitFor();
    // A line has no width to be seen by.
    await page.locator(".chart .bad .change").waitFor({ state: "attached" });
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("link", { name: /^run with 54, .*: 0\.9$/ }).click();
    await page.getByRole("heading", { level: 1, name: "run with 54" }).waitFor();
  });

  test("a chart is a filter: a bar of the histogram leads to exactly the samples in it", async () => {
    const page = await open(`${console_}/benchmarks/${plain}`);
    const bar = page.getByRole("link", { name: /^0\.5 to / });
    const [, inBar] = /: (\d+)$/.exec((await bar.getAttribute("aria-label")) ?? "") ?? [];
    await bar.click();
    await page.getByRole("heading", { name: "Samples" }).waitFor();
    await page.getByText(`${inBar} evaluations`).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "latency_ms" }).click();
    const slow = page.getByRole("link", { name: /^320 to / });
    const [, among] = /: (\d+)$/.exec((await slow.getAttribute("aria-label")) ?? "") ?? [];
    await slow.click();
    await page.getByText(`${among} evaluations`).waitFor();
    // The console was not loaded anew.
    expect(await page.evaluate("performance.getEntriesByType('navigation')[0].name")).toBe(
      `${console_}/benchmarks/${plain}`,
    );
  });

  test("groups by a key of the metadata are drawn with their intervals", async () => {
    const page = await open(`${console_}/benchmarks/${plain}`);
    await page.getByLabel("Key of the metadata").fill("subject");
    const forest = page.getByRole("group", { name: "Mean score by subject" });
    await forest.locator("text.name", { hasText: "geometry · n 78" }).waitFor();
    expect(await forest.locator(".whisker").count()).toBe(3);
    expect(new URL(page.url()).searchParams.get("group")).toBe("subject");
  });

  test("no number without its uncertainty: figures stand with their intervals, and what lacks is said", async () => {
    const page = await open(`${console_}/benchmarks/${plain}`);
    const score = page.locator(".card").filter({ hasText: "score" });
    await score.getByText(/^0\.\d+ to 0\.\d+$/).waitFor();
    await score.getByText("234 of 240 samples so far: 6 failed").waitFor();
    await page.getByRole("link", { name: "Failures (6)" }).waitFor();
    await db.evaluations.create({ benchmarkId: plain, input: "i", error: "one more, of 4096 kinds" });
    await page.getByRole("link", { name: "Failures (7)" }).waitFor();
    await page.getByRole("listitem").filter({ hasText: "one more" }).getByRole("link", { name: "1" }).click();
    await page.getByText("1 evaluation").waitFor();
    expect(new URL(page.url()).searchParams.get("error")).toBe("one more, of");
  });

  test("the list of samples renders what is in sight, and goes on as one scrolls", async () => {
    const page = await open(`${console_}/benchmarks/${plain}/samples?order=oldest`);
    await page.getByRole("link", { name: "q0", exact: true }).waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    for (let times = 0; times < 100 && (await page.getByText(`q${count - 1}`).count()) === 0; times++) {
      await page.mouse.wheel(0, 3_000);
      await page.waitForTimeout(50);
    }
    await page.getByText(`q${count - 1}`).waitFor();
  });

  test("a search that needs an index says how to add it", async () => {
    const page = await open(`${console_}/benchmarks/${plain}/samples?text=apples`);
    await page.getByText("ltb migrate index add text").waitFor();
    await expect.poll(() => faults.splice(0).length).toBeGreaterThan(0);
  });

  test("keys lead through the list that a sample was found in", async () => {
    const page = await open(`${console_}/benchmarks/${plain}/samples/${sampleOf(7)}?failed=1&order=oldest`);
    await page.getByRole("heading", { level: 1, name: "q7" }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: /Next/ }).isEnabled()).toBe(true);
    await page.keyboard.press("]");
    await page.getByRole("heading", { level: 1, name: "q47" }).waitFor();
    await page.keyboard.press("[");
    await page.getByRole("heading", { level: 1, name: "q7" }).waitFor();
    expect(new URL(page.url()).searchParams.get("failed")).toBe("1");
  });

  test("what differs of output and expected is marked word by word", async () => {
    const page = await open(`${console_}/benchmarks/${plain}/samples/${sampleOf(3)}`);
    await page.getByRole("link", { name: "Difference" }).click();
    await page.locator("ins", { hasText: "apples" }).waitFor();
    expect(await page.locator("del").allTextContents()).toContain("pears");
    expect(new URL(page.url()).searchParams.get("view")).toBe("diff");
  });

  test("numbers in documents keep their digits", async () => {
    const { evaluation } = await rpc.createEvaluation({
      benchmarkId: plain,
      input: "i",
      output: '{"n":12345678901234567891}',
      metadataJson: '{"n":12345678901234567893}',
    });
    const page = await open(`${console_}/benchmarks/${plain}/samples/${evaluation?.id}?view=json`);
    await page.getByRole("region", { name: "Output" }).getByText("12345678901234567891").waitFor();
    await page.getByRole("region", { name: "Metadata" }).getByText("12345678901234567893").waitFor();
  });

  test("single keys can be switched off", async () => {
    const page = await open(`${console_}/benchmarks/${plain}/samples/${sampleOf(3)}`);
    await page.getByText("Settings").click();
    await page.getByLabel(/Single keys/).uncheck();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("d");
    await page.keyboard.press("m");
    expect(new URL(page.url()).searchParams.get("view")).toBeNull();
  });

  test("its owner renames, cancels and deletes a benchmark; a viewer is not offered it", async () => {
    const owner = await caller("user");
    const viewer = await caller("viewer");
    const { id } = await db.benchmarks.create({
      name: "mine",
      provider: "p",
      model: "m",
      dataset: "d",
      createdBy: owner.userId,
    });
    const openAs = (key: string) => open(`${signedIn}/benchmarks/${id}`, { key });
    const seen = await openAs(viewer.key);
    await seen.getByRole("heading", { name: "Changes" }).waitFor();
    expect(await seen.getByRole("button", { name: /Delete/ }).count()).toBe(0);

    const page = await openAs(owner.key);
    await page.getByRole("button", { name: "Rename…" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("mine, renamed");
    await page.getByRole("button", { name: "Rename", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "mine, renamed" }).waitFor();
    await page.getByRole("listitem").filter({ hasText: "name mine mine, renamed" }).waitFor();
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("button", { name: "Cancel it" }).click();
    await expect.poll(() => db.benchmarks.get(id).then(({ status }) => status)).toBe("cancelled");
    await page.getByRole("button", { name: "Delete…" }).click();
    expect(await page.getByRole("button", { name: "Delete it" }).isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: /Type/ }).fill("mine, renamed");
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.getByRole("heading", { level: 1, name: "Benchmarks" }).waitFor();
    await expect(db.benchmarks.get(id)).rejects.toThrow();
  });

  test("a sample's values have their place among all, its metadata lead to others, and those are exported", async () => {
    const page = await open(`${console_}/benchmarks/${plain}/samples/${sampleOf(19)}`);
    await page.getByText("higher than 94.9%, about the same as 5.1% of 234").waitFor();
    await page.getByText("higher than 0%, the same as 100% of 240").first().waitFor();
    await page.getByRole("region", { name: "Metadata" }).getByRole("link", { name: "geometry" }).click();
    await page.getByText(/^80 evaluations/).waitFor();
    expect(new URL(page.url()).searchParams.get("meta")).toBe("subject=geometry");
    await page.getByRole("button", { name: "Export…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(`ltb export --metadata subject=geometry --format csv`).waitFor();
    expect(await barriers(page)).toEqual([]);
    const arrives = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Export", exact: true }).click();
    const download = await arrives;
    expect(download.suggestedFilename()).toBe("gsm-6b, nightly.csv");
    const text = await readFile(await download.path(), "utf8");
    expect(text).toMatch(/^\uFEFFid,benchmark_id,sample_id,/);
    expect(text.match(/geometry/g)).toHaveLength(80);
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Remove the filter by metadata subject=geometry" }).click();
    await page.getByText(/^the first 100 of/).waitFor();
  });

  test("several benchmarks are deleted at once, after it is said what goes with them", async () => {
    const owner = await caller("user");
    const make = async (name: string, createdBy?: string) => {
      const given = { name, provider: "p", model: "m", dataset: "gone", ...(createdBy && { createdBy }) };
      const { id } = await db.benchmarks.create(given);
      await db.evaluations.create({ benchmarkId: id, sampleId: "1", input: "i", output: "o" });
      return id;
    };
    const own = [await make("mine", owner.userId), await make("mine, too", owner.userId)];
    const other = await make("another's");
    const page = await open(`${signedIn}/benchmarks?dataset=gone`, { key: owner.key });
    await page.getByLabel("Select another's").check();
    for (const name of ["mine", "mine, too"])
      await page.getByLabel(`Select ${name}`, { exact: true }).check();
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("2 evaluations go with them").waitFor();
    await dialog.getByText("1 stay: other users created them.").waitFor();
    expect(await barriers(page)).toEqual([]);
    // One is refused: the other is gone, here and in the list behind.
    let asked = 0;
    await page.route("**/DeleteBenchmark", (route) =>
      ++asked === 2
        ? route.fulfill({ status: 500, json: { code: "internal", message: "not this time" } })
        : route.continue(),
    );
    await dialog.getByRole("textbox").fill("delete 2");
    await dialog.getByRole("button", { name: "Delete 2" }).click();
    await dialog.getByRole("alert").getByText("not this time").waitFor();
    await dialog.getByText("1 is gone already.").waitFor();
    await eventually(async () => (await page.getByLabel(/^Select mine/).count()) === 1);
    expect(faults.splice(0).filter((fault) => !/\b(?:500|404)\b/.test(fault))).toEqual([]);
    await dialog.getByRole("textbox").fill("delete 1");
    await dialog.getByRole("button", { name: "Delete 1" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(faults.splice(0).filter((fault) => !/\b404\b/.test(fault))).toEqual([]);
    for (const id of own) await expect(db.benchmarks.get(id)).rejects.toMatchObject({ reason: "NOT_FOUND" });
    expect((await db.benchmarks.get(other)).name).toBe("another's");
    expect(new URL(page.url()).searchParams.get("pick")).toBeNull();
  });
});
