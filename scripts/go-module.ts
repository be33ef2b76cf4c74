import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractFiles, root } from "./contract.ts";
import { reasonsOf } from "./go-module/reasons.ts";
import { servicesOf } from "./go-module/services.ts";

// Writes the generated part of the Go module: messages and stubs from the protos, where Go is installed, and
// everywhere the iterators over pages and streams, the reasons of errors and the service config. It needs buf
// in the path.

const folder = join(root, "go");

if (spawnSync("go", ["version"]).status === 0) {
  rmSync(join(folder, "ltbv1"), { recursive: true, force: true });
  execFileSync("buf", ["generate", "--template", "buf.gen.go.yaml"], { cwd: root, stdio: "inherit" });
} else console.warn("left out: go is not installed, so go/ltbv1 stays as it is");

writeFileSync(join(folder, "services.go"), servicesOf(contractFiles()));
writeFileSync(join(folder, "reasons.go"), reasonsOf(readFileSync(join(root, "docs", "errors.md"), "utf8")));
// The client gives each create a request_id, so these may be repeated too. Go embeds only its own files.
copyFileSync(join(root, "examples", "service-config-request-id.json"), join(folder, "service-config.json"));
