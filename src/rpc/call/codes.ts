import { Code } from "@connectrpc/connect";

const names = new Map<number, string>([[0, "OK"]]);
for (const [name, code] of Object.entries(Code)) {
  if (typeof code === "number") names.set(code, name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase());
}
// gRPC spells it with two l, Connect with one.
names.set(Code.Canceled, "CANCELLED");

/** A status code as gRPC spells it, for example `NOT_FOUND`; 0 is `OK`. */
export function codeName(code: Code | 0): string {
  return names.get(code) ?? `CODE_${code}`;
}
