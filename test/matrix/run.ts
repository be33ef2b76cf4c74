import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import Table from "cli-table3";
import { binariesIn } from "../../src/database/embedded/binaries.ts";
import { RELEASES } from "../../src/database/embedded/releases.ts";
import { installPostgres } from "./install.ts";

// The tests, and the check of all SQL, on other majors of PostgreSQL: `npm run test:matrix -- 12 15
// test/jobs`.

const USAGE = `npm run test:matrix -- [--skip-missing] [MAJOR …] [FILTER OR OPTION OF VITEST …]

Runs every test (or those that match a filter) and \`check:sql\` on each major of PostgreSQL, one after the other.
MAJOR: ${Object.keys(RELEASES).join(", ")}, \`oldest\`, or \`all\`. Default: 12 15 18.
--skip-missing: a major that cannot be fetched is left out, and said to be.
`;

interface Outcome {
  version: string;
  step: string;
  result: string;
  seconds: number;
}

const root = join(import.meta.dirname, "..", "..");
const given = process.argv.slice(2);
if (given.includes("--help")) {
  process.stdout.write(USAGE);
  process.exit();
}
const isMajor = (word: string) => /^(\d+|all|oldest)$/.test(word);
const words = given.filter(isMajor);
const forVitest = given.filter((word) => !isMajor(word) && word !== "--skip-missing");
const majors = (words.length > 0 ? words : ["12", "15", "18"]).flatMap((word) =>
  word === "all" ? Object.keys(RELEASES) : word === "oldest" ? Object.keys(RELEASES).slice(0, 1) : [word],
);

const filters = forVitest.filter((word) => !word.startsWith("-")).join(" ");
const outcomes: Outcome[] = [];
for (const major of new Set(majors)) {
  const bin = await installPostgres(major).catch((error: Error) => {
    if (!given.includes("--skip-missing") || !(major in RELEASES)) throw error;
    process.stdout.write(`skipped PostgreSQL ${major}: ${error.message}\n`);
  });
  if (bin === undefined) continue;
  const { version } = await binariesIn(bin);
  const steps: [string, string[]][] = [
    ["SQL against row schemas", ["scripts/check-sql.ts", "--brief"]],
    [
      filters === "" ? "tests" : "some tests",
      [join("node_modules", "vitest", "vitest.mjs"), "run", ...forVitest],
    ],
  ];
  for (const [step, args] of steps) {
    process.stdout.write(
      `=== PostgreSQL ${version}: ${step}${step === "some tests" ? ` (${filters})` : ""}\n`,
    );
    const startedAt = performance.now();
    const env = { ...process.env, TEST_POSTGRES_BIN: bin };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: "inherit" });
    const [code] = await once(child, "exit");
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    outcomes.push({ version, step, result: code === 0 ? "passed" : "failed", seconds });
  }
}

const table = new Table({
  head: ["PostgreSQL", "step", "result", "seconds"],
  style: { head: [], border: [] },
});
for (const { version, step, result, seconds } of outcomes) table.push([version, step, result, seconds]);
process.stdout.write(`${table}\n`);
if (outcomes.some(({ result }) => result === "failed")) process.exitCode = 1;
