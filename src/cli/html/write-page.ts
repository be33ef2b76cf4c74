import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../version.ts";
import { CliError } from "../shared/errors.ts";
import { note } from "../shared/output.ts";
import { writeToFile } from "../transfer/write-text.ts";
import type { Page } from "./document.ts";

/** Writes a page to a file, and says so. */
export async function writePage(path: string, page: Page): Promise<void> {
  const { pageText } = await loadPages();
  await writeToFile(path, [pageText(page)]);
  note(`wrote ${path}`);
}

/**
 * Loads what lays pages out (console/src/document). In a checkout it is built first if its sources have
 * changed.
 * @param root the folder of the package
 * @throws CliError where it is not there
 */
export async function loadPages(root = packageRoot): Promise<{ pageText: (page: Page) => string }> {
  // Only a checkout has it.
  const builder = join(root, "scripts/build-console.ts");
  if (existsSync(builder))
    execFileSync(process.execPath, [builder], { stdio: ["ignore", "ignore", "inherit"] });
  const bundle = join(root, "dist/pages.js");
  if (!existsSync(bundle))
    throw new CliError(
      `what lays pages out is missing: ${bundle}. In a checkout run npm ci and npm run build:console; elsewhere install the package again`,
    );
  return import(pathToFileURL(bundle).href);
}
