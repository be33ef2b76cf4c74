import { expect, test } from "vitest";
import { temporaryFolder } from "../harness/folder.ts";
import { seededRandom } from "../harness/random.ts";
import { fuzzImports } from "./imports.ts";

// LTB_FUZZ=200000 goes on for longer.
const logs = Number(process.env.LTB_FUZZ ?? 400);

test("a damaged log is read, or refused by an ImportError", { timeout: 60_000 + logs * 200 }, async () => {
  const seed = seededRandom().below(2 ** 31);
  expect(await fuzzImports({ logs, seed, folder: temporaryFolder() })).toEqual([]);
});
