import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "./harness/folder.ts";

// The rules of lint that hold the layers of docs/architecture.md are tried on small files of their own.
const folder = temporaryFolder();

beforeAll(() => {
  copyFileSync("biome.jsonc", join(folder, "biome.jsonc"));
});

/** Lints files with these imports, and returns what it says of them. */
function lint(imports: Record<string, string>): string {
  for (const [file, imported] of Object.entries(imports)) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import type { A } from "${imported}";\n\nexport type B = A;\n`);
  }
  const biome = resolve("node_modules/.bin/biome");
  const files = Object.keys(imports);
  const { status, stdout, stderr } = spawnSync(biome, ["lint", ...files], { cwd: folder, encoding: "utf8" });
  expect(status).toBe(/lint\//.test(stderr + stdout) ? 1 : 0);
  return stderr + stdout;
}

test.each([
  ["src/limits.ts", "./jobs/create.ts"],
  ["src/wire/paging.ts", "../database/gather.ts"],
  ["src/database/gather.ts", "../jobs/create.ts"],
  ["src/watch/events.ts", "../storage.ts"],
  ["src/audit/record.ts", "../users/rows.ts"],
  ["src/users/throttle.ts", "../jobs/rows.ts"],
  ["src/evaluations/write.ts", "../jobs/rows.ts"],
  ["src/jobs/claim/claim.ts", "../../workers/rows.ts"],
  ["src/jobs/repository.ts", "../storage.ts"],
  ["src/workers/repository.ts", "../auth/rules.ts"],
  ["src/rpc/middleware/chain.ts", "../../jobs/repository.ts"],
  ["src/rpc/call/call.ts", "../http/server.ts"],
  ["src/auth/rules.ts", "../rpc/http/server.ts"],
  ["src/client/index.ts", "../database/gather.ts"],
  ["src/import/inspect.ts", "../jobs/rows.ts"],
  ["src/jobs/repository.ts", "../integrations/promptfoo.ts"],
  ["src/client/index.ts", "../integrations/promptfoo.ts"],
  ["src/cli/job/list.ts", "../../database/gather.ts"],
  ["src/cli/html/document.ts", "../../../console/src/charts/Chart.tsx"],
  ["src/charts/rows.ts", "../evaluations/metric.ts"],
  ["src/server.ts", "./cli/program.ts"],
])("lint refuses that %s imports %s", (file, imported) => {
  expect(lint({ [file]: imported })).toContain("lint/style/noRestrictedImports");
});

test.each([
  ["src/jobs/claim/claim.ts", "../../database/gather.ts"],
  ["src/workers/repository.ts", "../jobs/rows.ts"],
  ["src/client/index.ts", "../wire/convert.ts"],
  ["src/services.ts", "./jobs/service.ts"],
])("lint lets %s import %s", (file, imported) => {
  expect(lint({ [file]: imported })).not.toContain("lint/");
});

test("lint refuses two files that import each other's types", () => {
  expect(lint({ "src/jobs/one.ts": "./two.ts", "src/jobs/two.ts": "./one.ts" })).toContain("noImportCycles");
});
