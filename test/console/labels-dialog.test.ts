import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { barriers, browser, program } from "./browser.ts";

describe.skipIf(!program)("the labels of a benchmark", async () => {
  const { serve, db } = await bench();
  const { open, faults } = browser();
  let console_ = "";

  beforeAll(async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(httpAddress)}/console`;
  });

  const newBenchmark = (name: string, labels: Record<string, string>) =>
    db.benchmarks.create({ name, provider: "p", model: "m", dataset: "d", totalIterations: 10, labels });

  test("labels are edited; what others changed meanwhile is shown, and what was typed stays", async () => {
    const { id } = await newBenchmark("labelled", { kept: "1", mine: "old", theirs: "old" });
    const page = await open(`${console_}/benchmarks/${id}`);
    await page.getByRole("button", { name: "Labels…" }).click();
    const dialog = page.getByRole("dialog", { name: "Labels of this benchmark" });
    await dialog.getByText("At most 64 labels.").waitFor();
    await dialog.getByLabel("Value 2").fill("typed");
    await dialog.getByRole("button", { name: "Add a label" }).click();
    await page.keyboard.type("kept");
    await dialog.getByText("Key 4 is there twice.").waitFor();
    expect(await dialog.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Key 4").fill("k".repeat(64));
    await dialog.getByText("Key 4 has 64 characters, at most 63 are possible.").waitFor();
    await dialog.getByLabel("Key 4").fill("ключ");
    await dialog.getByLabel("Value 4").fill("новый");
    await dialog.getByRole("button", { name: "Remove label 1" }).click();
    expect(await barriers(page)).toEqual([]);
    await db.benchmarks.update(id, { labels: { kept: "1", mine: "old", theirs: "new", more: "2" } });
    await dialog.getByRole("button", { name: "Save" }).click();
    const others = dialog.getByRole("region", { name: "Changed by others" });
    await expect
      .poll(() => others.getByRole("listitem").allTextContents())
      .toEqual(["theirs old new", "more  2"]);
    expect(await dialog.getByLabel("Value 1").inputValue()).toBe("typed");
    expect(await barriers(page)).toEqual([]);
    // The refusal is an error to the browser.
    expect(faults.splice(0).length).toBeGreaterThan(0);
    await others.getByRole("button", { name: "Take their changes over" }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const labels = { mine: "typed", theirs: "new", more: "2", ключ: "новый" };
    expect((await db.benchmarks.get(id)).labels).toEqual(labels);
  });

  test("the last label can be removed, and a change of the status alone asks nothing", async () => {
    const { id } = await newBenchmark("one label", { only: "1" });
    const page = await open(`${console_}/benchmarks/${id}`);
    await page.getByRole("button", { name: "Labels…" }).click();
    await page.getByRole("button", { name: "Remove label 1" }).click();
    await db.benchmarks.update(id, { status: "running" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect((await db.benchmarks.get(id)).labels).toEqual({});
    expect(faults.splice(0).length).toBeGreaterThan(0);
  });
});
