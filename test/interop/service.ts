import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority, local } from "../tls/certificates.ts";
import { root } from "./paths.ts";

/** A service in a process of its own, as `npm start` runs it: embedded database, authentication on. */
export interface Service {
  /** `host:port` of gRPC. */
  grpc: string;
  /** URL of the HTTP port. */
  http: string;
  /** The first API key, of an admin. */
  key: string;
  /** File of the authority that signed its certificate; undefined: clear text. */
  caFile: string | undefined;
  /** Ends it. @throws Error if it does not end well */
  stop(): Promise<void>;
}

export async function startService({ tls }: { tls: boolean }): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "ltb-interop-"));
  // As root the embedded PostgreSQL runs as another user.
  await chmod(folder, 0o711);
  const certificates = tls ? await certificatesIn(folder) : undefined;
  const kept = Object.entries(process.env).filter(([name]) => !/^(LTB|DATABASE)_/.test(name));
  const child = spawn(process.execPath, [join(root, "src", "main.ts"), "serve"], {
    cwd: folder,
    env: {
      ...Object.fromEntries(kept),
      LTB_DATA_DIR: join(folder, "data"),
      LTB_GRPC_ADDRESS: "127.0.0.1:0",
      LTB_HTTP_ADDRESS: "127.0.0.1:0",
      LTB_CORS_ORIGINS: "*",
      LTB_LOG_LEVEL: "warn",
      LTB_TLS_CERT_FILE: certificates?.cert,
      LTB_TLS_KEY_FILE: certificates?.key,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log = `${log}${chunk}`.slice(-20_000);
  });
  const screen = await new Promise<string>((resolve, reject) => {
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
      if (out.includes("Stop it")) resolve(out);
    });
    child.once("exit", (code) => reject(new Error(`the service ended with ${code}: ${log}`)));
  });
  const grpc = /^ {2}gRPC +(\S+)/m.exec(screen)?.[1] ?? "";
  const http = /^ {2}Connect\D+(https?:\S+)$/m.exec(screen)?.[1] ?? "";
  const localhost = (address: string) => address.replace("127.0.0.1", "localhost");
  return {
    grpc: tls ? localhost(grpc) : grpc,
    http: tls ? localhost(http) : http,
    key: (await readFile(join(folder, "data", "admin.key"), "utf8")).trim(),
    caFile: certificates?.ca,
    async stop() {
      const ended = child.exitCode === null ? once(child, "exit") : [child.exitCode];
      child.kill("SIGTERM");
      const [code] = await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
      if (code !== 0) throw new Error(`the service ended with ${code}: ${log}`);
      const faults = log.split("\n").filter((line) => /"level":"?(error|fatal|50|60)/.test(line));
      if (faults.length > 0) throw new Error(`the service logged errors: ${faults.join("\n")}`);
    },
  };
}

async function certificatesIn(folder: string): Promise<{ ca: string; cert: string; key: string }> {
  const authority = await createAuthority("LTB interop");
  const pair = await authority.issue(local);
  const files = { ca: join(folder, "ca.crt"), cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  await writeFile(files.ca, authority.cert);
  await writeFile(files.cert, pair.cert);
  await writeFile(files.key, pair.key, { mode: 0o600 });
  return files;
}
