import type { BrowserContext, Page } from "playwright-core";

/** A profile of the browser that the tests of a file have one after the other. */
export class SharedProfile {
  readonly context: BrowserContext;
  /** A blank page in the process of the site, which would end with its last page. */
  #kept: Page | undefined;

  constructor(context: BrowserContext) {
    this.context = context;
  }

  /** True if a page of the test is open. */
  get isInUse(): boolean {
    return this.context.pages().some((page) => page !== this.#kept);
  }

  /** Closes the pages of a test, and forgets what they kept. */
  async empty(): Promise<void> {
    const [first, ...others] = this.context.pages().filter((page) => page !== this.#kept);
    if (first) {
      for (const page of others) await page.close();
      await this.#kept?.close();
      await this.#blank(first);
      this.#kept = first;
    }
    await this.context.clearCookies();
    await this.context.clearPermissions();
  }

  async #blank(page: Page): Promise<void> {
    page.removeAllListeners();
    await page.unrouteAll({ behavior: "ignoreErrors" });
    const { origin } = new URL(page.url());
    await page.goto("about:blank");
    const session = await this.context.newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
    await session.detach();
  }
}
