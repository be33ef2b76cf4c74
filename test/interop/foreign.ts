import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./paths.ts";
import { type RunOptions, run } from "./processes.ts";
import type { Results } from "./results.ts";
import type { Service } from "./service.ts";

/** A folder that is gone afterwards. */
export async function withFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "ltb-interop-"));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What programs in every language read to find the service. */
export function environmentFor({ grpc, http, key, caFile }: Service): Record<string, string | undefined> {
  return {
    LTB_ADDRESS: grpc,
    LTB_URL: http,
    LTB_API_KEY: key,
    LTB_TLS_CA_FILE: caFile,
    LTB_SERVICE_CONFIG: join(root, "examples", "service-config.json"),
  };
}

/** Runs a program that prints a line of JSON for each thing that it tried. */
export async function exerciseProgram(
  client: string,
  service: Service,
  results: Results,
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const env = { ...options.env, ...environmentFor(service) };
  const { code, stdout, stderr } = await run(file, args, { ...options, env });
  for (const line of stdout.split("\n").filter((text) => text.startsWith("{"))) {
    const { what, passed, note } = JSON.parse(line);
    results.add({ kind: "behaviour", client, what, passed, note });
  }
  await results.check({ kind: "behaviour", client, what: "ends" }, async () => {
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr.slice(-2000)}`);
    return undefined;
  });
}
