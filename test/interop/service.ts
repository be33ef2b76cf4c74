import { type ChildProcess, spawn } from "node:child_process";
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
  /** Its LTB_DATA_DIR. */
  dataDir: string;
  /** SIGKILL, also while it starts. Its PostgreSQL lives on, until the next start finds it. */
  kill(): Promise<void>;
  /** Starts it again at the same addresses, after it was killed. @throws Error if it ends before it serves */
  start(): Promise<void>;
  /** Ends it. @throws Error if it does not end well */
  stop(): Promise<void>;
}

export async function startService({ tls }: { tls: boolean }): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "ltb-interop-"));
  // As root the embedded PostgreSQL runs as another user.
  await chmod(folder, 0o711);
  const certificates = tls ? await certificatesIn(folder) : undefined;
  const kept = Object.entries(process.env).filter(([name]) => !/^(LTB|DATABASE)_/.test(name));
  const dataDir = join(folder, "data");
  let addresses = { LTB_GRPC_ADDRESS: "127.0.0.1:0", LTB_HTTP_ADDRESS: "127.0.0.1:0" };
  let child: ChildProcess | undefined;
  let log = "";
  const launch = () => {
    const starting = spawn(process.execPath, [join(root, "src", "main.ts"), "serve"], {
      cwd: folder,
      env: {
        ...Object.fromEntries(kept),
        LTB_DATA_DIR: dataDir,
        ...addresses,
        LTB_CORS_ORIGINS: "*",
        LTB_LOG_LEVEL: "warn",
        LTB_TLS_CERT_FILE: certificates?.cert,
        LTB_TLS_KEY_FILE: certificates?.key,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = starting;
    starting.stderr.on("data", (chunk) => {
      log = `${log}${chunk}`.slice(-20_000);
    });
    return new Promise<string>((resolve, reject) => {
      let out = "";
      starting.stdout.on("data", (chunk) => {
        out += chunk;
        if (out.includes("Stop it")) resolve(out);
      });
      starting.once("exit", (code, signal) =>
        reject(new Error(`the service ended with ${code ?? signal}: ${log}`)),
      );
    });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode;
    const ended = once(child, "exit");
    child.kill(signal);
    return (await ended)[0];
  };

  const screen = await launch();
  const grpc = /^ {2}gRPC +(\S+)/m.exec(screen)?.[1] ?? "";
  const http = /^ {2}Connect\D+(https?:\S+)$/m.exec(screen)?.[1] ?? "";
  addresses = { LTB_GRPC_ADDRESS: grpc, LTB_HTTP_ADDRESS: new URL(http).host };
  const localhost = (address: string) => address.replace("127.0.0.1", "localhost");
  return {
    grpc: tls ? localhost(grpc) : grpc,
    http: tls ? localhost(http) : http,
    key: (await readFile(join(dataDir, "admin.key"), "utf8")).trim(),
    caFile: certificates?.ca,
    dataDir,
    async kill() {
      await end("SIGKILL");
    },
    async start() {
      await launch();
    },
    async stop() {
      const code = await end("SIGTERM");
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
