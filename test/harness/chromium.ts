import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export const programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Chromium that LTB_CHROMIUM names, or the first in PATH; undefined where there is none. */
export const chromiumProgram = process.env.LTB_CHROMIUM ?? findProgram();

/**
 * Tests may run as root, for whom Chromium refuses to start with its sandbox. Debian's Chromium asks for a
 * graphics processor, and imitates one slowly where there is none.
 */
export const chromiumArgs = ["--no-sandbox", "--disable-gpu"];

function findProgram(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return programs
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
