import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { exerciseExample } from "./examples.ts";
import { exerciseProgram, withFolder } from "./foreign.ts";
import { root } from "./paths.ts";
import { succeed } from "./processes.ts";
import type { Results } from "./results.ts";
import type { Service } from "./service.ts";
import { pathWithPlugins } from "./tools.ts";

/**
 * grpc-go with code generated as docs/clients.md says, in a copy of examples/, with a program beside the
 * example that tries the rest.
 */
export async function exerciseGo(
  { clear, tls }: { clear: Service; tls: Service },
  results: Results,
): Promise<void> {
  await withFolder(async (folder) => {
    await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
    const module = join(folder, "examples", "go");
    const env = { PATH: pathWithPlugins };
    const buf = join(root, "node_modules", ".bin", "buf");
    await succeed(buf, ["generate", "--template", "buf.gen.go.yaml", "-o", folder], { cwd: root, env });
    await mkdir(join(module, "interop"));
    await cp(join(import.meta.dirname, "go", "main.go"), join(module, "interop", "main.go"));
    const binaries = join(folder, "bin");
    // The first build compiles grpc-go.
    const build = [
      "build",
      "-mod=readonly",
      "-buildvcs=false",
      "-o",
      `${binaries}/`,
      "./worker",
      "./interop",
    ];
    await succeed("go", build, { cwd: module, timeoutMs: 600_000 });
    await exerciseProgram("Go", clear, results, join(binaries, "interop"), []);
    await exerciseExample("Go", clear, results, join(binaries, "worker"), [], {}, module);
    await exerciseExample("Go, TLS", tls, results, join(binaries, "worker"), [], {}, module);
  });
}
