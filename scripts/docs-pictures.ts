import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { chromiumArgs, chromiumProgram, programs } from "../test/harness/chromium.ts";
import { fillRuns, type Runs } from "./docs-pictures/runs.ts";
import { startDemoService } from "./docs-pictures/service.ts";

// `npm run docs:pictures [-- FILE]`: takes the pictures of docs/console.md and the README anew, of a service
// of its own. FILE is `grade_school_math/data/example_model_solutions.jsonl` of openai/grade-school-math, of
// 1,319 questions; by default it is the part of that in `samples/`.

const root = join(import.meta.dirname, "..");
const [file = join(root, "samples", "grade-school-math.jsonl")] = process.argv.slice(2);

/** The pages, by the names of their pictures. */
const pages = ({ baseline, candidate }: Runs) => ({
  benchmark: `/benchmarks/${candidate}`,
  samples: `/benchmarks/${candidate}/samples`,
  compare: `/compare?baseline=${baseline}&with=${candidate}`,
  regression: `/compare?baseline=${baseline}&with=${candidate}&show=regressed`,
  leaderboard: "/leaderboards/gsm8k",
});

if (!chromiumProgram) throw new Error(`none of ${programs.join(", ")} is in PATH (LTB_CHROMIUM names one)`);
const dataDir = await mkdtemp(join(tmpdir(), "ltb-pictures-"));
await using started = new AsyncDisposableStack();
started.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }));
const service = await startDemoService(dataDir);
started.defer(() => service.stop());
const runs = await fillRuns(service.benchmarks, file);
const browser = await chromium.launch({ executablePath: chromiumProgram, args: chromiumArgs });
started.defer(() => browser.close());
const page = await browser.newPage({
  ...{ viewport: { width: 1320, height: 880 }, colorScheme: "light", reducedMotion: "reduce" },
  locale: "en-US",
});
await page.goto(await service.signInLink());
await settle(page);
for (const [name, path] of Object.entries(pages(runs))) {
  await page.goto(service.console + path);
  await settle(page);
  if (name === "regression") await openFirst(page);
  const picture = join(root, "docs", "images", `${name}.png`);
  await page.screenshot({ path: picture });
  console.log(picture);
}

/** Waits until the page shows what it is of: who leaves it before stops it from loading its files. */
async function settle(shown: Page): Promise<void> {
  await shown.getByRole("heading", { level: 1 }).waitFor();
  await shown.getByText("Loading…").first().waitFor({ state: "detached" });
  // What is drawn last are charts and what is asked for after the first answers.
  await shown.waitForTimeout(1_500);
  await shown.getByText("Loading…").first().waitFor({ state: "detached" });
}

/** Opens the worst of the regressed samples beside their list. */
async function openFirst(shown: Page): Promise<void> {
  const list = shown.getByRole("table", { name: "Samples", exact: true });
  await list
    .getByText(/^gsm8k-\d{4}$/)
    .first()
    .click();
  await settle(shown);
  await shown.locator("#samples").evaluate((samples) => samples.scrollIntoView());
}
