import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { looksSecret, plainSecret } from "../src/secrets.ts";
import { buildContract, contractFiles, root } from "./contract.ts";
import { modelsOf } from "./python-client/models.ts";
import { servicesOf } from "./python-client/services.ts";

// Writes the generated part of the Python package from the protos, their comments and the service configs. It
// needs buf in the path.

const folder = join(root, "python", "src", "ltb", "_generated");

/** Returns the full names of the methods that a service config repeats. */
function repeatedBy(name: string): Set<string> {
  const config: { methodConfig: { name: { service: string; method: string }[] }[] } = JSON.parse(
    readFileSync(join(root, "examples", name), "utf8"),
  );
  return new Set(
    config.methodConfig.flatMap((entry) => entry.name.map(({ service, method }) => `${service}.${method}`)),
  );
}

const files = contractFiles();
const always = repeatedBy("service-config.json");
const withRequestId = repeatedBy("service-config-request-id.json");

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "__init__.py"), "");
writeFileSync(join(folder, "models.py"), modelsOf(files));
for (const kind of ["sync", "async"] as const)
  writeFileSync(
    join(folder, `${kind}_services.py`),
    servicesOf(files, kind, ({ parent, name }) => {
      const method = `${parent.typeName}.${name}`;
      return always.has(method) ? "always" : withRequestId.has(method) ? "with request_id" : "never";
    }),
  );
// The gRPC transport makes its messages from descriptors, so no code depends on a version of protobuf.
writeFileSync(join(folder, "descriptors.binpb"), buildContract("--exclude-source-info"));
// What live runs of other frameworks replace is what the importer of their logs does.
const patterns = Object.entries({ ...plainSecret, looksSecret });
writeFileSync(
  join(folder, "secret_patterns.json"),
  `${JSON.stringify(Object.fromEntries(patterns.map(([name, { source }]) => [name, source])), null, 2)}\n`,
);
