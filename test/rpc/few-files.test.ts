import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createTestDatabase } from "../harness/postgres.ts";

const run = promisify(execFile);

/** A file more on the path of every call has to be worth it. */
const most = 40;

test(`CreateJob passes at most ${most} files`, async () => {
  const { password, ...config } = await createTestDatabase();
  const settings = JSON.stringify({ ...config, password: password?.reveal() });
  const { stdout } = await run(process.execPath, [`${import.meta.dirname}/passed-files.ts`, settings]);
  const files: string[] = JSON.parse(stdout);
  expect(files).toEqual(expect.arrayContaining(["rpc/grpc/server.ts", "jobs/create.ts"]));
  expect(files.length, files.join("\n")).toBeLessThanOrEqual(most);
});
