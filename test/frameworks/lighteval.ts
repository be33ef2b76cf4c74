import { deepEqual, equal } from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../interop/paths.ts";
import { run, succeed } from "../interop/processes.ts";
import { startService } from "../interop/service.ts";
import { imported } from "./support.ts";

// Runs `lighteval eval` itself, which runs on Inspect, so that our hook of Inspect records it; then again
// without the service.

const VERSION = "0.13.0";
/** This version of lighteval gives Inspect fields that later versions refuse. */
const INSPECT = "0.3.150";

const environment = join(root, "node_modules", ".cache", "ltb-frameworks", "lighteval");
const python = join(environment, "bin", "python");
await succeed("python3", ["-m", "venv", environment]);
// One after the other: together pip would try a hundred versions of what lighteval and Inspect share.
for (const packages of [
  ["--editable", `${join(root, "python")}[inspect]`, `lighteval==${VERSION}`],
  [`inspect-ai==${INSPECT}`],
])
  await succeed(python, ["-m", "pip", "install", "--quiet", ...packages], { timeoutMs: 3_600_000 });

const folder = await mkdtemp(join(tmpdir(), "ltb-frameworks-"));
const service = await startService({ tls: false });
const env = {
  LTB_URL: service.http,
  LTB_ADDRESS: service.grpc,
  LTB_API_KEY: service.key,
  LTB_EXIT_TIMEOUT: "2",
  HF_HUB_OFFLINE: "1",
  HF_HOME: join(folder, "cache"),
  PYTHONDONTWRITEBYTECODE: "1",
};
/** Runs the evaluation, half of which is right, and returns its log and what it says. */
const evaluate = async (logs: string) => {
  const program = join(import.meta.dirname, "lighteval", "program.py");
  const args = [program, "eval", "mockllm/model", "sums|0", "--log-dir", logs, "--display", "none"];
  const { code, stdout, stderr } = await run(python, args, { cwd: folder, env });
  equal(code, 0, `lighteval ended with ${code}: ${stdout}${stderr}`);
  const log = (await readdir(join(folder, logs))).find((name) => name.endsWith(".eval")) ?? "";
  return { log: join(folder, logs, log), told: `${stdout}${stderr}` };
};

try {
  const { log } = await evaluate("stored");
  const counts = await imported(log, env);
  deepEqual(counts, [{ created: false, inserted: 0, duplicates: 2, conflicts: 0 }]);
  await service.kill();
  const { told } = await evaluate("without");
  equal(told.includes("ltb import "), true, told);
  await service.start();
  console.log(`lighteval ${VERSION}: recorded as an import of its log, and unharmed without the service`);
} finally {
  await service.stop();
  await rm(folder, { recursive: true });
}
