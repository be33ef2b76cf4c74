import { deepEqual, equal } from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../interop/paths.ts";
import { run, succeed } from "../interop/processes.ts";
import { startService } from "../interop/service.ts";
import { imported } from "./support.ts";

// Runs promptfoo itself, which is not in the lockfile, with its provider `echo` and our extension, against a
// service; then again without the service.

const VERSION = "0.123.1";

const cache = join(root, "node_modules", ".cache", "ltb-frameworks");
const promptfoo = join(cache, "node_modules", "promptfoo", "dist", "src", "entrypoint.js");
await mkdir(cache, { recursive: true });
await writeFile(join(cache, "package.json"), '{"private": true}\n');
const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `promptfoo@${VERSION}`];
await succeed("npm", install, { cwd: cache, timeoutMs: 900_000 });

const folder = await mkdtemp(join(tmpdir(), "ltb-frameworks-"));
const output = join(folder, "output.json");
const hook = join(root, "src", "integrations", "promptfoo.ts");
const config = {
  description: "Echoes",
  prompts: ["Say {{word}}", "Tell {{word}}"],
  providers: ["echo"],
  tests: ["hello", "bye"].map((word) => ({
    vars: { word },
    assert: [{ type: "equals", value: "Say {{word}}", metric: "exact" }],
  })),
  extensions: [`file://${hook}:afterAll`],
};
await writeFile(join(folder, "config.json"), JSON.stringify(config));

const service = await startService({ tls: false });
const environment = {
  LTB_ADDRESS: service.grpc,
  LTB_API_KEY: service.key,
  PROMPTFOO_CONFIG_DIR: join(folder, "state"),
  PROMPTFOO_DISABLE_TELEMETRY: "1",
  PROMPTFOO_DISABLE_UPDATE: "1",
};
/** Runs the evaluation, half of which fails its assertion, and returns what our extension says. */
const evaluate = async () => {
  const args = [promptfoo, "eval", "-c", "config.json", "-o", output, "--no-cache", "--no-table"];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder, env: environment });
  equal(code, 100, `promptfoo ended with ${code}: ${stdout}${stderr}`);
  return `${stdout}${stderr}`.match(/^ltb: .*$/gm) ?? [];
};

try {
  const told = await evaluate();
  equal(told.filter((line) => line.endsWith("2 stored, 0 were there")).length, 2, told.join("\n"));
  const counts = await imported(output, environment);
  deepEqual(counts, Array(2).fill({ created: false, inserted: 0, duplicates: 2, conflicts: 0 }));
  await service.kill();
  const warned = await evaluate();
  equal(warned.filter((line) => line.includes("not stored in whole")).length, 1, warned.join("\n"));
  await service.start();
  console.log(`promptfoo ${VERSION}: stored as an import of its output, and unharmed without the service`);
} finally {
  await service.stop();
  await rm(folder, { recursive: true });
}
