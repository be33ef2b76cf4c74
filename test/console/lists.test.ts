import { fromBinary } from "@bufbuild/protobuf";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { GetLeaderboardRequestSchema } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { browser, program } from "./browser.ts";

describe.skipIf(!program)("lists of several pages", async () => {
  const { serve, db } = await bench();
  const { open, faults } = browser();
  const rows = 130;
  let board = "";

  beforeAll(async () => {
    for (let index = 0; index < rows; index++) {
      const about = { name: `run ${index}`, provider: "p", model: "m", dataset: "long" };
      const { id } = await db.benchmarks.create(about);
      const score = 1 - index / rows;
      await db.evaluations.create({ benchmarkId: id, sampleId: "q", input: "i", output: "o", score });
    }
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    board = `http://${formatAddress(httpAddress)}/console/leaderboards/long`;
  });

  /**
   * Counts the pages that are asked for, and holds back those after the first until they are let go.
   * @param refuse the code with which those after the first fail at first
   */
  const watched = async (
    page: Page,
    { hold = Promise.resolve(), refuse }: { hold?: Promise<void>; refuse?: string } = {},
  ) => {
    const asked = { first: 0, later: 0, refuse };
    await page.route("**/GetLeaderboard", async (route) => {
      const request = fromBinary(
        GetLeaderboardRequestSchema,
        route.request().postDataBuffer() ?? Buffer.of(),
      );
      const isLater = request.pageToken !== "";
      asked[isLater ? "later" : "first"]++;
      if (isLater) await hold;
      if (isLater && asked.refuse !== undefined)
        await route.fulfill({ status: 500, json: { code: asked.refuse, message: "not this time" } });
      else await route.continue();
    });
    return asked;
  };
  const goToEnd = (page: Page) => page.evaluate("window.scrollTo(0, document.body.scrollHeight)");
  const last = (page: Page) => page.getByRole("link", { name: `run ${rows - 1}`, exact: true }).last();

  test("a page that is on its way is not asked for anew when the list is drawn again", async () => {
    const page = await open("about:blank");
    let letGo = () => {};
    const hold = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const asked = await watched(page, { hold });
    await page.goto(board);
    await page.getByRole("table", { name: "Standings" }).waitFor();
    await eventually(async () => {
      await goToEnd(page);
      return asked.later > 0;
    });
    await page.getByRole("button", { name: "live" }).click();
    await page.getByRole("button", { name: "paused" }).waitFor();
    letGo();
    await eventually(async () => {
      await goToEnd(page);
      return last(page).isVisible();
    });
    expect(asked.later).toBe(1);
  });

  test("a list is asked anew the less often the more of its pages are loaded", async () => {
    const page = await open("about:blank", { apart: true });
    await page.addInitScript({
      content: `window.askedAt = [];
        const ask = window.fetch;
        window.fetch = (url, ...options) => {
          if (String(url).endsWith("/GetLeaderboard")) askedAt.push(Date.now());
          return ask(url, ...options);
        };`,
    });
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.goto(board);
    // Time passes in steps, of which the page needs few.
    await eventually(async () => {
      await page.clock.runFor(10);
      await goToEnd(page);
      return last(page).isVisible();
    });
    const times = () => page.evaluate<number[]>("askedAt");
    const [, second = Number.NaN] = await times();
    await eventually(async () => {
      await page.clock.runFor(500);
      return (await times()).length === 4;
    });
    // Each of the two pages has ten seconds of its own.
    const [, , again = Number.NaN] = await times();
    expect(again - second).toBeGreaterThanOrEqual(20_000);
    expect(again - second).toBeLessThan(30_000);
  });

  /** Opens the list, keeps it from asking anew by itself, and scrolls until a later page has failed. */
  const failedAtEnd = async (page: Page, pass: () => Promise<void>) => {
    await page.goto(board);
    await page.getByRole("table", { name: "Standings" }).waitFor();
    await page.getByRole("button", { name: "live" }).click();
    await page.getByRole("button", { name: "paused" }).waitFor();
    const alert = page.getByRole("alert").filter({ hasText: "not this time" });
    await eventually(async () => {
      await pass();
      await goToEnd(page);
      return alert.isVisible();
    });
    return alert;
  };
  const onlyRefused = () => faults.splice(0).filter((fault) => !/\b500\b/.test(fault));

  test("a next page that failed is asked for once, and by the reader's word alone without those before it", async () => {
    const page = await open("about:blank");
    const asked = await watched(page, { refuse: "internal" });
    const alert = await failedAtEnd(page, async () => {});
    // Each round goes to the page and back, in which it would have asked again.
    for (let round = 0; round < 20; round++) await goToEnd(page);
    expect(asked).toMatchObject({ first: 1, later: 1 });
    asked.refuse = undefined;
    await alert.getByRole("button", { name: "Try again" }).click();
    await eventually(async () => {
      await goToEnd(page);
      return last(page).isVisible();
    });
    expect(asked).toMatchObject({ first: 1, later: 2 });
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(onlyRefused()).toEqual([]);
  });

  test("a next page that may come the next time is asked for again by itself, without those before it", async () => {
    const page = await open("about:blank", { apart: true });
    const asked = await watched(page, { refuse: "unavailable" });
    await page.clock.install();
    await failedAtEnd(page, () => page.clock.runFor(500));
    asked.refuse = undefined;
    await eventually(async () => {
      await page.clock.runFor(500);
      await goToEnd(page);
      return last(page).isVisible();
    });
    expect(asked.first).toBe(1);
    expect(onlyRefused()).toEqual([]);
  });

  test("a list at rest that could not be read anew is asked for again by itself", async () => {
    const page = await open("about:blank");
    let isAway = false;
    await page.route("**/ListBenchmarks", (route) =>
      isAway
        ? route.fulfill({ status: 500, json: { code: "unavailable", message: "not this time" } })
        : route.continue(),
    );
    await page.clock.install();
    await page.goto(board.replace(/leaderboards.*/, "benchmarks"));
    await page.getByRole("table", { name: "Benchmarks" }).waitFor();
    isAway = true;
    // What the page shows is asked anew where it goes on.
    await page.getByRole("button", { name: "live" }).click();
    await page.getByRole("button", { name: "paused" }).click();
    const alert = page.getByRole("alert").filter({ hasText: "not this time" });
    await eventually(async () => {
      await page.clock.runFor(500);
      return alert.isVisible();
    });
    isAway = false;
    await eventually(async () => {
      await page.clock.runFor(500);
      return alert.isHidden();
    });
    expect(onlyRefused()).toEqual([]);
  });
});
