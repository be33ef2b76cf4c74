import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { reference } from "./api-docs/reference.ts";

// Writes docs/api.md from the protos and their comments. With --check it fails if the file differs. It needs
// buf in the path.

const root = join(import.meta.dirname, "..");
const file = join(root, "docs", "api.md");
const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

// Generated code has no comments, but an image has.
const image = execFileSync("buf", ["build", "proto", "-o", "-"], { cwd: root, maxBuffer: 2 ** 26 });
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
const files = [...registry.files].filter(({ proto }) => proto.package === "ltb.v1");
const text = reference(files, read(join(root, "docs", "errors.md")));

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (read(file) !== text) {
  process.stderr.write("docs/api.md is not what the protos say: npm run docs:api\n");
  process.exitCode = 1;
}
