import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createFileRegistry, type DescFile, type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** The root of the repository. */
export const root = join(import.meta.dirname, "..");

/** Builds the protos. It needs buf in the path. */
export function buildContract(...options: string[]): Buffer {
  return execFileSync("buf", ["build", "proto", "-o", "-", ...options], { cwd: root, maxBuffer: 2 ** 26 });
}

/** The files of `ltb.v1`, with their comments. */
export function contractFiles(): DescFile[] {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, buildContract()));
  return [...registry.files].filter(({ proto }) => proto.package === "ltb.v1");
}

/** The one list of messages in the answer of a method that has pages. */
export function itemsOf({ name, input, output }: DescMethod): { name: string; type: string } | undefined {
  const lists = output.fields.filter(({ fieldKind }) => fieldKind === "list");
  const [list] = lists.filter(({ message }) => message !== undefined);
  const hasPages =
    /^(List|Get|Export)/.test(name) &&
    input.fields.some(({ name }) => name === "page_token") &&
    output.fields.some(({ name }) => name === "next_page_token");
  return hasPages && list?.message ? { name: list.name, type: list.message.name } : undefined;
}
