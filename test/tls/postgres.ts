import { once } from "node:events";
import { constants } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openOwned, prepareFolders } from "../../src/database/embedded/folders.ts";
import { spawnAs } from "../../src/database/embedded/runner.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { initialiseTest, testBinaries } from "../harness/server.ts";
import type { Pair } from "./certificates.ts";

/** Roles, by how PostgreSQL lets them in. */
const HBA = `
host       all  either     all  trust
hostssl    all  encrypted  all  trust
hostnossl  all  clear      all  trust
hostssl    all  bearer     all  trust  clientcert=verify-ca
hostssl    all  certified  all  cert
host       all  password   all  scram-sha-256
host       all  absent     all  trust
local      all  all             trust
`;

export const PASSWORD = "right";

/** A PostgreSQL of the test's own that listens on 127.0.0.1; `server` undefined: without TLS. */
export async function startPostgres(tls: { server: Pair; clientCa: string } | undefined) {
  const binaries = await testBinaries();
  const { folders, runner } = await prepareFolders(temporaryFolder(), binaries);
  await initialiseTest(folders, binaries, runner);
  const write = async (name: string, content: string) => {
    const file = await openOwned(join(folders.base, name), constants.O_WRONLY, runner);
    await file.writeFile(content);
    await file.close();
    return join(folders.base, name);
  };
  const port = await freePort();
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folders.base,
    fsync: "off",
    hba_file: await write("hba.conf", HBA),
    ...(tls && {
      ssl: "on",
      ssl_cert_file: await write("server.crt", tls.server.cert),
      ssl_key_file: await write("server.key", tls.server.key),
      ssl_ca_file: await write("ca.crt", tls.clientCa),
    }),
  };
  const pgCtl = async (...args: string[]) => {
    const child = spawnAs(runner, binaries.pgCtl, ["-D", folders.data, ...args], {
      cwd: "/",
      stdio: "ignore",
    });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`pg_ctl ${args[0]} failed with ${code}`);
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  await pgCtl("start", "-w", "-l", folders.logFile, "-o", options.join(" "));
  return {
    port,
    /** For its socket. */
    folder: folders.base,
    stop: () => pgCtl("stop", "-w", "-m", "immediate"),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}
