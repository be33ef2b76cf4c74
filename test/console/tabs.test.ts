import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/address.ts";
import { bench } from "../auth/support.ts";
import { eventually } from "../harness/waiting.ts";
import { program } from "./browser.ts";
import { tabs } from "./tabs.ts";

describe.skipIf(!program)("tabs of the console", async () => {
  const { serve, db } = await bench();
  const { open, bringToFront, evaluate } = tabs();
  let console_ = "";

  beforeAll(async () => {
    const { httpAddress } = await serve({ LTB_AUTH: "off" });
    console_ = `http://${formatAddress(httpAddress)}/console`;
  });

  // A browser opens six connections to a service, over all tabs, and each of these pages follows a stream.
  test("seven at once load, and a call answers in the seventh", async () => {
    const { id } = await db.benchmarks.create({ name: "seen", provider: "p", model: "m", dataset: "d" });
    const opened = await Promise.all(Array.from({ length: 7 }, () => open(`${console_}/benchmarks`)));
    const shows = (text: string) =>
      `document.querySelector("main")?.innerText.includes(${JSON.stringify(text)})`;
    for (const tab of opened) await eventually(async () => (await evaluate(tab, shows("seen"))) === true);
    const visible = await Promise.all(opened.map((tab) => evaluate(tab, "document.visibilityState")));
    expect(visible.filter((state) => state === "visible")).toHaveLength(1);
    const [first, seventh] = [opened[0], opened[6]];
    if (!first || !seventh) throw new Error("no tab was opened");
    const call = `Promise.race([
      fetch("/ltb.v1.SystemService/GetInfo", {
        method: "POST", headers: { "content-type": "application/json" }, body: "{}" }).then(({ status }) => status),
      new Promise((resolve) => setTimeout(resolve, 5000, "no answer")),
    ])`;
    expect(await evaluate(seventh, call)).toBe(200);
    // A tab that comes to the front follows its stream again.
    await bringToFront(first);
    await db.benchmarks.update(id, { status: "running" });
    await eventually(async () => (await evaluate(first, shows("running"))) === true);
  });
});
