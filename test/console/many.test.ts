import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { fillEvaluations } from "../bench/evaluations/fill.ts";
import { onlooker } from "../harness/postgres.ts";
import { browser, program } from "./browser.ts";

describe.skipIf(!program)("100,000 samples feel like a thousand", async () => {
  const { serve, connection } = await bench();
  const { open } = browser();
  const client = await onlooker(connection);
  afterAll(() => client.end());
  const rows = 100_000;
  let list = "";

  beforeAll(async () => {
    const id = await fillEvaluations(client, { rows, shift: 0 });
    await client.query("update benchmarks set total_iterations = $2 where id = $1", [id, rows]);
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    list = `http://${formatAddress(httpAddress)}/console/benchmarks/${id}/samples?order=oldest`;
  });

  test("the list asks for those that one scrolls to, and lays out those in sight", async () => {
    const page = await open("about:blank");
    let asked = 0;
    let received = 0;
    // The browser forgets bodies before one can ask for them, so each is read on its way there.
    await page.route("**/ListEvaluations", async (route) => {
      asked++;
      const answer = await route.fetch();
      received += (await answer.body()).length;
      await route.fulfill({ response: answer });
    });
    await page.goto(list);
    await page.getByRole("link", { name: "s0", exact: true }).waitFor();
    expect(asked).toBe(1);
    const inSight = () => page.getByRole("row").count();
    const mostInSight = 60;
    expect(await inSight()).toBeLessThan(mostInSight);
    for (
      let times = 0;
      times < 200 && (await page.getByText("s450", { exact: true }).count()) === 0;
      times++
    ) {
      await page.mouse.wheel(0, 2_000);
      await page.waitForTimeout(20);
    }
    await page.getByText("s450", { exact: true }).waitFor();
    expect(await inSight()).toBeLessThan(mostInSight);
    expect(await page.getByText("s0", { exact: true }).count()).toBe(0);
    const last = await page.evaluate<number>(
      "Math.max(...[...document.querySelectorAll('[data-index]')].map(({ dataset }) => Number(dataset.index)))",
    );
    // Pages of 100, and one or two ahead of what is in sight.
    expect(asked).toBeGreaterThanOrEqual(5);
    expect(asked).toBeLessThanOrEqual(Math.ceil(last / 100) + 2);
    await page.getByText(/^the first \d{3,4}|^the first 1,\d{3}/).waitFor();
    await page.unrouteAll({ behavior: "wait" });
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(asked * 100 * 1024);
  });
});
