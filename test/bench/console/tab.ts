import { readFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumArgs, chromiumProgram } from "../../harness/chromium.ts";

/** A Chromium whose pages are signed in with a key. */
export class Tabs {
  readonly #browser: Browser;
  readonly #key: string;

  private constructor(browser: Browser, key: string) {
    this.#browser = browser;
    this.#key = key;
  }

  static async start(key: string): Promise<Tabs> {
    if (!chromiumProgram) throw new Error("there is no Chromium in PATH (LTB_CHROMIUM names one)");
    return new Tabs(await chromium.launch({ executablePath: chromiumProgram, args: chromiumArgs }), key);
  }

  /** A page of a browser that has nothing in its cache. */
  async open(): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 860 },
      extraHTTPHeaders: { authorization: `Bearer ${this.#key}` },
    });
    const page = await context.newPage();
    await page.addInitScript({ content: watch });
    return page;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

// The policy of the console allows no script made of a text, so what pages are asked is there from the start.
const watch = `window.bench = {
  // Milliseconds of the page when nothing was being loaded for the first time.
  rendered: undefined,
  // When a key was last pressed, and how long it then took until the heading was another.
  pressed: undefined, answered: undefined,
  blanks: [],
};
addEventListener("keydown", () => {
  const before = document.querySelector("h1")?.textContent;
  bench.pressed = performance.now();
  bench.answered = undefined;
  const look = () => {
    const heading = document.querySelector("h1")?.textContent;
    const isDone = heading !== before && heading !== "Sample" && !document.body.textContent.includes("Loading…");
    if (isDone) bench.answered = performance.now() - bench.pressed;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, true);
const observer = new MutationObserver(() => {
  if (!document.querySelector("main h1") || document.body.textContent.includes("Loading…")) return;
  observer.disconnect();
  // Twice: the first frame is the one that shows it.
  requestAnimationFrame(() => requestAnimationFrame(() => { bench.rendered = performance.now(); }));
});
observer.observe(document, { subtree: true, childList: true, characterData: true });`;

/** Milliseconds until the page shows all that it asked for at first. */
export async function renderTime(page: Page): Promise<number> {
  for (;;) {
    const rendered = await page.evaluate<number | undefined>("bench.rendered");
    if (rendered !== undefined) return rendered;
    await page.waitForTimeout(20);
  }
}

/** Presses a key, and answers the milliseconds until the page has another heading and loads nothing. */
export async function keyTime(page: Page, key: string): Promise<number> {
  await page.keyboard.press(key);
  for (;;) {
    const answered = await page.evaluate<number | undefined>("bench.answered");
    if (answered !== undefined) return answered;
    await page.waitForTimeout(10);
  }
}

/**
 * Turns the wheel through a list of rows for some seconds.
 * @returns the longest time in milliseconds in which the middle of the window showed no row, how many frames
 *   a second were looked at, and how far the list went
 */
export async function scroll(page: Page, seconds: number) {
  await page.evaluate(`
    bench.blanks = [];
    bench.frames = 0;
    bench.since = undefined;
    bench.startedAt = performance.now();
    bench.look = () => {
      bench.frames++;
      const row = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('[role="row"]');
      if (row?.textContent) {
        if (bench.since !== undefined) bench.blanks.push(performance.now() - bench.since);
        bench.since = undefined;
      } else bench.since ??= performance.now();
      if (bench.look) requestAnimationFrame(bench.look);
    };
    requestAnimationFrame(bench.look); 0`);
  await page.mouse.move(640, 500);
  const end = performance.now() + 1_000 * seconds;
  while (performance.now() < end) {
    await page.mouse.wheel(0, 900);
    await page.waitForTimeout(16);
  }
  return page.evaluate<{ longest: number; framesPerSecond: number; row: number }>(`(() => {
    bench.look = undefined;
    const now = performance.now();
    if (bench.since !== undefined) bench.blanks.push(now - bench.since);
    const rows = [...document.querySelectorAll('[role="row"][data-index]')];
    return {
      longest: Math.max(0, ...bench.blanks),
      framesPerSecond: (1000 * bench.frames) / (now - bench.startedAt),
      row: Number(rows.at(-1)?.dataset.index),
    };
  })()`);
}

/**
 * What a tab holds, in MB: its objects after a collection, and what its process alone has of the memory,
 * which is the largest of those of its browser's pages.
 */
export async function memoryOf(page: Page): Promise<{ heap: number; resident: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  await session.detach();
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
  return { heap: heap / 1e6, resident: Math.max(...(await renderers(page)).map(privateOf)) / 1e6 };
}

/** The processes of pages that the browser of a page has. */
async function renderers(page: Page): Promise<number[]> {
  const session = await page.context().browser()?.newBrowserCDPSession();
  if (!session) throw new Error("the page has no browser of its own");
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}

/** Bytes of a process that it shares with no other. */
function privateOf(id: number): number {
  const parts = readFileSync(`/proc/${id}/smaps_rollup`, "utf8").matchAll(
    /Private_(?:Clean|Dirty):\s+(\d+)/g,
  );
  return [...parts].reduce((sum, [, kilobytes]) => sum + 1_024 * Number(kilobytes), 0);
}
