import { join } from "node:path";
import { exerciseExample } from "./examples.ts";
import { exerciseProgram, withFolder } from "./foreign.ts";
import { root } from "./paths.ts";
import { succeed } from "./processes.ts";
import type { Results } from "./results.ts";
import type { Service } from "./service.ts";

/** The example as it stands, and plain grpc-go with the generated package of go/, which tries the rest. */
export async function exerciseGo(
  { clear, tls }: { clear: Service; tls: Service },
  results: Results,
): Promise<void> {
  await withFolder(async (folder) => {
    // The first build compiles grpc-go.
    const build = ["build", "-mod=readonly", "-buildvcs=false", "-o", `${folder}/`];
    await succeed("go", [...build, "./example"], { cwd: join(root, "go") });
    await succeed("go", [...build, "."], { cwd: join(import.meta.dirname, "go") });
    await exerciseProgram("Go", clear, results, join(folder, "ltb-interop"), []);
    const example = join(folder, "example");
    await exerciseExample("Go", clear, results, example, [], { LTB_URL: `grpc://${clear.grpc}` });
    await exerciseExample("Go, TLS", tls, results, example, [], { LTB_URL: `grpcs://${tls.grpc}` });
  });
}
