import { afterAll } from "vitest";
import type { DatabaseConfig } from "../../src/config.ts";
import { type ConnectOptions, Database } from "../../src/storage.ts";
import { createTestDatabase, onlooker } from "./postgres.ts";

/**
 * A migrated database of the file's own, or the one that is given: `db` is a server's connection to it,
 * `client` looks on and interferes beside that, `connect` makes another server's. All are closed after the
 * file. It stands at the top of the file rather than in a fixture of each test, because the functions beside
 * the tests use it as well.
 */
export async function testDatabase(pool: Partial<DatabaseConfig> = {}, given?: DatabaseConfig) {
  const config = given ?? (await createTestDatabase());
  const client = await onlooker(config);
  const servers: Database[] = [];
  const connect = async (more: Partial<DatabaseConfig> = {}, options: ConnectOptions = {}) => {
    const server = await Database.connect({ ...config, ...pool, ...more }, options);
    servers.push(server);
    return server;
  };
  afterAll(async () => {
    await client.end();
    await Promise.all(servers.map((server) => server.close()));
  });
  return { config, client, connect, db: await connect() };
}
