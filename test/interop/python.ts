import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { exerciseExample } from "./examples.ts";
import { exerciseProgram, withFolder } from "./foreign.ts";
import { exerciseKills } from "./kills.ts";
import { root } from "./paths.ts";
import { succeed } from "./processes.ts";
import type { Results } from "./results.ts";
import type { Service } from "./service.ts";
import { python } from "./tools.ts";

/** grpcio with code generated as docs/clients.md says, and the package. */
export async function exercisePython(
  { clear, tls }: { clear: Service; tls: Service },
  results: Results,
): Promise<void> {
  await withFolder(async (folder) => {
    const generated = join(folder, "gen");
    await mkdir(generated);
    const protos = (await readdir(join(root, "proto", "ltb", "v1"))).map((name) => `ltb/v1/${name}`);
    const out = [`--python_out=${generated}`, `--pyi_out=${generated}`, `--grpc_python_out=${generated}`];
    await succeed(python, ["-m", "grpc_tools.protoc", "-I", join(root, "proto"), ...out, ...protos]);
    const env = { PYTHONPATH: generated };
    await exerciseProgram(
      "Python, TLS",
      tls,
      results,
      python,
      [join(import.meta.dirname, "python", "check.py")],
      { env },
    );
    await exerciseKills("Python", results, python, [join(import.meta.dirname, "python", "load.py")], env);
    const example = [join(root, "examples", "python", "worker.py")];
    const ours = { PYTHONPATH: join(root, "python", "src"), PYTHONDONTWRITEBYTECODE: "1" };
    await exerciseExample("Python", clear, results, python, example, ours);
    await exerciseExample("Python, TLS", tls, results, python, example, ours);
  });
}
