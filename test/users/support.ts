import { onTestFinished } from "vitest";
import { Database } from "../../src/storage.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

/** A database of the test's own, with a connection beside the pool. */
export async function testUsers() {
  const config = await createTestDatabase();
  const db = await Database.connect(config);
  const client = await onlooker(config);
  onTestFinished(async () => {
    await client.end();
    await db.close();
  });
  let made = 0;
  return {
    db,
    users: db.users,
    config,
    sql: async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows,
    /** A user with a name of its own. */
    user: (given: Partial<Parameters<typeof db.users.create>[0]> = {}) => {
      made++;
      return db.users.create({ email: `u${made}@example.com`, username: `u${made}`, ...given });
    },
  };
}
