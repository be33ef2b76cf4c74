import { join } from "node:path";
import { root } from "../interop/paths.ts";
import { succeed } from "../interop/processes.ts";

/** What `ltb import` of a file says of each of its benchmarks. */
export async function imported(file: string, env: Record<string, string>) {
  const args = [join(root, "src", "main.ts"), "import", file, "--json"];
  const { benchmarks } = JSON.parse(await succeed(process.execPath, args, { env }));
  return benchmarks.map(({ created, inserted, duplicates, conflicts }: Record<string, unknown>) => ({
    created,
    inserted,
    duplicates,
    conflicts,
  }));
}
