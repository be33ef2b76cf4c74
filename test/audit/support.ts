import type { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import { Database } from "../../src/storage.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";

/** A row of audit_logs. */
export interface Entry {
  id: string;
  action: string;
  entity_type: string;
  entity_id: string | null;
  user_id: string | null;
  api_key_id: string | null;
  actor: string | null;
  ip_address: string | null;
  user_agent: string | null;
  request_id: string | null;
  changes: { before?: Record<string, unknown>; after?: Record<string, unknown> } | null;
}

/** Entries that are there beyond those of the last call, in the order in which they were written. */
export function newEntries(client: () => Client): () => Promise<Entry[]> {
  const seen = new Set<string>();
  return async () => {
    const { rows } = await client().query<Entry>("select * from audit_logs order by created_at, id");
    const fresh = rows.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    return fresh;
  };
}

/** A database of its own for the tests of one file, and a connection beside it. */
export function store() {
  let db: Database;
  let client: Client;
  beforeAll(async () => {
    const config = await createTestDatabase();
    db = await Database.connect({ ...config, poolSize: 4 });
    client = await onlooker(config);
  });
  afterAll(async () => {
    await client.end();
    await db.close();
  });
  return {
    get db() {
      return db;
    },
    get client() {
      return client;
    },
    fresh: newEntries(() => client),
  };
}

export const benchmarkInput = {
  name: "n",
  provider: "openai",
  model: "gpt-4",
  dataset: "mmlu",
  totalIterations: 10,
};
