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
  const { open } = browser();
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

  /** Counts the pages that are asked for, and holds back those after the first until they are let go. */
  const watched = async (page: Page, { hold = Promise.resolve() } = {}) => {
    const asked = { first: 0, later: 0 };
    await page.route("**/GetLeaderboard", async (route) => {
      const request = fromBinary(
        GetLeaderboardRequestSchema,
        route.request().postDataBuffer() ?? Buffer.of(),
      );
      const isLater = request.pageToken !== "";
      asked[isLater ? "later" : "first"]++;
      if (isLater) await hold;
      await route.continue();
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
    const page = await open("about:blank");
    const asked = await watched(page);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.goto(board);
    // Time passes in steps, of which the page needs few.
    await eventually(async () => {
      await page.clock.runFor(10);
      await goToEnd(page);
      return last(page).isVisible();
    });
    expect(asked).toEqual({ first: 1, later: 1 });
    await page.clock.runFor(12_000);
    expect(asked).toEqual({ first: 1, later: 1 });
    await page.clock.runFor(8_100);
    await eventually(async () => {
      await page.clock.runFor(10);
      return asked.later === 2;
    });
    expect(asked).toEqual({ first: 2, later: 2 });
  });
});
