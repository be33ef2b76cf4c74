#!/usr/bin/env node
// An older Node has to load this file to be told that it is too old. So it imports nothing of ours before
// that, and by name nothing that Node 18 lacks.
import module from "node:module";
import { join } from "node:path";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 7)) {
  process.stderr.write(
    `ltb needs Node 24.7 or later, and this is Node ${process.versions.node} (${process.execPath}): install a newer one\n`,
  );
  process.exit(1);
}

// Compiled code is kept between starts, in a folder of this user alone: V8 trusts what it finds there.
const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env;
const caches = XDG_CACHE_HOME || LOCALAPPDATA || (HOME && join(HOME, ".cache"));
if (caches) module.enableCompileCache(join(caches, "llm-test-bench"));

// The reader of our output may stop at any time (`ltb export … | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const args = process.argv.slice(2);
// The version takes nothing of the command line, which would double the time that it takes.
if (args.length === 1 && /^(-V|-v|--version|version)$/.test(args[0] ?? "")) {
  const { version } = await import("./version.ts");
  process.stdout.write(`${version}\n`);
} else {
  const { run } = await import("./cli/run.ts");
  process.exitCode = await run(args);
  // A reader that has stopped takes no last words either, and what it does not take would keep the process.
  if (args[0] === "serve") setTimeout(() => process.exit(), 1_000).unref();
}
