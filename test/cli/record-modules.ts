import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

/**
 * Preloaded into a process: writes the URL of each module that it loads into the file `MODULES_FILE`, a line
 * each.
 */
const urls: string[] = [];
registerHooks({
  load(url, context, next) {
    urls.push(url);
    return next(url, context);
  },
});
process.on("exit", () => writeFileSync(process.env.MODULES_FILE ?? "", urls.join("\n")));
