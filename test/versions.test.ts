import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { version } from "../src/version.ts";

// The service and the packages of one commit are released together, as docs/publishing.md says.

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");

test.each([
  ["python/src/ltb/_version.py", /^__version__ = "(.+)"$/m],
  ["go/doc.go", /^const Version = "(.+)"$/m],
])("%s has the version of package.json", (path, line) => {
  expect(line.exec(read(path))?.[1]).toBe(version);
});

test.each(["CHANGELOG.md", "python/CHANGELOG.md", "go/CHANGELOG.md"])(
  "%s has a part of this version",
  (path) => {
    expect(read(path)).toMatch(new RegExp(`^## \\[?${RegExp.escape(version)}\\]?\\W`, "m"));
  },
);
