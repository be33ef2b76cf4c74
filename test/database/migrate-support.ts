import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { inject, onTestFinished } from "vitest";
import { listMigrations, migrationsDirectory } from "../../src/database/migrate/files.ts";
import { type MigrationConnection, migrationStatus } from "../../src/database/migrate/migrate.ts";
import { silentLog } from "../harness/log.ts";
import { createTestDatabase } from "../harness/postgres.ts";

export async function emptyDatabase(): Promise<MigrationConnection> {
  const { database } = await createTestDatabase({ template: false });
  return { ...inject("postgres"), database };
}

/** Names of the service's own migrations, oldest first. */
export const migrationsKnown = () => listMigrations(migrationsDirectory);

/** Name of the latest applied migration; undefined where there is none. */
export async function latestApplied(connection: MigrationConnection): Promise<string | undefined> {
  return (await migrationStatus(connection)).findLast(({ appliedAt }) => appliedAt !== null)?.name;
}

export async function query<T extends object>(connection: MigrationConnection, text: string): Promise<T[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A connection of the test's own, closed when it ends. */
export async function connected(connection: MigrationConnection): Promise<Client> {
  const client = new Client(connection);
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

export function recorder() {
  const lines: string[] = [];
  const write = (_: object, message: string) => void lines.push(message);
  return { lines, logger: { ...silentLog, info: write, warn: write } };
}

/** Writes a migration of the test's own: the file that builds and the one that undoes it. */
export function writerInto(directory: string) {
  return async (name: string, up: string, down = "") => {
    await mkdir(join(directory, "down"), { recursive: true });
    await writeFile(join(directory, `${name}.sql`), `${up}\n`);
    await writeFile(join(directory, "down", `${name}.sql`), `${down}\n`);
  };
}

/** A folder for migrations of the test's own, which `write` puts there. */
export async function ownMigrations() {
  const directory = await mkdtemp(join(tmpdir(), "ltb-migrations-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { directory, write: writerInto(directory) };
}
