import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { chromiumArgs, chromiumProgram, programs } from "../harness/chromium.ts";
import { patienceMs } from "../harness/waiting.ts";
import { SharedProfile } from "./shared-profile.ts";

/** The Chromium that tests of the console are run in; undefined where there is none. */
export const program = chromiumProgram;

if (!program)
  process.stderr.write(
    `browser tests are left out: none of ${programs.join(", ")} is in PATH (LTB_CHROMIUM names one)\n`,
  );

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A name that leads to this machine, but for browsers is another: clear text by it is no secure context. */
export const lanName = "lan.test";

interface Look {
  theme?: "light" | "dark";
  /** Width of the window in pixels. */
  width?: number;
}

/** What each page is looked at in: both themes, wide and narrow. */
export const looks = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 390 },
] as const;

const height = 860;

interface Opening extends Look {
  /** Whose API key the browser is signed in with. Default: nobody's */
  key?: string;
  /** For a test that changes the clock, which is that of all pages of a profile. Default: false */
  apart?: boolean;
}

/**
 * A browser for the tests of a file. Each page fails its test if it violates the policy, writes an error to
 * its console, throws, or asks for something that is not answered. The first page of each test is opened in a
 * profile that was emptied since the test before, all others in profiles of their own: a new profile needs a
 * new process, which costs more than the page.
 */
export function browser() {
  let running: Browser | undefined;
  let shared: SharedProfile | undefined;
  const faults: string[] = [];
  beforeAll(async () => {
    const args = [...chromiumArgs, "--process-per-site", `--host-resolver-rules=MAP ${lanName} 127.0.0.1`];
    running = await chromium.launch({ executablePath: program ?? "", args });
    shared = new SharedProfile(await running.newContext());
  });
  afterAll(() => running?.close());
  afterEach(async () => {
    for (const context of running?.contexts() ?? []) if (context !== shared?.context) await context.close();
    await shared?.empty();
    expect(faults.splice(0)).toEqual([]);
  });
  return {
    /** What pages did that they must not; a test that expects one takes it out. */
    faults,
    async open(url: string, { theme = "light", width = 1280, key, apart }: Opening = {}): Promise<Page> {
      if (!running || !shared) throw new Error("the browser has not started");
      const context = apart || shared.isInUse ? await running.newContext() : shared.context;
      context.setDefaultTimeout(patienceMs);
      if (key !== undefined) await signIn(context, url, key);
      const page = await context.newPage();
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height });
      page.on(
        "console",
        (message) => message.type() === "error" && faults.push(`console: ${message.text()}`),
      );
      page.on("pageerror", (error) => faults.push(`thrown: ${error}`));
      page.on(
        "response",
        (answer) => answer.status() >= 400 && faults.push(`${answer.status()} ${answer.url()}`),
      );
      page.on("requestfailed", (failed) => {
        // The page stops its own calls when it goes elsewhere.
        if (failed.failure()?.errorText !== "net::ERR_ABORTED")
          faults.push(`${failed.failure()?.errorText} ${failed.url()}`);
      });
      await page.addInitScript({
        content: `document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
          console.error("policy:", violatedDirective, blockedURI, sample))`,
      });
      await page.goto(url);
      return page;
    },
  };
}

/**
 * Goes to another page of the console as a link in it does, which takes a tenth of what it takes to load it
 * anew, and waits until the page before is gone. Where the address differs behind `?` alone, it waits for
 * nothing.
 */
export async function goTo(page: Page, url: string): Promise<void> {
  await page.evaluate(`new Promise((gone) => {
    const titleOf = () => document.querySelector("main h1")?.firstChild;
    const [before, path] = [titleOf(), location.pathname];
    const words = before?.textContent;
    history.pushState(null, "", ${JSON.stringify(url)});
    const look = () => {
      const isThere = titleOf() === before && before?.textContent === words;
      if (isThere && location.pathname !== path) setTimeout(look, 10);
      else gone();
    };
    look();
  })`);
}

/** Shows a page that is open in another theme and window, and waits until its charts are drawn for that. */
export async function changeLook(page: Page, { theme = "light", width = 1280 }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.setViewportSize({ width, height });
  await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
}

/** Gives the browser the cookie that the form gets with a key. */
async function signIn(context: BrowserContext, url: string, key: string): Promise<void> {
  const answer = await context.request.post(new URL("/console/session", url).href, {
    data: { api_key: key },
    headers: { "sec-fetch-site": "same-origin" },
  });
  expect(answer.status()).toBe(200);
}

/** What of WCAG 2.2 AA the page violates, as axe tells, and how far it is wider than its window. */
export async function barriers(page: Page): Promise<string[]> {
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(`${axe};0`);
  return page.evaluate(`(async () => {
    const found = await axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
      resultTypes: ["violations"],
      // Style sheets are fetched and read anew only for an experimental rule, which is none of these.
      preload: { assets: ["media"] },
    });
    const wider = document.documentElement.scrollWidth - window.innerWidth;
    return [
      ...found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, any }) => id + ": " + target + " " + (any[0]?.message ?? ""))),
      ...(wider > 0 ? ["the page is wider than the window by " + wider + " px"] : []),
    ];
  })()`);
}

/**
 * What is cut off at the side of tables: of whole tables, heads and figures. The figures behind a chart may
 * scroll where they have no room.
 */
export async function cutTables(page: Page): Promise<string[]> {
  // A name that somebody gave may be cut at the head of its column.
  const heads = ".virtual:not(.stacked) [role=columnheader]:not(:has(bdi))";
  const parts = `.virtual, .scroll:not(.chart .scroll), ${heads}, .virtual-body .number`;
  return page.evaluate(`[...document.querySelectorAll("main :is(${parts})")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => (each.getAttribute("aria-label") ?? each.textContent) +
      " by " + (each.scrollWidth - each.clientWidth) + " px")`);
}

/**
 * Waits until nothing of the page is being loaded. A stream goes on, so the network is never idle. The page
 * looks by itself: to be asked again and again takes processor time from what it loads.
 */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(`new Promise((settle, fail) => {
    const end = performance.now() + ${patienceMs};
    const look = () => {
      if (!document.body.textContent.includes("Loading…")) settle();
      else if (performance.now() > end) fail(new Error("the page is still loading"));
      else setTimeout(look, 20);
    };
    look();
  })`);
}
