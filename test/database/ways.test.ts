import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type DatabaseConfig, type DatabaseOptions, loadConfig } from "../../src/config.ts";
import { Database } from "../../src/storage.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { proxyTo } from "./proxy.ts";
import { run } from "./support.ts";

const config = await createTestDatabase();

describe.skipIf(process.platform === "win32")(
  "a Unix socket (Windows' PostgreSQL listens on TCP here)",
  () => {
    const ways: [string, (socket: DatabaseConfig & { secret: string }) => Record<string, string>][] = [
      [
        "DATABASE_HOST",
        ({ host, port, user, database, secret }) => ({
          DATABASE_HOST: host,
          DATABASE_PORT: String(port),
          DATABASE_USER: user,
          DATABASE_PASSWORD: secret,
          DATABASE_NAME: database,
        }),
      ],
      [
        "the parameter host of DATABASE_URL",
        ({ host, port, user, database, secret }) => ({
          DATABASE_URL: `postgres://${user}:${encodeURIComponent(secret)}@/${database}?host=${host}&port=${port}`,
        }),
      ],
      [
        "the host of DATABASE_URL, percent-encoded",
        ({ host, port, user, database, secret }) => ({
          DATABASE_URL: `postgresql://${user}:${encodeURIComponent(secret)}@${encodeURIComponent(host)}:${port}/${database}`,
        }),
      ],
      [
        "parameters alone",
        ({ host, port, user, database, secret }) => ({
          DATABASE_URL: `postgres://?host=${encodeURIComponent(host)}&port=${port}&user=${user}&dbname=${database}&password=${encodeURIComponent(secret)}`,
        }),
      ],
      [
        "a mode that asks for TLS, which sockets do not have",
        ({ host, port, user, database, secret }) => ({
          DATABASE_HOST: host,
          DATABASE_PORT: String(port),
          DATABASE_USER: user,
          DATABASE_PASSWORD: secret,
          DATABASE_NAME: database,
          DATABASE_SSL_MODE: "require",
        }),
      ],
    ];

    test.each(ways)("by %s", async (_, settings) => {
      const env = settings({ ...config, secret: config.password?.reveal() ?? "" });
      const { database } = loadConfig({ env, cwd: import.meta.dirname });
      if (database.kind !== "external") throw new Error("not the database that was named");
      const db = await Database.connect(database.connection);
      onTestFinished(() => db.close());
      expect(
        await run(db.executor, "select inet_server_addr() as address, current_database() as name"),
      ).toEqual([{ address: null, name: config.database }]);
    });
  },
);

describe("the time to connect", () => {
  /** Takes connections and says nothing. */
  async function silent(): Promise<DatabaseOptions> {
    const proxy = await proxyTo(config, { network: "silent" });
    onTestFinished(() => proxy.close());
    return { ...proxy.config, connectTimeoutSeconds: 0.2 };
  }

  test("is limited at the start", async () => {
    const options = await silent();
    await expect(Database.connect(options, { startupTimeoutMs: 0 })).rejects.toThrow(/timeout/i);
  });

  test("is limited for every connection of the pool, and told as UNAVAILABLE", async () => {
    const proxy = await proxyTo(config);
    onTestFinished(() => proxy.close());
    const db = await Database.connect({ ...proxy.config, connectTimeoutSeconds: 0.3, poolSize: 2 });
    onTestFinished(() => db.close());
    proxy.network = "silent";
    await expect(db.benchmarks.count()).rejects.toMatchObject({ reason: "DATABASE_UNAVAILABLE" });
    proxy.network = "open";
    expect(await db.benchmarks.count()).toBe(0);
  });

  test("is limited where the address answers with another protocol", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    const options = { ...config, host: "127.0.0.1", port: address.port, connectTimeoutSeconds: 0.3 };
    await expect(Database.connect(options, { startupTimeoutMs: 0 })).rejects.toThrow();
  });
});
