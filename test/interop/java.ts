import { access } from "node:fs/promises";
import { join } from "node:path";
import { exerciseExample } from "./examples.ts";
import { withFolder } from "./foreign.ts";
import { root } from "./paths.ts";
import { succeed } from "./processes.ts";
import type { Results } from "./results.ts";
import type { Service } from "./service.ts";

// As Debian's libgrpc-java and what it recommends install them: Maven's repositories are not npm's.
const jars = [
  ...["api", "context", "core", "netty", "protobuf", "protobuf-lite", "stub"].map((part) => `grpc-${part}`),
  ...["buffer", "codec", "codec-http", "codec-http2", "common", "handler", "resolver", "transport"].map(
    (part) => `netty-${part}`,
  ),
  ...["geronimo-annotation-1.3-spec", "gson", "guava", "opencensus-api", "perfmark-api", "protobuf"],
].map((name) => `/usr/share/java/${name}.jar`);

/** Only looks: what is missing has to be installed by apt. */
export async function findJava(): Promise<void> {
  await Promise.all(
    [...jars, "/usr/bin/protoc", "/usr/bin/grpc_java_plugin"].map((file) => access(file)),
  ).catch(() => {
    throw new Error(
      "needs Debian's protobuf-compiler protobuf-compiler-grpc-java-plugin libgrpc-java libprotobuf-java libnetty-java libperfmark-java libgoogle-gson-java libgeronimo-annotation-1.3-spec-java",
    );
  });
}

/**
 * grpc-java with code generated as docs/clients.md says. Clear text only: the netty of Debian 12 has no ALPN
 * on its own JDK.
 */
export async function exerciseJava({ clear }: { clear: Service }, results: Results): Promise<void> {
  await withFolder(async (folder) => {
    const template = join(root, "buf.gen.java.yaml");
    await succeed(
      join(root, "node_modules", ".bin", "buf"),
      ["generate", "--template", template, "--output", folder],
      { cwd: root },
    );
    const worker = join(root, "examples", "java", "Worker.java");
    const generated = join(folder, "examples", "java", "gen");
    const classes = join(folder, "classes");
    const classPath = [...jars, classes].join(":");
    const args = ["-nowarn", "-d", classes, "-cp", classPath, "-sourcepath", generated, worker];
    await succeed("javac", args);
    await exerciseExample("Java", clear, results, "java", ["-cp", classPath, "Worker"], {}, root, true);
  });
}
