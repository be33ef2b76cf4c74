#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { version } from "./version.ts";

// Compiled code is kept between starts, in a folder of this user alone: V8 trusts what it finds there.
const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env;
const caches = XDG_CACHE_HOME || LOCALAPPDATA || (HOME && join(HOME, ".cache"));
if (caches) enableCompileCache(join(caches, "llm-test-bench"));

// The reader of our output may stop at any time (`ltb export … | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const args = process.argv.slice(2);
// The version takes nothing of the command line, which would double the time that it takes.
if (args.length === 1 && /^(-V|--version)$/.test(args[0] ?? "")) process.stdout.write(`${version}\n`);
else {
  const { run } = await import("./cli/run.ts");
  process.exitCode = await run(args);
}
