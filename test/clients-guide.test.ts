import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");

test("the guide of clients names the versions that the clients are exercised with", () => {
  const named = read("docs/clients.md").match(/[\w./-]+(?:==|@v)\d[\w.]*/g) ?? [];
  expect(named.length).toBeGreaterThan(2);
  const installed = read("test/interop/tools.ts");
  expect(named.filter((version) => !installed.includes(version))).toEqual([]);
});

test("the Go module requires the protobuf that its code is generated for", () => {
  const [, generator] = /protoc-gen-go (v[\d.]+)\n/.exec(read("go/ltbv1/job.pb.go")) ?? [];
  expect(read("go/go.mod")).toContain(`google.golang.org/protobuf ${generator}\n`);
});
