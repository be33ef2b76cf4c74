import { expect, test } from "vitest";
import { createTestDatabase } from "../harness/postgres.ts";
import { ltb } from "./support.ts";

async function settings(options?: { template: boolean }): Promise<Record<string, string>> {
  const { host, port, user, password, database } = await createTestDatabase(options);
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USER: user,
    DATABASE_PASSWORD: password?.reveal() ?? "",
    DATABASE_NAME: database,
  };
}

test("indexes for searching are added, listed and dropped", async () => {
  const env = await settings();
  const index = async (...args: string[]) => {
    const { code, stdout, stderr } = await ltb(["migrate", "index", ...args], env);
    expect({ code, stderr: stderr.replace(/^building.*\n/, "") }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  expect(await index("add", "text")).toBe("Added the index for text.\n");
  const { indexes } = JSON.parse(await index("list", "--json"));
  expect(indexes).toEqual([
    { index: "metadata", name: "idx_evaluations_metadata", state: "missing", bytes: 0 },
    { index: "text", name: "idx_evaluations_text", state: "ready", bytes: expect.any(Number) },
  ]);
  expect(await index("list")).toMatch(/^index +state +size\nmetadata +missing +-\ntext +ready +0\.0 MiB\n$/);
  expect(JSON.parse(await index("drop", "text", "--json"))).toEqual({ index: "text", dropped: true });
});

test("an index that there is not, or a database without a schema, is refused", async () => {
  const unknown = await ltb(["migrate", "index", "add", "scores"], {});
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/metadata, text/) });
  const early = await ltb(["migrate", "index", "add", "text"], await settings({ template: false }));
  expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining("ltb migrate up") });
});
